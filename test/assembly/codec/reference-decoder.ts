/**
 * A decoder of LZ4 blocks written from docs/lz4-block-format.md alone, one byte at a time: the
 * oracle for damaged input, where the packages from npm may read past their arrays.
 */

/** @returns the page, or undefined when the block is damaged or decodes to another size */
export function decodeBlock(block: Uint8Array, pageSize: number): Uint8Array | undefined {
  const page = new Uint8Array(pageSize);
  let input = 0;
  let output = 0;
  const readLength = (code: number): number => {
    let length = code;
    if (code !== 15) return length;
    for (;;) {
      const byte = block[input++];
      if (byte === undefined) return Infinity;
      length += byte;
      if (byte !== 255) return length;
    }
  };
  while (input < block.length) {
    const token = block[input++] as number;
    const literals = readLength(token >> 4);
    if (literals > block.length - input || literals > pageSize - output) return undefined;
    page.set(block.subarray(input, input + literals), output);
    input += literals;
    output += literals;
    if (input === block.length) return output === pageSize ? page : undefined;
    if (block.length - input < 2) return undefined;
    const offset = (block[input] as number) | ((block[input + 1] as number) << 8);
    input += 2;
    const size = readLength(token & 15) + 4;
    if (offset === 0 || offset > output || size > pageSize - output) return undefined;
    for (const end = output + size; output < end; output++) {
      page[output] = page[output - offset] as number;
    }
  }
  return undefined;
}
