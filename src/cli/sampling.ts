/**
 * Which pages of an input that is too large are measured.
 *
 * What: a stratified sample where the size is known, a reservoir where it is not.
 *
 * Why so: the sample must not depend on how fast the input comes, must be the same for the same
 * seed, and must represent all of the input. Where the size is known, the input is cut into equal
 * strata and one run of neighbouring pages is taken at a random place of each: every part of the
 * input is represented, positions are read in ascending order, and runs spare seeks. A stream is
 * sampled by Vitter's algorithm R: page i replaces a random one of the k kept with probability k/i.
 *
 * Source: J. S. Vitter, "Random Sampling with a Reservoir", ACM TOMS 11(1), 1985.
 */

/** A random number from 0 up to, not including, 1. */
export type Random = () => number;

/** Mulberry32 (public domain, T. Ettinger): 32 bits of state, good enough to pick pages. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Neighbouring pages: the first and how many. */
export interface PageRun {
  readonly first: number;
  readonly count: number;
}

/** Pages that are read together; 64 KiB of the smallest pages. */
const RUN_PAGES = 16;

/**
 * Picks about `wanted` of `total` pages, in ascending runs that don't overlap.
 *
 * @returns all pages in one run when no more than `wanted` exist
 */
export function* samplePages(total: number, wanted: number, random: Random): Generator<PageRun> {
  if (total <= wanted) {
    if (total > 0) yield { first: 0, count: total };
    return;
  }
  const runPages = Math.min(RUN_PAGES, wanted);
  const strata = Math.floor(wanted / runPages);
  for (let index = 0; index < strata; index++) {
    const start = Math.floor((index * total) / strata);
    const end = Math.floor(((index + 1) * total) / strata);
    const places = end - start - runPages + 1;
    yield { first: start + Math.floor(random() * places), count: runPages };
  }
}

/**
 * Where the page number `index` of a stream goes in a reservoir of `size`.
 *
 * @returns the slot whose page it replaces, `index` while the reservoir fills, -1 to drop the page
 */
export function reservoirSlot(index: number, size: number, random: Random): number {
  if (index < size) return index;
  const slot = Math.floor(random() * (index + 1));
  return slot < size ? slot : -1;
}
