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
import { SLOT_BITS, Zspage } from "../zsmalloc/zspage";
import { createZspage } from "../zsmalloc/zspage-supply";
import { WorkerRecord } from "./header";

/**
 * Objects of the shared build: taking and giving back slots under the lock of their class.
 *
 * Why so: whether a slot is in use is one word, its tag, stored at once; free lists, counts and
 * fullness lists follow from the tags and are rebuilt from them when the holder of the lock died.
 * The journal names a slot before its tag is set, so a slot that was taken for nothing is found.
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
