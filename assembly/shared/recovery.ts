import { MAX_TYPES } from "../constants";
import { entryToLocation, hasObject } from "../index/entry";
import { acquire, release, selfId } from "../lock";
import { STATUS_HELD, STATUS_NO_WORKER, STATUS_OK } from "../status";
import { superblock } from "../superblock";
import { freeObject } from "../zsmalloc/pool";
import { sizeClass } from "../zsmalloc/size-classes";
import { SLOT_BITS, SLOT_MASK, slotAddress, USED_TAG, Zspage } from "../zsmalloc/zspage";
import {
  compactLock,
  generationAddress,
  JOB_MOVE,
  JOB_NONE,
  JOB_PAGE,
  lockSupply,
  MAX_WORKERS,
  reapLock,
  sharedHeader,
  unlockSupply,
  WORKER_ATTACHED,
  WORKER_FREE,
  WorkerRecord,
  workerRecord,
} from "./header";
import { classLock, lockClass, unlockClass } from "./objects";
import { rebuildClass, dropEmptyZspages } from "./rebuild-class";
import { rebuildStripe } from "./rebuild-stripe";
import { rebuildSupply } from "./rebuild-supply";
import { settleSlide } from "./slide";
import { emptyArea, setAreaOpen } from "./store";
import { areaLock, stripeAt, stripeLock, STRIPES, typeRoots } from "./stripe";
import { giveScratch, stateAddress } from "./workers";

/**
 * What is done when a worker has died: its locks are freed, its half-done call undone or finished.
 *
 * Why so: nothing is logged while all is well but the journal's few words. Tags, table cells, chunk
 * bits, roots and entries are true at any instruction; the rest is worked out from them, from the
 * bottom of the lock order to its top, for living workers may wait in the middle of it:
 * ```
 * 1 supply   free runs, ids and granule counts from cells, bits, roots and workers' records; then a
 *            zspage that was sliding down leaves the spare place
 * 2 class    free lists, counts and fullness lists from the tags; then, for a move of compaction,
 *            which of the two slots the entry names
 * 3 slots    of a put or flush: those that its entry does not name are freed
 * 4 stripe   chains, groups and counters from the chunk map
 * 5 area     an opening or flush is finished
 * 6 scratch, and the record
 * ```
 * A lock keeps the dead worker's id until its part is done, and every part can be done again: if
 * the worker that does this dies too, a third one declares both dead, the later one first.
 *
 * Invariant: 3 comes before 4, since a slot's tag must not outlive the group of its entry.
 */

/**
 * Declares a worker dead. It must not run any more.
 *
 * @returns OK; NO_WORKER when there is none with this id; HELD when a lock that is needed is held
 *   by another worker for too long: call again when that one goes on or was declared dead
 */
export function reap(dead: u32): i32 {
  if (!dead || dead > MAX_WORKERS || dead == selfId()) return STATUS_NO_WORKER;
  const record = workerRecord(dead);
  if (atomic.load<u32>(stateAddress(record)) != WORKER_ATTACHED) return STATUS_NO_WORKER;
  // A reaper that died is declared dead itself.
  if (atomic.load<u32>(reapLock()) == dead) release(reapLock());
  if (!acquire(reapLock())) return STATUS_HELD;
  const status = reapLocked(dead, record);
  release(reapLock());
  return status;
}

