/**
 * The greedy searches of the compressor: efforts `fast` and `default`.
 *
 * What: a table of u16 positions by the hash of the next bytes. The first candidate whose four
 * bytes agree is taken and extended forward; its sequence is written; the search goes on behind it.
 *
 * Why so: a page is at most 64 KiB, so positions fit into 16 bits, and the table is cleared for
 * each page: a fill of 8 KiB costs 80 ns, and the branch that told stale entries apart cost more.
 * Half of the time goes into mispredicted branches (measured: 5.7 µs for pages in turn, 2.9 µs for
 * the same page again), so every branch here was weighed: docs/codec.md lists what was tried,
 * such as candidates for many positions without branches (0.75 of this speed), two candidates per
 * hash (0.88, 1.4 % smaller) and extension backward (0.97, 0.6 % smaller).
 *
 * Four positions are looked up per load of eight bytes. The step grows with the distance from the
 * last match, so a page that can't be compressed is given up after a tenth of a full attempt.
 *
 * Invariants:
 *   reads  source[0..pageSize); writes destination[0..capacity) and the table
 *   a match starts at least MATCH_MARGIN bytes before the end of the page, which is more than the
 *   format asks for: eight bytes can be loaded at each of the four positions, and a match of fewer
 *   than 12 bytes can't reach the last literals
 *   position 0 stands for "no entry": it is a candidate like any other
 */
import { emitLastLiterals, emitSequence, putLength } from "./lz4-emit";
import {
  LAST_LITERALS,
  LENGTH_CONTINUED,
  MIN_MATCH,
  OFFSET_SIZE,
  TOKEN_LITERALS_SHIFT,
} from "./lz4-format";

/** See the invariants; a multiple of nothing, the least that keeps them. */
const MATCH_MARGIN: usize = 17;
/** Positions looked up per load of eight bytes. */
const GROUP_SIZE: usize = 4;
/** A token, 16 bytes of literals, an offset and a length byte; and the shortest end of a block. */
const OUTPUT_RESERVE: usize = 32;
/** The step grows by one for each 1 << SKIP_SHIFT bytes without a match. */
const SKIP_SHIFT: usize = 5;
/** Bytes copied per round by the long copies. */
const ROUND_SIZE: usize = 32;
/** The match code from which one length byte is not enough. */
const CODE_CONTINUED_TWICE: usize = 270;

/** Entries of the table, as a power of two: pages up to 8 KiB. */
const SMALL_TABLE_BITS: u64 = 12;
/** Entries of the table for larger pages. */
const LARGE_TABLE_BITS: u64 = 13;
/** The largest page that is searched with the small table. */
const SMALL_PAGE_SIZE: u32 = 8192;

/** Hashes five bytes into the top bits of a product (the prime of zstd, shifted over the rest). */
const FIVE_BYTES: u64 = 889523592379 << 24;

/** @returns bytes of the table for a page size */
export function greedyTableSize(pageSize: u32): u32 {
  const bits = pageSize <= SMALL_PAGE_SIZE ? SMALL_TABLE_BITS : LARGE_TABLE_BITS;
  return 2 << u32(bits);
}

/** @returns the address of the table entry for the bytes at the low end of `word` */
// @ts-ignore: decorator
@inline
function wordToSlot(table: usize, word: u64, multiplier: u64, bits: u64): usize {
  return table + ((<usize>((word * multiplier) >> (64 - bits))) << 1);
}

/** @returns the end of a match known to agree up to `end` */
// @ts-ignore: decorator
@inline
function extendMatch(end: usize, offset: usize, matchEnd: usize): usize {
  while (end + 16 <= matchEnd) {
    const differs = i8x16.bitmask(i8x16.eq(v128.load(end), v128.load(end - offset))) ^ 0xffff;
    if (differs) return end + <usize>ctz(differs);
    end += 16;
  }
  while (end + 8 <= matchEnd) {
    const difference = load<u64>(end) ^ load<u64>(end - offset);
    if (difference != 0) return end + <usize>(ctz(difference) >> 3);
    end += 8;
  }
  while (end < matchEnd && load<u8>(end) == load<u8>(end - offset)) end++;
  return end;
}

/**
 * One search, specialised by its last four parameters, which are constants at each call.
 *
 * @param probes positions looked up of each four: 4, or 2 to look at every other one; what begins
 *   between two of them is found one byte late, so there matches are extended backward by one
 */
