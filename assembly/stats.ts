import { GRANULE_SHIFT, WASM_PAGE_SHIFT } from "./constants";
import { REJECT_COUNT, REJECT_FIRST } from "./status";
import { REJECTS_ADDRESS, STATS_ADDRESS, superblock } from "./superblock";
import { objectBytes } from "./zsmalloc/pool";

/**
 * Statistics: what the pool holds, as columns of f64 in the superblock.
 *
 * Why so: a number crosses the border as f64 without a BigInt; one call fills all columns.
 *
 * Invariant: fixed + tables + index + zspage + free bytes = bytes held.
 *
 * Layout: src/backends/abi.ts names the columns in the same order.
 */

/** Counts a rejected put and passes its status on. Moves once for each try that failed. */
export function countReject(status: i32): i32 {
  const counter = REJECTS_ADDRESS + ((status - REJECT_FIRST) << 2);
  if (isDefined(ZMEM_SHARED)) {
    // A lock that could not be had is no reject: the call says so itself.
    if (status < REJECT_FIRST + REJECT_COUNT) atomic.add<u32>(counter, 1);
  } else {
    store<u32>(counter, load<u32>(counter) + 1);
  }
  return status;
}

/** Fills in the columns. @returns their address */
export function writeStats(): usize {
  const block = superblock();
  let column: usize = STATS_ADDRESS;
  column = write(column, <f64>block.pages);
  column = write(column, <f64>block.filledPages);
  column = write(column, <f64>block.rawPages);
  column = write(column, <f64>block.payloadBytes);
  column = write(column, <f64>objectBytes());
  column = write(column, granulesToBytes(block.zspageGranules));
  column = write(column, granulesToBytes(block.indexGranules));
  column = write(column, granulesToBytes(block.fixedGranules + block.tableGranules));
  column = write(column, granulesToBytes(block.freeGranules));
  column = write(column, wasmPagesToBytes(block.heldWasmPages));
  column = write(column, wasmPagesToBytes(block.peakWasmPages));
  column = write(column, <f64>block.zspageCount);
  column = write(column, <f64>block.movedObjects);
  for (let reason = 0; reason < REJECT_COUNT; reason++) {
    column = write(column, <f64>load<u32>(REJECTS_ADDRESS + (reason << 2)));
  }
  return STATS_ADDRESS;
}

/** Bytes of held memory that are in use: all but the free runs. What the limit is compared with. */
export function usedBytes(): f64 {
  const block = superblock();
  return wasmPagesToBytes(block.heldWasmPages) - granulesToBytes(block.freeGranules);
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
