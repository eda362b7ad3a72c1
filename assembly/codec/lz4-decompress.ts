/**
 * Decoder of LZ4 blocks, bounded on both sides for any input bytes.
 *
 * Invariants:
 *   reads  source[0..length) and what this call has written to destination; nothing else
 *   writes destination[0..pageSize), nothing else
 *   true   only when the block is used up exactly where the page is full
 */
import { LENGTH_BYTE_MAX, LENGTH_CONTINUED, MIN_MATCH } from "./lz4-format";

/**
 * Decodes a block into a page.
 *
 * @param destination where the page goes
 * @param pageSize bytes the block must decode to
 * @param source the block
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
  const inputEnd = source + usize(length);
  const outputEnd = destination + usize(pageSize);
  let input = source;
  let output = destination;
  while (input < inputEnd) {
    const token = <usize>load<u8>(input++);
    let literals: usize = token >> 4;
    let matchLength: usize = token & LENGTH_CONTINUED;
    if (
      literals != LENGTH_CONTINUED &&
      inputEnd - input >= 18 &&
      outputEnd - output >= 64
    ) {
      v128.store(output, v128.load(input));
      output += literals;
      input += literals;
      const offset = <usize>load<u16>(input);
      if (
        matchLength != LENGTH_CONTINUED &&
        offset >= 8 &&
        offset <= output - destination
      ) {
        const match = output - offset;
        store<u64>(output, load<u64>(match));
        store<u64>(output, load<u64>(match, 8), 8);
        store<u16>(output, load<u16>(match, 16), 16);
        input += 2;
        output += matchLength + MIN_MATCH;
        continue;
      }
    } else {
      if (literals == LENGTH_CONTINUED) {
        let byte: usize;
        do {
          if (input >= inputEnd) return false;
          byte = load<u8>(input++);
          literals += byte;
        } while (byte == LENGTH_BYTE_MAX);
      }
      if (literals > inputEnd - input || literals > outputEnd - output) return false;
      memory.copy(output, input, literals);
      output += literals;
      input += literals;
      if (input == inputEnd) return output == outputEnd;
      if (inputEnd - input < 2) return false;
    }
    const offset = <usize>load<u16>(input);
    input += 2;
    if (offset == 0 || offset > output - destination) return false;
    if (matchLength == LENGTH_CONTINUED) {
      let byte: usize;
      do {
        if (input >= inputEnd) return false;
        byte = load<u8>(input++);
        matchLength += byte;
      } while (byte == LENGTH_BYTE_MAX);
    }
    matchLength += MIN_MATCH;
    if (matchLength > outputEnd - output) return false;
    const matchEnd = output + matchLength;
    let match = output - offset;
    if (offset >= 16) {
      while (matchEnd - output >= 16) {
        v128.store(output, v128.load(match));
        output += 16;
        match += 16;
      }
    } else if (offset == 1) {
      memory.fill(output, load<u8>(match), matchLength);
      output = matchEnd;
    } else if (offset >= 8) {
      while (matchEnd - output >= 8) {
        store<u64>(output, load<u64>(match));
        output += 8;
        match += 8;
      }
    }
    while (output < matchEnd) store<u8>(output++, load<u8>(match++));
  }
  return false;
}
