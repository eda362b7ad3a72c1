/**
 * Compressor of one page into one block: the choice of the search by effort, and the scratch that it
 * needs. It owns no memory and keeps nothing between pages: the block depends on the page, the
 * capacity, the effort and the unit of near offsets alone.
 */
import { EFFORT_FAST, EFFORT_HIGH } from "./effort";
import { compressOptimal } from "./optimal";
import { compressDefault, compressFast, greedyTableSize } from "./searches";
import { spansWorkspaceSize } from "./spans";

/** Bytes of workspace that efforts `fast` and `default` need at most, 16-aligned, any content. */
export const COMPRESS_WORKSPACE_SIZE: u32 = 32768;
/** Bytes of workspace that effort `high` needs at most, 16-aligned, any content. */
export const HIGH_WORKSPACE_SIZE: u32 = (2 << 16) + 65536 * 10 + 65536 / 8;

/** @returns bytes of workspace that an effort needs for pages of this size */
export function workspaceSize(pageSize: u32, effort: u32): u32 {
  return effort == EFFORT_HIGH ? spansWorkspaceSize(pageSize) : greedyTableSize(pageSize);
}

/**
 * Compresses a page.
 *
 * @param destination where the block goes
 * @param capacity the longest block worth keeping, at most `pageSize`
 * @param source the page, not in the first MATCH_REACH bytes of memory
 * @param pageSize bytes, a power of two from 4096 to 65536
 * @param workspace `workspaceSize(pageSize, effort)` bytes, 16-aligned, any content
 * @param effort one of the constants of effort.ts
 * @param shape of the page, as `pageToShape` gives it: it may choose the search
 * @param unit of near offsets, one of the constants of near-format.ts: it chooses the format
 * @returns bytes of the block, 0 when it would be longer than `capacity`
 */
export function compressBlock(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  workspace: usize,
  effort: u32,
  shape: u32,
  unit: usize,
): u32 {
  if (effort == EFFORT_FAST) {
    return compressFast(destination, capacity, source, pageSize, workspace, shape, unit);
  }
  if (effort == EFFORT_HIGH) {
    return compressOptimal(destination, capacity, source, pageSize, workspace, unit);
  }
  return compressDefault(destination, capacity, source, pageSize, workspace, shape, unit);
}
