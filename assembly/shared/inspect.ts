import {
  entryToForm,
  entryToLength,
  entryToLocation,
  hasObject,
  isSameObject,
} from "../index/entry";
import { GROUP_SHIFT } from "../index/group";
import { tryAcquire } from "../lock";
import { findInChunks, findUnlocked, ODD_LOOKS, resolve, settleLoads, TRIES } from "./read";
import {
  isOpen,
  isSamePublication,
  keyToStripe,
  publicationsOf,
  sequenceOf,
  stripeLock,
  typeRoots,
  unlockStripe,
} from "./stripe";
import { getWindowAddress } from "./window";

/**
 * How a page is kept and where it lies, for programs that show it, while other workers go on.
 *
 * Why so: a block can't be handed out in place, for whoever frees or moves it asks nobody. It is
 * copied as a get decodes it (read.ts): no lock, and what was read counts only if entry and chain are
 * what they were before. A place is true at one moment of the call. Neither counts as a get.
 */

/** What `look` has found: 0 when there is no page. */
let seenEntry: u64 = 0;
/** Address of its block, 0 when its entry says it all. */
let seenAddress: usize = 0;

/** How a page is kept: form << 20 | bytes of its payload; 0 when there is none. */
export function inspectPage(type: u32, offset: u32): u32 {
  look(type, offset, false);
  return (entryToForm(seenEntry) << 20) | (hasObject(seenEntry) ? entryToLength(seenEntry) : 0);
}

/**
 * Copies the block of a page, as it is stored, into the get window.
 *
 * @returns form << 20 | its bytes; 0 when the page is absent or its entry says it all
 */
export function copyStored(type: u32, offset: u32): u32 {
  look(type, offset, true);
  return seenAddress ? (entryToForm(seenEntry) << 20) | entryToLength(seenEntry) : 0;
}

/** Zspage id << 10 | slot of the object of a page; 0 as above, for id 0 is never given out. */
export function storedLocation(type: u32, offset: u32): u32 {
  look(type, offset, false);
  return seenAddress ? entryToLocation(seenEntry) : 0;
}

/** Address of the block of the page that `storedLocation` was asked for last. */
export function locatedAddress(): u32 {
  return <u32>seenAddress;
}

/** Looks a page up. @param copies whether its block is copied into the get window */
function look(type: u32, offset: u32, copies: bool): void {
  seenEntry = 0;
  seenAddress = 0;
  const roots = typeRoots(type);
  if (!roots) return;
  const key = offset >> GROUP_SHIFT;
  const root = keyToStripe(roots, key);
  if (!isOpen(root)) return;
  let odd: u32 = 0;
  let tries: u32 = 0;
  let settled = false;
  while (!settled) {
    const locked = tries++ > TRIES && tryAcquire(stripeLock(root));
    const sequence = sequenceOf(root);
    const isOdd = (sequence & 1) != 0;
    if (!isOdd || odd++ > ODD_LOOKS) {
      const publications = publicationsOf(root);
      const address = isOdd ? findInChunks(root, key, offset) : findUnlocked(root, key, offset);
      const entry = address ? atomic.load<u64>(address) : 0;
      const length = entryToLength(entry);
      const payload = hasObject(entry) ? resolve(entryToLocation(entry), length) : 0;
      if (copies && payload) memory.copy(getWindowAddress, payload, length);
      settleLoads();
      const now = address ? atomic.load<u64>(address) : 0;
      settled =
        isSameObject(now, entry) &&
        sequenceOf(root) == sequence &&
        (!entry || isSamePublication(root, entry, publications));
      seenEntry = entry;
      seenAddress = payload;
    }
    if (locked) unlockStripe(root);
  }
}
