/**
 * The windows and scratch of this instance's worker: module globals, for they belong to it alone.
 *
 * ```
 * │ compression workspace │ put window │ get window │ block area │ cold records │ types │ statistics │
 * ```
 * Cold records are what writeback has selected last; types are a bit each: whether this worker may
 * write its pages back. Both are of this worker alone, so nothing of them outlives it.
 */
import { EFFORT_DEFAULT, EFFORT_HIGH } from "../codec/effort";
import { workspaceSize } from "../codec/registry";
import { MAX_TYPES } from "../constants";
import { STATS_COUNT } from "../superblock";
import { toWindowAddress, WINDOW_ALIGNMENT } from "../window-place";

export let workspaceAddress: usize = 0;
export let putWindowAddress: usize = 0;
export let getWindowAddress: usize = 0;
export let blockAddress: usize = 0;
export let coldAddress: usize = 0;
export let typesAddress: usize = 0;
export let statsAddress: usize = 0;

/** Option of a shared pool: workers have the scratch that effort `high` needs. */
export const OPTION_HIGH: u32 = 4;

/** Cold pages that one selection lists at most, and the bytes of the record of one. */
export const MAX_COLD: u32 = 64;
export const COLD_RECORD_SIZE: u32 = 24;
const TYPES_SIZE: u32 = MAX_TYPES >> 3;
/** Bytes behind the block area. */
const TAIL_SIZE: u32 = MAX_COLD * COLD_RECORD_SIZE + TYPES_SIZE + STATS_COUNT * 8;

function workspaceBytes(pageSize: u32, options: u32): u32 {
  const usual = workspaceSize(pageSize, EFFORT_DEFAULT);
  return options & OPTION_HIGH ? max(usual, workspaceSize(pageSize, EFFORT_HIGH)) : usual;
}

/** Bytes of one worker's windows and scratch. @param options of the pool */
export function scratchBytes(pageSize: u32, options: u32): u32 {
  const workspace = workspaceBytes(pageSize, options);
  return workspace + <u32>WINDOW_ALIGNMENT + 3 * pageSize + TAIL_SIZE;
}

/** Lays the windows out. @param address of so many bytes, 64-aligned */
export function layOutWindows(address: usize, pageSize: u32, options: u32): void {
  workspaceAddress = address;
  putWindowAddress = toWindowAddress(address + workspaceBytes(pageSize, options));
  getWindowAddress = putWindowAddress + pageSize;
  blockAddress = getWindowAddress + pageSize;
  coldAddress = blockAddress + pageSize;
  typesAddress = coldAddress + MAX_COLD * COLD_RECORD_SIZE;
  statsAddress = typesAddress + TYPES_SIZE;
  memory.fill(typesAddress, 0, TYPES_SIZE);
}
