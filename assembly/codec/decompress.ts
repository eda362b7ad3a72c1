/**
 * Decoder of LZ4 blocks and of those with near offsets, bounded on both sides for any input bytes.
 *
 * Why so: a page has 50 to 400 sequences, each a link in one chain of dependent loads, and most have
 * fewer than 15 literals and a match of at most 16 bytes. The quick loop decodes them with copies of
 * fixed size, past what is asked, for the next sequence overwrites it; and with as few branches as
 * possible, for a mispredicted one costs as much as a sequence. So a match is copied by one shuffle
 * whatever its offset, and no bound is checked before it is known what there is to copy: the loop
 * runs up to the last bytes of page and block. What it can't finish there, and lengths that go on
 * and on, are left to the careful path, which checks each length and copies exactly.
 *
 * Invariants:
 *   reads  source[0..length), the page, and up to READ_BEHIND bytes behind the block where linear
 *          memory has them all; otherwise the careful path does all of the block
 *   writes destination[0..pageSize), nothing else
 *   true   only when the block is used up exactly where the page is full; each byte of the page is
 *          then from this block
 *   false  the page is zeros: neither what was read behind the block nor an earlier page stays
 *
 * Source: the LZ4 block format description, docs/lz4-block-format.md, and docs/near-offset-format.md;
 * what was measured on the way stands in docs/codec.md.
 */
import { LENGTH_BYTE_MAX, LENGTH_CONTINUED, MIN_MATCH, OFFSET_SIZE } from "./lz4-format";
import {
  FAR_BIT,
  literalsContinued,
  literalsShift,
  UNIT_LONG_WORD,
  UNIT_NONE,
  UNIT_WORD,
} from "./near-format";

/** Bytes of a vector, which is what one copy of the quick loop moves. */
const VECTOR_SIZE: usize = 16;
/** Bytes copied per round by the long copies of the quick loop: most of them end in the first. */
const ROUND_SIZE: usize = 64;
/** Literals are copied in whole rounds, which may begin at the last byte of the block. */
const READ_BEHIND: usize = ROUND_SIZE;
/** What may be read behind the literals of a sequence: an offset and a length byte. */
const INPUT_RESERVE: usize = OFFSET_SIZE + 1;
/** What a match without length byte writes: a vector, and two bytes more where it is so long. */
const OUTPUT_RESERVE: usize = VECTOR_SIZE + 2;
/** What a round of a long copy may write beyond that. */
const ROUND_RESERVE: usize = ROUND_SIZE - OUTPUT_RESERVE;
/** The longest match that a vector holds, as the code in its token. */
const VECTOR_CODE: usize = VECTOR_SIZE - MIN_MATCH;
/** With one length byte of 255 a match is longer than this: 15 + 255 + MIN_MATCH. */
const MATCH_CONTINUED_TWICE: usize = 274;
/**
 * For a match offset n below 16, nibble n holds the largest multiple of n that is at most 16,
 * less one: how far a 16-byte pattern of period n may advance and stay in phase.
 */
const PATTERN_STEPS: u64 = 0xedcba98fdbefeff0;
/**
 * Row n, for a match offset of n: i mod n for i in 0..15, which repeats the n bytes before the match
 * over a vector; row 16, for all offsets from there, leaves a vector as it is.
 */
// prettier-ignore
const PATTERN_TABLE: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
  0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
  0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
], 16);
const PATTERN_ROW_SHIFT: usize = 4;

