import { workspaceSize } from "./codec/registry";
import {
  GRANULE_SHIFT,
  GRANULE_SIZE,
  GRANULES_PER_WASM_PAGE,
  MAX_PAGE_SIZE,
  MAX_WASM_PAGES,
  MIN_PAGE_SIZE,
  WASM_PAGE_SHIFT,
  WASM_PAGE_SIZE,
} from "./constants";
import { EFFORT_DEFAULT } from "./codec/effort";
import { STATUS_GROWTH, STATUS_INVALID, STATUS_LIMIT, STATUS_OK } from "./status";
import {
  OPTION_ACCEPT_RAW,
  OPTION_ENABLED,
  superblock,
  SUPERBLOCK_END,
  SUPERBLOCK_MAGIC,
} from "./superblock";
import { FREE_MAP_BYTES_PER_WASM_PAGE } from "./supply/free-map";
import { freeRun } from "./supply/runs";
import { toWindowAddress } from "./window-place";
import {
  classCountFor,
  classTableSize,
  classToLength,
  initializeClassTable,
  lengthToClass,
} from "./zsmalloc/size-classes";

/**
 * Boot: lays out the fixed part of a fresh memory, and sets the pool's limit and options.
 *
 * Invariant: the memory's bytes are zero before; what is not written here starts as zero.
 */

/**
 * Wasm pages that the first free map covers beyond what is held at first; it lies in the fixed part.
 * A memory that a trim has made grows by a little (src/backends/trim.ts).
 */
const FIRST_MAP_SPARE_WASM_PAGES: u32 = 16;
const FIRST_MAP_SPARE_SHIFT: u32 = 6;
/**
 * A block is kept when it saves a 32nd of the page: less would cost every get a decompression for
 * next to no memory.
 */
const WORTH_SHIFT: u32 = 5;

/**
 * Makes a pool in this instance's memory, which must be fresh.
 *
 * @param limitBytes the most that linear memory may grow to
 * @param options OPTION_ACCEPT_RAW or 0, and a codec from OPTION_CODEC_SHIFT on
 * @returns OK; INVALID for a bad page size or a used memory; LIMIT or GROWTH when the fixed part
 *   does not fit
 */
export function boot(pageSize: u32, limitBytes: f64, options: u32): i32 {
  const block = superblock();
  const isPowerOfTwo = (pageSize & (pageSize - 1)) == 0;
  if (pageSize < MIN_PAGE_SIZE || pageSize > MAX_PAGE_SIZE || !isPowerOfTwo) return STATUS_INVALID;
  if (block.magic) return STATUS_INVALID;

  const classCount = classCountFor(pageSize);
  const classTable = SUPERBLOCK_END;
  const freeMap = classTable + classTableSize(classCount);
  const held = <u32>memory.size();
  const mapWasmPages = held + (held >> FIRST_MAP_SPARE_SHIFT) + FIRST_MAP_SPARE_WASM_PAGES;
  const workspace = align(freeMap + mapWasmPages * FREE_MAP_BYTES_PER_WASM_PAGE, 64);
  const putWindow = toWindowAddress(workspace + workspaceSize(pageSize, EFFORT_DEFAULT));
  const getWindow = putWindow + pageSize;
  const blockAddress = getWindow + pageSize;
  const end = align(blockAddress + pageSize, GRANULE_SIZE);

  const needed = (<u32>end + WASM_PAGE_SIZE - 1) >> WASM_PAGE_SHIFT;
  const limit = limitToWasmPages(limitBytes);
  if (max(needed, held) > limit) return STATUS_LIMIT;
  if (needed > held && memory.grow(needed - held) < 0) return STATUS_GROWTH;

  block.pageSize = pageSize;
  block.options = options | OPTION_ENABLED;
  block.heldWasmPages = <u32>memory.size();
  block.peakWasmPages = block.heldWasmPages;
  setLimit(limitBytes);
  block.fixedGranules = <u32>(end >> GRANULE_SHIFT);
  block.freeMapAddress = <u32>freeMap;
  block.freeMapWasmPages = mapWasmPages;
  block.classTableAddress = <u32>classTable;
  block.classCount = classCount;
  block.workspaceAddress = <u32>workspace;
  block.putWindowAddress = <u32>putWindow;
  block.getWindowAddress = <u32>getWindow;
  block.blockAddress = <u32>blockAddress;
  block.effort = EFFORT_DEFAULT;
  block.worthLength = usualWorthLength(pageSize);
  block.compactionCursor = classCount - 1;
  initializeClassTable(classTable, classCount);
  const rest = block.heldWasmPages * GRANULES_PER_WASM_PAGE - block.fixedGranules;
  if (rest) freeRun(end, rest);
  block.magic = SUPERBLOCK_MAGIC;
  return STATUS_OK;
}

/** Sets the limit on memory held, in bytes; it takes effect with the next put. */
export function setLimit(limitBytes: f64): void {
  const block = superblock();
  block.limitWasmPages = limitToWasmPages(limitBytes);
  const mostGranules = <f64>(MAX_WASM_PAGES * GRANULES_PER_WASM_PAGE);
  block.limitGranules = <u32>min(floor(limitBytes / <f64>GRANULE_SIZE), mostGranules);
}

/** Switches puts on or off. */
export function setEnabled(enabled: bool): void {
  const block = superblock();
  block.options = enabled ? block.options | OPTION_ENABLED : block.options & ~OPTION_ENABLED;
}

/**
 * Sets the longest block that a put keeps; a page with a longer one is incompressible, and rejected
 * unless raw pages are accepted.
 *
 * @param length 0: as at the start, the longest that is worth keeping at all, which is the most
 */
export function setWorthLength(length: u32, acceptRaw: bool): void {
  const block = superblock();
  const usual = usualWorthLength(block.pageSize);
  block.worthLength = length ? min(length, usual) : usual;
  block.options = acceptRaw
    ? block.options | OPTION_ACCEPT_RAW
    : block.options & ~OPTION_ACCEPT_RAW;
}

function usualWorthLength(pageSize: u32): u32 {
  return classToLength(lengthToClass(pageSize - (pageSize >> WORTH_SHIFT)));
}

function limitToWasmPages(limitBytes: f64): u32 {
  return <u32>min(floor(limitBytes / <f64>WASM_PAGE_SIZE), <f64>MAX_WASM_PAGES);
}

function align(address: usize, to: u32): usize {
  return (address + (to - 1)) & ~(<usize>to - 1);
}
