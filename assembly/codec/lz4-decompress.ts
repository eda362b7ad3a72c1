/**
 * Decoder of LZ4 blocks, bounded on both sides for any input bytes.
 *
 * Why so: most sequences of a page have fewer than 15 literals and a match of at most 18 bytes. The
 * quick loop decodes them with copies of fixed size that write past what is asked (the next
 * sequence overwrites it), so it runs only where such copies stay inside page and block. A sequence
 * that it can't finish is left to the careful path, which starts it again from its token and copies
 * exactly; whatever it had written lies inside the page and is written again.
 *
 * Invariants:
 *   reads  source[0..length) and the page; bytes of the page that this block has not written are
 *          read by no copy that keeps them
 *   writes destination[0..pageSize), nothing else
 *   true   only when the block is used up exactly where the page is full
 *
 * Source: the LZ4 block format description, docs/lz4-block-format.md; what was measured on the way
 * stands in docs/codec.md.
 */
import { LENGTH_BYTE_MAX, LENGTH_CONTINUED, MIN_MATCH, OFFSET_SIZE } from "./lz4-format";

/** Bytes copied per round by the long copies of the quick loop. */
const ROUND_SIZE: usize = 32;
/** The quick loop reads at most a token, 16 bytes, an offset and a length byte from a position. */
const INPUT_RESERVE: usize = 20;
/** A long literal copy reads up to a round past its end, so more must follow in the block. */
const INPUT_ROUND_RESERVE: usize = 36;
/** Literals (14) and a match in two pattern stores (up to 16 + 16) fit into this. */
const OUTPUT_RESERVE: usize = 46;
/** With one length byte of 255 the literals (15 + 255) go to the careful path. */
const LITERALS_CONTINUED_TWICE: usize = 270;
/** With one length byte of 255 a match is longer than this: 15 + 255 + MIN_MATCH. */
const MATCH_CONTINUED_TWICE: usize = 274;
/**
 * For a match offset n below 16, nibble n holds the largest multiple of n that is at most 16,
 * less one: how far a 16-byte pattern of period n may advance and stay in phase.
 */
const PATTERN_STEPS: u64 = 0xedcba98fdbefeff0;

/** @returns 16 bytes of the pattern that a match of offset 1 to 15 repeats */
// @ts-ignore: decorator
@inline
function loadPattern(match: usize, offset: usize): v128 {
  // i mod offset for i in 0..15, by subtracting 8, 4, 2 and 1 times the offset where that is less:
  // no table in memory, and as quick as a load from one.
  const once = i8x16.splat(<i8>offset);
  const twice = i8x16.add(once, once);
  const fourTimes = i8x16.add(twice, twice);
  const eightTimes = i8x16.add(fourTimes, fourTimes);
  let index = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  index = i8x16.min_u(index, i8x16.sub(index, eightTimes));
  index = i8x16.min_u(index, i8x16.sub(index, fourTimes));
  index = i8x16.min_u(index, i8x16.sub(index, twice));
  index = i8x16.min_u(index, i8x16.sub(index, once));
  return i8x16.swizzle(v128.load(match), index);
}

/** @returns how far a pattern may advance per store */
// @ts-ignore: decorator
@inline
function offsetToStep(offset: usize): usize {
  return <usize>((PATTERN_STEPS >> ((<u64>offset) << 2)) & 15) + 1;
}

/** Copies exactly `size` bytes; when they overlap, the distance is at least 16. */
function copyExactly(output: usize, input: usize, size: usize): void {
  if (size >= 16) {
    const outputLast = output + size - 16;
    const inputLast = input + size - 16;
    while (output < outputLast) {
      v128.store(output, v128.load(input));
      output += 16;
      input += 16;
    }
    v128.store(outputLast, v128.load(inputLast));
  } else if (size >= 8) {
    const last = load<u64>(input + size - 8);
    store<u64>(output, load<u64>(input));
    store<u64>(output + size - 8, last);
  } else if (size >= 4) {
    const last = load<u32>(input + size - 4);
    store<u32>(output, load<u32>(input));
    store<u32>(output + size - 4, last);
  } else {
    for (let index: usize = 0; index < size; index++) {
      store<u8>(output + index, load<u8>(input + index));
    }
  }
}

/** Writes exactly `size` bytes of a match whose offset is below 16. */
function repeatExactly(
  output: usize,
  match: usize,
  offset: usize,
  size: usize,
  outputEnd: usize,
): void {
  const end = output + size;
  if (outputEnd - match < 16) {
    while (output < end) store<u8>(output++, load<u8>(match++));
    return;
  }
  const pattern = loadPattern(match, offset);
  const step = offsetToStep(offset);
  while (end - output >= 16) {
    v128.store(output, pattern);
    output += step;
  }
  let rest = i64x2.extract_lane(pattern, 0);
  if (end - output >= 8) {
    store<u64>(output, rest);
    output += 8;
    rest = i64x2.extract_lane(pattern, 1);
  }
  while (output < end) {
    store<u8>(output++, rest);
    rest >>>= 8;
  }
}

/**
 * Decodes a block into a page.
 *
 * @param destination where the page goes
 * @param pageSize bytes the block must decode to, at least 64
 * @param source the block, at address 16 or above
 * @param length bytes of the block
 * @returns false when the block is damaged; the page then holds bytes of this block or what it
 *   held before
 */