function reapLocked(dead: u32, record: WorkerRecord): i32 {
  if (sharedHeader().supplyLock == dead) {
    rebuildSupply();
    settleSlide(record);
    unlockSupply();
  }
  const classes = superblock().classCount;
  for (let index: u32 = 1; index < classes; index++) {
    const lock = classLock(sizeClass(index));
    if (atomic.load<u32>(lock) != dead) continue;
    if (!lockSupply()) return STATUS_HELD;
    rebuildClass(index);
    unlockSupply();
    settleMove(record, index);
    dropEmptyZspages(index);
    release(lock);
  }
  if (record.job == JOB_PAGE) {
    if (!freeUnlessNamed(record.entry, record.pending, record.pendingClass)) return STATUS_HELD;
    record.pending = 0;
    if (!freeUnlessNamed(record.entry, record.old, record.oldClass)) return STATUS_HELD;
    record.old = 0;
  }
  record.job = JOB_NONE;
  for (let type: u32 = 0; type < MAX_TYPES; type++) {
    const roots = typeRoots(type);
    if (!roots) continue;
    for (let stripe: u32 = 0; stripe < STRIPES; stripe++) {
      const root = stripeAt(roots, stripe);
      if (atomic.load<u32>(stripeLock(root)) != dead) continue;
      if (!rebuildStripe(root)) return STATUS_HELD;
      release(stripeLock(root));
    }
    if (atomic.load<u32>(areaLock(roots)) != dead) continue;
    if (record.areaType == type + 1) {
      if (record.areaOpen) setAreaOpen(roots, true);
      else if (emptyArea(roots) != STATUS_OK) return STATUS_HELD;
    }
    record.areaType = 0;
    release(areaLock(roots));
  }
  if (atomic.load<u32>(compactLock()) == dead) release(compactLock());
  if (!giveScratch(record)) return STATUS_HELD;
  atomic.add<u32>(generationAddress(), 1);
  atomic.store<u32>(stateAddress(record), WORKER_FREE);
  return STATUS_OK;
}

/**
 * Ends a move that the dead worker was at in a class, which is locked.
 *
 * The entry names the source, the target, or neither: then a put or flush has replaced one of them
 * and waits for this class to free it, which its own journal says. The other one is left to free.
 */
function settleMove(record: WorkerRecord, classIndex: u32): void {
  if (record.job != JOB_MOVE || record.oldClass != classIndex) return;
  const source = record.old;
  const target = record.pending;
  const owner = record.entry;
  if (target) {
    const entry = atomic.load<u64>(owner);
    const named = hasObject(entry) ? entryToLocation(entry) : 0;
    if (named == source) freeOwned(target, classIndex, owner);
    else if (named == target) freeOwned(source, classIndex, owner);
    else freeOwned(isClaimed(owner, target) ? source : target, classIndex, owner);
  }
  record.job = JOB_NONE;
  record.pending = 0;
  record.old = 0;
  record.entry = 0;
}

/** Whether a worker is about to free a slot that an entry named. */
function isClaimed(owner: u32, location: u32): bool {
  for (let worker: u32 = 1; worker <= MAX_WORKERS; worker++) {
    const other = workerRecord(worker);
    if (other.job == JOB_PAGE && other.entry == owner && other.old == location) return true;
  }
  return false;
}

/** @returns false when the class could not be locked */
function freeUnlessNamed(owner: u32, location: u32, classIndex: u32): bool {
  if (!location) return true;
  const record = sizeClass(classIndex);
  if (!lockClass(record)) return false;
  const entry = atomic.load<u64>(owner);
  if (!hasObject(entry) || entryToLocation(entry) != location) {
    freeOwned(location, classIndex, owner);
  }
  unlockClass(record);
  return true;
}

/** Frees a slot of a class, which is locked, if it is in use for an entry. */
function freeOwned(location: u32, classIndex: u32, owner: u32): void {
  // A cell can't change while the supply is locked; the zspage, if it is of this class, neither.
  while (!lockSupply());
  const block = superblock();
  const id = location >> SLOT_BITS;
  const slot = location & SLOT_MASK;
  let owned = false;
  const cell = id < block.zspageTableCapacity ? load<u32>(block.zspageTableAddress + (id << 2)) : 0;
  if (cell && !(cell & 1)) {
    const zspage = changetype<Zspage>(cell);
    owned =
      zspage.classIndex == classIndex &&
      slot < zspage.capacity &&
      load<u32>(slotAddress(zspage, slot, sizeClass(classIndex).size)) == (owner | USED_TAG);
  }
  unlockSupply();
  if (owned) freeObject(location);
}

if (WORKER_FREE != 0) ERROR("workers: a fresh record must be free");
