/**
 * Compressor of one page into one LZ4 block: a greedy search over a table of hashed positions.
 *
 * Why so: a page is small and its scratch is warm, so the table is cleared for each page (a fill
 * costs less than telling stale entries apart) and holds u16 positions.
 *
 * Invariants:
 *   reads  source[0..pageSize) and the workspace; writes destination[0..capacity) and the workspace
 *   the output depends on the page, the capacity and the effort alone
 */
import { EFFORT_FAST, EFFORT_HIGH } from "./effort";
import {
  LAST_LITERALS,
  LENGTH_BYTE_MAX,
  LENGTH_CONTINUED,
  MATCH_START_LIMIT,
  MIN_MATCH,
  OFFSET_SIZE,
} from "./lz4-format";

const TABLE_BITS: u32 = 12;
const TABLE_SIZE: u32 = 2 << TABLE_BITS;
/** Multiplier of the hash over the first five bytes (shifted to the top of a u64). */
const HASH_PRIME: u64 = 889523592379;

/** Bytes of workspace that efforts `fast` and `default` need, 16-aligned, any content. */
export const COMPRESS_WORKSPACE_SIZE: u32 = TABLE_SIZE;
/** Bytes of workspace that effort `high` needs, 16-aligned, any content. */
export const HIGH_WORKSPACE_SIZE: u32 = TABLE_SIZE;

/** @returns bytes of workspace that an effort needs for pages of this size */
export function workspaceSize(pageSize: u32, effort: u32): u32 {
  return effort == EFFORT_HIGH ? HIGH_WORKSPACE_SIZE : COMPRESS_WORKSPACE_SIZE;
}

// @ts-ignore: decorator
@inline
function hashOf(word: u64): usize {
  return <usize>(((word << 24) * HASH_PRIME) >> (64 - TABLE_BITS)) << 1;
}

function putLength(output: usize, value: usize): usize {
  while (value >= LENGTH_BYTE_MAX) {
    store<u8>(output++, LENGTH_BYTE_MAX);
    value -= LENGTH_BYTE_MAX;
  }
  store<u8>(output++, value);
  return output;
}

function copyLiterals(output: usize, anchor: usize, literals: usize, room: usize, end: usize): void {
  if (room >= 16 && end - anchor >= 16 && literals <= 16) {
    v128.store(output, v128.load(anchor));
  } else {
    memory.copy(output, anchor, literals);
  }
}

/**
 * Compresses a page.
 *
 * @param destination where the block goes
 * @param capacity the longest block worth keeping, at most `pageSize`
 * @param source the page
 * @param pageSize bytes, a power of two from 4096 to 65536
 * @param workspace `workspaceSize(pageSize, effort)` bytes, 16-aligned
 * @param effort one of the constants of effort.ts
 * @returns bytes of the block, 0 when it would be longer than `capacity`
 */
export function compressBlock(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  workspace: usize,
  effort: u32,
): u32 {
  const skipShift: usize = effort == EFFORT_FAST ? 4 : 5;
  const sourceEnd = source + usize(pageSize);
  const matchStartEnd = sourceEnd - MATCH_START_LIMIT;
  const matchEnd = sourceEnd - LAST_LITERALS;
  const outputEnd = destination + usize(capacity);
  let output = destination;
  let anchor = source;
  let input = source + 1;
  memory.fill(workspace, 0, TABLE_SIZE);
  while (input <= matchStartEnd) {
    // Search: the step grows with the distance from the last match.
    const slot = workspace + hashOf(load<u64>(input));
    let candidate = source + <usize>load<u16>(slot);
    store<u16>(slot, input - source);
    if (load<u32>(candidate) != load<u32>(input)) {
      input += 1 + ((input - anchor) >> skipShift);
      continue;
    }
    const offset = input - candidate;
    while (input > anchor && candidate > source && load<u8>(input - 1) == load<u8>(candidate - 1)) {
      input--;
      candidate--;
    }
    let end = input + MIN_MATCH;
    while (true) {
      if (end + 8 > matchEnd) {
        while (end < matchEnd && load<u8>(end) == load<u8>(end - offset)) end++;
        break;
      }
      const difference = load<u64>(end) ^ load<u64>(end - offset);
      if (difference != 0) {
        end += <usize>(ctz(difference) >> 3);
        break;
      }
      end += 8;
    }
    // Sequence.
    const literals = input - anchor;
    const extra = end - input - MIN_MATCH;
    const need: usize = 1 + literals + literals / LENGTH_BYTE_MAX + OFFSET_SIZE + 1 + extra / LENGTH_BYTE_MAX;
    // The block ends with a token and LAST_LITERALS bytes at least.
    if (need + 1 + LAST_LITERALS > outputEnd - output) return 0;
    const tokenAddress = output++;
    let token: u32 = 0;
    if (literals >= LENGTH_CONTINUED) {
      token = <u32>(LENGTH_CONTINUED << 4);
      output = putLength(output, literals - LENGTH_CONTINUED);
    } else token = <u32>literals << 4;
    copyLiterals(output, anchor, literals, outputEnd - output, sourceEnd - anchor);
    output += literals;
    store<u16>(output, offset);
    output += OFFSET_SIZE;
    if (extra >= LENGTH_CONTINUED) {
      token |= <u32>LENGTH_CONTINUED;
      output = putLength(output, extra - LENGTH_CONTINUED);
    } else token |= <u32>extra;
    store<u8>(tokenAddress, token);
    input = end;
    anchor = end;
    if (input <= matchStartEnd) {
      store<u16>(workspace + hashOf(load<u64>(input - 2)), input - 2 - source);
    }
  }
  const literals = sourceEnd - anchor;
  let need: usize = 1 + literals;
  if (literals >= LENGTH_CONTINUED) need += 1 + (literals - LENGTH_CONTINUED) / LENGTH_BYTE_MAX;
  if (need > outputEnd - output) return 0;
  if (literals >= LENGTH_CONTINUED) {
    store<u8>(output++, LENGTH_CONTINUED << 4);
    output = putLength(output, literals - LENGTH_CONTINUED);
  } else store<u8>(output++, literals << 4);
  memory.copy(output, anchor, literals);
  return <u32>(output + literals - destination);
}
