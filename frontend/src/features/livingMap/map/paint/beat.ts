/** Draws when there is a reason to, and not more often than is needed: nothing runs while nothing moves. */

/** How soon a frame is wanted: at once while a hand moves the map, at leisure for what lives on its own. */
const AT_LEAST_MS = 50;
/** The share of the time that may go into drawing what lives on its own. */
const SHARE = 0.1;

export class Beat {
  private readonly draw: (now: number) => boolean;
  private frame = 0;
  private timer = 0;
  private cost = 4;
  private drawn = 0;
  private stopped = false;

  /** `draw` says whether it wants to be called for the next frame too. */
  constructor(draw: (now: number) => boolean) {
    this.draw = draw;
  }

  /** Draw in the next frame of the screen. */
  soon(): void {
    if (this.stopped || this.frame) {
      return;
    }
    clearTimeout(this.timer);
    this.timer = 0;
    this.frame = requestAnimationFrame((now) => this.run(now));
  }

  /** Draw before long; many such wishes become one frame. */
  later(): void {
    if (this.stopped || this.frame || this.timer) {
      return;
    }
    const rest = Math.max(AT_LEAST_MS, this.cost / SHARE) - (performance.now() - this.drawn);
    this.timer = window.setTimeout(() => this.soon(), Math.max(0, rest));
  }

  stop(): void {
    this.stopped = true;
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
  }

  private run(now: number): void {
    this.frame = 0;
    const began = performance.now();
    const again = this.draw(now);
    this.drawn = performance.now();
    this.cost += (this.drawn - began - this.cost) * 0.2;
    if (again) {
      this.soon();
    }
  }
}