/** @returns the 16 bytes that a match of this offset begins with, were it so long */
// @ts-ignore: decorator
@inline
function loadPattern(match: usize, offset: usize): v128 {
  const row = min(offset, VECTOR_SIZE) << PATTERN_ROW_SHIFT;
  return i8x16.swizzle(v128.load(match), v128.load(row, PATTERN_TABLE));
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
function repeatExactly(output: usize, offset: usize, size: usize, outputEnd: usize): void {
  const end = output + size;
  let match = output - offset;
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
 * Clears a page whose block is damaged.
 *
 * @returns false
 */
function refuse(destination: usize, pageSize: u32): bool {
  memory.fill(destination, 0, pageSize);
  return false;
}

/**
 * Decodes a block; see `decompressBlock`.
 *
 * @param unit of near offsets: a constant at each call
 */
// @ts-ignore: decorator
@inline
function decompress(
  destination: usize,
  pageSize: u32,
  source: usize,
  length: u32,
  unit: usize,
): bool {
  const hasNear = unit != UNIT_NONE;
  const inputEnd = source + <usize>length;
  const outputEnd = destination + <usize>pageSize;
  // Another worker's growth may not show yet: the block itself may lie behind what does.
  const isQuick = (<u64>memory.size()) << 16 >= <u64>inputEnd + READ_BEHIND;
  const inputSafe = inputEnd - INPUT_RESERVE;
  // All bounds of the quick loop derive from this one, so that only one is live in it.
  const outputSafe = outputEnd - OUTPUT_RESERVE;
  let input = source;
  let output = destination;

  while (true) {
    // The match that the quick loop leaves to be copied, none when it leaves a whole sequence.
    let leftSize: usize = 0;
    let leftOffset: usize = 0;
    // The cursor stands OFFSET_SIZE before a token, on the offset of the sequence before: so the
    // address of the next token is one addition away from this one, which bounds the whole loop.
    let cursor = input - OFFSET_SIZE;
    if (isQuick) {
      // Always cursor + 3; a variable of its own keeps the addition out of the chain of addresses.
      let literalsStart = cursor + OFFSET_SIZE + 1;
      while (true) {
        const token = <usize>load<u8>(cursor, OFFSET_SIZE);
        let literals = token >> literalsShift(hasNear);
        let matchOutput: usize;
        /** Where the offset stands, and where it would if it had two bytes and ended at the same place. */
        let next: usize;
        let following: usize;
        if (literals != literalsContinued(hasNear)) {
          next = literalsStart + literals;
          following = hasNear ? literalsStart - 1 + ((token + FAR_BIT) >> 5) : next;
          matchOutput = output + literals;
          if (next > inputSafe) break;
          if (matchOutput > outputSafe) break;
          v128.store(output, v128.load(cursor, OFFSET_SIZE + 1));
        } else {
          literals += <usize>load<u8>(cursor, OFFSET_SIZE + 1);
          // With one length byte of 255 the literals go to the careful path.
          if (literals == literalsContinued(hasNear) + LENGTH_BYTE_MAX) break;
          let from = cursor + OFFSET_SIZE + 2;
          next = from + literals;
          following = !hasNear ? next : next - <usize>((token & FAR_BIT) == 0);
          if (next > inputSafe) break;
          matchOutput = output + literals;
          if (matchOutput > outputSafe - ROUND_RESERVE) break;
          v128.store(output, v128.load(from));
          v128.store(output, v128.load(from, 16), 16);
          v128.store(output, v128.load(from, 32), 32);
          v128.store(output, v128.load(from, 48), 48);
          while (literals > ROUND_SIZE) {
            literals -= ROUND_SIZE;
            output += ROUND_SIZE;
            from += ROUND_SIZE;
            v128.store(output, v128.load(from));
            v128.store(output, v128.load(from, 16), 16);
            v128.store(output, v128.load(from, 32), 32);
            v128.store(output, v128.load(from, 48), 48);
          }
        }

        let offset = <usize>load<u16>(next);
        if (hasNear) {
          const near = ((offset & 0xff) + 1) << ctz(unit);
          offset = select<usize>(offset, near, (token & FAR_BIT) != 0);
        }
        // True for an offset of 0 as well; the careful path refuses both. The cursor moves on so that
        // its old value is not kept, in every round, for this rare case.
        if (offset - 1 >= matchOutput - destination) {
          leftSize = MIN_MATCH;
          leftOffset = offset;
          output = matchOutput;
          cursor = following;
          break;
        }
        let match = matchOutput - offset;
        const pattern = loadPattern(match, offset);
        v128.store(matchOutput, pattern);
        const matchCode = token & LENGTH_CONTINUED;
        if (matchCode != LENGTH_CONTINUED) {
          cursor = following;
          literalsStart = cursor + OFFSET_SIZE + 1;
          output = matchOutput + matchCode + MIN_MATCH;
          if (matchCode > VECTOR_CODE) {
            // At offset 1 the second byte would be a copy of the first, which is not there yet.
            store<u16>(matchOutput, load<u16>(match - <usize>(offset == 1), 16), 16);
          }
          continue;
        }

        let size = LENGTH_CONTINUED + MIN_MATCH + <usize>load<u8>(following, OFFSET_SIZE);
        cursor = following + 1;
        if (size == MATCH_CONTINUED_TWICE) {
          // Here and on the careful path: one function could not give both the length and the place
          // behind it without a store to memory.
          let more = cursor + OFFSET_SIZE;
          let byte: usize = 0;
          do {
            if (more >= inputEnd) break;
            byte = load<u8>(more++);
            size += byte;
          } while (byte == LENGTH_BYTE_MAX);
          cursor = more - OFFSET_SIZE;
        }
        literalsStart = cursor + OFFSET_SIZE + 1;
        if (size + ROUND_RESERVE > outputSafe - matchOutput) {
          leftSize = size;
          leftOffset = offset;
          output = matchOutput;
          break;
        }
        output = matchOutput + size;
        // Not `>=`: the engine would compute that once for here and for the row of the pattern, as a
        // number instead of a flag, in every round (4 % of the whole with the line above).
        if (offset > VECTOR_SIZE - 1) {
          v128.store(matchOutput, v128.load(match, 16), 16);
          v128.store(matchOutput, v128.load(match, 32), 32);
          v128.store(matchOutput, v128.load(match, 48), 48);
          while (size > ROUND_SIZE) {
            size -= ROUND_SIZE;
            match += ROUND_SIZE;
            matchOutput += ROUND_SIZE;
            v128.store(matchOutput, v128.load(match));
            v128.store(matchOutput, v128.load(match, 16), 16);
            v128.store(matchOutput, v128.load(match, 32), 32);
            v128.store(matchOutput, v128.load(match, 48), 48);
          }
        } else {
          const step = offsetToStep(offset);
          matchOutput += step;
          do {
            v128.store(matchOutput, pattern);
            v128.store(matchOutput + step, pattern);
            matchOutput += step << 1;
          } while (matchOutput < output);
        }
      }
    }

    // The careful path: one sequence, or the rest of one, every length checked before it is used.
    input = cursor + OFFSET_SIZE;
    let size = leftSize;
    let offset = leftOffset;
    if (size == 0) {
      if (input >= inputEnd) return refuse(destination, pageSize);
      const token = <usize>load<u8>(input++);
      let literals = token >> literalsShift(hasNear);
      if (literals == literalsContinued(hasNear)) {
        let byte: usize;
        do {
          if (input >= inputEnd) return refuse(destination, pageSize);
          byte = load<u8>(input++);
          literals += byte;
        } while (byte == LENGTH_BYTE_MAX);
      }
      if (literals > inputEnd - input || literals > outputEnd - output) {
        return refuse(destination, pageSize);
      }
      copyExactly(output, input, literals);
      output += literals;
      input += literals;
      if (input == inputEnd) return output == outputEnd || refuse(destination, pageSize);
      if (hasNear && (token & FAR_BIT) == 0) {
        offset = (<usize>load<u8>(input) + 1) << ctz(unit);
        input++;
      } else {
        if (inputEnd - input < OFFSET_SIZE) return refuse(destination, pageSize);
        offset = load<u16>(input);
        input += OFFSET_SIZE;
      }
      size = token & LENGTH_CONTINUED;
      if (size == LENGTH_CONTINUED) {
        let byte: usize;
        do {
          if (input >= inputEnd) return refuse(destination, pageSize);
          byte = load<u8>(input++);
          size += byte;
        } while (byte == LENGTH_BYTE_MAX);
      }
      size += MIN_MATCH;
    }
    if (offset == 0 || offset > output - destination || size > outputEnd - output) {
      return refuse(destination, pageSize);
    }
    if (offset >= VECTOR_SIZE) copyExactly(output, output - offset, size);
    else repeatExactly(output, offset, size, outputEnd);
    output += size;
  }
  return false;
}

/**
 * Decodes an LZ4 block into a page.
 *
 * @param destination where the page goes
 * @param pageSize bytes the block must decode to, at least 64
 * @param source the block, at address 16 or above
 * @param length bytes of the block
 * @returns false when the block is damaged; the page is then zeros
 */
export function decompressBlock(
  destination: usize,
  pageSize: u32,
  source: usize,
  length: u32,
): bool {
  return decompress(destination, pageSize, source, length, UNIT_NONE);
}

/** The same for a block whose near offsets count words of 4 bytes. */
export function decompressWords(
  destination: usize,
  pageSize: u32,
  source: usize,
  length: u32,
): bool {
  return decompress(destination, pageSize, source, length, UNIT_WORD);
}

/** The same for one whose near offsets count words of 8 bytes. */
export function decompressLongWords(
  destination: usize,
  pageSize: u32,
  source: usize,
  length: u32,
): bool {
  return decompress(destination, pageSize, source, length, UNIT_LONG_WORD);
}
