/**
 * Which parts of a swap file are taken, and where the blocks of a cluster go.
 *
 * What: the file is cut into units, a sixteenth of a page each; a block takes whole units in a row.
 * `place` finds room for many blocks at once, side by side wherever possible, because blocks that
 * are neighbours in the file go out in one write.
 *
 * Why so: disk is cheap and writes are not. While less than half of the file is free, blocks are
 * appended to it; after that a cursor goes round and round the file and fills the holes that it
 * meets. By the time it comes back most blocks of its last visit are gone, so holes are long and a
 * cluster of 32 costs hardly more than in a fresh file. Moving live blocks together would keep the
 * file smaller, but it reads and writes blocks nobody asked for, and a failure in it would cost
 * pages of others.
 *
 * Invariants: bit set ⇔ the unit belongs to a block; `used` counts them; no bit at or above
 * `extent` is set, and the unit below `extent` is taken.
 *
 * Layout: bit `unit & 31` of the 32-bit word `unit >>> 5`.
 */

/**
 * Above this free share of the extent holes are filled; below, the file grows. Measured with
 * bench/devices.ts, 2026-11, clusters of 32 under churn: 1/4 gives a file of 1.4 times its content
 * and 2.1 µs a page, 1/2 gives 2.0 and 1.2, 2/3 gives 3.0 and 0.9; a fresh file takes 1.0.
 */
const FREE_SHARE = 1 / 2;

/** At most so many units are looked at for holes at a time: 4 MiB of a file with pages of 4 KiB. */
const WINDOW_UNITS = 1 << 14;

/** A full file is not searched to its end by every write: the next one goes on where this ended. */
const MOST_WINDOWS = 4;

/**
 * The holes to choose from have so many times the units that are wanted, and the largest are taken.
 * Measured as above with a share of 2/3: 2 takes 0.9 µs a page, 8 takes 1.2, 32 takes 2.4.
 */
const CHOICE = 2;

/** Only so many of the largest holes are used. */
const MOST_HOLES = 64;

interface Hole {
  start: number;
  units: number;
}

/** The units of a file. */
export class UnitMap {
  readonly #maxUnits: number;
  #words = new Uint32Array(1024);
  #extent = 0;
  #used = 0;
  #cursor = 0;

  /** @param maxUnits the file never gets longer than this; 2^31, 512 GiB, when it is more */
  constructor(maxUnits: number) {
    this.#maxUnits = Math.min(maxUnits, 2 ** 31);
  }

  /** Units from the beginning of the file to the end of the last one that is taken. */
  get extent(): number {
    return this.#extent;
  }

  /** Units that are taken. */
  get used(): number {
    return this.#used;
  }

