/**
 * What every greedy search does at a position: the entry of the table, how far a match reaches
 * forward and backward, and where the search goes on behind it.
 *
 * Why so: the quick loop of greedy.ts and the careful one of finish.ts must take the same
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
/** The step grows by one for each 1 << SKIP_SHIFT bytes without a match. */
const SKIP_SHIFT: usize = 5;
/** Multipliers of the hashes: 2 to the power of 32 and of 64 by the golden ratio, odd. */
const WORD_PRIME: u32 = 2654435761;
const LONG_PRIME: u64 = 0x9e3779b97f4a7c15;
/** Bytes compared at once where a match is extended. */
const WORD_SIZE: usize = 8;
/** The most bytes by which a match found late is extended backward. */
export const MATCH_REACH: usize = 4;

/** Bits hashed: four bytes, the shortest match. */
export const SHORT_HASH: u64 = 32;
/** Bits hashed: five bytes. */
export const MEDIUM_HASH: u64 = 40;
/** Bits hashed: five bytes and a half. */
export const MIDDLE_HASH: u64 = 44;
/** Bits hashed: six bytes and a quarter. */
export const SPARSE_HASH: u64 = 50;
/** Bits hashed: six bytes and a half. */
export const LONG_HASH: u64 = 52;
/** Bits hashed: a bit more than seven bytes. */
export const LONGEST_HASH: u64 = 57;

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
export function addressToSlot(table: usize, address: usize, bits: u64, hashed: u64): usize {
  if (hashed == SHORT_HASH) {
    return table + ((<usize>((load<u32>(address) * WORD_PRIME) >> (<u32>(32 - bits)))) << 1);
  }
  // Shifting the multiplier shifts out the bytes that are not hashed.
  const product = load<u64>(address) * (LONG_PRIME << (64 - hashed));
  return table + ((<usize>(product >> (64 - bits))) << 1);
}

/** @returns the start of the group behind one without a match */
// @ts-ignore: decorator
@inline
export function nextGroup(input: usize, anchor: usize, stride: usize): usize {
  const distance = input - anchor;
  const next = input + strideToProbes(stride) * stride;
  return next + ((distance >> SKIP_SHIFT) & (stride == WORD_STRIDE ? ~3 : ~0));
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
  hashed: u64,
): void {
  const address = stride == WORD_STRIDE ? source + ((end - source - 1) & ~3) : end - 2;
  store<u16>(addressToSlot(table, address, bits, hashed), address - source);
}

/**
 * Moves the start of a match back over bytes that agree, too: one where each byte is looked up by a
 * short hash, up to MATCH_REACH where a match may be found late. Without branches, which would be
 * mispredicted.
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
  hashed: u64,
): usize {
  if (stride == DENSE_STRIDE && hashed < LONG_HASH) {
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

/**
 * @param isEager compares twenty bytes before the first branch: better where matches are long as often
 *   as short
 * @returns the end of the match of at least MIN_MATCH bytes at `input`
 */
// @ts-ignore: decorator
@inline
export function extendMatch(input: usize, candidate: usize, matchEnd: usize, isEager: bool): usize {
  const end = input + MIN_MATCH;
  const offset = input - candidate;
  const first = load<u64>(end) ^ load<u64>(candidate, MIN_MATCH);
  if (!isEager && first != 0) return end + <usize>(ctz(first) >> 3);
  if (end + 2 * WORD_SIZE <= matchEnd) {
    const second = load<u64>(end, WORD_SIZE) ^ load<u64>(candidate, MIN_MATCH + WORD_SIZE);
    if (isEager) {
      if ((first | second) == 0) return extendForward(end + 2 * WORD_SIZE, offset, matchEnd);
      const near = <usize>(ctz(first) >> 3);
      const far = WORD_SIZE + <usize>(ctz(second) >> 3);
      return end + select<usize>(near, far, first != 0);
    }
    if (second != 0) return end + WORD_SIZE + <usize>(ctz(second) >> 3);
    return extendForward(end + 2 * WORD_SIZE, offset, matchEnd);
  }
  if (isEager && first != 0) return end + <usize>(ctz(first) >> 3);
  return extendForward(end + WORD_SIZE, offset, matchEnd);
}
