/**
 * The entry of the shared testing build: the shared ABI, the validator and what tests mangle.
 */
export * from "./index";
export { failAllocations, failuresSeen, pointsSeen } from "../supply/fault";
export { deathPoints, dieAfter } from "./crash";
export { heldLock, journalWord } from "./inspect-locks";
export { validate } from "./validate";

import { findEntry } from "../index/directory";
import { GROUP_SHIFT } from "../index/group";
import { payloadAddress } from "../pagestore";
import { keyToStripe, typeRoots } from "./stripe";

/** Address of the stored bytes of a page that has an object. */
export function storedAddress(type: u32, offset: u32): u32 {
  const root = keyToStripe(typeRoots(type), offset >> GROUP_SHIFT);
  return <u32>payloadAddress(load<u64>(findEntry(root, offset)));
}
