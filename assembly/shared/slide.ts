import { mayDie } from "./crash";
import {
  CHUNK_SIZE,
  GRANULE_SHIFT,
  GRANULE_SIZE,
  GRANULES_PER_WASM_PAGE,
  MOST_ZSPAGE_GRANULES,
} from "../constants";
import { entryToLocation, hasObject, withVersion } from "../index/entry";
import { TypeRoot } from "../index/type-root";
import { superblock } from "../superblock";
import { isFreeEnd, nextFreeEnd } from "../supply/free-map";
import { freeRun, takeWholeRun } from "../supply/runs";
import { classToSize, lengthToClass, SizeClass, sizeClass } from "../zsmalloc/size-classes";
import {
  moveZspage,
  objectsToGranules,
  setZspageAddress,
  SLOT_BITS,
  slotAddress,
  USED_TAG,
  Zspage,
  zspageAt,
  zspageAtAddress,
} from "../zsmalloc/zspage";
import { chunkToRoot } from "./chunks";
import {
  JOB_NONE,
  JOB_SLIDE,
  lockSupply,
  ownRecord,
  sharedHeader,
  supplyLock,
  unlockSupply,
  WorkerRecord,
} from "./header";
import { lockClass, unlockClass } from "./objects";
import { nextVersion, settleStores } from "./stripe";

/**
 * Defragmentation while workers run: a zspage behind a short free run slides down over it, by way of
 * a spare place, which moves the run up to where it meets the next one.
 *
 * Why so: a get may be reading any object at any time, so no byte of a zspage may change while an
 * entry that says so can still be found unchanged. The zspage is copied to the spare place, its
 * cell is set, and then every entry that names it gets a new version: whoever has read the old
 * bytes reads again. Only then is the old place overwritten; the way back is the same. Compaction
 * alone left 6.7 % of a full pool in runs too short for what came, sliding leaves 2.6 % (ten rounds
 * of replacing half of 15,000 pages of every length, 2026-11).
 *
 * Both locks, of the class and of the supply, are held for two copies of one zspage, 16 KiB at most
 * where pages are 4 KiB long. A zspage with a slot that was taken by a put and is not published yet
 * stays where it is: the put writes to it without a lock.
 *
 * Steps; recovery may find it stopped after any of them, with the supply locked:
 * ```
 * 1 journal: the zspage's id      2 copy to the spare place, cell    3 versions
 * 4 take the run                  5 copy down, cell                  6 versions
 * 7 free the rest                 8 clear the journal
 * ```
 */

/** Runs as long find a user and are left alone: 8 KiB. */
const USEFUL_GRANULES: u32 = 8192 / GRANULE_SIZE;
/** Granules looked at under one lock of the supply, 2 MiB, and by one call, 64 MiB. */
const SCANNED_AT_ONCE: u32 = (2 << 20) / GRANULE_SIZE;
const MOST_SCANNED: u32 = (64 << 20) / GRANULE_SIZE;

/** Granules gone through by this worker since a zspage was moved. */
let quietGranules: u32 = 0;
/** What `findSlidable` has found: a zspage, the run before it, and where the search goes on. */
let foundId: u32 = 0;
let foundClass: u32 = 0;
let foundRun: usize = 0;

/** Granules of the spare place: any zspage fits. */
export function spareGranules(pageSize: u32): u32 {
  const longestObject = classToSize(lengthToClass(pageSize));
  return max(MOST_ZSPAGE_GRANULES, objectsToGranules(1, longestObject));
}

/** Whether all of memory was gone through since a zspage was moved. */
export function isSlidDown(): bool {
  const block = superblock();
  return quietGranules + block.fixedGranules >= block.heldWasmPages * GRANULES_PER_WASM_PAGE;
}

/** Makes the next lap begin: something else has changed what lies where. */
export function forgetQuiet(): void {
  quietGranules = 0;
}

/**
 * Slides up to `budget` zspages down; the caller has the lock of compaction.
 *
 * @returns how many
 */
export function slideZspages(budget: u32): u32 {
  let moved: u32 = 0;
  let scanned: u32 = 0;
  while (moved < budget && scanned < MOST_SCANNED && !isSlidDown()) {
    if (!lockSupply()) break;
    const passed = findSlidable();
    unlockSupply();
    scanned += passed;
    quietGranules += passed;
    if (!foundId) continue;
    const record = sizeClass(foundClass);
    if (!lockClass(record)) break;
    if (lockSupply()) {
      if (slideFound(record)) {
        moved++;
        quietGranules = 0;
      }
      unlockSupply();
    }
    unlockClass(record);
  }
  return moved;
}

/** Looks for the next zspage behind a short run, and moves the cursor. @returns granules passed */
function findSlidable(): u32 {
  const block = superblock();
  const held = block.heldWasmPages * GRANULES_PER_WASM_PAGE;
  const from = max(block.defragmentCursor, block.fixedGranules);
  const stop = min(held, from + SCANNED_AT_ONCE);
  let granule = from;
  foundId = 0;
  while (granule < stop) {
    granule = nextFreeEnd(granule, stop);
    if (granule == stop) break;
    const run = (<usize>granule) << GRANULE_SHIFT;
    if (isEndOfRun(run)) {
      granule++;
      continue;
    }
    const length = load<u32>(run);
    granule += length;
    const zspage = zspageBehind(run);
    if (length >= USEFUL_GRANULES || !zspage) continue;
    foundId = zspage.id;
    foundClass = zspage.classIndex;
    foundRun = run;
    break;
  }
  block.defragmentCursor = granule >= held ? 0 : granule;
  return granule - from;
}

