import { decompressWith } from "../codec/registry";
import { fillPage } from "../codec/same-filled";
import { CHUNK_SHIFT, WASM_PAGE_SHIFT } from "../constants";
import { hashKey } from "../index/directory";
import {
  entryToCodec,
  entryToForm,
  entryToLength,
  entryToLocation,
  entryToRecency,
  FORM_FILLED,
  FORM_RAW,
  isSameObject,
  RECENCY_MASK,
  RECENCY_ONE,
} from "../index/entry";
import {
  CHUNK_HEADER_SIZE,
  entryAddress,
  GROUP_SHIFT,
  GROUP_SIZE,
  GROUPS_PER_CHUNK,
} from "../index/group";
import { FIRST_BUCKETS, FIRST_SHIFT, SEGMENTS_OFFSET, TypeRoot } from "../index/type-root";
import { tryAcquire } from "../lock";
import { STATUS_ABSENT, STATUS_CORRUPT, STATUS_OK } from "../status";
import { Superblock, superblock } from "../superblock";
import { OBJECT_HEADER_SIZE, classToSize, lengthToClass } from "../zsmalloc/size-classes";
import { SLOT_BITS, SLOT_MASK, ZSPAGE_HEADER_SIZE } from "../zsmalloc/zspage";
import { chunkToRoot } from "./chunks";
import { sharedHeader } from "./header";
import { isBitSet, nextSetBit } from "./bit-map";
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
import { getWindowAddress, statsAddress } from "./window";

/**
 * A get takes no lock: it reads, and then looks whether what it read was true all the time.
 *
 * Why so: no worker, dead or alive, can keep a get from going on.
 *
 * 1. Chains are followed with every address and the number of steps bounded. What was found counts
 *    only if the stripe's sequence was even before and is the same afterwards: then the group lived
 *    when the entry was loaded. So does a miss.
 * 2. The block is decoded into this worker's own window, reading only inside of memory whatever it
 *    is by then. It counts only if sequence and entry are still the same; the entry carries a
 *    version, and the count of publications says whether that can have come round.
 * 3. While the sequence is odd for long (its writer sleeps, or is dead), the chunk map leads to
 *    the stripe's chunks. All of them are looked at, and the sequence must not have moved by then:
 *    one odd section adds or removes one group and no entry.
 */

/** Looks at an odd sequence before the slow way is gone. */
export const ODD_LOOKS: u32 = 256;
/** Tries before a reader takes the lock of the stripe, if it is free just then. */
export const TRIES: u32 = 32;
const AGAIN: i32 = -1;

/** Copies a page into the get window. @returns OK, ABSENT or CORRUPT */
export function getPage(type: u32, offset: u32): i32 {
  const roots = typeRoots(type);
  if (!roots) return STATUS_ABSENT;
  const key = offset >> GROUP_SHIFT;
  const root = keyToStripe(roots, key);
  // An area that is being flushed is closed first: from then on none of its pages is there.
  if (!isOpen(root)) return STATUS_ABSENT;
  let odd: u32 = 0;
  let tries: u32 = 0;
  while (true) {
    const locked = tries++ > TRIES && tryAcquire(stripeLock(root));
    const sequence = sequenceOf(root);
    let status: i32 = AGAIN;
    if (!(sequence & 1)) {
      status = readAt(root, findUnlocked(root, key, offset), sequence);
    } else if (odd++ > ODD_LOOKS) {
      status = readAt(root, findInChunks(root, key, offset), sequence);
    }
    if (locked) unlockStripe(root);
    if (status != AGAIN) return status;
  }
}

/**
 * What was loaded before is loaded before what is loaded after: no atomic load passes an atomic
 * store, and no load passes that. (The compiler rejects its own `atomic.fence`, asc 0.28.20.)
 */
export function settleLoads(): void {
  atomic.store<u32>(statsAddress, 0);
}

function heldBytes(): u64 {
  return (<u64>atomic.load<u32>(changetype<usize>(superblock()), HELD)) << WASM_PAGE_SHIFT;
}

const HELD: usize = offsetof<Superblock>("heldWasmPages");

