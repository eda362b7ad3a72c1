/**
 * The windows and scratch of this instance's worker: module globals, for they belong to it alone.
 *
 * ```
 * │ compression workspace │ put window │ get window │ block area │ statistics │
 * ```
 */
import { EFFORT_DEFAULT, EFFORT_HIGH } from "../codec/effort";
import { workspaceSize } from "../codec/registry";
import { STATS_COUNT } from "../superblock";

export let workspaceAddress: usize = 0;
export let putWindowAddress: usize = 0;
export let getWindowAddress: usize = 0;
export let blockAddress: usize = 0;
export let statsAddress: usize = 0;

/** Option of a shared pool: workers have the scratch that effort `high` needs. */
export const OPTION_HIGH: u32 = 4;

/** Bytes of one worker's windows and scratch. @param options of the pool */
export function scratchBytes(pageSize: u32, options: u32): u32 {
  let workspace = workspaceSize(pageSize, EFFORT_DEFAULT);
  if (options & OPTION_HIGH) workspace = max(workspace, workspaceSize(pageSize, EFFORT_HIGH));
  return ((workspace + 63) & ~63) + 3 * pageSize + STATS_COUNT * 8;
}

/** Lays the windows out. @param address of as many bytes, 64-aligned */
export function layOutWindows(address: usize, pageSize: u32, options: u32): void {
  workspaceAddress = address;
  statsAddress = address + scratchBytes(pageSize, options) - STATS_COUNT * 8;
  blockAddress = statsAddress - pageSize;
  getWindowAddress = blockAddress - pageSize;
  putWindowAddress = getWindowAddress - pageSize;
}
