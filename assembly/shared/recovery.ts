import { MAX_TYPES } from "../constants";
import { entryToLocation, hasObject } from "../index/entry";
import { acquire, lockHolder, release, selfId } from "../lock";
import { STATUS_HELD, STATUS_NO_WORKER, STATUS_OK } from "../status";
import { superblock } from "../superblock";
import { freeObject } from "../zsmalloc/pool";
import { groupHead, sizeClass } from "../zsmalloc/size-classes";
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
  supplyLock,
  unlockSupply,
  WORKER_ATTACHED,
  WORKER_DEAD,
  WORKER_FREE,
  WorkerRecord,
  workerRecord,
} from "./header";
import { classLock, lockClass, spareOwner, unlockClass } from "./objects";
import { rebuildClass, dropEmptyZspages } from "./rebuild-class";
import { rebuildStripe } from "./rebuild-stripe";
import { rebuildSupply } from "./rebuild-supply";
import { renewSlid, settleSlide } from "./slide";
import { emptyArea, setAreaOpen } from "./store";
import { areaLock, stripeAt, stripeLock, STRIPES, typeRoots } from "./stripe";
import { giveScratch, stateAddress } from "./workers";

/**
 * What is done when workers have died: their locks are freed, half-done calls undone or finished.
 *
 * Why so: nothing is logged while all is well but the journal's few words. Tags, table cells, chunk
 * bits, roots and entries are true at any instruction; the rest is worked out from them, from the
 * bottom of the lock order to its top, for living workers may wait in the middle of it:
 * ```
 * 1 supply   versions of a zspage that was sliding down; free runs, ids and granule counts from
 *            cells, bits, roots and workers' records; then that zspage leaves the spare place
 * 2 class    free lists, counts and fullness lists from the tags; then, for a move of compaction,
 *            which of the two slots the entry names
 * 3 slots    of a put or flush: those that its entry does not name are freed
 * 4 stripe   chains, groups and counters from the chunk map
 * 5 area     an opening or flush is finished
 * 6 class    zspages that living workers emptied meanwhile and could not give back
 * 7 scratch, and the record
 * ```
 * Death is declared first, in the worker's record, and each step is done for all the dead before
 * the next one: several may have died at once, and what one left may need a lock that another held
 * (two that were settled one after the other waited for each other as long as a lock is waited for).
 * Who is among the dead is looked up before the first step: one who is declared dead during the
 * others' would have its stripe settled and not its slots. It has its turn in the next round, or in
 * that of whoever declared it.
 *
 * A lock keeps the dead worker's id until its part is done, and every part can be done again: a
 * reaper that dies is one more of the dead.
 *
 * Invariants: 3 comes before 4, since a slot's tag must not outlive the group of its entry; an id
 * is free again only when `reap` is called for it, so nobody else can get it before.
 */

/** The dead whom this round settles: bit n for worker n. */
let deadOfRound: u64 = 0;
if (MAX_WORKERS > 63) ERROR("recovery: a worker has no bit");

/**
 * Declares a worker dead, so that whatever reaping comes next settles what it left. It must not run
 * any more.
 *
 * @returns OK; NO_WORKER when there is none with this id
 */
export function declareDead(worker: u32): i32 {
  if (!worker || worker > MAX_WORKERS || worker == selfId()) return STATUS_NO_WORKER;
  const state = stateAddress(workerRecord(worker));
  const before = atomic.cmpxchg<u32>(state, WORKER_ATTACHED, WORKER_DEAD);
  return before == WORKER_FREE ? STATUS_NO_WORKER : STATUS_OK;
}

/**
 * Declares a worker dead, settles what it and all others that were declared dead have left, and
 * makes its id free.
 *
 * @returns OK; NO_WORKER when there is none with this id; HELD when a lock that is needed is held
 *   by another worker for too long: call again when that one goes on or was declared dead
 */
export function reap(worker: u32): i32 {
  if (declareDead(worker) != STATUS_OK) return STATUS_NO_WORKER;
  if (!lockReaping()) return STATUS_HELD;
  const record = workerRecord(worker);
  let settled = settleAll();
  if (settled && atomic.load<u32>(stateAddress(record)) == WORKER_DEAD) {
    settled = giveScratch(record);
    if (settled) {
      atomic.add<u32>(generationAddress(), 1);
      atomic.store<u32>(stateAddress(record), WORKER_FREE);
    }
  }
  release(reapLock());
  return settled ? STATUS_OK : STATUS_HELD;
}

/** Takes the lock of the reaper, also from one that was declared dead. */
function lockReaping(): bool {
  const lock = reapLock();
  const reaper = atomic.load<u32>(lock);
  if (isDead(reaper) && atomic.cmpxchg<u32>(lock, reaper, selfId()) == reaper) return true;
  return acquire(lock);
}

/** Whether the holder of a lock was declared dead by now. */
function isDead(worker: u32): bool {
  return worker != 0 && atomic.load<u32>(stateAddress(workerRecord(worker))) == WORKER_DEAD;
}

/** Whether a worker is among the dead of this round. */
function isOfRound(worker: u32): bool {
  return ((deadOfRound >> worker) & 1) != 0;
}