// @ts-ignore: decorator
@inline
function search(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
  multiplier: u64,
  bits: u64,
  probes: u32,
): u32 {
  const sourceEnd = source + <usize>pageSize;
  // One byte less than the format allows: eight bytes can be loaded two before the end of a match.
  const matchEnd = sourceEnd - LAST_LITERALS - 1;
  const searchEnd = sourceEnd - MATCH_MARGIN - (GROUP_SIZE - 1);
  const outputEnd = destination + <usize>capacity;
  // A capacity below the reserve leaves no quick room at all.
  const outputSafe =
    <usize>capacity >= OUTPUT_RESERVE ? outputEnd - OUTPUT_RESERVE : destination - 1;
  let output = destination;
  let anchor = source;
  let input = source + 1;
  memory.fill(table, 0, 2 << (<usize>bits));

  while (true) {
    let candidate: usize = source;
    while (input <= searchEnd) {
      const word = load<u64>(input);
      {
        const slot = wordToSlot(table, word, multiplier, bits);
        candidate = source + <usize>load<u16>(slot);
        store<u16>(slot, input - source);
        if (load<u32>(candidate) == <u32>word) break;
      }
      if (probes == 4) {
        const slot = wordToSlot(table, word >> 8, multiplier, bits);
        candidate = source + <usize>load<u16>(slot);
        store<u16>(slot, input + 1 - source);
        if (load<u32>(candidate) == <u32>(word >> 8)) {
          input += 1;
          break;
        }
      }
      {
        const slot = wordToSlot(table, word >> 16, multiplier, bits);
        candidate = source + <usize>load<u16>(slot);
        store<u16>(slot, input + 2 - source);
        if (load<u32>(candidate) == <u32>(word >> 16)) {
          input += 2;
          break;
        }
      }
      if (probes == 4) {
        const slot = wordToSlot(table, word >> 24, multiplier, bits);
        candidate = source + <usize>load<u16>(slot);
        store<u16>(slot, input + 3 - source);
        if (load<u32>(candidate) == <u32>(word >> 24)) {
          input += 3;
          break;
        }
      }
      input += GROUP_SIZE + ((input - anchor) >> SKIP_SHIFT);
    }
    if (input > searchEnd) break;

    const offset = input - candidate;
    const difference = load<u64>(input, MIN_MATCH) ^ load<u64>(candidate, MIN_MATCH);
    const end =
      difference != 0
        ? input + MIN_MATCH + <usize>(ctz(difference) >> 3)
        : extendMatch(input + MIN_MATCH + 8, offset, matchEnd);
    store<u16>(wordToSlot(table, load<u64>(end - 2), multiplier, bits), end - 2 - source);
    if (probes == 2) {
      // Without a branch, which would be mispredicted every other time.
      const canStep = <usize>((<i32>(input > anchor)) & (<i32>(candidate > source)));
      const isEqual = <usize>(load<u8>(input - canStep) == load<u8>(candidate - canStep));
      input -= canStep & isEqual;
    }
    const literals = input - anchor;
    const code = end - input - MIN_MATCH;

    const tokenAddress = output++;
    let token: usize;
    if (literals < LENGTH_CONTINUED && tokenAddress <= outputSafe) {
      token = literals << TOKEN_LITERALS_SHIFT;
      v128.store(output, v128.load(anchor));
      output += literals;
    } else {
      // An upper bound of the sequence and of what a whole round of copies writes past it.
      const bound: usize = 2 * ROUND_SIZE + literals + (literals >> 7) + (code >> 7);
      if (outputEnd - tokenAddress < bound || sourceEnd - input < ROUND_SIZE) {
        const size = end - input;
        output = emitSequence(tokenAddress, outputEnd, anchor, literals, offset, size, sourceEnd);
        if (output == 0) return 0;
        anchor = end;
        input = end;
        continue;
      }
      token = LENGTH_CONTINUED << TOKEN_LITERALS_SHIFT;
      output = putLength(output, literals);
      let from = anchor;
      let to = output;
      output += literals;
      do {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        to += ROUND_SIZE;
        from += ROUND_SIZE;
      } while (to < output);
    }
    store<u16>(output, offset);
    output += OFFSET_SIZE;
    if (code < LENGTH_CONTINUED) token |= code;
    else if (code < CODE_CONTINUED_TWICE) {
      token |= LENGTH_CONTINUED;
      store<u8>(output++, code - LENGTH_CONTINUED);
    } else {
      const size = end - input;
      output = emitSequence(tokenAddress, outputEnd, anchor, literals, offset, size, sourceEnd);
      if (output == 0) return 0;
      anchor = end;
      input = end;
      continue;
    }
    store<u8>(tokenAddress, token);
    anchor = end;
    input = end;
  }
  return emitLastLiterals(destination, output, outputEnd, anchor, sourceEnd);
}

/** Effort `fast`; see `compressBlock` for the parameters. */
export function compressFast(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
): u32 {
  return search(destination, capacity, source, pageSize, table, FIVE_BYTES, SMALL_TABLE_BITS, 2);
}

/** Effort `default`; see `compressBlock` for the parameters. */
export function compressDefault(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
): u32 {
  if (pageSize <= SMALL_PAGE_SIZE) {
    return search(destination, capacity, source, pageSize, table, FIVE_BYTES, SMALL_TABLE_BITS, 4);
  }
  return search(destination, capacity, source, pageSize, table, FIVE_BYTES, LARGE_TABLE_BITS, 4);
}
