import { GRANULE_SHIFT } from "../constants";
import { superblock } from "../superblock";
import { heldGranules } from "../supply/supply";
import { ANY_DISTANCE, defragment, forgetQuiet, isDefragmented } from "./defragmentation";
import { freeObject, PARTIAL_GROUPS, takeSlot } from "./pool";
import { FULL_GROUP, groupHead, OBJECT_HEADER_SIZE, SizeClass, sizeClass } from "./size-classes";
import { SLOT_BITS, slotAddress, USED_TAG, Zspage } from "./zspage";

/**
 * Compaction: empties the emptiest zspages of a class into its fullest ones.
 *
 * Why so: objects freed at random leave holes that only their own class can use; an emptied zspage
 * is a run that every class can use. One object is moved at a time and every state in between is a
 * sound one, so a call may stop after any object and the next goes on; all that is kept between
 * calls is which class comes next.
 *
 * Invariant: an object moves only when the whole rest of its zspage can move too.
 *
 * Source: zs_compact's policy of 2023 (emptiest to fullest); per object instead of per class.
 */

/** Zspages of a fullness group that are looked at for a source: bounds the time of a step. */
const SOURCE_TRIES: i32 = 64;

/** Objects that a put moves when it finds the zspages emptier than they need be. */
const IDLE_STEP: u32 = 32;
/**
 * Worth a step: more than 1/40 of the zspages empty or wasted, beside 1.5 KiB for each size class,
 * whose last zspage is partly filled whatever one does. Packed ones waste 1/60 to 1/50.
 */
const IDLE_SHARE: u64 = 40;
const IDLE_CLASS_BYTES: u32 = 1536;
/** Free runs of more than 1/32 of what is held are room enough. */
const ENOUGH_FREE_SHIFT: u32 = 5;
/** New zspages to wait for after a step that found nothing to move. */
const IDLE_PAUSE: u32 = 64;

/** Whether the last call of this instance found nothing left to gain. */
let compacted: bool = false;

export function isCompacted(): bool {
  return compacted;
}

/**
 * Moves up to `budget` objects, then zspages that keep free runs apart. One call takes bounded time;
 * `isCompacted` says whether there is more to do.
 *
 * @returns how many objects and zspages were moved
 */
export function compact(budget: u32): u32 {
  const block = superblock();
  let moved: u32 = 0;
  for (let visited: u32 = 1; visited < block.classCount; visited++) {
    moved += compactClass(sizeClass(block.compactionCursor), budget - moved);
    if (moved == budget) break;
    block.compactionCursor--;
    if (!block.compactionCursor) block.compactionCursor = block.classCount - 1;
  }
  block.movedObjects += moved;
  if (moved) forgetQuiet();
  compacted = false;
  if (moved < budget) {
    moved += defragment(budget - moved, 0, ANY_DISTANCE);
    compacted = isDefragmented();
    if (compacted) forgetQuiet();
  }
  return moved;
}

/**
 * A small step of compaction, if much of the zspages is empty and little of memory is free. To be
 * called when a zspage had to be made: without it, pages that are replaced at random would make
 * memory grow before anybody thought of compaction.
 */
export function compactIfIdle(): void {
  const block = superblock();
  if (block.compactionPause) {
    block.compactionPause--;
    return;
  }
  if (block.freeGranules > heldGranules() >> ENOUGH_FREE_SHIFT) return;
  const zspageBytes = (<u64>block.zspageGranules) << GRANULE_SHIFT;
  const unavoidable = <u64>(block.classCount * IDLE_CLASS_BYTES);
  if (zspageBytes < block.payloadBytes + unavoidable + zspageBytes / IDLE_SHARE) return;
  if (!compact(IDLE_STEP)) block.compactionPause = IDLE_PAUSE;
}

/**
 * Bytes of zspages that a compaction of one class would give back: it goes through the zspages as
 * compaction does and takes each one whose objects the others have room for.
 */
export function freeableBytes(classIndex: u32): u32 {
  const record = sizeClass(classIndex);
  let free = record.capacity - record.used;
  let granules: u32 = 0;
  for (let group: u32 = 0; group < FULL_GROUP && free; group++) {
    let address = load<u32>(groupHead(record, group));
    while (address) {
      const zspage = changetype<Zspage>(address);
      if (zspage.capacity <= free) {
        free -= zspage.capacity;
        granules += zspage.granules;
      }
      address = zspage.next;
    }
  }
  return granules << GRANULE_SHIFT;
}

function compactClass(record: SizeClass, budget: u32): u32 {
  let moved: u32 = 0;
  while (moved < budget) {
    const source = findSource(record);
    if (!source) break;
    moved += evacuate(record, source, budget - moved);
  }
  return moved;
}

/**
 * The emptiest zspage whose objects the others have room for, which is one with no more slots than
 * the class has free ones, its own included. Zspages differ in length, so it need not be the first.
 */
export function findSource(record: SizeClass): Zspage | null {
  const free = record.capacity - record.used;
  let groups = free ? record.groupMask & PARTIAL_GROUPS : 0;
  while (groups) {
    let address = load<u32>(groupHead(record, <u32>ctz(groups)));
    for (let tries = SOURCE_TRIES; address && tries; tries--) {
      const zspage = changetype<Zspage>(address);
      if (zspage.capacity <= free) return zspage;
      address = zspage.next;
    }
    groups &= groups - 1;
  }
  return null;
}

/** The fullest zspage with a free slot that is not `source`; the caller knows that there is one. */
export function fullestBut(record: SizeClass, source: Zspage): Zspage {
  let groups = record.groupMask & PARTIAL_GROUPS;
  let group = 31 - <u32>clz(groups);
  let address = load<u32>(groupHead(record, group));
  if (address == <u32>changetype<usize>(source)) {
    address = source.next;
    if (!address) {
      groups &= ~(1 << group);
      group = 31 - <u32>clz(groups);
      address = load<u32>(groupHead(record, group));
    }
  }
  return changetype<Zspage>(address);
}

/** Moves objects out of a zspage until it is gone or the budget is. */
function evacuate(record: SizeClass, source: Zspage, budget: u32): u32 {
  const size = record.size;
  const id = source.id;
  let left: u32 = source.used;
  let moved: u32 = 0;
  for (let slot: u32 = 0; left && moved < budget; slot++) {
    const from = slotAddress(source, slot, size);
    const header = load<u32>(from);
    if (!(header & USED_TAG)) continue;
    moveObject(
      record,
      from,
      header & ~USED_TAG,
      (id << SLOT_BITS) | slot,
      fullestBut(record, source),
    );
    left--;
    moved++;
  }
  return moved;
}

/** The owner is an entry, whose low 32 bits are the location. */
function moveObject(record: SizeClass, from: usize, owner: u32, old: u32, target: Zspage): void {
  const slot: u32 = target.freeHead;
  const to = slotAddress(target, slot, record.size) + OBJECT_HEADER_SIZE;
  const location = takeSlot(record, target, owner);
  memory.copy(to, from + OBJECT_HEADER_SIZE, record.size - OBJECT_HEADER_SIZE);
  store<u32>(owner, location);
  freeObject(old);
}
