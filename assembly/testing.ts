/**
 * The entry of the testing build: the release ABI, and what tests and benches reach for inside.
 */
export * from "./index";
export * from "./codec/testing";
export { granulesToBin, granulesToFittingBin } from "./supply/bins";
export { failAllocations, failuresSeen, pointsSeen } from "./supply/fault";
export { freeRun, takeAlignedRun, takeRun } from "./supply/runs";
export { allocateRun } from "./supply/supply";
export { validate } from "./validate";
export { classToLength, classToSize, lengthToClass } from "./zsmalloc/size-classes";
export { allocateObject, freeObject } from "./zsmalloc/pool";

import { findEntry } from "./index/directory";
import { TypeRoot, typeRoot } from "./index/type-root";
import { payloadAddress } from "./pagestore";
import { superblock } from "./superblock";

/** Address of the stored bytes of a page that has an object, for mangling them. */
export function storedAddress(type: u32, offset: u32): u32 {
  const root = changetype<TypeRoot>(typeRoot(type));
  return <u32>payloadAddress(load<u64>(findEntry(root, offset)));
}

/** Makes defragmentation go on at the start of memory. */
export function startDefragmentation(): void {
  superblock().defragmentCursor = 0;
}
