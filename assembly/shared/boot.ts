import { EFFORT_DEFAULT, EFFORT_HIGH } from "../codec/effort";
import {
  CHUNKS_PER_WASM_PAGE,
  GRANULE_SHIFT,
  GRANULE_SIZE,
  GRANULES_PER_WASM_PAGE,
  MAX_PAGE_SIZE,
  MAX_WASM_PAGES,
  MIN_PAGE_SIZE,
  WASM_PAGE_SHIFT,
  WASM_PAGE_SIZE,
} from "../constants";
import { identify } from "../lock";
import { STATUS_GROWTH, STATUS_INVALID, STATUS_LIMIT, STATUS_OK } from "../status";
import {
  OPTION_ACCEPT_RAW,
  OPTION_ENABLED,
  Superblock,
  superblock,
  SUPERBLOCK_MAGIC,
} from "../superblock";
import { FREE_MAP_BYTES_PER_WASM_PAGE } from "../supply/free-map";
import { freeRun } from "../supply/runs";
import {
  classCountFor,
  classTableSize,
  classToLength,
  initializeClassTable,
  lengthToClass,
} from "../zsmalloc/size-classes";
import { bytesToGranules, SHARED_END, sharedHeader } from "./header";
import { spareGranules } from "./slide";
import { OPTION_HIGH, scratchBytes } from "./window";

/**
 * Boot of a shared pool: the fixed part, with every table as large as the memory may ever need.
 *
 * ```
 * superblock │ shared header, workers │ class table │ free map │ chunk map │ zspage table │ spare │
 * ```
 * The tables cost 288 bytes per wasm page of the *maximum*, 0.44 %; they are not touched, and so
 * not backed by memory, until what they describe exists.
 */

/** Zspage ids per wasm page of the maximum: one per 2 KiB. */
const IDS_PER_WASM_PAGE: u32 = 32;
/** For pools so small that every class has but one short zspage. */
const LEAST_IDS: u32 = 4096;
const WORTH_SHIFT: u32 = 5;
/** The id of the worker that makes the pool. */
const FIRST_WORKER: u32 = 1;

/**
 * Makes a pool in this instance's memory, which must be fresh. No other instance may use it yet.
 *
 * @param options as the plain build's boot, and OPTION_HIGH
 * @param maximumWasmPages what the memory may grow to
 * @returns as the plain build's boot
 */
export function bootShared(
  pageSize: u32,
  mostBytes: f64,
  options: u32,
  maximumWasmPages: u32,
): i32 {
  const block = superblock();
  const isPowerOfTwo = (pageSize & (pageSize - 1)) == 0;
  if (pageSize < MIN_PAGE_SIZE || pageSize > MAX_PAGE_SIZE || !isPowerOfTwo) return STATUS_INVALID;
  if (block.magic) return STATUS_INVALID;
  // Recovery takes locks in the name of whoever declares a worker dead: never of nobody.
  identify(FIRST_WORKER, false);

  const classCount = classCountFor(pageSize);
  const mapBytes = maximumWasmPages * FREE_MAP_BYTES_PER_WASM_PAGE;
  const ids = max(LEAST_IDS, maximumWasmPages * IDS_PER_WASM_PAGE);
  const classTable = SHARED_END;
  const freeMap = align(classTable + classTableSize(classCount), 64);
  const chunkMap = freeMap + mapBytes;
  const zspageTable = chunkMap + ((maximumWasmPages * CHUNKS_PER_WASM_PAGE) >> 3);
  const spare = align(zspageTable + (ids << 2), GRANULE_SIZE);
  const end = spare + ((<usize>spareGranules(pageSize)) << GRANULE_SHIFT);

  const held = <u32>memory.size();
  const needed = (<u32>end + WASM_PAGE_SIZE - 1) >> WASM_PAGE_SHIFT;
  if (<f64>max(needed, held) > mostBytes / <f64>WASM_PAGE_SIZE) return STATUS_LIMIT;
  if (needed > held && memory.grow(needed - held) < 0) return STATUS_GROWTH;

  const header = sharedHeader();
  header.maximumWasmPages = maximumWasmPages;
  header.chunkMapAddress = <u32>chunkMap;
  header.zspageIds = ids;
  header.spareAddress = <u32>spare;
  header.scratchGranules = bytesToGranules(scratchBytes(pageSize, options));

  block.pageSize = pageSize;
  block.options = options | OPTION_ENABLED;
  block.heldWasmPages = <u32>memory.size();
  block.peakWasmPages = block.heldWasmPages;
  setLimit(mostBytes);
  block.fixedGranules = <u32>(end >> GRANULE_SHIFT);
  block.freeMapAddress = <u32>freeMap;
  block.freeMapWasmPages = maximumWasmPages;
  block.zspageTableAddress = <u32>zspageTable;
  block.zspageTableCapacity = 1;
  block.classTableAddress = <u32>classTable;
  block.classCount = classCount;
  block.effort = EFFORT_DEFAULT;
  block.worthLength = usualWorthLength(pageSize);
  block.compactionCursor = classCount - 1;
  initializeClassTable(classTable, classCount);
  const rest = block.heldWasmPages * GRANULES_PER_WASM_PAGE - block.fixedGranules;
  if (rest) freeRun(end, rest);
  atomic.store<u32>(changetype<usize>(block), SUPERBLOCK_MAGIC);
  return STATUS_OK;
}

/** Sets the limit on memory held, in bytes; no more than the tables were made for. */
export function setLimit(bytes: f64): void {
  const block = superblock();
  const most = <f64>min(sharedHeader().maximumWasmPages, MAX_WASM_PAGES);
  block.limitWasmPages = <u32>min(floor(bytes / <f64>WASM_PAGE_SIZE), most);
  sharedHeader().limitBytes = bytes;
  const mostGranules = most * <f64>GRANULES_PER_WASM_PAGE;
  block.limitGranules = <u32>min(floor(bytes / <f64>GRANULE_SIZE), mostGranules);
}

/** The limit as it was set, bytes. */
export function limitBytes(): f64 {
  return sharedHeader().limitBytes;
}

/** The limit in force, bytes: what was set, or the most that the tables were made for. */
export function usableBytes(): f64 {
  return <f64>superblock().limitGranules * <f64>GRANULE_SIZE;
}

/** Switches puts on or off, for all workers. */
export function setEnabled(enabled: bool): void {
  setOption(OPTION_ENABLED, enabled);
}

/** As in the plain build's boot, for all workers. */
export function setWorthLength(length: u32, acceptRaw: bool): void {
  const block = superblock();
  const usual = usualWorthLength(block.pageSize);
  block.worthLength = length ? min(length, usual) : usual;
  setOption(OPTION_ACCEPT_RAW, acceptRaw);
}

function setOption(option: u32, set: bool): void {
  const options = changetype<usize>(superblock()) + offsetof<Superblock>("options");
  if (set) atomic.or<u32>(options, option);
  else atomic.and<u32>(options, ~option);
}

function usualWorthLength(pageSize: u32): u32 {
  return classToLength(lengthToClass(pageSize - (pageSize >> WORTH_SHIFT)));
}

/**
 * Sets the effort of puts, of all workers.
 *
 * @returns OK; INVALID for `high` in a pool whose workers were not given the scratch for it
 */
export function setEffort(effort: u32): i32 {
  if (effort == EFFORT_HIGH && !(superblock().options & OPTION_HIGH)) return STATUS_INVALID;
  superblock().effort = effort;
  return STATUS_OK;
}

function align(address: usize, to: u32): usize {
  return (address + (to - 1)) & ~(<usize>to - 1);
}
