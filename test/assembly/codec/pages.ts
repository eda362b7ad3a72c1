/**
 * Seeded pages of many shapes for the tests of the codec, and the generator of random numbers
 * behind them.
 *
 * Why so: each shape drives another path: runs of every short period the overlapping copies,
 * noise the early verdict, words and text the short sequences, distant repeats the long matches,
 * mixtures the ends of blocks.
 */
import { readFileSync } from "node:fs";

/** A generator of numbers in 0 … 2³² − 1 that depends on its seed alone (xorshift32). */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

const executable = readFileSync(process.execPath);
const text = readFileSync(new URL("./pages.ts", import.meta.url));

/** One page by its shape and seed. */
export type PageShape = (pageSize: number, next: () => number) => Uint8Array;

function filled(pageSize: number, byteAt: (index: number) => number): Uint8Array {
  return Uint8Array.from({ length: pageSize }, (_, index) => byteAt(index));
}

/** All shapes by name. */
export const SHAPES: Readonly<Record<string, PageShape>> = {
  zeros: (pageSize) => new Uint8Array(pageSize),
  noise: (pageSize, next) => filled(pageSize, () => next() >>> 24),
  fewSymbols: (pageSize, next) => filled(pageSize, () => (next() >>> 24) & 3),
  shortPeriod: (pageSize, next) => {
    const period = 1 + (next() % 40);
    const pattern = filled(period, () => next() >>> 24);
    return filled(pageSize, (index) => pattern[index % period] as number);
  },
  brokenPeriod: (pageSize, next) => {
    const period = 1 + (next() % 24);
    const pattern = filled(period, () => next() >>> 24);
    return filled(pageSize, (index) =>
      next() % 61 === 0 ? next() >>> 24 : (pattern[index % period] as number),
    );
  },
  machineCode: (pageSize, next) => {
    const start = next() % (executable.length - pageSize);
    return Uint8Array.from(executable.subarray(start, start + pageSize));
  },
  sourceText: (pageSize, next) => {
    const start = next() % text.length;
    return filled(pageSize, (index) => text[(start + index) % text.length] as number);
  },
  counters: (pageSize, next) => {
    const page = new Uint8Array(pageSize);
    const view = new DataView(page.buffer);
    const step = 1 + (next() % 100);
    for (let at = 0; at < pageSize; at += 8) view.setUint32(at, at * step, true);
    return page;
  },
  pointers: (pageSize, next) => {
    const page = new Uint8Array(pageSize);
    const view = new DataView(page.buffer);
    for (let at = 0; at < pageSize; at += 8) {
      view.setUint32(at, 0x7f000000 + (next() % 4096) * 16, true);
      view.setUint32(at + 4, 0x5555, true);
    }
    return page;
  },
  islands: (pageSize, next) => {
    const page = new Uint8Array(pageSize);
    for (let island = next() % 12; island >= 0; island--) {
      const start = next() % pageSize;
      for (let at = start; at < Math.min(pageSize, start + (next() % 300)); at++) {
        page[at] = next() >>> 24;
      }
    }
    return page;
  },
  halfNoise: (pageSize, next) => {
    const half = filled(pageSize / 2, () => next() >>> 24);
    const page = new Uint8Array(pageSize);
    page.set(half);
    page.set(half, pageSize / 2);
    return page;
  },
  noiseThenEnd: (pageSize, next) => {
    // Something repeats only around the very end, where the format forbids matches.
    const page = filled(pageSize, () => next() >>> 24);
    const size = 4 + (next() % 40);
    page.copyWithin(pageSize - size, 0, size);
    return page;
  },
};