function beginRound(): void {
  deadOfRound = 0;
  for (let worker: u32 = 1; worker <= MAX_WORKERS; worker++) {
    if (isDead(worker)) deadOfRound |= (<u64>1) << worker;
  }
}

/** Settles what the dead have left. @returns false when a lock could not be had */
function settleAll(): bool {
  beginRound();
  while (
    !settleSupply() ||
    !settleClasses() ||
    !settleSlots() ||
    !settleTypes() ||
    !dropAllEmpty()
  ) {
    // Whoever held it may have been declared dead since: then it is among the next round's.
    if (!isDead(lockHolder())) return false;
    beginRound();
  }
  if (isOfRound(atomic.load<u32>(compactLock()))) release(compactLock());
  return true;
}

function settleSupply(): bool {
  const holder = atomic.load<u32>(supplyLock());
  if (isOfRound(holder)) {
    const record = workerRecord(holder);
    renewSlid(record);
    rebuildSupply();
    settleSlide(record);
    unlockSupply();
  }
  return true;
}

function settleClasses(): bool {
  const classes = superblock().classCount;
  for (let index: u32 = 1; index < classes; index++) {
    const lock = classLock(sizeClass(index));
    const holder = atomic.load<u32>(lock);
    if (!isOfRound(holder)) continue;
    if (!lockSupply()) return false;
    rebuildClass(index);
    unlockSupply();
    if (!settleMove(workerRecord(holder), index)) return false;
    dropEmptyZspages(index);
    release(lock);
  }
  return true;
}

function settleSlots(): bool {
  for (let worker: u32 = 1; worker <= MAX_WORKERS; worker++) {
    if (!isOfRound(worker)) continue;
    const record = workerRecord(worker);
    if (record.job == JOB_PAGE) {
      if (!freeUnlessNamed(record.entry, record.pending, record.pendingClass)) return false;
      record.pending = 0;
      if (!freeUnlessNamed(record.entry, record.old, record.oldClass)) return false;
      record.old = 0;
    }
    record.job = JOB_NONE;
    if (!freeUnlessNamed(spareOwner(worker), record.spare, record.spareClass)) return false;
    record.spare = 0;
  }
  return true;
}

function settleTypes(): bool {
  for (let type: u32 = 0; type < MAX_TYPES; type++) {
    const roots = typeRoots(type);
    if (!roots) continue;
    for (let stripe: u32 = 0; stripe < STRIPES; stripe++) {
      const root = stripeAt(roots, stripe);
      if (!isOfRound(atomic.load<u32>(stripeLock(root)))) continue;
      if (!rebuildStripe(root)) return false;
      release(stripeLock(root));
    }
    const holder = atomic.load<u32>(areaLock(roots));
    if (!isOfRound(holder)) continue;
    const record = workerRecord(holder);
    if (record.areaType == type + 1) {
      if (record.areaOpen) setAreaOpen(roots, true);
      else if (emptyArea(roots) != STATUS_OK) return false;
    }
    record.areaType = 0;
    release(areaLock(roots));
  }
  return true;
}

/** Gives back the zspages that were emptied while the supply was a dead worker's. */
function dropAllEmpty(): bool {
  const classes = superblock().classCount;
  for (let index: u32 = 1; index < classes; index++) {
    const record = sizeClass(index);
    // Empty ones are in group 0. Without the lock: nobody can empty one and keep it any more.
    if (!atomic.load<u32>(groupHead(record, 0))) continue;
    if (!lockClass(record)) return false;
    dropEmptyZspages(index);
    unlockClass(record);
  }
  return true;
}

/**
 * Ends a move that the dead worker was at in a class, which is locked.
 *
 * The entry names the source or the target, for nobody replaces it without this class; the other one
 * is left to free.
 *
 * @returns false when the supply could not be locked
 */
function settleMove(record: WorkerRecord, classIndex: u32): bool {
  if (record.job != JOB_MOVE || record.oldClass != classIndex) return true;
  const source = record.old;
  const target = record.pending;
  const owner = record.entry;
  if (target) {
    const entry = atomic.load<u64>(owner);
    const named = hasObject(entry) ? entryToLocation(entry) : 0;
    if (!freeOwned(named == target ? source : target, classIndex, owner)) return false;
  }
  record.job = JOB_NONE;
  record.pending = 0;
  record.old = 0;
  record.entry = 0;
  return true;
}

/** @returns false when class or supply could not be locked */
function freeUnlessNamed(owner: u32, location: u32, classIndex: u32): bool {
  if (!location) return true;
  const record = sizeClass(classIndex);
  if (!lockClass(record)) return false;
  const entry = atomic.load<u64>(owner);
  const isNamed = hasObject(entry) && entryToLocation(entry) == location;
  const done = isNamed || freeOwned(location, classIndex, owner);
  unlockClass(record);
  return done;
}

/**
 * Frees a slot of a class, which is locked, if it is in use for an entry.
 *
 * @returns false when the supply could not be locked
 */
function freeOwned(location: u32, classIndex: u32, owner: u32): bool {
  // A cell can't change while the supply is locked; the zspage, if it is of this class, neither.
  if (!lockSupply()) return false;
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
  return true;
}

if (WORKER_FREE != 0) ERROR("workers: a fresh record must be free");
