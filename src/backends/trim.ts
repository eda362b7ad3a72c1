/**
 * Trim: moves what lives into a fresh instance, in the form in which it is kept.
 *
 * Why so: linear memory can't shrink. The fresh memory is made as large as the pages will need, as
 * far as that is known: each growth costs the engine a collection of garbage, a millisecond or two.
 *
 * Invariant: the old instance is only read.
 */
import type { PoolStats } from "../types.ts";
import {
  CLASS_SIZE,
  CLASS_USED,
  GRANULE_SIZE,
  MOST_ZSPAGE_BYTES,
  STATUS_OK,
  WASM_PAGE_SIZE,
  ZSPAGE_HEADER_SIZE,
} from "./abi.ts";
import type { ZmemExports } from "./abi.ts";
import type { RunningInstance } from "./instance.ts";

/** Bytes for objects in the longest zspage of several. */
const LONGEST_ZSPAGE = MOST_ZSPAGE_BYTES - ZSPAGE_HEADER_SIZE;
/** What a zspage loses at most: its header, and a tail of less than one granule. */
const ZSPAGE_LOSS = ZSPAGE_HEADER_SIZE + GRANULE_SIZE - 1;
/**
 * Headers and tails of zspages cut to what comes, as a factor; measured 1.001 (pages of 64 KiB) to 1.013.
 * Where it is too much, the fixed part, which is not counted here, is more.
 */
const LEAST_ZSPAGE_FACTOR = 1.0025;
/** One bit a granule: the map of free runs. */
const FREE_MAP_SHARE = 1 / (8 * GRANULE_SIZE);
/**
 * What the first map covers beyond what is held, as a part of it and bytes of map (assembly/boot.ts). Room
 * for a second map, with more to spare, is in what the old pool's fixed part and tables take: its own.
 */
const FREE_MAP_SPARE = 1 / 64;
const FREE_MAP_SPARE_BYTES = 2048;
/** Bytes of index that a page needs at least, its group full. */
const LEAST_INDEX_BYTES = 11;
/** A trim grows in steps of 1/512; twice that covers runs that are left over. */
const GROWTH_OVERSHOOT = 1 / 256;

/** @returns bytes of memory that the pages need at least in a fresh instance */
export function leastTrimmedBytes({ objectBytes, pages }: PoolStats): number {
  const bytes = objectBytes * LEAST_ZSPAGE_FACTOR + pages * LEAST_INDEX_BYTES;
  return bytes * (1 + FREE_MAP_SHARE);
}

/** @returns bytes of memory that the pages need at most in a fresh instance */
export function mostTrimmedBytes(wasm: ZmemExports, { fixedBytes, indexBytes }: PoolStats): number {
  let bytes = fixedBytes + indexBytes;
  const classes = wasm.classCount();
  for (let index = 1; index < classes; index++) {
    const used = wasm.classColumn(index, CLASS_USED) >>> 0;
    if (used === 0) continue;
    const size = wasm.classColumn(index, CLASS_SIZE) >>> 0;
    const perZspage = Math.max(1, Math.floor(LONGEST_ZSPAGE / size));
    bytes += used * size + Math.ceil(used / perZspage) * ZSPAGE_LOSS;
  }
  // The first map is of no use any more once another one was needed.
  bytes += bytes * FREE_MAP_SHARE * (1 + FREE_MAP_SPARE) + FREE_MAP_SPARE_BYTES;
  return (Math.ceil((bytes * (1 + GROWTH_OVERSHOOT)) / WASM_PAGE_SIZE) + 1) * WASM_PAGE_SIZE;
}

/**
 * Moves all pages into a fresh instance.
 *
 * @param types those that are open
 * @returns false when that was refused memory: it is of no use then
 */
export function movePages(
  from: RunningInstance,
  to: RunningInstance,
  types: Iterable<number>,
  pageSize: number,
): boolean {
  const classes = from.exports.classCount();
  for (let index = 1; index < classes; index++) {
    to.exports.expectObjects(index, from.exports.classColumn(index, CLASS_USED));
  }
  // Three windows side by side are what a batch goes through.
  const length = pageSize * 3;
  const source = new Uint8Array(from.memory.buffer, from.exports.putWindow() >>> 0, length);
  const target = to.exports.putWindow() >>> 0;
  let view = new Uint8Array(0);
  for (const type of types) {
    if (to.exports.openType(type) !== STATUS_OK) return false;
  }
  from.exports.startExport();
  for (;;) {
    const bytes = from.exports.exportBatch();
    if (bytes === 0) break;
    if (view.length === 0) view = new Uint8Array(to.memory.buffer, target, length);
    view.set(source);
    if (to.exports.importBatch(bytes) !== STATUS_OK) return false;
  }
  for (let index = 1; index < classes; index++) to.exports.expectObjects(index, 0);
  return true;
}
