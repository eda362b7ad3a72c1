import { acquire, release } from "../lock";
import { STATUS_HELD } from "../status";
import { refuseWith } from "../supply/supply";
import { freeObject, PARTIAL_GROUPS, takeSlot } from "../zsmalloc/pool";
import {
  groupHead,
  lengthToClass,
  SIZE_CLASS_LOCK_OFFSET,
  SizeClass,
  sizeClass,
} from "../zsmalloc/size-classes";
import { mayDie } from "./crash";
import { SLOT_BITS, SLOT_MASK, slotAddress, USED_TAG, Zspage, zspageAt } from "../zsmalloc/zspage";
import { createZspage } from "../zsmalloc/zspage-supply";
import { WorkerRecord, workerRecord } from "./header";

/**
 * Objects of the shared build: taking and giving back slots under the lock of their class.
 *
 * Why so: whether a slot is in use is one word, its tag, stored at once; free lists, counts and
 * fullness lists follow from the tags and are rebuilt from them when the holder of the lock died.
 * The journal names a slot before its tag is set, so a slot that was taken for nothing is found.
 *
 * A spare is a slot that its worker could not give back, because a class stayed locked: it keeps it,
 * one at most, and gives it back before it takes another. To wait instead would be for ever, where
 * the one who waits is the one who would declare the holder dead.
 */

export function lockClass(record: SizeClass): bool {
  return acquire(changetype<usize>(record) + SIZE_CLASS_LOCK_OFFSET);
}

export function unlockClass(record: SizeClass): void {
  release(changetype<usize>(record) + SIZE_CLASS_LOCK_OFFSET);
}

/** Address of the lock of a class. */
export function classLock(record: SizeClass): usize {
  return changetype<usize>(record) + SIZE_CLASS_LOCK_OFFSET;
}

/**
 * Takes an object, noted in the journal as pending.
 *
 * @returns its location; 0 when memory or lock is refused
 */
export function takeObject(journal: WorkerRecord, length: u32, owner: usize): u32 {
  const classIndex = lengthToClass(length);
  const record = sizeClass(classIndex);
  if (!lockClass(record)) {
    refuseWith(STATUS_HELD);
    return 0;
  }
  let location: u32 = 0;
  const zspage = zspageWithRoom(record, classIndex);
  if (zspage) location = takeJournaled(journal, record, zspage, classIndex, owner);
  unlockClass(record);
  return location;
}

function zspageWithRoom(record: SizeClass, classIndex: u32): Zspage | null {
  const partial = record.groupMask & PARTIAL_GROUPS;
  if (!partial) return createZspage(classIndex);
  return changetype<Zspage>(load<u32>(groupHead(record, 31 - <u32>clz(partial))));
}

/** Takes a free slot of a zspage; the class is locked. @returns its location */
export function takeJournaled(
  journal: WorkerRecord,
  record: SizeClass,
  zspage: Zspage,
  classIndex: u32,
  owner: usize,
): u32 {
  journal.pendingClass = classIndex;
  journal.pending = (zspage.id << SLOT_BITS) | zspage.freeHead;
  return takeSlot(record, zspage, owner);
}

/**
 * Gives an object back.
 *
 * @returns false when the lock could not be had: the object stays in use
 */
export function giveObject(location: u32, classIndex: u32): bool {
  const record = sizeClass(classIndex);
  if (!lockClass(record)) return false;
  freeObject(location);
  unlockClass(record);
  return true;
}

/** What the tag of a worker's spare names in place of an entry: a word of its record that is 0. */
export function spareOwner(worker: u32): u32 {
  return <u32>(changetype<usize>(workerRecord(worker)) + offsetof<WorkerRecord>("nothing"));
}

/** Keeps a pending object, which no entry names, as the worker's spare. Takes no lock. */
export function keepSpare(
  journal: WorkerRecord,
  location: u32,
  classIndex: u32,
  worker: u32,
): void {
  journal.spareClass = classIndex;
  journal.spare = location;
  mayDie();
  const zspage = zspageAt(location >> SLOT_BITS);
  const slot = slotAddress(zspage, location & SLOT_MASK, sizeClass(classIndex).size);
  store<u32>(slot, spareOwner(worker) | USED_TAG);
  mayDie();
}

/** Gives the worker's own spare back, if it has one. @returns false when its class stays locked */
export function giveSpare(journal: WorkerRecord): bool {
  if (!journal.spare) return true;
  if (!giveObject(journal.spare, journal.spareClass)) return false;
  mayDie();
  journal.spare = 0;
  return true;
}