/** The address of an entry, which may be wrong if the sequence has moved; always inside memory. */
export function findUnlocked(root: TypeRoot, key: u32, offset: u32): usize {
  const at = changetype<usize>(root);
  const mask = atomic.load<u32>(at, offsetof<TypeRoot>("mask"));
  const buckets = atomic.load<u32>(at, offsetof<TypeRoot>("buckets"));
  let bucket = hashKey(key) & mask;
  if (bucket >= buckets) bucket &= mask >> 1;
  const segment: u32 = bucket < FIRST_BUCKETS ? 0 : 32 - FIRST_SHIFT - <u32>clz(bucket);
  const first: u32 = segment ? FIRST_BUCKETS << (segment - 1) : 0;
  const run: usize = atomic.load<u32>(at + SEGMENTS_OFFSET + (segment << 2));
  if (!run) return 0;
  const end = heldBytes();
  let group: usize = atomic.load<u32>(run + ((bucket - first) << 2));
  let steps = atomic.load<u32>(at, offsetof<TypeRoot>("groups")) + 2;
  while (group) {
    if (group & 7 || <u64>group + GROUP_SIZE > end || !steps--) return 0;
    if (atomic.load<u32>(group) == key) return entryAddress(group, offset);
    group = atomic.load<u32>(group, 4) & ~7;
  }
  return 0;
}

/** The same through the chunk map, while the sequence stays odd. */
export function findInChunks(root: TypeRoot, key: u32, offset: u32): usize {
  const map: usize = sharedHeader().chunkMapAddress;
  const owner = <u32>changetype<usize>(root);
  const end = <u32>(heldBytes() >> CHUNK_SHIFT);
  let place = nextSetBit(map, 0, end);
  while (place < end) {
    const chunk = (<usize>place) << CHUNK_SHIFT;
    if (chunkToRoot(chunk) == owner) {
      for (let inChunk: u32 = 0; inChunk < GROUPS_PER_CHUNK; inChunk++) {
        const group = chunk + CHUNK_HEADER_SIZE + inChunk * GROUP_SIZE;
        if (atomic.load<u32>(group) != key) continue;
        const address = entryAddress(group, offset);
        if (!atomic.load<u64>(address)) continue;
        // Still the chunk that it was when its root was read.
        if (chunkToRoot(chunk) == owner && isBitSet(map, place)) return address;
      }
    }
    place = nextSetBit(map, place + 1, end);
  }
  return 0;
}

/** Reads the page of an entry. @returns AGAIN when something has changed meanwhile */
function readAt(root: TypeRoot, address: usize, sequence: u32): i32 {
  const publications = publicationsOf(root);
  const entry = address ? atomic.load<u64>(address) : 0;
  if (sequenceOf(root) != sequence) return AGAIN;
  if (!entry) return STATUS_ABSENT;
  const pageSize = superblock().pageSize;
  const form = entryToForm(entry);
  if (form == FORM_FILLED) {
    const word = <u64>entryToLocation(entry);
    fillPage(getWindowAddress, pageSize, (word << 32) | word);
    return STATUS_OK;
  }
  const length = entryToLength(entry);
  const payload = resolve(entryToLocation(entry), length);
  let decoded = false;
  if (payload) {
    if (form > FORM_RAW) {
      decoded = decompressWith(entryToCodec(entry), getWindowAddress, pageSize, payload, length);
    } else if (form == FORM_RAW) {
      decoded = length == pageSize;
      if (decoded) memory.copy(getWindowAddress, payload, pageSize);
    } else {
      fillPage(getWindowAddress, pageSize, load<u64>(payload));
      decoded = true;
    }
  }
  // What was decoded is loaded before what follows.
  settleLoads();
  const now = atomic.load<u64>(address);
  if (!isSameObject(now, entry) || sequenceOf(root) != sequence) return AGAIN;
  if (!isSamePublication(root, entry, publications)) return AGAIN;
  if (!decoded) return STATUS_CORRUPT;
  // One try: who is faster counts the get.
  if (form >= FORM_RAW && entryToRecency(now) != RECENCY_MASK) {
    atomic.cmpxchg<u64>(address, now, now + RECENCY_ONE);
  }
  return STATUS_OK;
}

/** The address of a payload, 0 when it does not lie inside of memory: the location is stale. */
export function resolve(location: u32, length: u32): usize {
  const block = superblock();
  const id = location >> SLOT_BITS;
  if (id >= sharedHeader().zspageIds || length > block.pageSize) return 0;
  const zspage: usize = atomic.load<u32>(block.zspageTableAddress + (id << 2));
  if (!zspage || zspage & 1) return 0;
  const size = classToSize(lengthToClass(length));
  const payload =
    <u64>zspage + ZSPAGE_HEADER_SIZE + OBJECT_HEADER_SIZE + <u64>(location & SLOT_MASK) * size;
  return payload + length > heldBytes() ? 0 : <usize>payload;
}