export function decompressBlock(
  destination: usize,
  pageSize: u32,
  source: usize,
  length: u32,
): bool {
  const inputEnd = source + <usize>length;
  const outputEnd = destination + <usize>pageSize;
  // The cursor stands OFFSET_SIZE before a token, on the offset of the sequence before: so the
  // address of the next token is one addition away from this one, which bounds the whole loop.
  const cursorSafe =
    <usize>length >= INPUT_RESERVE + INPUT_ROUND_RESERVE
      ? inputEnd - INPUT_RESERVE - OFFSET_SIZE
      : source - OFFSET_SIZE - 1;
  const literalsSafe = inputEnd - INPUT_ROUND_RESERVE;
  const outputSafe = outputEnd - OUTPUT_RESERVE;
  let input = source;
  let output = destination;

  while (true) {
    let cursor = input - OFFSET_SIZE;
    // Always cursor + 3; a variable of its own keeps the addition out of the chain of addresses.
    let literalsStart = cursor + OFFSET_SIZE + 1;
    while (cursor <= cursorSafe) {
      if (output > outputSafe) break;
      const begin = cursor;
      const token = <usize>load<u8>(cursor, OFFSET_SIZE);
      let literals = token >> 4;
      const matchCode = token & LENGTH_CONTINUED;
      let matchOutput: usize;
      let next: usize;
      if (literals != LENGTH_CONTINUED) {
        next = literalsStart + literals;
        v128.store(output, v128.load(cursor, OFFSET_SIZE + 1));
        matchOutput = output + literals;
      } else {
        literals += <usize>load<u8>(cursor, OFFSET_SIZE + 1);
        if (literals == LITERALS_CONTINUED_TWICE) break;
        let from = cursor + OFFSET_SIZE + 2;
        next = from + literals;
        if (next > literalsSafe) break;
        matchOutput = output + literals;
        if (matchOutput > outputSafe) break;
        let to = output;
        do {
          v128.store(to, v128.load(from));
          v128.store(to, v128.load(from, 16), 16);
          to += ROUND_SIZE;
          from += ROUND_SIZE;
        } while (to < matchOutput);
      }

      const offset = <usize>load<u16>(next);
      if (matchOutput - destination < offset) {
        cursor = begin;
        break;
      }
      let match = matchOutput - offset;
      if (matchCode != LENGTH_CONTINUED) {
        if (offset >= 8) {
          store<u64>(matchOutput, load<u64>(match));
          store<u64>(matchOutput, load<u64>(match, 8), 8);
          // Only where it is needed: bytes just written in parts are slow to load.
          if (matchCode > 16 - MIN_MATCH) {
            store<u16>(matchOutput, load<u16>(match, 16), 16);
          }
        } else {
          if (offset == 0) {
            cursor = begin;
            break;
          }
          const pattern = loadPattern(match, offset);
          v128.store(matchOutput, pattern);
          v128.store(matchOutput + offsetToStep(offset), pattern);
        }
        output = matchOutput + matchCode + MIN_MATCH;
        cursor = next;
        literalsStart = cursor + OFFSET_SIZE + 1;
        continue;
      }

      let size = LENGTH_CONTINUED + MIN_MATCH + <usize>load<u8>(next, OFFSET_SIZE);
      cursor = next + 1;
      if (size == MATCH_CONTINUED_TWICE) {
        let more = cursor + OFFSET_SIZE;
        let byte: usize = 0;
        do {
          if (more >= inputEnd) break;
          byte = load<u8>(more++);
          size += byte;
        } while (byte == LENGTH_BYTE_MAX);
        cursor = more - OFFSET_SIZE;
      }
      if (size > outputEnd - ROUND_SIZE - matchOutput || offset == 0) {
        cursor = begin;
        break;
      }
      output = matchOutput + size;
      if (offset >= 16) {
        do {
          v128.store(matchOutput, v128.load(match));
          v128.store(matchOutput, v128.load(match, 16), 16);
          matchOutput += ROUND_SIZE;
          match += ROUND_SIZE;
        } while (matchOutput < output);
      } else {
        const pattern = loadPattern(match, offset);
        const step = offsetToStep(offset);
        do {
          v128.store(matchOutput, pattern);
          v128.store(matchOutput + step, pattern);
          matchOutput += step << 1;
        } while (matchOutput < output);
      }
      literalsStart = cursor + OFFSET_SIZE + 1;
    }

    // The careful path: one sequence, every length checked before it is used.
    input = cursor + OFFSET_SIZE;
    if (input >= inputEnd) return false;
    const token = <usize>load<u8>(input++);
    let literals = token >> 4;
    if (literals == LENGTH_CONTINUED) {
      let byte: usize;
      do {
        if (input >= inputEnd) return false;
        byte = load<u8>(input++);
        literals += byte;
      } while (byte == LENGTH_BYTE_MAX);
    }
    if (literals > inputEnd - input || literals > outputEnd - output) return false;
    copyExactly(output, input, literals);
    output += literals;
    input += literals;
    if (input == inputEnd) return output == outputEnd;
    if (inputEnd - input < OFFSET_SIZE) return false;
    const offset = <usize>load<u16>(input);
    input += OFFSET_SIZE;
    if (offset == 0 || offset > output - destination) return false;
    let size = token & LENGTH_CONTINUED;
    if (size == LENGTH_CONTINUED) {
      let byte: usize;
      do {
        if (input >= inputEnd) return false;
        byte = load<u8>(input++);
        size += byte;
      } while (byte == LENGTH_BYTE_MAX);
    }
    size += MIN_MATCH;
    if (size > outputEnd - output) return false;
    const match = output - offset;
    if (offset >= 16) copyExactly(output, match, size);
    else repeatExactly(output, match, offset, size, outputEnd);
    output += size;
  }
  return false;
}
