/**
 * What every greedy search does at a position: the entry of the table, how far a match reaches
 * forward and backward, and where the search goes on behind it.
 *
 * Why so: the quick loop of lz4-greedy.ts and the careful one of lz4-finish.ts must take the same
 * decisions, or a block would depend on its capacity; what decides is here, once.
 *
 * Invariants: reads source[-MATCH_REACH..pageSize), where what lies before the page has no
 * influence.
 */
import { LAST_LITERALS, MIN_MATCH } from "./lz4-format";

/**
 * The last position looked up lies so far before the end of the page: a search compares twelve bytes
 * there at once, which must not reach beyond matchLimit.
 */
const MATCH_MARGIN: usize = MIN_MATCH + 8 + LAST_LITERALS + 1;
/** The step grows by one for each 1 << SKIP_SHIFT bytes without a match; by every other byte 1.25. */
const SKIP_SHIFT: usize = 5;
/** Hashes five bytes into the top bits of a product (the prime of zstd, shifted over the rest). */
const FIVE_BYTES: u64 = 889523592379 << 24;
/** The most bytes by which a match found late is extended backward. */
export const MATCH_REACH: usize = 4;

/** Positions looked up: every byte. */
export const DENSE_STRIDE: usize = 1;
/** Positions looked up: every other byte. */
export const EVEN_STRIDE: usize = 2;
/** Positions looked up: words of four bytes, aligned in the page. */
export const WORD_STRIDE: usize = 4;

/** @returns positions of a group, which are looked up one after another between two tests for the end */
// @ts-ignore: decorator
@inline
export function strideToProbes(stride: usize): usize {
  return stride == DENSE_STRIDE ? 4 : 2;
}

/** @returns the first address at which no group may start any more */
// @ts-ignore: decorator
@inline
export function searchLimit(sourceEnd: usize, stride: usize): usize {
  return sourceEnd - MATCH_MARGIN - (strideToProbes(stride) - 1) * stride + 1;
}

/** @returns the end up to which a match may reach, one byte less than the format allows */
// @ts-ignore: decorator
@inline
export function matchLimit(sourceEnd: usize): usize {
  // Eight bytes can be loaded two before the end of a match.
  return sourceEnd - LAST_LITERALS - 1;
}

/** @returns the address of the table entry for the bytes at `address` */
// @ts-ignore: decorator
@inline
export function addressToSlot(table: usize, address: usize, bits: u64): usize {
  return table + ((<usize>((load<u64>(address) * FIVE_BYTES) >> (64 - bits))) << 1);
}

/** @returns the start of the group behind one without a match */
// @ts-ignore: decorator
@inline
export function nextGroup(input: usize, anchor: usize, stride: usize): usize {
  const distance = input - anchor;
  const next = input + strideToProbes(stride) * stride;
  if (stride == WORD_STRIDE) return next + ((distance >> SKIP_SHIFT) & ~3);
  if (stride == EVEN_STRIDE) return next + ((distance * 5) >> (SKIP_SHIFT + 2));
  return next + (distance >> SKIP_SHIFT);
}

/** @returns where the search goes on behind a match: there, or at the next word of the page */
// @ts-ignore: decorator
@inline
export function behindMatch(end: usize, source: usize, stride: usize): usize {
  return stride == WORD_STRIDE ? source + ((end - source + 3) & ~3) : end;
}

/** Enters one position near the end of a match, so that what follows it is found with it again. */
// @ts-ignore: decorator
@inline
export function insertMatchEnd(
  table: usize,
  source: usize,
  end: usize,
  stride: usize,
  bits: u64,
): void {
  const address = stride == WORD_STRIDE ? source + ((end - source - 1) & ~3) : end - 2;
  store<u16>(addressToSlot(table, address, bits), address - source);
}

/**
 * Moves the start of a match back over bytes that agree, too: one where each byte is looked up,
 * up to MATCH_REACH where some are passed over. Without branches, which would be mispredicted.
 *
 * @param input where the match was found, behind `anchor`
 */
// @ts-ignore: decorator
@inline
export function extendBackward(
  input: usize,
  candidate: usize,
  anchor: usize,
  source: usize,
  stride: usize,
): usize {
  if (stride == DENSE_STRIDE) {
    const isEqual = <usize>(load<u8>(input - 1) == load<u8>(candidate - 1));
    return input - (isEqual & (<usize>(candidate != source)));
  }
  const difference = load<u32>(input - MATCH_REACH) ^ load<u32>(candidate - MATCH_REACH);
  const equal = <usize>(clz(difference) >> 3);
  return input - min(equal, min(input - anchor, candidate - source));
}

/** @returns the end of a match known to agree up to `end` */
// @ts-ignore: decorator
@inline
export function extendForward(end: usize, offset: usize, matchEnd: usize): usize {
  while (end + 16 <= matchEnd) {
    const differs = i8x16.bitmask(i8x16.eq(v128.load(end), v128.load(end - offset))) ^ 0xffff;
    if (differs) return end + <usize>ctz(differs);
    end += 16;
  }
  if (end + 8 <= matchEnd) {
    const difference = load<u64>(end) ^ load<u64>(end - offset);
    if (difference != 0) return end + <usize>(ctz(difference) >> 3);
    end += 8;
  }
  while (end < matchEnd && load<u8>(end) == load<u8>(end - offset)) end++;
  return end;
}
