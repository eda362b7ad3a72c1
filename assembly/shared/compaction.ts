import { mayDie } from "./crash";
import { entryToLocation, hasObject, withVersion } from "../index/entry";
import { CHUNK_SIZE } from "../constants";
import { forgetHolder, lockHolder, release, tryAcquire } from "../lock";
import { superblock } from "../superblock";
import {
  findSource,
  freeableBytes as plainFreeableBytes,
  fullestBut,
} from "../zsmalloc/compaction";
import { freeObject } from "../zsmalloc/pool";
import { OBJECT_HEADER_SIZE, SizeClass, sizeClass } from "../zsmalloc/size-classes";
import { SLOT_BITS, slotAddress, USED_TAG, Zspage, zspageAt } from "../zsmalloc/zspage";
import { destroyZspage } from "../zsmalloc/zspage-supply";
import { chunkToRoot } from "./chunks";
import { compactLock, JOB_MOVE, JOB_NONE, movedObjectsAddress, ownRecord } from "./header";
import { lockClass, takeJournaled, unlockClass } from "./objects";
import { forgetQuiet, isSlidDown, slideZspages } from "./slide";
import { nextVersion } from "./stripe";
import { TypeRoot } from "../index/type-root";

/**
 * Compaction while workers run: one object at a time under the lock of its class alone.
 *
 * Why so: an object's tag names its entry, which exists as long as the tag does. Whoever replaces the
 * entry holds the class of its object from before that until the object is free, so while a move has
 * the class only recency and marks of the entry change. A section lasts one block's copy.
 *
 * Steps, under the class's lock; recovery may find it stopped after any of them:
 * ```
 * 1 journal: entry, old = the object   2 take a slot of the fullest zspage (journal: pending)
 * 3 copy   4 exchange the entry   5 free the object's old slot   6 clear journal
 * ```
 */

const NOTHING: i32 = 0;
const MOVED: i32 = 1;
/** The object is not published yet, or an empty zspage was given back: look again. */
const PASSED: i32 = 2;
/** Objects passed over in one class before the next one's turn. */
const MOST_PASSED: u32 = 16;

/** Whether the last call of this instance found nothing left to gain. */
let compacted: bool = false;

export function isCompacted(): bool {
  return compacted;
}

/**
 * Moves up to `budget` objects, then zspages that keep free runs apart; one worker at a time, others
 * get 0 at once. One call takes bounded time; `isCompacted` says whether there is more to do. It
 * ends at the first lock that could not be had, which `lockHolder` tells: the next would cost as long
 * a wait.
 *
 * @returns how many objects and zspages were moved
 */
export function compact(budget: u32): u32 {
  // Another one sees to it.
  compacted = true;
  forgetHolder();
  if (!tryAcquire(compactLock())) return 0;
  compacted = false;
  const block = superblock();
  let moved: u32 = 0;
  for (let visited: u32 = 1; visited < block.classCount && moved < budget; visited++) {
    let passed: u32 = 0;
    const record = sizeClass(block.compactionCursor);
    while (moved < budget && passed < MOST_PASSED && !lockHolder()) {
      // Without the lock: a look only, so that classes with nothing to gain cost no lock.
      if (record.zspages < 2) break;
      if (!lockClass(record)) break;
      const step = moveOne(record, passed);
      unlockClass(record);
      if (step == NOTHING) break;
      if (step == MOVED) moved++;
      else passed++;
    }
    if (moved == budget || lockHolder()) break;
    const next = block.compactionCursor - 1;
    block.compactionCursor = next ? next : block.classCount - 1;
  }
  atomic.add<u64>(movedObjectsAddress(), moved);
  if (moved) forgetQuiet();
  if (moved < budget && !lockHolder()) {
    moved += slideZspages(budget - moved);
    compacted = isSlidDown() && !lockHolder();
    if (compacted) forgetQuiet();
  }
  release(compactLock());
  return moved;
}

/** Bytes that a compaction of one class would give back; 0 when its lock can't be had. */
export function freeableBytes(classIndex: u32): u32 {
  const record = sizeClass(classIndex);
  if (record.zspages < 2 || !lockClass(record)) return 0;
  const bytes = plainFreeableBytes(classIndex);
  unlockClass(record);
  return bytes;
}

/** @param skipped used slots of the source to pass over: they did not move before */
function moveOne(record: SizeClass, skipped: u32): i32 {
  const source = findSource(record);
  if (!source) return NOTHING;
  if (!source.used) {
    destroyZspage(record, source);
    // It is still there if the supply could not be locked.
    return PASSED;
  }
  const slot = usedSlot(source, record.size, skipped);
  if (slot == source.capacity) return NOTHING;
  return moveObject(record, source, slot);
}

function usedSlot(zspage: Zspage, size: u32, skipped: u32): u32 {
  const capacity: u32 = zspage.capacity;
  for (let slot: u32 = 0; slot < capacity; slot++) {
    if (!(load<u32>(slotAddress(zspage, slot, size)) & USED_TAG)) continue;
    if (!skipped--) return slot;
  }
  return capacity;
}

function moveObject(record: SizeClass, source: Zspage, slot: u32): i32 {
  const from = slotAddress(source, slot, record.size);
  const owner: usize = load<u32>(from) & ~USED_TAG;
  const old = (source.id << SLOT_BITS) | slot;
  let word = atomic.load<u64>(owner);
  // Taken by a put that has not published it, or a spare.
  if (!hasObject(word) || entryToLocation(word) != old) return PASSED;
  const target = fullestBut(record, source);
  const classIndex: u32 = source.classIndex;
  const journal = ownRecord();
  journal.job = JOB_MOVE;
  journal.oldClass = classIndex;
  journal.old = old;
  journal.entry = <u32>owner;
  const location = takeJournaled(journal, record, target, classIndex, owner);
  const to = slotAddress(
    zspageAt(location >> SLOT_BITS),
    location & ((1 << SLOT_BITS) - 1),
    record.size,
  );
  memory.copy(to + OBJECT_HEADER_SIZE, from + OBJECT_HEADER_SIZE, record.size - OBJECT_HEADER_SIZE);
  mayDie();
  const root = changetype<TypeRoot>(chunkToRoot(owner & ~(<usize>CHUNK_SIZE - 1)));
  while (true) {
    const fresh = withVersion((word & HIGH_HALF) | (<u64>location), nextVersion(root));
    const seen = atomic.cmpxchg<u64>(owner, word, fresh);
    if (seen == word) break;
    // A get has raised the recency, or the hand of writeback lowered it.
    word = seen;
  }
  mayDie();
  freeObject(old);
  mayDie();
  journal.pending = 0;
  journal.old = 0;
  journal.entry = 0;
  journal.job = JOB_NONE;
  return MOVED;
}

const HIGH_HALF: u64 = 0xffff_ffff_0000_0000;
