import { mayDie } from "./crash";
import { decompressWith } from "../codec/registry";
import { MAX_TYPES } from "../constants";
import { ENTRIES_PER_GROUP, findEntry } from "../index/directory";
import {
  entryToForm,
  entryToLength,
  entryToLocation,
  entryToRecency,
  FORM_BLOCK,
  FORM_RAW,
  isSameObject,
  RECENCY_ONE,
} from "../index/entry";
import { entryAddress, GROUP_SHIFT, groupToKey, groupToNext } from "../index/group";
import { bucketAddress, TypeRoot } from "../index/type-root";
import { STATUS_ABSENT, STATUS_CORRUPT, STATUS_HELD, STATUS_OK } from "../status";
import { Superblock, superblock } from "../superblock";
import { resolve, settleLoads } from "./read";
import { forgetRejected } from "./rejected";
import { dropLocked } from "./store";
import {
  isSamePublication,
  keyToStripe,
  lockStripe,
  publicationsOf,
  setStripeHand,
  stripeAt,
  stripeHand,
  STRIPES,
  tryLockStripe,
  typeRoots,
  unlockStripe,
} from "./stripe";
import {
  blockAddress,
  COLD_RECORD_SIZE,
  coldAddress,
  getWindowAddress,
  MAX_COLD,
  typesAddress,
} from "./window";

/**
 * Writeback while workers run: which pages are coldest, their blocks, and letting go of them.
 *
 * Why so: the clock of the plain build, with one hand for all workers: it stands at a stripe, and
 * each stripe remembers the bucket. Whoever moves it holds the stripe's lock for a few buckets at a
 * time; a stripe that is locked just then is passed over, so nobody waits here for the dead. A get
 * raises a recency below its most with one compare-and-exchange, the hand lowers it with another;
 * who comes second leaves it.
 *
 * Selecting changes nothing but recency. A block is copied under the stripe's lock, one at a time,
 * and counts if its entry is the same afterwards, for compaction needs no such lock. A page is
 * dropped only if its entry is the one that was selected, and no other can look like it.
 *
 * Which types a worker may write back is its own affair: a device is opened by each worker.
 *
 * ```
 * record, 24 bytes: u32 type │ u32 offset │ u32 form << 20 | bytes │ u32 publications │ u64 entry
 * ```
 */

const LENGTH_BITS: u32 = 20;
/** Buckets and entries that one call looks at, about: bounds the time of a put that makes room. */
const MAX_SCANNED: u32 = 8192;
/** Buckets gone through under one lock: their groups take about as long as the copy of a block. */
const BUCKETS_AT_ONCE: u32 = 16;
const STRIPE_COUNT: u32 = MAX_TYPES * STRIPES;
/** The hand: number of the stripe that comes next, over all types. */
const HAND: usize = offsetof<Superblock>("handType");

/** Lets this worker write pages of a type back, or not. */
export function setWriteback(type: u32, allowed: bool): void {
  if (type >= MAX_TYPES) return;
  const address = typesAddress + ((type >> 5) << 2);
  const bit: u32 = 1 << (type & 31);
  store<u32>(address, allowed ? load<u32>(address) | bit : load<u32>(address) & ~bit);
}

/**
 * Lists cold pages of the types that this worker may write back, as records.
 *
 * @returns how many, at most `most`; 0 when the hand found none on its way: call again
 */
export function selectCold(most: u32): u32 {
  const capacity = min(most, MAX_COLD);
  let selected: u32 = 0;
  let scanned: u32 = 0;
  let passed: u32 = 0;
  const firstBucket = handBucket();
  // Once round, and the first stripe again up to where the hand was.
  while (selected < capacity && scanned < MAX_SCANNED && passed <= STRIPE_COUNT) {
    const hand = atomic.load<u32>(changetype<usize>(superblock()), HAND);
    const type = hand / STRIPES;
    const roots = isAllowed(type) ? typeRoots(type) : 0;
    if (!roots) {
      const next = nextAllowed(type + 1) * STRIPES;
      passed += next - hand;
      moveHand(hand, next);
      continue;
    }
    const root = stripeAt(roots, hand % STRIPES);
    if (passed == STRIPE_COUNT && stripeHand(root) >= firstBucket) break;
    let end: u32 = root.buckets;
    if (tryLockStripe(root)) {
      const bucket = stripeHand(root);
      end = min(bucket + BUCKETS_AT_ONCE, root.buckets);
      scanned += end - bucket;
      for (let at = bucket; at < end; at++) {
        let group: usize = load<u32>(bucketAddress(root, at));
        while (group) {
          const found = selectInGroup(root, group, selected, capacity);
          scanned += found & SCANNED_MASK;
          selected += found >> SELECTED_SHIFT;
          group = groupToNext(group);
        }
      }
      setStripeHand(root, end < root.buckets ? end : 0);
      mayDie();
      unlockStripe(root);
    }
    if (end < root.buckets) continue;
    passed++;
    moveHand(hand, hand + 1);
  }
  return selected;
}

const SCANNED_MASK: u32 = 7;
const SELECTED_SHIFT: u32 = 3;

