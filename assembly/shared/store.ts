import { mayDie } from "./crash";
import { BLOCK_LENGTH_MASK, CODEC_SHIFT, compressPage } from "../codec/registry";
import { isSameFilled } from "../codec/same-filled";
import { MAX_TYPES } from "../constants";
import { findEntry, releaseEntry, reserveEntry } from "../index/directory";
import {
  entryToForm,
  entryToLength,
  entryToLocation,
  filledEntry,
  FORM_BLOCK,
  FORM_FILLED,
  FORM_FILLED_OBJECT,
  FORM_RAW,
  hasObject,
  objectEntry,
  withVersion,
} from "../index/entry";
import {
  changeGroupLive,
  ENTRIES_PER_GROUP,
  entryAddress,
  entryToGroup,
  GROUP_SHIFT,
  groupToLive,
} from "../index/group";
import { bucketAddress, TypeRoot } from "../index/type-root";
import { acquire, release, selfId } from "../lock";
import { countReject } from "../stats";
import {
  STATUS_ABSENT,
  STATUS_CLOSED_TYPE,
  STATUS_DISABLED,
  STATUS_HELD,
  STATUS_INCOMPRESSIBLE,
  STATUS_INVALID,
  STATUS_LIMIT,
  STATUS_OK,
} from "../status";
import { OPTION_ACCEPT_RAW, OPTION_CODEC_SHIFT, OPTION_ENABLED, superblock } from "../superblock";
import { isOverLimit, lastFailure, refuseWith } from "../supply/supply";
import { freeObject, locationToPayload } from "../zsmalloc/pool";
import { classToSize, lengthToClass, SizeClass, sizeClass } from "../zsmalloc/size-classes";
import { JOB_NONE, JOB_PAGE, ownRecord, WorkerRecord } from "./header";
import { giveSpare, keepSpare, lockClass, takeObject, unlockClass } from "./objects";
import { forgetRejected, rememberRejected } from "./rejected";
import {
  addCounts,
  areaLock,
  beginChange,
  createRoots,
  endChange,
  isOpen,
  keyToStripe,
  lockStripe,
  nextVersion,
  setOpen,
  stripeAt,
  STRIPES,
  typeRoots,
  unlockStripe,
} from "./stripe";
import { blockAddress, putWindowAddress, workspaceAddress } from "./window";

/**
 * The verbs of the shared build that change something.
 *
 * Why so: a page is compressed in the worker's own scratch before any lock. Under the lock of its
 * stripe an object is taken and filled, then one compare-and-exchange publishes the entry: a get
 * sees the old page or the new one. Whoever stops in between leaves a journal that says which slots
 * to look at.
 *
 * Steps of a put, under the stripe's lock; recovery may find it stopped after any of them:
 * ```
 * 1 find or make the group          sequence odd meanwhile; an empty group is no group
 * 2 journal: entry                  no slots yet
 * 3 take an object                  journal: pending, then its tag (class lock)
 * 4 copy the block                  nobody else knows the slot
 * 5 lock the old object's class     until 7, so that compaction can't move it; journal: old
 * 6 publish                         now `pending` is in use and `old` is not
 * 7 free the old object             its tag
 * 8 clear the journal
 * ```
 * A flush is 2, 5 to 8, then the group is given back if it is empty: after the journal is cleared,
 * for as long as a slot's tag names an entry, that entry must exist.
 */

/** Opens a type. @returns OK, also when it was open; LIMIT, GROWTH or HELD */
export function openType(type: u32): i32 {
  if (type >= MAX_TYPES) return STATUS_INVALID;
  let roots = typeRoots(type);
  if (!roots) roots = createRoots(type);
  if (!roots) return lastFailure;
  if (!acquire(areaLock(roots))) return STATUS_HELD;
  let status = STATUS_OK;
  if (!isOpen(stripeAt(roots, 0))) {
    // A flush that could not be finished has closed the type and left pages.
    beginArea(type, false);
    status = emptyArea(roots);
    if (status == STATUS_OK) {
      beginArea(type, true);
      setAreaOpen(roots, true);
    }
    endArea();
  }
  release(areaLock(roots));
  return status;
}

/** Forgets all pages of a type and closes it. @returns OK; HELD when it could not be finished */
export function flushArea(type: u32): i32 {
  const roots = typeRoots(type);
  if (!roots) return STATUS_OK;
  if (!acquire(areaLock(roots))) return STATUS_HELD;
  beginArea(type, false);
  const status = emptyArea(roots);
  endArea();
  release(areaLock(roots));
  return status;
}

/** Opens or closes every stripe; the area is locked. */
export function setAreaOpen(roots: usize, open: bool): void {
  for (let stripe: u32 = 0; stripe < STRIPES; stripe++) {
    mayDie();
    setOpen(stripeAt(roots, stripe), open);
  }
}

/**
 * Closes and empties a type whose area is locked: no put that began before leaves anything, for a
 * put looks whether its stripe is open under the stripe's lock.
 */
