/**
 * A block taken apart: its sequences, each with where its literals and its match lie in the
 * block and in the page.
 *
 * Why so: this is the strip's reader and nothing else's; the store decodes in wasm. It reads the
 * formats as they are described and trusts nothing: a block that is none gives null.
 *
 *   sequence = token · [literal length bytes] · literals · offset · [match length bytes]
 *   LZ4      token = literal length (high 4 bits) · match length − 4 (low 4 bits); offset u16 LE
 *   others   token = literal length (high 3 bits) · far · match length − 4 (low 4 bits); offset u16 LE
 *            where far is set, else one byte that counts words
 *
 * A length whose bits are all set goes on in bytes.
 *
 * Source: docs/lz4-block-format.md, docs/near-offset-format.md.
 */
import type { BlockCodec } from "../../src/index.ts";

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
const MATCH_CONTINUED = 15;
const FAR_BIT = 16;

/** Where the literal length stands in a token, its highest value, and bytes of a word. */
const FORMATS: Readonly<Record<BlockCodec, readonly [shift: number, most: number, unit: number]>> =
  {
    lz4: [4, 15, 0],
    words: [5, 7, 4],
    longWords: [5, 7, 8],
  };

/**
 * @param pageSize bytes that the block must decode to
 * @returns null when it does not
 */
export function parseBlock(
  block: Uint8Array,
  pageSize: number,
  codec: BlockCodec,
): Sequence[] | null {
  const [literalsShift, literalsContinued, unit] = FORMATS[codec];
  const sequences: Sequence[] = [];
  let at = 0;
  let page = 0;

  /** @returns the length with its continuation bytes, -1 when the block ends in them */
  const readLength = (field: number, continued: number): number => {
    if (field < continued) return field;
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
    const literals = readLength(token >>> literalsShift, literalsContinued);
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
    let matchOffset: number;
    if (unit > 0 && (token & FAR_BIT) === 0) matchOffset = ((block[at++] as number) + 1) * unit;
    else {
      if (at + 2 > block.length) return null;
      matchOffset = (block[at] as number) | ((block[at + 1] as number) << 8);
      at += 2;
    }
    const field = readLength(token & MATCH_CONTINUED, MATCH_CONTINUED);
    if (field < 0) return null;
    const matchLength = field + MIN_MATCH;
    if (matchOffset === 0 || matchOffset > page || page + matchLength > pageSize) return null;
    page += matchLength;
    const blockBytes = at - blockOffset;
    sequences.push({ blockOffset, blockBytes, pageOffset, literals, matchOffset, matchLength });
  }
  return null;
}
