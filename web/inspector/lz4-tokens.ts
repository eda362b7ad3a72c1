/**
 * An LZ4 block taken apart: its sequences, each with where its literals and its match lie in the
 * block and in the page.
 *
 * Why so: this is the strip's reader and nothing else's; the store decodes in wasm. It reads the
 * published format and trusts nothing: a block that is none gives null.
 *
 *   sequence = token · [literal length bytes] · literals · offset (u16 LE) · [match length bytes]
 *   token    = literal length (high 4 bits) · match length − 4 (low 4 bits); 15 says "more bytes"
 *
 * Source: the LZ4 block format, docs/lz4-block-format.md.
 */

/** One sequence; the last of a block has no match. */
export interface Sequence {
  /** Byte offset of the token in the block, and bytes of the whole sequence there. */
  readonly blockOffset: number;
  readonly blockBytes: number;
  /** Where its literals go in the page, and how many they are. */
  readonly pageOffset: number;
  readonly literals: number;
  /** How far back the match begins, 1 to 65535; 0 without a match. */
  readonly matchOffset: number;
  readonly matchLength: number;
}

const MIN_MATCH = 4;
const CONTINUED = 15;

/**
 * @param pageSize bytes that the block must decode to
 * @returns null when it does not
 */
export function parseBlock(block: Uint8Array, pageSize: number): Sequence[] | null {
  const sequences: Sequence[] = [];
  let at = 0;
  let page = 0;

  /** @returns the length with its continuation bytes, -1 when the block ends in them */
  const readLength = (field: number): number => {
    if (field < CONTINUED) return field;
    let length = field;
    for (;;) {
      const byte = block[at++];
      if (byte === undefined) return -1;
      length += byte;
      if (byte < 255) return length;
    }
  };

  while (at < block.length) {
    const blockOffset = at;
    const token = block[at++] as number;
    const literals = readLength(token >>> 4);
    if (literals < 0 || at + literals > block.length || page + literals > pageSize) return null;
    at += literals;
    const pageOffset = page;
    page += literals;
    if (at === block.length) {
      const blockBytes = at - blockOffset;
      sequences.push({
        blockOffset,
        blockBytes,
        pageOffset,
        literals,
        matchOffset: 0,
        matchLength: 0,
      });
      return page === pageSize ? sequences : null;
    }
    if (at + 2 > block.length) return null;
    const matchOffset = (block[at] as number) | ((block[at + 1] as number) << 8);
    at += 2;
    const field = readLength(token & 15);
    if (field < 0) return null;
    const matchLength = field + MIN_MATCH;
    if (matchOffset === 0 || matchOffset > page || page + matchLength > pageSize) return null;
    page += matchLength;
    const blockBytes = at - blockOffset;
    sequences.push({ blockOffset, blockBytes, pageOffset, literals, matchOffset, matchLength });
  }
  return null;
}
