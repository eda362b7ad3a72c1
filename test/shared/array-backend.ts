/**
 * A small backend for several workers: pages in a SharedArrayBuffer, a slot for each key.
 *
 * Why so: the shared front-end is tested before something simple enough to be seen to be right. A
 * slot has two copies; a put writes the one that is not published and publishes it by one store, so
 * a get takes no lock and a put that dies half-way leaves the older page.
 *
 * Layout, 32-bit words: open flags of all types, then of each slot a lock (worker id) and an entry
 * `version:30 │ present │ which copy`, then the copies.
 *
 * It rejects every put of a page whose last byte is `REJECTED`, and has dropped the older one then.
 */
import type { FrontswapOps, Page } from "../../src/types.ts";

/** In the last byte of a page: the backend does not want it. */
export const REJECTED = 0xee;

const SLOT_WORDS = 2;
const ENTRY = 1;
const PRESENT = 2;
const COPY = 1;
const VERSION = 4;

/** How large the backend is. */
export interface ArrayShape {
  readonly types: number;
  readonly pages: number;
  readonly pageSize: number;
}

/** Memory for it, to be posted to workers. */
export function createArrayMemory({ types, pages, pageSize }: ArrayShape): SharedArrayBuffer {
  const words = types + types * pages * SLOT_WORDS;
  return new SharedArrayBuffer(words * 4 + types * pages * 2 * pageSize);
}

/** A handle on the backend, for one worker. */
export class ArrayBackend implements FrontswapOps {
  readonly #shape: ArrayShape;
  readonly #workerId: number;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer, shape: ArrayShape, workerId: number) {
    const words = shape.types + shape.types * shape.pages * SLOT_WORDS;
    this.#shape = shape;
    this.#workerId = workerId;
    this.#words = new Int32Array(memory, 0, words);
    this.#bytes = new Uint8Array(memory, words * 4);
  }

  init(pageSize: number): number {
    return pageSize === this.#shape.pageSize ? 0 : -1;
  }

  openType(type: number): boolean {
    if (type >= this.#shape.types) return false;
    Atomics.store(this.#words, type, 1);
    return true;
  }

  putPage(type: number, offset: number, page: Page): boolean {
    if (type >= this.#shape.types) return false;
    return this.#locked(type, offset, (slot) => {
      const entry = Atomics.load(this.#words, slot + ENTRY);
      const isOpen = Atomics.load(this.#words, type) === 1;
      if (!isOpen || page[page.length - 1] === REJECTED) {
        Atomics.store(this.#words, slot + ENTRY, (entry + VERSION) & ~PRESENT);
        return false;
      }
      const copy = (entry & COPY) ^ COPY;
      this.#copy(type, offset, copy).set(page);
      const version = (entry & ~(PRESENT | COPY)) + VERSION;
      Atomics.store(this.#words, slot + ENTRY, version | PRESENT | copy);
      return true;
    });
  }

  getPage(type: number, offset: number, page: Page): boolean {
    if (type >= this.#shape.types) return false;
    const slot = this.#slot(type, offset);
    const scratch = new Uint8Array(page.length);
    for (;;) {
      const entry = Atomics.load(this.#words, slot + ENTRY);
      if ((entry & PRESENT) === 0) return false;
      scratch.set(this.#copy(type, offset, entry & COPY));
      if (Atomics.load(this.#words, slot + ENTRY) !== entry) continue;
      page.set(scratch);
      return true;
    }
  }

  flushPage(type: number, offset: number): boolean {
    if (type >= this.#shape.types) return false;
    return this.#locked(type, offset, (slot) => {
      const entry = Atomics.load(this.#words, slot + ENTRY);
      Atomics.store(this.#words, slot + ENTRY, (entry + VERSION) & ~PRESENT);
      return (entry & PRESENT) !== 0;
    });
  }

  flushArea(type: number): void {
    if (type >= this.#shape.types) return;
    Atomics.store(this.#words, type, 0);
    for (let offset = 0; offset < this.#shape.pages; offset++) this.flushPage(type, offset);
  }

  countPages(type: number): number {
    let count = 0;
    for (let offset = 0; offset < this.#shape.pages; offset++) {
      const entry = Atomics.load(this.#words, this.#slot(type, offset) + ENTRY);
      if ((entry & PRESENT) !== 0) count += 1;
    }
    return count;
  }

  /** Frees what dead workers held: the published copy of its slot is whole. */
  reap(...dead: number[]): void {
    const { types, pages } = this.#shape;
    for (let index = 0; index < types * pages; index++) {
      const slot = types + index * SLOT_WORDS;
      for (const workerId of dead) Atomics.compareExchange(this.#words, slot, workerId, 0);
    }
  }

  #slot(type: number, offset: number): number {
    return this.#shape.types + (type * this.#shape.pages + offset) * SLOT_WORDS;
  }

  #copy(type: number, offset: number, copy: number): Uint8Array {
    const { pages, pageSize } = this.#shape;
    const at = ((type * pages + offset) * 2 + copy) * pageSize;
    return this.#bytes.subarray(at, at + pageSize);
  }

  #locked<Result>(type: number, offset: number, work: (slot: number) => Result): Result {
    const slot = this.#slot(type, offset);
    while (Atomics.compareExchange(this.#words, slot, 0, this.#workerId) !== 0);
    const result = work(slot);
    Atomics.store(this.#words, slot, 0);
    return result;
  }
}