/** @returns pages listed << 3 | pages looked at */
function selectInGroup(root: TypeRoot, group: usize, selected: u32, capacity: u32): u32 {
  let found: u32 = 0;
  for (let place: u32 = 0; place < ENTRIES_PER_GROUP; place++) {
    const address = entryAddress(group, place);
    const publications = publicationsOf(root);
    const entry = atomic.load<u64>(address);
    if (!entry) continue;
    found++;
    if (entryToForm(entry) < FORM_RAW) continue;
    if (entryToRecency(entry)) {
      atomic.cmpxchg<u64>(address, entry, entry - RECENCY_ONE);
      continue;
    }
    const count = selected + (found >> SELECTED_SHIFT);
    const offset = (groupToKey(group) << GROUP_SHIFT) | place;
    if (count == capacity || isListed(count, root.type, offset)) continue;
    const record = coldRecord(count);
    store<u32>(record, root.type);
    store<u32>(record, offset, 4);
    store<u32>(record, (entryToForm(entry) << LENGTH_BITS) | entryToLength(entry), 8);
    store<u32>(record, publications, 12);
    store<u64>(record, entry, 16);
    found += 1 << SELECTED_SHIFT;
  }
  return found;
}

/** Whether the hand has come by twice in one call. */
function isListed(count: u32, type: u32, offset: u32): bool {
  for (let index: u32 = 0; index < count; index++) {
    const record = coldRecord(index);
    if (load<u32>(record, 4) == offset && load<u32>(record) == type) return true;
  }
  return false;
}

/**
 * Copies the block of a selected page into the get window.
 *
 * @returns its bytes; 0 when the page has changed since, or its stripe is busy
 */
export function copyCold(index: u32): u32 {
  const record = coldRecord(index);
  const root = recordToStripe(record);
  if (!tryLockStripe(root)) return 0;
  const length = copyLocked(record, root);
  unlockStripe(root);
  return length;
}

function copyLocked(record: usize, root: TypeRoot): u32 {
  const address = findSelected(record, root);
  if (!address) return 0;
  const entry = load<u64>(record, 16);
  const length = entryToLength(entry);
  const payload = resolve(entryToLocation(entry), length);
  if (!payload) return 0;
  memory.copy(getWindowAddress, payload, length);
  settleLoads();
  return findSelected(record, root) ? length : 0;
}

/** Forgets a selected page. @returns OK; ABSENT when it has changed since, HELD */
export function dropCold(index: u32): i32 {
  const record = coldRecord(index);
  const root = recordToStripe(record);
  if (!lockStripe(root)) return STATUS_HELD;
  const address = findSelected(record, root);
  const status = address ? dropLocked(root, address) : STATUS_ABSENT;
  unlockStripe(root);
  return status;
}

/** Address of the block area, where a block that comes back is decoded from. */
export function blockWindow(): u32 {
  forgetRejected();
  return <u32>blockAddress;
}

/** Decodes a block from the block area into the get window. @returns OK or CORRUPT */
export function decodeBlock(form: u32, length: u32): i32 {
  const pageSize = superblock().pageSize;
  if (form == FORM_RAW) {
    if (length != pageSize) return STATUS_CORRUPT;
    memory.copy(getWindowAddress, blockAddress, pageSize);
    return STATUS_OK;
  }
  if (form < FORM_RAW || length > pageSize) return STATUS_CORRUPT;
  const codec = form - FORM_BLOCK;
  return decompressWith(codec, getWindowAddress, pageSize, blockAddress, length)
    ? STATUS_OK
    : STATUS_CORRUPT;
}

/** @returns the address of the entry of a record, 0 when it has changed; its stripe is locked */
function findSelected(record: usize, root: TypeRoot): usize {
  const address = findEntry(root, load<u32>(record, 4));
  if (!address) return 0;
  const entry = load<u64>(record, 16);
  const isSame =
    isSameObject(atomic.load<u64>(address), entry) &&
    isSamePublication(root, entry, load<u32>(record, 12));
  return isSame ? address : 0;
}

function coldRecord(index: u32): usize {
  return coldAddress + index * COLD_RECORD_SIZE;
}

function recordToStripe(record: usize): TypeRoot {
  return keyToStripe(typeRoots(load<u32>(record)), load<u32>(record, 4) >> GROUP_SHIFT);
}

function isAllowed(type: u32): bool {
  return ((load<u32>(typesAddress + ((type >> 5) << 2)) >> (type & 31)) & 1) != 0;
}

/** The first type from `type` on that this worker may write back; MAX_TYPES when there is none. */
function nextAllowed(type: u32): u32 {
  while (type < MAX_TYPES) {
    const bits = load<u32>(typesAddress + ((type >> 5) << 2)) >> (type & 31);
    if (bits) return type + <u32>ctz(bits);
    type = (type & ~31) + 32;
  }
  return MAX_TYPES;
}

/** The bucket of the stripe at which the hand stands: a look only. */
function handBucket(): u32 {
  const hand = atomic.load<u32>(changetype<usize>(superblock()), HAND);
  const roots = typeRoots(hand / STRIPES);
  return roots ? stripeHand(stripeAt(roots, hand % STRIPES)) : 0;
}

/** Moves the hand on, unless another worker has. */
function moveHand(from: u32, to: u32): void {
  const address = changetype<usize>(superblock()) + HAND;
  atomic.cmpxchg<u32>(address, from, to == STRIPE_COUNT ? 0 : to);
}
