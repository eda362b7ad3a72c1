/**
 * Hands out the offsets of a swap area to callers that don't choose them.
 *
 * Why so: always the lowest that is free. Offsets then stay dense, and a dense group of the pool's
 * index costs an eighth of a sparse one.
 *
 * Invariant: no offset below `#lowest` is free.
 */
import { Bitmap } from "./bitmap.ts";

/** Offsets from 0 to pages - 1, each free or taken. */
export class SlotAllocator {
  readonly #taken: Bitmap;
  #lowest = 0;

  constructor(pages: number) {
    this.#taken = new Bitmap(pages);
  }

  /** Takes an offset. @returns -1 when all are taken */
  allocate(): number {
    const offset = this.#taken.nextClear(this.#lowest);
    if (offset < 0) {
      this.#lowest = this.#taken.size;
      return -1;
    }
    this.#taken.set(offset);
    this.#lowest = offset + 1;
    return offset;
  }

  /** Gives an offset back. @returns whether it was taken */
  free(offset: number): boolean {
    if (!this.#taken.clear(offset)) return false;
    this.#lowest = Math.min(this.#lowest, offset);
    return true;
  }
}
