/**
 * Entry of the codec by itself, for its tests and benches: every function of the codec, and loops
 * over many pages that run inside the module, so that a comparison with C pays no calls from
 * JavaScript on either side.
 *
 * Layout of the loops: page i lies at `pages + i * pageSize`; block i goes to
 * `blocks + i * blockStride`, its length to the u32 `lengths + i * 4`, 0 where the page was
 * rejected.
 */
import { compressBlock } from "./lz4-compress";
import { decompressBlock } from "./lz4-decompress";

export { EFFORT_DEFAULT, EFFORT_FAST, EFFORT_HIGH } from "./effort";
export {
  COMPRESS_WORKSPACE_SIZE,
  HIGH_WORKSPACE_SIZE,
  compressBlock,
  workspaceSize,
} from "./lz4-compress";
export { decompressBlock } from "./lz4-decompress";
export {
  SHAPE_LONG_WORDS,
  SHAPE_OTHER,
  SHAPE_RUNS,
  SHAPE_SPARSE,
  SHAPE_TEXT,
  SHAPE_WORDS,
  pageToShape,
} from "./page-shape";
export { CODEC_LZ4, compressWith, decompressWith } from "./registry";
export { fillPage, isSameFilled } from "./same-filled";

/**
 * Compresses pages `repeat` times over.
 *
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
): u32 {
  let total: u32 = 0;
  for (let round: u32 = 0; round < repeat; round++) {
    total = 0;
    for (let index: u32 = 0; index < pageCount; index++) {
      const block = blocks + <usize>index * <usize>blockStride;
      const page = pages + <usize>index * <usize>pageSize;
      const length = compressBlock(block, capacity, page, pageSize, workspace, effort);
      store<u32>(lengths + ((<usize>index) << 2), length);
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
      const length = load<u32>(lengths + ((<usize>index) << 2));
      if (length == 0) continue;
      const block = blocks + <usize>index * <usize>blockStride;
      if (!decompressBlock(page, pageSize, block, length)) damaged++;
    }
  }
  return damaged;
}
