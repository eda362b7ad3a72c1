/**
 * The history of a run: every put, get and writeback of a page in the order in which it came, for the
 * time-lapse, with how the page was held before and afterwards.
 *
 * Why so: with both, time goes backwards as easily as forwards: a step costs the events that lie
 * between, never the whole run. A million events in six columns are 15 MB. When the room is used up
 * the older half is forgotten; playing back then begins later.
 *
 * Events are counted from the start of the run, so that a place in time stays the same place when
 * older ones are forgotten.
 */
import { type Change } from "./columns.ts";

const MOST_EVENTS = 2 ** 20;
const FIRST_ROOM = 2 ** 14;

/** What an event says of its page, as it is after it or before it. */
export type TakeEvent = (page: number, form: number, size: number, event: number) => void;

export class History {
  #pages = new Uint32Array(FIRST_ROOM);
  #forms = new Uint8Array(FIRST_ROOM);
  #sizes = new Uint32Array(FIRST_ROOM);
  #formsBefore = new Uint8Array(FIRST_ROOM);
  #sizesBefore = new Uint32Array(FIRST_ROOM);
  /** What happened, one of the EVENT_ numbers. */
  #events = new Uint8Array(FIRST_ROOM);
  #length = 0;
  #first = 0;

  /** The first event that is kept, and how many there were. */
  get first(): number {
    return this.#first;
  }

  get end(): number {
    return this.#first + this.#length;
  }

  /** Begins anew. @param expected events that will come at least, so that columns need not grow */
  reset(expected: number): void {
    this.#length = 0;
    this.#first = 0;
    if (expected > this.#pages.length) this.#grow(Math.min(expected, MOST_EVENTS));
  }

  add({ pages, forms, sizes, formsBefore, sizesBefore }: Change, event: number): void {
    if (this.#length + pages.length > MOST_EVENTS) this.#forget();
    if (this.#length + pages.length > this.#pages.length) this.#grow(pages.length);
    this.#pages.set(pages, this.#length);
    this.#forms.set(forms, this.#length);
    this.#sizes.set(sizes, this.#length);
    this.#formsBefore.set(formsBefore, this.#length);
    this.#sizesBefore.set(sizesBefore, this.#length);
    this.#events.fill(event, this.#length, this.#length + pages.length);
    this.#length += pages.length;
  }

  /** Goes from one place in time to another, either way, event by event. */
  play(from: number, to: number, take: TakeEvent): void {
    for (let index = from - this.#first; index < to - this.#first; index++) {
      take(
        this.#pages[index] as number,
        this.#forms[index] as number,
        this.#sizes[index] as number,
        this.#events[index] as number,
      );
    }
    for (let index = from - this.#first - 1; index >= to - this.#first; index--) {
      take(
        this.#pages[index] as number,
        this.#formsBefore[index] as number,
        this.#sizesBefore[index] as number,
        this.#events[index] as number,
      );
    }
  }

  #grow(more: number): void {
    const room = Math.min(MOST_EVENTS, Math.max(this.#pages.length * 2, this.#length + more));
    const grown = <Column extends Uint8Array | Uint32Array>(column: Column, fresh: Column) => {
      fresh.set(column.subarray(0, this.#length));
      return fresh;
    };
    this.#pages = grown(this.#pages, new Uint32Array(room));
    this.#forms = grown(this.#forms, new Uint8Array(room));
    this.#sizes = grown(this.#sizes, new Uint32Array(room));
    this.#formsBefore = grown(this.#formsBefore, new Uint8Array(room));
    this.#sizesBefore = grown(this.#sizesBefore, new Uint32Array(room));
    this.#events = grown(this.#events, new Uint8Array(room));
  }

  /** Forgets the older half. */
  #forget(): void {
    const half = this.#length >>> 1;
    for (const column of [
      this.#pages,
      this.#forms,
      this.#sizes,
      this.#formsBefore,
      this.#sizesBefore,
      this.#events,
    ]) {
      column.copyWithin(0, half, this.#length);
    }
    this.#first += half;
    this.#length -= half;
  }
}
