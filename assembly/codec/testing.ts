/**
 * Entry of the codec by itself, for its tests and benches: every function of the codec, and loops
 * over many pages that run inside the module, so that a comparison with C pays no calls from
 * JavaScript on either side.
 *
 * Layout of the loops: page i lies at `pages + i * pageSize`; block i goes to
 * `blocks + i * blockStride`, its length to the u32 `lengths + i * 4`, 0 where the page was
 * rejected; where the codec suits the page, it stands above the length as `compressPage` gives it.
 */
import {
  BLOCK_LENGTH_MASK,
  CODEC_LZ4,
  CODEC_SHIFT,
  compressPage,
  decompressWith,
} from "./registry";

export { EFFORT_DEFAULT, EFFORT_FAST, EFFORT_HIGH } from "./effort";
export { COMPRESS_WORKSPACE_SIZE, HIGH_WORKSPACE_SIZE, workspaceSize } from "./compress";
export { decompressBlock } from "./decompress";
export {
  SHAPE_LONG_WORDS,
  SHAPE_OTHER,
  SHAPE_RUNS,
  SHAPE_SPARSE,
  SHAPE_TEXT,
  SHAPE_WORDS,
  pageToShape,
} from "./page-shape";
export { CODEC_LONG_WORDS, CODEC_LZ4, CODEC_WORDS, compressPage, decompressWith } from "./registry";
export { fillPage, isSameFilled } from "./same-filled";

/** Compresses a page into an LZ4 block. @returns its bytes, 0 when it would be longer */
export function compressBlock(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  workspace: usize,
  effort: u32,
): u32 {
  const block = compressPage(destination, capacity, source, pageSize, workspace, effort, CODEC_LZ4);
  return block & BLOCK_LENGTH_MASK;
}

/**
 * Compresses pages `repeat` times over.
 *
 * @param adaptive whether each with the codec that suits it, or all into LZ4 blocks
 * @returns the sum of all block lengths of the last round
 */
export function compressPages(
  blocks: usize,
  blockStride: u32,
  lengths: usize,
  capacity: u32,
  pages: usize,
  pageSize: u32,
  pageCount: u32,
  workspace: usize,
  effort: u32,
  repeat: u32,
  adaptive: bool,
): u32 {
  const codec = adaptive ? 0 : CODEC_LZ4;
  let total: u32 = 0;
  for (let round: u32 = 0; round < repeat; round++) {
    total = 0;
    for (let index: u32 = 0; index < pageCount; index++) {
      const block = blocks + <usize>index * <usize>blockStride;
      const page = pages + <usize>index * <usize>pageSize;
      const packed = compressPage(block, capacity, page, pageSize, workspace, effort, codec);
      const length = packed & BLOCK_LENGTH_MASK;
      store<u32>(lengths + ((<usize>index) << 2), adaptive ? packed : length);
      total += length;
    }
  }
  return total;
}

/**
 * Decompresses blocks `repeat` times over, all into the same page; lengths of 0 are passed over.
 *
 * @returns the number of blocks that were damaged, over all rounds
 */
export function decompressPages(
  page: usize,
  pageSize: u32,
  blocks: usize,
  blockStride: u32,
  lengths: usize,
  blockCount: u32,
  repeat: u32,
): u32 {
  let damaged: u32 = 0;
  for (let round: u32 = 0; round < repeat; round++) {
    for (let index: u32 = 0; index < blockCount; index++) {
      const packed = load<u32>(lengths + ((<usize>index) << 2));
      if (packed == 0) continue;
      const length = packed & BLOCK_LENGTH_MASK;
      const codec = max(packed >> CODEC_SHIFT, CODEC_LZ4);
      const block = blocks + <usize>index * <usize>blockStride;
      if (!decompressWith(codec, page, pageSize, block, length)) damaged++;
    }
  }
  return damaged;
}
