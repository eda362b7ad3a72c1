/**
 * Latencies on a coarse clock: pages are timed in groups, and a histogram of logarithmic bins gives
 * the percentiles.
 *
 * Why so: clocks in browsers tick in steps of 5 µs (isolated) to 100 µs, about as long as one put.
 * A group lasts long enough that a step is some percent of it; the price is that p99 is the 99th
 * percentile of groups, not of single calls, and the page says how large they are. A bin is 4.4 %
 * wide (16 to the octave).
 */
import { type Latency } from "../protocol.ts";

const BINS_PER_OCTAVE = 16;
const LOWEST_US = 0.05;
const BIN_COUNT = BINS_PER_OCTAVE * 24;
/** What a page takes at least, about; with it a group is planned. */
const EXPECTED_US = 3;
const STEPS_PER_GROUP = 8;
const SMALLEST_GROUP = 8;
const LARGEST_GROUP = 256;

/** Pages to be timed together on this clock. */
export function planGroup(): number {
  let step = Infinity;
  let last = performance.now();
  const until = last + 2;
  for (let now = last; now < until; now = performance.now()) {
    if (now > last) step = Math.min(step, now - last);
    last = now;
  }
  const stepUs = Number.isFinite(step) ? step * 1000 : 100;
  const pages = Math.ceil((stepUs * STEPS_PER_GROUP) / EXPECTED_US);
  return Math.min(Math.max(pages, SMALLEST_GROUP), LARGEST_GROUP);
}

/** Times of many groups. */
export class LatencyRecorder {
  readonly #bins = new Uint32Array(BIN_COUNT);
  #pages = 0;
  #totalMs = 0;

  /** Pages timed. */
  get pages(): number {
    return this.#pages;
  }

  get totalMs(): number {
    return this.#totalMs;
  }

  add(pages: number, milliseconds: number): void {
    if (pages === 0) return;
    this.#pages += pages;
    this.#totalMs += milliseconds;
    const microseconds = Math.max((milliseconds * 1000) / pages, LOWEST_US);
    const bin = Math.round(Math.log2(microseconds / LOWEST_US) * BINS_PER_OCTAVE);
    const index = Math.min(bin, BIN_COUNT - 1);
    this.#bins[index] = (this.#bins[index] as number) + pages;
  }

  /** @param groups pages and milliseconds of each, in turn */
  addGroups(groups: Float64Array): void {
    for (let index = 0; index < groups.length; index += 2) {
      this.add(groups[index] as number, groups[index + 1] as number);
    }
  }

  /** The percentiles so far, in microseconds per page. */
  read(): Latency {
    if (this.#pages === 0) return { p50: null, p99: null };
    return { p50: this.#percentile(0.5), p99: this.#percentile(0.99) };
  }

  #percentile(share: number): number {
    let left = this.#pages * share;
    let bin = 0;
    while (bin < BIN_COUNT - 1 && left > (this.#bins[bin] as number)) {
      left -= this.#bins[bin] as number;
      bin += 1;
    }
    return LOWEST_US * 2 ** (bin / BINS_PER_OCTAVE);
  }
}
