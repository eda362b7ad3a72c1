/**
 * Writing the parts of an LZ4 block: what every search of the compressor ends in.
 *
 * Why so: a sequence of fewer than 15 literals, far from the end of the room, is written by the
 * search itself in a few fixed stores; everything else comes here, where each length is checked
 * against the room before a byte is written.
 *
 * Invariants: reads source[0..pageSize), writes below `outputEnd`.
 */
import {
  LENGTH_BYTE_MAX,
  LENGTH_CONTINUED,
  TOKEN_LITERALS_SHIFT,
  MIN_MATCH,
  OFFSET_SIZE,
} from "./lz4-format";

/** Bytes copied per round where both sides have room for a whole one. */
const ROUND_SIZE: usize = 32;

/** @returns the bytes that a length takes beside its token */
function lengthToBytes(length: usize): usize {
  if (length < LENGTH_CONTINUED) return 0;
  return (length - LENGTH_CONTINUED) / LENGTH_BYTE_MAX + 1;
}

/**
 * Writes the length bytes of a length of 15 or more; the room was checked.
 *
 * @returns the address behind them
 */
// @ts-ignore: decorator
@inline
export function putLength(output: usize, length: usize): usize {
  length -= LENGTH_CONTINUED;
  while (length >= LENGTH_BYTE_MAX) {
    store<u8>(output++, LENGTH_BYTE_MAX);
    length -= LENGTH_BYTE_MAX;
  }
  store<u8>(output, length);
  return output + 1;
}

/** Copies literals, past their end where that stays inside page and room. */
function putLiterals(
  output: usize,
  outputEnd: usize,
  anchor: usize,
  literals: usize,
  sourceEnd: usize,
): void {
  const end = output + literals;
  if (outputEnd - end < ROUND_SIZE || sourceEnd - anchor - literals < ROUND_SIZE) {
    while (end - output >= 8) {
      store<u64>(output, load<u64>(anchor));
      output += 8;
      anchor += 8;
    }
    while (output < end) store<u8>(output++, load<u8>(anchor++));
    return;
  }
  do {
    v128.store(output, v128.load(anchor));
    v128.store(output, v128.load(anchor, 16), 16);
    output += ROUND_SIZE;
    anchor += ROUND_SIZE;
  } while (output < end);
}

/**
 * Writes one sequence, whatever its lengths.
 *
 * @param anchor where its literals begin
 * @param size bytes of its match
 * @param sourceEnd the end of the page
 * @returns the address behind it, 0 when it does not fit below `outputEnd`
 */
export function emitSequence(
  output: usize,
  outputEnd: usize,
  anchor: usize,
  literals: usize,
  offset: usize,
  size: usize,
  sourceEnd: usize,
): usize {
  const code = size - MIN_MATCH;
  const need: usize = 1 + lengthToBytes(literals) + literals + OFFSET_SIZE + lengthToBytes(code);
  if (need > outputEnd - output) return 0;
  const token =
    (min(literals, LENGTH_CONTINUED) << TOKEN_LITERALS_SHIFT) | min(code, LENGTH_CONTINUED);
  store<u8>(output++, token);
  if (literals >= LENGTH_CONTINUED) output = putLength(output, literals);
  putLiterals(output, outputEnd, anchor, literals, sourceEnd);
  output += literals;
  store<u16>(output, offset);
  output += OFFSET_SIZE;
  if (code >= LENGTH_CONTINUED) output = putLength(output, code);
  return output;
}

/**
 * Writes the literals that end a block.
 *
 * @returns bytes of the block from `destination`, 0 when they do not fit below `outputEnd`
 */
export function emitLastLiterals(
  destination: usize,
  output: usize,
  outputEnd: usize,
  anchor: usize,
  sourceEnd: usize,
): u32 {
  const literals = sourceEnd - anchor;
  if (1 + lengthToBytes(literals) + literals > outputEnd - output) return 0;
  store<u8>(output++, min(literals, LENGTH_CONTINUED) << TOKEN_LITERALS_SHIFT);
  if (literals >= LENGTH_CONTINUED) output = putLength(output, literals);
  putLiterals(output, outputEnd, anchor, literals, sourceEnd);
  return <u32>(output + literals - destination);
}
