/**
 * One frame loop for all views, and the record of what frames cost.
 *
 * Why so: messages only note what has changed; views draw in the next frame, each at most once. When
 * the time of a frame is used up, the views that have not drawn yet come first in the next one: a busy
 * moment makes views later, not frames longer. What the page's own code takes between two frames is
 * measured and shown. A page that is not seen has no frames: what it does then belongs to none.
 *
 * Invariant: a view waits for at most as many frames as there are views, since each frame draws one at
 * least.
 */

/** Draws what has changed. @returns true when it has more to do in the next frame */
export type Draw = (now: number) => boolean | void;

/** Main-thread time of frames that had something to do, milliseconds; null when there was none. */
export interface FrameCost {
  readonly frames: number;
  readonly medianMs: number | null;
  readonly p99Ms: number | null;
  readonly worstMs: number | null;
}

/** Once a frame's code has taken so long, no further view begins to draw in it, milliseconds. */
export const BUDGET_MS = 4;
const LONGEST_RECORDED = 64;
const BINS_PER_MS = 4;

export class Frames {
  readonly #waiting = new Set<Draw>();
  readonly #bins = new Uint32Array(LONGEST_RECORDED * BINS_PER_MS + 1);
  #requested = false;
  #busyMs = 0;
  #worstMs = 0;
  #count = 0;

  /** Draws in the next frame. */
  request(draw: Draw): void {
    this.#waiting.add(draw);
    this.#schedule();
  }

  /** Runs work that belongs to the frame, and counts its time. */
  measure(work: () => void): void {
    const start = performance.now();
    work();
    // Else all that was done unseen would be the cost of the first frame that is seen.
    if (document.hidden) this.#busyMs = 0;
    else this.#busyMs += performance.now() - start;
  }

  /** Forgets what was recorded. */
  reset(): void {
    this.#bins.fill(0);
    this.#busyMs = 0;
    this.#count = 0;
    this.#worstMs = 0;
  }

  report(): FrameCost {
    return {
      frames: this.#count,
      medianMs: this.#percentile(0.5),
      p99Ms: this.#percentile(0.99),
      worstMs: this.#count === 0 ? null : Math.round(this.#worstMs * 100) / 100,
    };
  }

  #schedule(): void {
    if (this.#requested) return;
    this.#requested = true;
    requestAnimationFrame((now) => this.#run(now));
  }

  #run(now: number): void {
    this.#requested = false;
    const start = performance.now();
    const until = start + BUDGET_MS - this.#busyMs;
    const again: Draw[] = [];
    let left = this.#waiting.size;
    for (const draw of [...this.#waiting]) {
      this.#waiting.delete(draw);
      if (draw(now) === true) again.push(draw);
      left -= 1;
      if (left > 0 && performance.now() >= until) break;
    }
    // Behind those that have had no turn.
    for (const draw of again) this.request(draw);
    if (this.#waiting.size > 0) this.#schedule();
    this.#record(this.#busyMs + performance.now() - start);
    this.#busyMs = 0;
  }

  #record(milliseconds: number): void {
    this.#count += 1;
    this.#worstMs = Math.max(this.#worstMs, milliseconds);
    const bin = Math.min(Math.floor(milliseconds * BINS_PER_MS), this.#bins.length - 1);
    this.#bins[bin] = (this.#bins[bin] as number) + 1;
  }

  #percentile(share: number): number | null {
    if (this.#count === 0) return null;
    let left = this.#count * share;
    for (let bin = 0; bin < this.#bins.length; bin++) {
      left -= this.#bins[bin] as number;
      if (left <= 0) return (bin + 1) / BINS_PER_MS;
    }
    return LONGEST_RECORDED;
  }
}
