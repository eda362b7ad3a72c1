/**
 * The codecs by their id, the id that an index entry carries.
 *
 * What: the one switch through which the page store compresses and decompresses. A further codec
 * is one id here and one case in each function; nothing else in the module changes, and outside of it
 * only what names codecs: BLOCK_CODECS in src/backends/abi.ts, and the demo's reader of blocks. Raw
 * pages (length = page size) and same-filled pages (a word) are told apart by the entry and are no
 * codecs.
 */
import { compressBlock } from "./compress";
import { decompressBlock, decompressLongWords, decompressWords } from "./decompress";
import { UNIT_LONG_WORD, UNIT_NONE, UNIT_WORD } from "./near-format";
import { pageToShape, SHAPE_LONG_WORDS, SHAPE_WORDS } from "./page-shape";

export { workspaceSize } from "./compress";

/** The LZ4 block format, docs/lz4-block-format.md. */
export const CODEC_LZ4: u32 = 1;
/** The near-offset format in words of 4 bytes, docs/near-offset-format.md. */
export const CODEC_WORDS: u32 = 2;
/** The same in words of 8 bytes. */
export const CODEC_LONG_WORDS: u32 = 3;
/** The highest id. */
export const LAST_CODEC = CODEC_LONG_WORDS;

/** `compressPage` gives the codec above the length of the block, which is below 1 << CODEC_SHIFT. */
export const CODEC_SHIFT: u32 = 20;
export const BLOCK_LENGTH_MASK: u32 = (1 << CODEC_SHIFT) - 1;

/** @returns the codec with the shortest blocks for pages of a shape */
function shapeToCodec(shape: u32): u32 {
  if (shape == SHAPE_LONG_WORDS) return CODEC_LONG_WORDS;
  return shape == SHAPE_WORDS ? CODEC_WORDS : CODEC_LZ4;
}

/** @returns the unit of a codec's near offsets */
function codecToUnit(codec: u32): usize {
  if (codec == CODEC_LONG_WORDS) return UNIT_LONG_WORD;
  return codec == CODEC_WORDS ? UNIT_WORD : UNIT_NONE;
}

/**
 * Compresses a page with a codec, or with the one that suits the shape of the page.
 *
 * @param codec one of the constants, 0 for the one that suits
 * @returns codec << CODEC_SHIFT | bytes of the block; 0 when it would be longer than `capacity` or
 *   the codec is unknown
 * @see compressBlock for the other parameters
 */
export function compressPage(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  workspace: usize,
  effort: u32,
  codec: u32,
): u32 {
  const shape = pageToShape(source, pageSize);
  if (codec == 0) codec = shapeToCodec(shape);
  else if (codec > LAST_CODEC) return 0;
  const length = compressBlock(
    destination,
    capacity,
    source,
    pageSize,
    workspace,
    effort,
    shape,
    codecToUnit(codec),
  );
  return length ? (codec << CODEC_SHIFT) | length : 0;
}

/**
 * Decodes a block of a codec into a page; see `decompressBlock` for the parameters.
 *
 * @returns false when the block is damaged or the codec is unknown
 */
export function decompressWith(
  codec: u32,
  destination: usize,
  pageSize: u32,
  source: usize,
  length: u32,
): bool {
  if (codec == CODEC_LZ4) return decompressBlock(destination, pageSize, source, length);
  if (codec == CODEC_LONG_WORDS) return decompressLongWords(destination, pageSize, source, length);
  if (codec == CODEC_WORDS) return decompressWords(destination, pageSize, source, length);
  return false;
}
