/**
 * The operations of the writeback bench: keys drawn from a Zipf distribution whose ranks change.
 *
 * Why so: a fixed distribution flatters policies that only count; here 1 % of the keys change their
 * ranks among each other every 10,000 operations, so what was hot cools down and has to go. The
 * trace is made once, from a seed, and every contender is given the same.
 *
 * Layout: one u32 per operation, key << 1 | isPut.
 */
import { seededRandom } from "../corpora/random.ts";
import { zipfDraws } from "../corpora/zipf.ts";

/** What a trace is made from. */
export interface TraceOptions {
  readonly keys: number;
  readonly operations: number;
  /** The exponent: the key of rank r is drawn with a weight of r ** -exponent. */
  readonly exponent: number;
  /** The share of reads, 0 to 1. */
  readonly readShare: number;
  readonly seed: number;
}

const RESHUFFLE_INTERVAL = 10_000;
const RESHUFFLED_SHARE = 0.01;

/** Makes a trace. */
export function makeTrace(options: TraceOptions): Uint32Array {
  const { keys, operations, exponent, readShare, seed } = options;
  const random = seededRandom(seed);
  const rankToKey = Uint32Array.from({ length: keys }, (_, rank) => rank);
  for (let rank = keys - 1; rank > 0; rank--) swap(rankToKey, rank, random.below(rank + 1));
  const draw = zipfDraws(keys, exponent, random);
  const trace = new Uint32Array(operations);
  for (let at = 0; at < operations; at++) {
    if (at > 0 && at % RESHUFFLE_INTERVAL === 0) {
      const count = Math.round(keys * RESHUFFLED_SHARE);
      const ranks = Uint32Array.from({ length: count }, () => random.below(keys));
      for (let index = count - 1; index > 0; index--) {
        swap(rankToKey, ranks[index] as number, ranks[random.below(index + 1)] as number);
      }
    }
    const key = rankToKey[draw()] as number;
    trace[at] = (key << 1) | (random.fraction() < readShare ? 0 : 1);
  }
  return trace;
}

/**
 * Reads that an exact LRU of so many pages has to get from its device. Every key was put once, in
 * order, before the trace.
 *
 * @param from operations before this one are not counted
 */
export function simulateLru(
  trace: Uint32Array,
  keys: number,
  capacityPages: number,
  from: number,
): number {
  const held = new Set<number>();
  for (let key = Math.max(0, keys - capacityPages); key < keys; key++) held.add(key);
  let deviceReads = 0;
  for (const [at, operation] of trace.entries()) {
    const key = operation >>> 1;
    const isHit = held.delete(key);
    // A Set keeps the order of insertion: the first one is the one used longest ago.
    held.add(key);
    if (isHit) continue;
    if ((operation & 1) === 0 && at >= from) deviceReads += 1;
    if (held.size > capacityPages) held.delete(held.values().next().value as number);
  }
  return deviceReads;
}

function swap(array: Uint32Array, first: number, second: number): void {
  const value = array[first] as number;
  array[first] = array[second] as number;
  array[second] = value;
}
