/**
 * A decoder of both block formats written from docs/lz4-block-format.md and docs/near-offset-format.md
 * alone, one byte at a time: the oracle for damaged input, where the packages from npm may read past
 * their arrays, and for near offsets, which no package reads.
 */
import type { BlockCodec } from "../../../src/index.ts";

/** Where the literal length stands in a token, its value that goes on in bytes, and bytes of a word. */
const FORMATS: Readonly<Record<BlockCodec, readonly [number, number, number]>> = {
  lz4: [4, 15, 0],
  words: [5, 7, 4],
  longWords: [5, 7, 8],
};

/** @returns the page, or undefined when the block is damaged or decodes to another size */
export function decodeBlock(
  block: Uint8Array,
  pageSize: number,
  codec: BlockCodec = "lz4",
): Uint8Array | undefined {
  const [shift, continued, word] = FORMATS[codec];
  const page = new Uint8Array(pageSize);
  let input = 0;
  let output = 0;
  const readLength = (code: number, most: number): number => {
    let length = code;
    if (code !== most) return length;
    for (;;) {
      const byte = block[input++];
      if (byte === undefined) return Infinity;
      length += byte;
      if (byte !== 255) return length;
    }
  };
  while (input < block.length) {
    const token = block[input++] as number;
    const literals = readLength(token >> shift, continued);
    if (literals > block.length - input || literals > pageSize - output) return undefined;
    page.set(block.subarray(input, input + literals), output);
    input += literals;
    output += literals;
    if (input === block.length) return output === pageSize ? page : undefined;
    let offset: number;
    if (word > 0 && (token & 16) === 0) offset = ((block[input++] as number) + 1) * word;
    else {
      if (block.length - input < 2) return undefined;
      offset = (block[input] as number) | ((block[input + 1] as number) << 8);
      input += 2;
    }
    const size = readLength(token & 15, 15) + 4;
    if (offset === 0 || offset > output || size > pageSize - output) return undefined;
    for (const end = output + size; output < end; output++) {
      page[output] = page[output - offset] as number;
    }
  }
  return undefined;
}