export function emptyArea(roots: usize): i32 {
  setAreaOpen(roots, false);
  for (let stripe: u32 = 0; stripe < STRIPES; stripe++) {
    const root = stripeAt(roots, stripe);
    if (!lockStripe(root)) return STATUS_HELD;
    const done = emptyStripe(root);
    unlockStripe(root);
    if (!done) return STATUS_HELD;
  }
  return STATUS_OK;
}

function emptyStripe(root: TypeRoot): bool {
  const journal = ownRecord();
  for (let bucket: u32 = 0; bucket < root.buckets; bucket++) {
    let group: usize = load<u32>(bucketAddress(root, bucket));
    while (group) {
      for (let place: u32 = 0; place < ENTRIES_PER_GROUP; place++) {
        const address = entryAddress(group, place);
        if (!atomic.load<u64>(address)) continue;
        beginPage(journal, address);
        const done = replaceEntry(root, journal, address, 0);
        endPage(journal);
        if (!done) return false;
      }
      giveGroup(root, entryAddress(group, 0));
      group = load<u32>(bucketAddress(root, bucket));
    }
  }
  return true;
}

/** Keeps the page in the put window. @returns OK, why it was rejected, or HELD: nothing changed */
export function putPage(type: u32, offset: u32): i32 {
  forgetRejected();
  const roots = typeRoots(type);
  if (!roots) return countReject(STATUS_CLOSED_TYPE);
  const root = keyToStripe(roots, offset >> GROUP_SHIFT);
  if (!isOpen(root)) return countReject(STATUS_CLOSED_TYPE);
  const block = superblock();
  const window = putWindowAddress;
  const pageSize = block.pageSize;
  if (!(block.options & OPTION_ENABLED)) return reject(root, offset, STATUS_DISABLED);
  if (isSameFilled(window, pageSize)) {
    const word = load<u64>(window);
    return <u32>word == <u32>(word >> 32)
      ? keep(root, offset, FORM_FILLED, 0, window)
      : keep(root, offset, FORM_FILLED_OBJECT, 8, window);
  }
  const made = compressPage(
    blockAddress,
    block.worthLength,
    window,
    pageSize,
    workspaceAddress,
    block.effort,
    block.options >> OPTION_CODEC_SHIFT,
  );
  if (made) {
    const form = FORM_BLOCK + (made >> CODEC_SHIFT);
    return keep(root, offset, form, made & BLOCK_LENGTH_MASK, blockAddress);
  }
  if (block.options & OPTION_ACCEPT_RAW) return keep(root, offset, FORM_RAW, pageSize, window);
  return reject(root, offset, STATUS_INCOMPRESSIBLE);
}

/** Forgets a page. @returns OK, ABSENT or HELD */
export function flushPage(type: u32, offset: u32): i32 {
  const roots = typeRoots(type);
  return roots ? drop(keyToStripe(roots, offset >> GROUP_SHIFT), offset) : STATUS_ABSENT;
}

/** Pages kept under a type; while workers put and flush, as many as at some moment a stripe. */
export function countPages(type: u32): u32 {
  const roots = typeRoots(type);
  if (!roots) return 0;
  let pages: u32 = 0;
  for (let stripe: u32 = 0; stripe < STRIPES; stripe++) pages += stripeAt(roots, stripe).pages;
  return pages;
}

/** Drops the older copy of a page that is rejected. */
export function reject(root: TypeRoot, offset: u32, reason: i32): i32 {
  return drop(root, offset) == STATUS_HELD ? STATUS_HELD : countReject(reason);
}

function drop(root: TypeRoot, offset: u32): i32 {
  if (!lockStripe(root)) return STATUS_HELD;
  const address = findEntry(root, offset);
  const status = address ? dropLocked(root, address) : STATUS_ABSENT;
  unlockStripe(root);
  return status;
}

/** Forgets the page of an entry, if it is there; the stripe is locked. @returns OK, ABSENT or HELD */
export function dropLocked(root: TypeRoot, address: usize): i32 {
  if (!atomic.load<u64>(address)) return STATUS_ABSENT;
  const journal = ownRecord();
  beginPage(journal, address);
  const status = replaceEntry(root, journal, address, 0) ? STATUS_OK : STATUS_HELD;
  endPage(journal);
  giveGroup(root, address);
  return status;
}

/** Keeps `length` bytes at `source`, and remembers them for `retryPut` when there is no room. */
export function keep(root: TypeRoot, offset: u32, form: u32, length: u32, source: usize): i32 {
  if (!giveSpare(ownRecord()) || !lockStripe(root)) return STATUS_HELD;
  const status = isOpen(root) ? keepLocked(root, offset, form, length, source) : STATUS_CLOSED_TYPE;
  unlockStripe(root);
  if (status == STATUS_OK || status == STATUS_HELD) return status;
  if (status != STATUS_CLOSED_TYPE) rememberRejected(root.type, offset, form, length, source);
  return countReject(status);
}

