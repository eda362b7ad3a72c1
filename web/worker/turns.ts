/**
 * Whose turn it is: the run that counts, and whether it is paused or cancelled.
 *
 * Why so: a worker gets messages only while its code waits for something. `mayGoOn` is that wait,
 * by a message to itself, which no timer slows down.
 */
export class Turns {
  readonly #channel = new MessageChannel();
  readonly #waiting: (() => void)[] = [];
  #run = 0;
  #paused = false;
  #cancelled = false;
  #wake: (() => void) | null = null;

  constructor() {
    this.#channel.port1.addEventListener("message", () => this.#waiting.shift()?.());
    this.#channel.port1.start();
  }

  /** Begins a run; the one before counts no more. */
  begin(run: number): void {
    this.#run = run;
    this.#cancelled = false;
    this.pause(false);
  }

  /** The run that counts. */
  get run(): number {
    return this.#run;
  }

  isCurrent(run: number): boolean {
    return run === this.#run;
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#wake?.();
  }

  /** What was cancelled is over: something new of the same run may go on. */
  rearm(): void {
    this.#cancelled = false;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#wake?.();
  }

  /** Lets messages in, and waits while paused. @returns false when the run is over */
  async mayGoOn(run: number): Promise<boolean> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#channel.port2.postMessage(null);
    });
    while (this.#paused && !this.#cancelled && this.isCurrent(run)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return !this.#cancelled && this.isCurrent(run);
  }

  /** As `mayGoOn`, for work in steps that has nothing to keep. @throws Ended when the run is over */
  async breathe(run: number): Promise<void> {
    if (!(await this.mayGoOn(run))) throw new Ended("the run is over");
  }
}

/** What work in steps throws when it was cancelled, or when a newer run has begun. */
export class Ended extends Error {}
