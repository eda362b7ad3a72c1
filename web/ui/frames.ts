/**
 * One frame loop for all views, and the record of what frames cost.
 *
 * Why so: messages only note what has changed; views draw in the next frame, each at most once. What
 * the page's own code takes between two frames is measured, so that "under 8 ms" can be tested and
 * is shown, not claimed.
 */

/** Draws what has changed. @returns true when it has more to do in the next frame */
export type Draw = (now: number) => boolean | void;

/** Main-thread time of frames that had something to do, milliseconds. */
export interface FrameCost {
  readonly frames: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

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
    if (this.#requested) return;
    this.#requested = true;
    requestAnimationFrame((now) => this.#run(now));
  }

  /** Runs work that belongs to the frame, and counts its time. */
  measure(work: () => void): void {
    const start = performance.now();
    work();
    this.#busyMs += performance.now() - start;
  }

  /** Forgets what was recorded. */
  reset(): void {
    this.#bins.fill(0);
    this.#count = 0;
    this.#worstMs = 0;
  }

  report(): FrameCost {
    return {
      frames: this.#count,
      medianMs: this.#percentile(0.5),
      p99Ms: this.#percentile(0.99),
      worstMs: Math.round(this.#worstMs * 100) / 100,
    };
  }

  #run(now: number): void {
    this.#requested = false;
    const start = performance.now();
    const draws = [...this.#waiting];
    this.#waiting.clear();
    for (const draw of draws) if (draw(now) === true) this.request(draw);
    this.#record(this.#busyMs + performance.now() - start);
    this.#busyMs = 0;
  }

  #record(milliseconds: number): void {
    this.#count += 1;
    this.#worstMs = Math.max(this.#worstMs, milliseconds);
    const bin = Math.min(Math.floor(milliseconds * BINS_PER_MS), this.#bins.length - 1);
    this.#bins[bin] = (this.#bins[bin] as number) + 1;
  }

  #percentile(share: number): number {
    let left = this.#count * share;
    for (let bin = 0; bin < this.#bins.length; bin++) {
      left -= this.#bins[bin] as number;
      if (left <= 0) return (bin + 1) / BINS_PER_MS;
    }
    return LONGEST_RECORDED;
  }
}
