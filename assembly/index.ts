/**
 * The ABI of the release module: numbers in, numbers out, no logic.
 *
 * A page goes in through the put window and comes out through the get window; `putWindow` and
 * `getWindow` give their addresses. Sizes are u32, byte limits f64, answers the numbers of
 * status.ts. Source of the verbs: the frontswap posting of 2010.
 */
import { inspectPage } from "./pagestore";
import { superblock } from "./superblock";

export { boot, setEnabled, setLimit, setWorthLength } from "./boot";
export {
  countPages,
  flushArea,
  flushPage,
  getPage,
  keepBlock,
  openType,
  pendingBlock,
  pendingInfo,
  putPage,
  retryPut,
} from "./pagestore";
export { recompress, setEffort } from "./recompress";
export { blockWindow, decodeBlock, dropCold, selectCold, setWriteback } from "./writeback";
export { inspectPage };
export { storedBlock, storedLocation } from "./inspect";
export { usedBytes, writeStats } from "./stats";
export { compact, freeableBytes, isCompacted } from "./zsmalloc/compaction";
export { classColumn } from "./zsmalloc/class-stats";
export { exportBatch, expectObjects, importBatch, startExport } from "./transfer";

export function putWindow(): u32 {
  return superblock().putWindowAddress;
}

export function getWindow(): u32 {
  return superblock().getWindowAddress;
}

export function classCount(): u32 {
  return superblock().classCount;
}
