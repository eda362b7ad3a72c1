/**
 * How long at least one of several overlapping things was going on.
 */
export class Stopwatch {
  #open = 0;
  #since = 0;
  #total = 0;

  begin(): void {
    if (this.#open === 0) this.#since = performance.now();
    this.#open += 1;
  }

  end(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#total += performance.now() - this.#since;
  }

  /** Milliseconds until now. */
  get totalMs(): number {
    return this.#total + (this.#open > 0 ? performance.now() - this.#since : 0);
  }
}