/** Whether the free run that a mark belongs to ends there, and began before: the cursor was in it. */
function isEndOfRun(granule: usize): bool {
  const length = load<u32>(granule + GRANULE_SIZE - 4);
  const before = (<u64>length - 1) << GRANULE_SHIFT;
  if (length < 2 || before > <u64>granule) return false;
  const start = granule - <usize>before;
  return isFreeEnd(start) && load<u32>(start) == length;
}

/** The zspage behind a free run; null when there is another thing, or the end of memory. */
function zspageBehind(run: usize): Zspage | null {
  const behind = <u64>run + ((<u64>load<u32>(run)) << GRANULE_SHIFT);
  return behind < (<u64>superblock().heldWasmPages) << 16 ? zspageAtAddress(<usize>behind) : null;
}

/** @returns false when it has changed since, or a put is writing to it */
function slideFound(record: SizeClass): bool {
  const run = foundRun;
  if (!isFreeEnd(run) || isEndOfRun(run)) return false;
  const zspage = zspageBehind(run);
  if (!zspage || zspage.id != foundId || zspage.classIndex != foundClass) return false;
  if (!isSettled(zspage, record.size)) return false;
  const journal = ownRecord();
  journal.job = JOB_SLIDE;
  mayDie();
  journal.pending = foundId << SLOT_BITS;
  const length: u32 = zspage.granules;
  moveZspage(zspage, sharedHeader().spareAddress);
  mayDie();
  renewVersions(zspageAt(foundId));
  const granules = takeWholeRun(run);
  moveZspage(zspageAt(foundId), run);
  mayDie();
  renewVersions(zspageAt(foundId));
  freeRun(run + ((<usize>length) << GRANULE_SHIFT), granules);
  mayDie();
  journal.pending = 0;
  mayDie();
  journal.job = JOB_NONE;
  return true;
}

/** Whether every slot in use is named by its entry; the class is locked. */
function isSettled(zspage: Zspage, size: u32): bool {
  const capacity: u32 = zspage.capacity;
  for (let slot: u32 = 0; slot < capacity; slot++) {
    const header = load<u32>(slotAddress(zspage, slot, size));
    if (!(header & USED_TAG)) continue;
    const word = atomic.load<u64>(header & ~USED_TAG);
    const location = (zspage.id << SLOT_BITS) | slot;
    if (!hasObject(word) || entryToLocation(word) != location) return false;
  }
  return true;
}

/**
 * Gives every entry that names an object of a zspage a new version, before anything that the caller
 * stores where the zspage was.
 */
function renewVersions(zspage: Zspage): void {
  const size = sizeClass(zspage.classIndex).size;
  const capacity: u32 = zspage.capacity;
  for (let slot: u32 = 0; slot < capacity; slot++) {
    const header = load<u32>(slotAddress(zspage, slot, size));
    if (!(header & USED_TAG)) continue;
    const owner: usize = header & ~USED_TAG;
    const location = (zspage.id << SLOT_BITS) | slot;
    const root = changetype<TypeRoot>(chunkToRoot(owner & ~(<usize>CHUNK_SIZE - 1)));
    let word = atomic.load<u64>(owner);
    while (hasObject(word) && entryToLocation(word) == location) {
      // A get may raise the recency in between.
      const seen = atomic.cmpxchg<u64>(owner, word, withVersion(word, nextVersion(root)));
      if (seen == word) break;
      word = seen;
    }
    mayDie();
  }
  settleStores(supplyLock());
}

/**
 * The first half of ending a slide that a dead worker was at: no get takes what it has read from
 * where the zspage was. Before the supply is rebuilt, which writes there. Class and supply are
 * locked by the dead worker.
 */
export function renewSlid(record: WorkerRecord): void {
  const id = slidingId(record);
  if (id) renewVersions(zspageAt(id));
}

/** The other half, with the supply rebuilt: the zspage leaves the spare place if it is there. */
export function settleSlide(record: WorkerRecord): void {
  const id = slidingId(record);
  if (id && changetype<usize>(zspageAt(id)) == <usize>sharedHeader().spareAddress) leaveSpare(id);
  if (record.job != JOB_SLIDE) return;
  record.pending = 0;
  record.job = JOB_NONE;
}

/** The zspage that a worker was sliding down; 0 when it was at something else. */
function slidingId(record: WorkerRecord): u32 {
  return record.job == JOB_SLIDE ? record.pending >> SLOT_BITS : 0;
}

/** Moves a zspage from the spare place to the first run that is long enough. */
function leaveSpare(id: u32): void {
  const block = superblock();
  const zspage = zspageAt(id);
  const length: u32 = zspage.granules;
  const held = block.heldWasmPages * GRANULES_PER_WASM_PAGE;
  // There is one: where it was, for nobody else had the supply since.
  let granule = nextFreeEnd(block.fixedGranules, held);
  while (load<u32>((<usize>granule) << GRANULE_SHIFT) < length) {
    granule = nextFreeEnd(granule + load<u32>((<usize>granule) << GRANULE_SHIFT), held);
  }
  const run = (<usize>granule) << GRANULE_SHIFT;
  const granules = takeWholeRun(run);
  memory.copy(run, changetype<usize>(zspage), (<usize>length) << GRANULE_SHIFT);
  mayDie();
  setZspageAddress(id, run);
  mayDie();
  renewVersions(zspageAt(id));
  if (granules > length) freeRun(run + ((<usize>length) << GRANULE_SHIFT), granules - length);
}
