/**
 * Says once a minute how far a long run is: on a busy machine it may take half an hour, and one that
 * stands still looks like one that is slow.
 */
const EVERY_MS = 60_000;

export class Progress {
  readonly #what: string;
  #next = performance.now() + EVERY_MS;

  /** @param what names the run; with its seed */
  constructor(what: string) {
    this.#what = what;
  }

  /** To be called often. @param describe what has been done by now */
  tell(describe: () => string): void {
    if (performance.now() < this.#next) return;
    this.#next = performance.now() + EVERY_MS;
    console.log(`\nnote ${this.#what}: ${describe()} so far`);
  }
}
