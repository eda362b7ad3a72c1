/**
 * The numbers of the near-offset format (docs/near-offset-format.md), and what differs between it and
 * the LZ4 block format: the token and the offset.
 *
 *   token  = literal length (high 3 bits) · far · match length − 4 (low 4 bits)
 *   offset = far: two bytes as in LZ4; otherwise one byte n, which stands for n + 1 units
 *
 * Why so: in a heap nine of ten matches lie a whole number of words back, mostly within 2 KiB, and a
 * sequence has three literals. One byte less in each of them is an eighth of the block. The far bit
 * stands below the literal length, so (token + FAR_BIT) >> 5 is the literal length plus the second byte
 * of the offset: the decoder finds the next token by one addition more than in LZ4.
 *
 * How: search and decoder are written once, for both formats: whether offsets may be near is a constant
 * at each call.
 */
import { LENGTH_CONTINUED, TOKEN_LITERALS_SHIFT } from "./lz4-format";

/** No near offsets: LZ4 blocks. */
export const UNIT_NONE: usize = 0;
/** Near offsets count words of 4 bytes. */
export const UNIT_WORD: usize = 4;
/** Near offsets count words of 8 bytes. */
export const UNIT_LONG_WORD: usize = 8;

/** The bit of a token that says that its offset takes two bytes. */
export const FAR_BIT: usize = 16;
/** How many offsets are near: one for each value of a byte. */
export const NEAR_COUNT: usize = 256;
/** The literal length in a token that is continued by length bytes. */
const LITERALS_CONTINUED: usize = 7;
/** Where the literal length stands in a token. */
const LITERALS_SHIFT: usize = 5;

/** @returns the literal length in a token that is continued by length bytes */
// @ts-ignore: decorator
@inline
export function literalsContinued(hasNear: bool): usize {
  return hasNear ? LITERALS_CONTINUED : LENGTH_CONTINUED;
}

/** @returns where the literal length stands in a token */
// @ts-ignore: decorator
@inline
export function literalsShift(hasNear: bool): usize {
  return hasNear ? LITERALS_SHIFT : TOKEN_LITERALS_SHIFT;
}

/** @returns a match offset in units, less one: NEAR_COUNT or more when it is not near */
// @ts-ignore: decorator
@inline
export function offsetToNear(offset: usize, hasNear: bool, unit: usize): usize {
  if (!hasNear) return NEAR_COUNT;
  // What is no whole number of units gets its odd bits on top.
  return rotr<usize>(offset - unit, ctz(unit));
}

/** @returns what an offset adds to its token */
// @ts-ignore: decorator
@inline
export function nearToToken(near: usize, hasNear: bool): usize {
  return hasNear && near >= NEAR_COUNT ? FAR_BIT : 0;
}
