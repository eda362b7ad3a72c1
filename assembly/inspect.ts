import { findEntry } from "./index/directory";
import { entryToLocation, hasObject } from "./index/entry";
import { openRoot, payloadAddress } from "./pagestore";

/**
 * Where a page lies, for programs that show it: its block as it is stored, its zspage and slot.
 *
 * Why so: `inspectPage` says how a page is kept and how long its block is; these two say where. An
 * answer is valid until the next put, flush or compaction. Neither counts as a get.
 */

/** Address of the block of a page; 0 when the page is absent or its entry says it all. */
export function storedBlock(type: u32, offset: u32): u32 {
  const entry = entryOf(type, offset);
  return hasObject(entry) ? <u32>payloadAddress(entry) : 0;
}

/** Zspage id << 10 | slot of the object of a page; 0 as above, for id 0 is never given out. */
export function storedLocation(type: u32, offset: u32): u32 {
  const entry = entryOf(type, offset);
  return hasObject(entry) ? entryToLocation(entry) : 0;
}

function entryOf(type: u32, offset: u32): u64 {
  const root = openRoot(type);
  if (!root) return 0;
  const address = findEntry(root, offset);
  return address ? load<u64>(address) : 0;
}
