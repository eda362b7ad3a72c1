/**
 * One bit per page: whether the page is there.
 *
 * Why so: a presence test has to be cheaper than asking a backend or a device, so that neither is
 * ever asked in vain. The bits lie in a buffer that the caller may bring, because a pool shared by
 * several workers needs them in shared memory.
 *
 * Layout: bit `index & 31` of the 32-bit word `index >>> 5`. The last word is padded with zeros.
 * Sizes are in bits and need not be a multiple of anything; the kernel's first map was right only
 * for multiples of 64.
 *
 * Invariant: padding bits stay zero, so `count` and `next` need not know of them.
 */

const WORD_BITS = 32;
const WORD_SHIFT = 5;
const WORD_MASK = WORD_BITS - 1;

/** A fixed number of bits. Indices are not checked: they were validated where they came in. */
export class Bitmap {
  /** How many bits there are. */
  readonly size: number;
  readonly #words: Uint32Array;

  /**
   * @param size number of bits, 0 to 2^32
   * @param buffer where they lie: at least `Bitmap.byteLength(size)` bytes from `byteOffset`, which
   *   is a multiple of 4; bits that are set there already count. A fresh buffer when left out.
   */
  constructor(
    size: number,
    buffer: ArrayBufferLike = new ArrayBuffer(Bitmap.byteLength(size)),
    byteOffset = 0,
  ) {
    this.size = size;
    this.#words = new Uint32Array(buffer, byteOffset, Bitmap.byteLength(size) / 4);
  }

  /** Bytes that a bitmap of `size` bits takes: whole 32-bit words. */
  static byteLength(size: number): number {
    return Math.ceil(size / WORD_BITS) * 4;
  }

  /** Whether a bit is set. */
  has(index: number): boolean {
    return ((this.#words[index >>> WORD_SHIFT] as number) & (1 << (index & WORD_MASK))) !== 0;
  }

  /** Sets a bit. @returns whether it was clear before */
  set(index: number): boolean {
    const place = index >>> WORD_SHIFT;
    const word = this.#words[place] as number;
    const bit = 1 << (index & WORD_MASK);
    if ((word & bit) !== 0) return false;
    this.#words[place] = word | bit;
    return true;
  }

  /** Clears a bit. @returns whether it was set before */
  clear(index: number): boolean {
    const place = index >>> WORD_SHIFT;
    const word = this.#words[place] as number;
    const bit = 1 << (index & WORD_MASK);
    if ((word & bit) === 0) return false;
    this.#words[place] = word & ~bit;
    return true;
  }

  /**
   * Clears all bits. Words that are zero are only read: a buffer for 2^32 bits takes half a GiB of
   * addresses, and real memory only where something was written.
   */
  clearAll(): void {
    const words = this.#words;
    for (let place = 0; place < words.length; place++) {
      if (words[place] !== 0) words[place] = 0;
    }
  }

  /** How many bits are set; looks at every word. */
  count(): number {
    let total = 0;
    for (const word of this.#words) {
      if (word !== 0) total += countBits(word);
    }
    return total;
  }

  /** The lowest set bit at `from` or above; -1 when there is none. */
  next(from: number): number {
    if (from >= this.size) return -1;
    let place = Math.floor(from / WORD_BITS);
    // Bits below `from` in its own word don't count.
    let word = (this.#words[place] as number) & (-1 << (from & WORD_MASK));
    while (word === 0) {
      place += 1;
      if (place >= this.#words.length) return -1;
      word = this.#words[place] as number;
    }
    const lowest = word & -word;
    return place * WORD_BITS + (WORD_MASK - Math.clz32(lowest));
  }

  /** The lowest clear bit at `from` or above; -1 when there is none. */
  nextClear(from: number): number {
    if (from >= this.size) return -1;
    let place = Math.floor(from / WORD_BITS);
    let word = ~(this.#words[place] as number) & (-1 << (from & WORD_MASK));
    while (word === 0) {
      place += 1;
      if (place >= this.#words.length) return -1;
      word = ~(this.#words[place] as number);
    }
    const index = place * WORD_BITS + (WORD_MASK - Math.clz32(word & -word));
    // Padding bits are clear and are none.
    return index < this.size ? index : -1;
  }
}

/** Set bits of one 32-bit word, by adding pairs, then nibbles, then bytes. */
function countBits(word: number): number {
  let sum = word - ((word >>> 1) & 0x5555_5555);
  sum = (sum & 0x3333_3333) + ((sum >>> 2) & 0x3333_3333);
  sum = (sum + (sum >>> 4)) & 0x0f0f_0f0f;
  return Math.imul(sum, 0x0101_0101) >>> 24;
}
