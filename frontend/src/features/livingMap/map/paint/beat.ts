/** Draws when there is a reason to, and no more often than needed: nothing runs while nothing moves. */

/** What lives on its own is drawn so often at most. */
const AT_LEAST_MS = 50;
/** The share of the page's time that may go into drawing what lives on its own. */
const SHARE = 0.05;
/** How long the graphics rest after what lives on its own, as a multiple of how long they worked on it. */
const REST = 1;
const POLL_MS = 16;
/** A first frame works for long and a fence may never fall: neither stops the map. */
const PATIENCE_MS = 400;

export type Draw = {
  /** Draw, and say whether the next frame of the screen is wanted too. */
  frame(now: number): boolean;
  /** Return a function that tells whether the graphics have finished all commands so far. */
  fence(): () => boolean;
};

export class Beat {
  private readonly draw: Draw;
  private request = 0;
  private timer = 0;
  private cost = 4;
  private work = 0;
  private drawn = 0;
  private done: (() => boolean) | null = null;
  private stopped = false;

  constructor(draw: Draw) {
    this.draw = draw;
  }

  /** Draw in the next frame of the screen. */
  soon(): void {
    if (this.stopped || this.request) {
      return;
    }
    clearTimeout(this.timer);
    this.timer = 0;
    this.request = requestAnimationFrame((now) => this.run(now));
  }

  /** Draw before long; many such wishes become one frame. */
  later(): void {
    if (this.stopped || this.request || this.timer) {
      return;
    }
    const passed = performance.now() - this.drawn;
    const rest = Math.max(AT_LEAST_MS, this.cost / SHARE, Math.min(PATIENCE_MS, this.work) * (1 + REST)) - passed;
    this.timer = window.setTimeout(() => this.tick(), Math.max(0, rest));
  }

  stop(): void {
    this.stopped = true;
    cancelAnimationFrame(this.request);
    clearTimeout(this.timer);
  }

  private tick(): void {
    const worked = performance.now() - this.drawn;
    if (this.done && !this.done() && worked < PATIENCE_MS) {
      this.work = worked;
      this.timer = window.setTimeout(() => this.tick(), POLL_MS);
      return;
    }
    if (this.done && Math.min(PATIENCE_MS, this.work) * (1 + REST) > worked) {
      this.timer = 0;
      this.done = null;
      this.later();
      return;
    }
    this.soon();
  }

  private run(now: number): void {
    this.request = 0;
    const began = performance.now();
    const again = this.draw.frame(now);
    this.drawn = performance.now();
    this.cost += (this.drawn - began - this.cost) * 0.2;
    this.work *= 0.7;
    this.done = this.draw.fence();
    if (again) {
      this.soon();
    }
  }
}