  /**
   * Takes units for several blocks.
   *
   * @param sizes units of each block, 1 to 16
   * @param mayGrow false to use holes only
   * @returns the first unit of each; null when no room was found for all: nothing is taken then
   */
  place(sizes: readonly number[], mayGrow: boolean): number[] | null {
    const total = sizes.reduce((sum, units) => sum + units, 0);
    const extent = this.#extent;
    if ((mayGrow ? this.#maxUnits : extent) - this.#used < total) return null;
    const starts = sizes.map(() => -1);
    const unplaced = sizes.map((_, index) => index);
    const isDense = extent - this.#used < extent * FREE_SHARE || extent === 0;
    if (!(mayGrow && isDense && this.#append(sizes, unplaced, starts))) {
      const end = Math.min(extent, MOST_WINDOWS * WINDOW_UNITS);
      for (let seen = 0; seen < end && unplaced.length > 0;) {
        if (seen > 0 && mayGrow && this.#append(sizes, unplaced, starts)) break;
        seen += this.#fillHoles(sizes, unplaced, starts, extent);
      }
      if (mayGrow) this.#append(sizes, unplaced, starts);
    }
    if (unplaced.length === 0) return starts;
    for (const [index, start] of starts.entries()) {
      if (start >= 0) this.release(start, sizes[index] as number);
    }
    return null;
  }

  /** Gives units back. */
  release(start: number, units: number): void {
    this.#change(start, units, false);
    this.#used -= units;
    if (start + units === this.#extent) {
      this.#extent = this.#used === 0 ? 0 : lastTaken(this.#words, start) + 1;
    }
  }

  /** Takes units behind the extent for what is not placed yet. @returns false without room */
  #append(sizes: readonly number[], unplaced: number[], starts: number[]): boolean {
    const total = unplaced.reduce((sum, index) => sum + (sizes[index] as number), 0);
    if (this.#extent + total > this.#maxUnits) return false;
    for (const index of unplaced) {
      starts[index] = this.#extent;
      this.#take(this.#extent, sizes[index] as number);
    }
    unplaced.length = 0;
    return true;
  }

  /** Fills the largest of the next holes and moves the cursor on. @returns units it has passed */
  #fillHoles(
    sizes: readonly number[],
    unplaced: number[],
    starts: number[],
    extent: number,
  ): number {
    const wanted = unplaced.reduce((sum, index) => sum + (sizes[index] as number), 0);
    const { holes, end } = this.#findHoles(wanted * CHOICE, extent);
    // Nothing when the file has become shorter than the cursor was far.
    const passed = end - this.#cursor;
    this.#cursor = end >= extent ? 0 : end;
    holes.sort((a, b) => b.units - a.units);
    holes.length = Math.min(holes.length, MOST_HOLES);
    for (const hole of holes) {
      if (unplaced.length === 0) break;
      let kept = 0;
      for (const index of unplaced) {
        const units = sizes[index] as number;
        if (units > hole.units) {
          unplaced[kept++] = index;
          continue;
        }
        starts[index] = hole.start;
        this.#take(hole.start, units);
        hole.start += units;
        hole.units -= units;
      }
      unplaced.length = kept;
    }
    return passed;
  }

  /** The holes from the cursor on, until they have `enough` units or the window ends. */
  #findHoles(enough: number, extent: number): { holes: Hole[]; end: number } {
    const holes: Hole[] = [];
    const end = Math.min(this.#cursor + WINDOW_UNITS, extent);
    let at = this.#cursor;
    for (let found = 0; at < end && found < enough;) {
      const start = nextBit(this.#words, at, end, 0);
      const stop = nextBit(this.#words, start, end, 0xffff_ffff);
      if (stop > start) holes.push({ start, units: stop - start });
      found += stop - start;
      at = stop;
    }
    return { holes, end: at };
  }

  #take(start: number, units: number): void {
    const words = (start + units + 31) >>> 5;
    if (words > this.#words.length) {
      const larger = new Uint32Array(Math.max(words, this.#words.length * 2));
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#change(start, units, true);
    this.#used += units;
    this.#extent = Math.max(this.#extent, start + units);
  }

  #change(start: number, units: number, taken: boolean): void {
    for (let unit = start; unit < start + units; unit++) {
      const word = this.#words[unit >>> 5] as number;
      const bit = 1 << (unit & 31);
      this.#words[unit >>> 5] = taken ? word | bit : word & ~bit;
    }
  }
}

/**
 * The first unit from `from` whose bit differs from those of `flip`: with 0 for `flip`, ones are
 * skipped and a zero is found; with all ones, the reverse. @returns `end` when there is none
 */
function nextBit(words: Uint32Array, from: number, end: number, flip: number): number {
  for (let at = from; at < end;) {
    // Ones where the bit is what we look for.
    const wanted = ~((words[at >>> 5] as number) ^ flip) >>> (at & 31);
    if (wanted !== 0) {
      const found = at + 31 - Math.clz32(wanted & -wanted);
      return Math.min(found, end);
    }
    at = ((at >>> 5) + 1) * 32;
  }
  return end;
}

/** The last unit below `before` that is taken; there is one. */
function lastTaken(words: Uint32Array, before: number): number {
  let index = before >>> 5;
  let word = (words[index] as number) & ((1 << (before & 31)) - 1);
  while (word === 0) word = words[--index] as number;
  return index * 32 + 31 - Math.clz32(word);
}
