/**
 * The pages as they were at a moment of the run: moved through the history, forwards or backwards.
 *
 * Why so: a jump over a million events takes longer than a frame has, so a move stops when its time is
 * up and goes on from there.
 */
import { type Columns } from "./columns.ts";
import { type History, type TakeEvent } from "./history.ts";

/** Events between two looks at the clock. */
export const SLICE = 1024;
/** Events in one go at most. */
export const MOST_EVENTS_AT_ONCE = 2 ** 18;

export class Moment {
  readonly #columns: Columns;
  readonly #history: History;
  #forms: Uint8Array;
  #sizes: Uint32Array;
  #at: number;

  /** Begins with the pages as they are now. */
  constructor(columns: Columns, history: History) {
    this.#columns = columns;
    this.#history = history;
    this.#forms = columns.forms.slice();
    this.#sizes = columns.sizes.slice();
    this.#at = history.end;
  }

  get forms(): Uint8Array {
    return this.#forms;
  }

  get sizes(): Uint32Array {
    return this.#sizes;
  }

  /** Events that have happened by now. */
  get at(): number {
    return this.#at;
  }

  /** Whether the history still reaches to where it is; otherwise a new one has to be made. */
  get isKnown(): boolean {
    return this.#at >= this.#history.first;
  }

  /**
   * Moves towards a place in time.
   *
   * @param until the clock's time at which to stop
   * @param take is told of each change, as it is afterwards
   * @returns whether it is there
   */
  move(to: number, until: number, take: TakeEvent): boolean {
    const target = Math.min(Math.max(to, this.#history.first), this.#history.end);
    const stop = this.#at + clamp(target - this.#at, MOST_EVENTS_AT_ONCE);
    this.#makeRoom();
    while (this.#at !== stop) {
      const distance = clamp(stop - this.#at, SLICE);
      this.#history.play(this.#at, this.#at + distance, (page, form, size, event) => {
        this.#forms[page] = form;
        this.#sizes[page] = size;
        take(page, form, size, event);
      });
      this.#at += distance;
      if (performance.now() >= until) break;
    }
    return this.#at === target;
  }

  /** The run may have had more pages since. */
  #makeRoom(): void {
    const { length } = this.#columns.forms;
    if (length <= this.#forms.length) return;
    const forms = new Uint8Array(length);
    const sizes = new Uint32Array(length);
    forms.set(this.#forms);
    sizes.set(this.#sizes);
    this.#forms = forms;
    this.#sizes = sizes;
  }
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, -most), most);
}
