import { GRANULE_SHIFT, MAX_TYPES, WASM_PAGE_SHIFT } from "../constants";
import { release } from "../lock";
import { REJECT_COUNT } from "../status";
import { REJECTS_ADDRESS, superblock } from "../superblock";
import { classColumn as plainClassColumn } from "../zsmalloc/class-stats";
import { objectBytes } from "../zsmalloc/pool";
import { sizeClass } from "../zsmalloc/size-classes";
import { movedObjectsAddress } from "./header";
import { classLock, lockClass } from "./objects";
import { filledPages, payloadBytes, rawPages, stripeAt, STRIPES, typeRoots } from "./stripe";
import { statsAddress } from "./window";

/**
 * Statistics of a shared pool, in the columns of stats.ts, written to the worker's own area.
 *
 * Pages are summed over the stripes. While workers run each figure was true of its part at some
 * moment; when none runs all are exact and add up.
 */

/** Fills in the columns. @returns their address */
export function writeStats(): usize {
  const block = superblock();
  let pages: u32 = 0;
  let filled: u32 = 0;
  let raw: u32 = 0;
  let payload: u64 = 0;
  for (let type: u32 = 0; type < MAX_TYPES; type++) {
    const roots = typeRoots(type);
    if (!roots) continue;
    for (let stripe: u32 = 0; stripe < STRIPES; stripe++) {
      const root = stripeAt(roots, stripe);
      pages += root.pages;
      filled += filledPages(root);
      raw += rawPages(root);
      payload += payloadBytes(root);
    }
  }
  let column = statsAddress;
  column = write(column, <f64>pages);
  column = write(column, <f64>filled);
  column = write(column, <f64>raw);
  column = write(column, <f64>payload);
  column = write(column, <f64>objectBytes());
  column = write(column, granulesToBytes(block.zspageGranules));
  column = write(column, granulesToBytes(block.indexGranules));
  column = write(column, granulesToBytes(block.fixedGranules + block.tableGranules));
  column = write(column, granulesToBytes(block.freeGranules));
  column = write(column, wasmPagesToBytes(block.heldWasmPages));
  column = write(column, wasmPagesToBytes(block.peakWasmPages));
  column = write(column, <f64>block.zspageCount);
  column = write(column, <f64>atomic.load<u64>(movedObjectsAddress()));
  for (let reason = 0; reason < REJECT_COUNT; reason++) {
    column = write(column, <f64>load<u32>(REJECTS_ADDRESS + (reason << 2)));
  }
  return statsAddress;
}

/** One column of one class, as in the plain build; 0 when its lock can't be had. */
export function classColumn(classIndex: u32, column: u32): u32 {
  const record = sizeClass(classIndex);
  if (!record.zspages) return plainOfEmpty(classIndex, column);
  if (!lockClass(record)) return 0;
  const value = plainClassColumn(classIndex, column);
  release(classLock(record));
  return value;
}

function plainOfEmpty(classIndex: u32, column: u32): u32 {
  return column ? 0 : sizeClass(classIndex).size;
}

function write(column: usize, value: f64): usize {
  store<f64>(column, value);
  return column + 8;
}

function granulesToBytes(granules: u32): f64 {
  return <f64>granules * <f64>(1 << GRANULE_SHIFT);
}

function wasmPagesToBytes(pages: u32): f64 {
  return <f64>pages * <f64>(1 << WASM_PAGE_SHIFT);
}