function keepLocked(root: TypeRoot, offset: u32, form: u32, length: u32, source: usize): i32 {
  let address = findEntry(root, offset);
  // Why the older copy had to go before; from then on a lock that can't be had rejects the put.
  let dropped = STATUS_OK;
  if (isOverLimit()) {
    // Over a lowered limit the old copy goes first: that alone may bring the pool under it.
    const status = address ? dropLocked(root, address) : STATUS_ABSENT;
    if (status == STATUS_HELD) return STATUS_HELD;
    if (isOverLimit()) return STATUS_LIMIT;
    if (status == STATUS_OK) dropped = STATUS_LIMIT;
    address = findEntry(root, offset);
  }
  if (!address) {
    beginChange(root);
    address = reserveEntry(root, offset);
    endChange(root);
    if (!address) return unlessDropped(lastFailure, dropped);
  }
  const journal = ownRecord();
  beginPage(journal, address);
  let status = STATUS_OK;
  let location: u32 = 0;
  let entry: u64;
  if (form == FORM_FILLED) {
    entry = filledEntry(load<u32>(source));
  } else {
    location = takeObject(journal, length, address);
    if (!location && lastFailure != STATUS_HELD && atomic.load<u64>(address)) {
      // The old copy has to go whether this put succeeds or fails: it may make the room.
      const failure = lastFailure;
      if (replaceEntry(root, journal, address, 0)) {
        dropped = failure;
        location = takeObject(journal, length, address);
      } else refuseWith(STATUS_HELD);
    }
    if (!location) status = unlessDropped(lastFailure, dropped);
    else
      memory.copy(locationToPayload(location, classToSize(lengthToClass(length))), source, length);
    entry = objectEntry(form, length, location);
  }
  if (status == STATUS_OK && !replaceEntry(root, journal, address, entry)) {
    status = STATUS_HELD;
    if (location) keepSpare(journal, location, lengthToClass(length), selfId());
  }
  endPage(journal);
  if (status != STATUS_OK) giveGroup(root, address);
  return status;
}

/** What a put answers that fails: HELD says that nothing has changed. */
function unlessDropped(failure: i32, dropped: i32): i32 {
  return failure == STATUS_HELD && dropped ? dropped : failure;
}

/**
 * Publishes a word in an entry, 0 for none, and frees the object of the word before.
 *
 * @returns false when the lock of that object's class could not be had: nothing has changed
 */
export function replaceEntry(
  root: TypeRoot,
  journal: WorkerRecord,
  address: usize,
  entry: u64,
): bool {
  let old = atomic.load<u64>(address);
  let record: SizeClass | null = null;
  if (hasObject(old)) {
    const classIndex = lengthToClass(entryToLength(old));
    record = sizeClass(classIndex);
    if (!lockClass(record)) return false;
    // Compaction may have moved it until now.
    old = atomic.load<u64>(address);
    journal.oldClass = classIndex;
    journal.old = entryToLocation(old);
    mayDie();
  }
  const version = nextVersion(root);
  const word = entry ? withVersion(entry, version) : 0;
  while (true) {
    // A get may raise the recency.
    const seen = atomic.cmpxchg<u64>(address, old, word);
    if (seen == old) break;
    old = seen;
  }
  mayDie();
  const change = <i32>(entry != 0) - <i32>(old != 0);
  if (change) {
    root.pages += change;
    changeGroupLive(entryToGroup(address), change);
  }
  mayDie();
  if (old) count(root, old, -1);
  if (entry) count(root, entry, 1);
  if (record) {
    freeObject(entryToLocation(old));
    unlockClass(record);
    journal.old = 0;
  }
  return true;
}

/** Adds an entry to the counters of its stripe, or takes it from them. */
export function count(root: TypeRoot, entry: u64, change: i32): void {
  const form = entryToForm(entry);
  addCounts(
    root,
    form <= FORM_FILLED_OBJECT ? change : 0,
    form == FORM_RAW ? change : 0,
    hasObject(entry) ? <i64>change * <i64>entryToLength(entry) : 0,
  );
}

/** Begins the journal of a change of one entry; its stripe is locked. */
export function beginPage(journal: WorkerRecord, address: usize): void {
  journal.job = JOB_PAGE;
  journal.entry = <u32>address;
}

export function endPage(journal: WorkerRecord): void {
  mayDie();
  journal.pending = 0;
  mayDie();
  journal.old = 0;
  journal.entry = 0;
  journal.job = JOB_NONE;
}

/** Gives the group of an absent entry back if no other entry in it lives. */
function giveGroup(root: TypeRoot, address: usize): void {
  if (groupToLive(entryToGroup(address))) return;
  beginChange(root);
  releaseEntry(root, address);
  endChange(root);
}

function beginArea(type: u32, open: bool): void {
  const journal = ownRecord();
  journal.areaOpen = open ? 1 : 0;
  journal.areaType = type + 1;
}

function endArea(): void {
  ownRecord().areaType = 0;
}
