/** The pace at which whatever has come is shown: ten times a second at most, however much it is. */

const PACE_MS = 100;
/** What comes after silence is shown at once, with all that comes together with it. */
const GATHER_MS = 16;

/** Calls back once for any number of wishes. */
export class Pace {
  readonly #show: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(show: () => void) {
    this.#show = show;
  }

  /** Wish for it to be shown. */
  soon(): void {
    const wait = Math.max(GATHER_MS, this.#shownAt + PACE_MS - performance.now());
    this.#timer ??= setTimeout(() => {
      this.shown();
      this.#show();
    }, wait);
  }

  /** Note that all is shown: what was wished for is done. */
  shown(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#shownAt = performance.now();
  }
}
