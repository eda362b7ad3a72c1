/**
 * What a device remembers of its slots: where a block lies, its length, its tag.
 *
 * Why so: 8 bytes per block where slots are dense, against some 50 of a Map with an object each,
 * and nothing for the garbage collector to walk. Answering "empty" and the tag from memory also
 * means that no device is asked in vain, and that a block that got lost on the way is noticed.
 *
 * Layout: slots in chunks of 256, made when a slot in them is first taken and dropped with the
 * last. Two 32-bit words per slot: `place`, and
 * ```
 *  31            25 24        17 16                0
 * ├─ 0 ────────────┼─ tag ──────┼─ length, 0: empty ─┤
 * ```
 *
 * Invariant: `count` is the number of slots whose length is not 0.
 */

const CHUNK_SHIFT = 8;
const CHUNK_SLOTS = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_SLOTS - 1;
const LENGTH_BITS = 17;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;

interface Chunk {
  readonly words: Uint32Array;
  count: number;
}

/** Place, length and tag by slot. Slots are not checked: they were validated where they came in. */
export class SlotTable {
  readonly #chunks = new Map<number, Chunk>();
  #count = 0;

  /** Slots that hold a block. */
  get count(): number {
    return this.#count;
  }

  /** Length of a slot's block in bytes; 0 when it is empty. */
  lengthOf(slot: number): number {
    return this.#description(slot) & LENGTH_MASK;
  }

  /** Tag of a slot's block; -1 when it is empty. */
  tagOf(slot: number): number {
    const description = this.#description(slot);
    return (description & LENGTH_MASK) === 0 ? -1 : description >>> LENGTH_BITS;
  }

  /** Where a slot's block lies, as the device had said; 0 when it is empty. */
  placeOf(slot: number): number {
    return this.#chunks.get(slot >>> CHUNK_SHIFT)?.words[(slot & CHUNK_MASK) * 2] ?? 0;
  }

  /** @param place u32 @param length 1 to 65536 @param tag 0 to 255 */
  set(slot: number, place: number, length: number, tag: number): void {
    let chunk = this.#chunks.get(slot >>> CHUNK_SHIFT);
    if (chunk === undefined) {
      chunk = { words: new Uint32Array(CHUNK_SLOTS * 2), count: 0 };
      this.#chunks.set(slot >>> CHUNK_SHIFT, chunk);
    }
    const at = (slot & CHUNK_MASK) * 2;
    if (chunk.words[at + 1] === 0) {
      chunk.count += 1;
      this.#count += 1;
    }
    chunk.words[at] = place;
    chunk.words[at + 1] = length | (tag << LENGTH_BITS);
  }

  /** Empties a slot. @returns whether it held a block */
  clear(slot: number): boolean {
    const chunk = this.#chunks.get(slot >>> CHUNK_SHIFT);
    const at = (slot & CHUNK_MASK) * 2;
    if (chunk === undefined || chunk.words[at + 1] === 0) return false;
    chunk.words.fill(0, at, at + 2);
    chunk.count -= 1;
    this.#count -= 1;
    if (chunk.count === 0) this.#chunks.delete(slot >>> CHUNK_SHIFT);
    return true;
  }

  /** Empties all slots. */
  clearAll(): void {
    this.#chunks.clear();
    this.#count = 0;
  }

  #description(slot: number): number {
    return this.#chunks.get(slot >>> CHUNK_SHIFT)?.words[(slot & CHUNK_MASK) * 2 + 1] ?? 0;
  }
}
