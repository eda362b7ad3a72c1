/**
 * Writing the parts of a block: what every search of the compressor ends in.
 *
 * Why so: a sequence of few literals, far from the end of the room, is written by the
 * search itself in a few fixed stores; everything else comes here, where each length is checked
 * against the room before a byte is written.
 *
 * Invariants: reads source[0..pageSize), writes below `outputEnd`.
 */
import { LENGTH_BYTE_MAX, LENGTH_CONTINUED, MIN_MATCH, OFFSET_SIZE } from "./lz4-format";
import {
  literalsContinued,
  literalsShift,
  NEAR_COUNT,
  nearToToken,
  offsetToNear,
  UNIT_NONE,
} from "./near-format";

/** Bytes copied per round where both sides have room for a whole one. */
const ROUND_SIZE: usize = 32;

/**
 * @param continued the length in a token that is continued by length bytes
 * @returns the bytes that a length takes beside its token
 */
function lengthToBytes(length: usize, continued: usize): usize {
  if (length < continued) return 0;
  return (length - continued) / LENGTH_BYTE_MAX + 1;
}

/**
 * Writes length bytes; the room was checked.
 *
 * @param length what the token does not say
 * @returns the address behind them
 */
// @ts-ignore: decorator
@inline
export function putLength(output: usize, length: usize): usize {
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
 * @param unit of near offsets
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
  unit: usize,
): usize {
  const code = size - MIN_MATCH;
  const hasNear = unit != UNIT_NONE;
  const continued = literalsContinued(hasNear);
  const near = offsetToNear(offset, hasNear, unit);
  const offsetSize = OFFSET_SIZE - <usize>(near < NEAR_COUNT);
  const lengths = lengthToBytes(literals, continued) + lengthToBytes(code, LENGTH_CONTINUED);
  if (1 + lengths + literals + offsetSize > outputEnd - output) return 0;
  const token = (min(literals, continued) << literalsShift(hasNear)) | min(code, LENGTH_CONTINUED);
  store<u8>(output++, token | nearToToken(near, hasNear));
  if (literals >= continued) output = putLength(output, literals - continued);
  putLiterals(output, outputEnd, anchor, literals, sourceEnd);
  output += literals;
  if (near < NEAR_COUNT) store<u8>(output, near);
  else store<u16>(output, offset);
  output += offsetSize;
  if (code >= LENGTH_CONTINUED) output = putLength(output, code - LENGTH_CONTINUED);
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
  unit: usize,
): u32 {
  const literals = sourceEnd - anchor;
  const hasNear = unit != UNIT_NONE;
  const continued = literalsContinued(hasNear);
  if (1 + lengthToBytes(literals, continued) + literals > outputEnd - output) return 0;
  store<u8>(output++, min(literals, continued) << literalsShift(hasNear));
  if (literals >= continued) output = putLength(output, literals - continued);
  putLiterals(output, outputEnd, anchor, literals, sourceEnd);
  return <u32>(output + literals - destination);
}
