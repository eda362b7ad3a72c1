/**
 * The numbers of the LZ4 block format (docs/lz4-block-format.md), shared by compressor and
 * decompressor, which never import each other.
 *
 *   sequence = token · [literal length bytes] · literals · offset (u16 LE) · [match length bytes]
 *   token    = literal length (high 4 bits) · match length − 4 (low 4 bits); 15 says "more bytes"
 *
 * The last sequence of a block has literals only. Its rules for an encoder: the last 5 bytes are
 * literals, and the last match starts at least 12 bytes before the end of the page.
 */

/** The shortest match that the format can express. */
export const MIN_MATCH: usize = 4;
/** A token field with this value is continued by length bytes. */
export const LENGTH_CONTINUED: usize = 15;
/** A length byte with this value is followed by another one. */
export const LENGTH_BYTE_MAX: usize = 255;
/** The last bytes of a page that are always literals. */
export const LAST_LITERALS: usize = 5;
/** The least distance from the start of a match to the end of the page. */
export const MATCH_START_LIMIT: usize = 12;
/** Bytes of a match offset. */
export const OFFSET_SIZE: usize = 2;
/** The literal length stands in the high four bits of a token. */
export const TOKEN_LITERALS_SHIFT: usize = 4;
