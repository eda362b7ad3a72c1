/**
 * Puts pages, gets each back and compares: in the demo's worker, or in each of several.
 *
 * Why so: puts and gets are timed in groups, because the clock is coarse, and without reading the
 * source and without the comparison.
 *
 * Invariant: a page that was kept and does not come back as it was throws.
 */
import { type Slots } from "./slots.ts";

/** Pages to be put: their numbers, and their bytes one after the other; the last may be shorter. */
export interface Batch {
  readonly numbers: Uint32Array;
  readonly bytes: Blob | Uint8Array;
}

/** What putting a batch has come to; its buffers may be transferred. */
export interface PutOutcome {
  /** Pages that neither pool nor device took. */
  readonly rejected: Uint32Array;
  /** Pages and milliseconds of each timed group, in turn. */
  readonly puts: Float64Array;
  readonly gets: Float64Array;
}

/** Who puts batches. */
export interface Putting {
  /** Batches that it takes at a time. */
  readonly lanes: number;
  /** Workers that put. */
  readonly workers: number;
  /** @returns null when it was dropped before its first put */
  put(batch: Batch): Promise<PutOutcome | null>;
  /** Gives up batches that have not been begun. */
  drop(): void;
  /** Puts no more. */
  close(): Promise<void>;
}

/** @returns the pages of a batch, one view each */
export async function readPages(
  { numbers, bytes }: Batch,
  pageSize: number,
): Promise<Uint8Array[]> {
  const size = numbers.length * pageSize;
  let whole = bytes instanceof Blob ? new Uint8Array(await bytes.arrayBuffer()) : bytes;
  if (whole.length < size) {
    const padded = new Uint8Array(size);
    padded.set(whole);
    whole = padded;
  }
  return Array.from(numbers, (_, index) =>
    whole.subarray(index * pageSize, (index + 1) * pageSize),
  );
}

export class Putter {
  readonly #slots: Slots;
  readonly #groupPages: number;
  readonly #results: readonly Uint8Array[];

  /** @param groupPages how many pages are timed together */
  constructor(slots: Slots, pageSize: number, groupPages: number) {
    this.#slots = slots;
    this.#groupPages = groupPages;
    this.#results = Array.from({ length: groupPages }, () => new Uint8Array(pageSize));
  }

  /** `sources[i]` is the page number `numbers[i]`. */
  async store(numbers: Uint32Array, sources: readonly Uint8Array[]): Promise<PutOutcome> {
    const rejected = new Set<number>();
    const puts = await this.#inGroups(numbers.length, async (first, last) => {
      const late = this.#putGroup(numbers, sources, first, last, rejected);
      if (late.length > 0) await Promise.all(late);
      return last - first;
    });
    const gets = await this.#inGroups(
      numbers.length,
      (first, last) => this.#getGroup(numbers, first, last),
      (first, last) => this.#compareGroup(numbers, sources, first, last, rejected),
    );
    return { rejected: Uint32Array.from(rejected), puts, gets };
  }

  /** @returns pages that `work` has counted and milliseconds of each group; `after` is not timed */
  async #inGroups(
    count: number,
    work: (first: number, last: number) => Promise<number>,
    after?: (first: number, last: number) => void,
  ): Promise<Float64Array> {
    const times = new Float64Array(2 * Math.ceil(count / this.#groupPages));
    for (let first = 0, group = 0; first < count; first += this.#groupPages, group += 2) {
      const last = Math.min(first + this.#groupPages, count);
      const start = performance.now();
      times[group] = await work(first, last);
      times[group + 1] = performance.now() - start;
      after?.(first, last);
    }
    return times;
  }

  /** Puts some pages. @returns what has to settle: puts that an asynchronous device takes */
  #putGroup(
    numbers: Uint32Array,
    sources: readonly Uint8Array[],
    first: number,
    last: number,
    rejected: Set<number>,
  ): Promise<void>[] {
    const late: Promise<void>[] = [];
    for (let index = first; index < last; index++) {
      const page = numbers[index]!;
      const bytes = sources[index]!;
      if (this.#slots.put(page, bytes)) continue;
      if (!this.#slots.isAsync) rejected.add(page);
      else late.push(this.#putLate(page, bytes, rejected));
    }
    return late;
  }

  async #putLate(page: number, bytes: Uint8Array, rejected: Set<number>): Promise<void> {
    if (!(await this.#slots.putLate(page, bytes))) rejected.add(page);
  }

  /** Gets some pages. @returns how many there were */
  async #getGroup(numbers: Uint32Array, first: number, last: number): Promise<number> {
    const late: Promise<boolean>[] = [];
    let found = 0;
    for (let index = first; index < last; index++) {
      const page = numbers[index]!;
      const result = this.#results[index - first]!;
      if (this.#slots.isFarAway(page)) late.push(this.#slots.getAnywhere(page, result));
      else if (this.#slots.get(page, result)) found += 1;
    }
    if (late.length > 0) found += (await Promise.all(late)).filter(Boolean).length;
    return found;
  }

  #compareGroup(
    numbers: Uint32Array,
    sources: readonly Uint8Array[],
    first: number,
    last: number,
    rejected: ReadonlySet<number>,
  ): void {
    for (let index = first; index < last; index++) {
      const page = numbers[index]!;
      const result = this.#results[index - first]!;
      if (!rejected.has(page) && !isEqual(sources[index]!, result)) {
        throw new Error(`Page ${page} did not come back as it was. This is a fault of zmem.`);
      }
      // A later get that copies nothing must not find the right bytes here already.
      result[0] = (result[0] as number) ^ 0xff;
    }
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.byteOffset % 4 !== 0) return one.every((byte, index) => byte === other[index]);
  const words = new Uint32Array(one.buffer, one.byteOffset, one.length / 4);
  const others = new Uint32Array(other.buffer, other.byteOffset, other.length / 4);
  for (let index = 0; index < words.length; index++) {
    if (words[index] !== others[index]) return false;
  }
  return true;
}
