/**
 * The ABI of the shared build: one pool, many workers, each with an instance on the same memory.
 *
 * One worker calls `bootShared`, then every worker calls `attach` before anything else. Numbers in,
 * numbers out, as in the plain build; a call that could not have a lock in time answers HELD, and
 * `lockHolder` says whose it is.
 */
import { selfId } from "../lock";
import { superblock } from "../superblock";
import { coldAddress, getWindowAddress, putWindowAddress } from "./window";

export {
  bootShared,
  limitBytes,
  setEffort,
  setEnabled,
  setLimit,
  setWorthLength,
  usableBytes,
} from "./boot";
export { attach, countWorkers, detach } from "./workers";
export { lockHolder, setPatience } from "../lock";
export { countPages, flushArea, flushPage, openType, putPage } from "./store";
export { getPage } from "./read";
export { copyStored, inspectPage, locatedAddress, storedLocation } from "./inspect";
export { keepBlock, retryPut } from "./retry";
export { pendingBlock, pendingInfo } from "./rejected";
export {
  blockWindow,
  copyCold,
  decodeBlock,
  dropCold,
  selectCold,
  setWriteback,
} from "./writeback";
export { canRecompress, recompress } from "./recompress";
export { compact, freeableBytes, isCompacted } from "./compaction";
export { declareDead, reap } from "./recovery";
export { classColumn, writeStats } from "./stats";
export { usedBytes } from "../stats";

export function workerId(): u32 {
  return selfId();
}

export function pageSize(): u32 {
  return superblock().pageSize;
}

/** 1 when a pool was made in this memory. */
export function isBooted(): u32 {
  return superblock().magic ? 1 : 0;
}

export function putWindow(): u32 {
  return <u32>putWindowAddress;
}

export function getWindow(): u32 {
  return <u32>getWindowAddress;
}

/** Address of the records of `selectCold`. */
export function coldRecords(): u32 {
  return <u32>coldAddress;
}

export function classCount(): u32 {
  return superblock().classCount;
}
