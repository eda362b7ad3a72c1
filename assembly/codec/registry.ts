/**
 * The codecs by their id, the id that an index entry carries.
 *
 * What: the one switch through which the page store compresses and decompresses. A further codec
 * is one id here and one case in each function; nothing else changes. Raw pages (length = page
 * size) and same-filled pages (a word) are told apart by the entry and are no codecs.
 */
import { compressBlock } from "./lz4-compress";
import { decompressBlock } from "./lz4-decompress";

export { workspaceSize } from "./lz4-compress";

/** The LZ4 block format, docs/lz4-block-format.md. */
export const CODEC_LZ4: u32 = 1;

/**
 * Compresses a page with a codec; see `compressBlock` for the parameters.
 *
 * @returns bytes of the block, 0 when it would be longer than `capacity` or the codec is unknown
 */
export function compressWith(
  codec: u32,
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  workspace: usize,
  effort: u32,
): u32 {
  if (codec == CODEC_LZ4) {
    return compressBlock(destination, capacity, source, pageSize, workspace, effort);
  }
  return 0;
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
  return false;
}
