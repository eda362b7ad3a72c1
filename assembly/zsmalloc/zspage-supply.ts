import { mayDie } from "../shared/crash";
import { GRANULE_SHIFT, GRANULE_SIZE, MOST_ZSPAGE_GRANULES } from "../constants";
import { superblock } from "../superblock";
import { lockSupply, sharedHeader, unlockSupply } from "../shared/header";
import { STATUS_GROWTH, STATUS_HELD } from "../status";
import { freeRun } from "../supply/runs";
import {
  allocateRun,
  growRunBetween,
  isFragmented,
  lastRunGranules,
  mayAllocate,
  refuseWith,
  takeRunBetween,
} from "../supply/supply";
import { ANY_DISTANCE, defragment } from "./defragmentation";
import { SizeClass, sizeClass } from "./size-classes";
import {
  linkZspage,
  MOST_SLOTS,
  NO_SLOT,
  objectsToGranules,
  refileZspage,
  SLOT_BITS,
  slotAddress,
  unlinkZspage,
  Zspage,
  ZSPAGE_HEADER_SIZE,
} from "./zspage";

/**
 * Where zspages come from and go to: their ids, their length, their runs.
 *
 * Why so: a zspage is as long as suits the number of objects its class has at that time: long ones
 * waste less at their tail, short ones strand less when partly filled, so a class with few objects
 * gets short zspages. Where memory would have to grow, a shorter free run serves too, so runs of
 * any length find a user.
 *
 * Invariant: what can't be had leaves everything as it was; an id without a zspage is in the list
 * of free ids.
 */

const MAX_ZSPAGES: u32 = 1 << (32 - SLOT_BITS);

/**
 * The longest where it is not known how many objects will come: 12 KiB. Simulated on the mix at 4 KiB
 * pages (2026-11): 16 KiB wastes 0.2 % more of 256 MiB and 1 % more of 16 MiB, and 0.02 % less of
 * 1 GiB; 8 KiB wastes 0.2 % more of that.
 */
const MOST_GROWING_GRANULES: u32 = 12288 / GRANULE_SIZE;
const FIRST_TABLE_GRANULES: u32 = 256 / GRANULE_SIZE;
/** Ids that the shared build takes in use at once. */
const IDS_AT_ONCE: u32 = 64;
/**
 * A put brings a run to the next one where so many granules at most lie between, 64 KiB: those that are
 * near each other are worth most. Where pages are replaced in order, what they leave lies in one part
 * of memory, and a MiB of zspages moved elsewhere gathered less than one page needs: 256 MiB of the
 * mix held up to 3 % more after ten rounds of churn (2026-11).
 */
const REACH: u32 = (64 << 10) / GRANULE_SIZE;
/** Zspages moved before a look whether it was enough, and how often, before memory grows instead. */
const DEFRAGMENT_ZSPAGES: u32 = 16;
const DEFRAGMENT_ROUNDS: i32 = 16;
/** The same where memory can't grow. A round takes some 20 µs; the next put goes on from there. */
const LAST_ROUNDS: i32 = 16;

/** Makes sure that a free id exists; the table grows by moving. */
function reserveId(): bool {
  const block = superblock();
  if (block.zspageTableFreeHead) return true;
  if (isDefined(ZMEM_SHARED)) return extendIds();
  const oldGranules = block.zspageTableGranules;
  const oldCapacity = block.zspageTableCapacity;
  // By a quarter: at most a fifth of the table lies idle, 1 byte a zspage.
  const granules = oldGranules + max(oldGranules >> 2, FIRST_TABLE_GRANULES);
  const capacity = granules << (GRANULE_SHIFT - 2);
  if (oldCapacity >= MAX_ZSPAGES) {
    refuseWith(STATUS_GROWTH);
    return false;
  }
  const table = allocateRun(granules);
  if (!table) return false;
  if (oldGranules) {
    memory.copy(table, block.zspageTableAddress, oldCapacity << 2);
    freeRun(block.zspageTableAddress, oldGranules);
  }
  block.tableGranules += granules - oldGranules;
  block.zspageTableAddress = <u32>table;
  block.zspageTableGranules = granules;
  block.zspageTableCapacity = min(capacity, MAX_ZSPAGES);
  // Id 0 is never given out: location 0 means none.
  const first = oldCapacity ? oldCapacity : 1;
  for (let id = block.zspageTableCapacity - 1; id >= first; id--) {
    store<u32>(table + (id << 2), (block.zspageTableFreeHead << 1) | 1);
    block.zspageTableFreeHead = id;
  }
  return true;
}

/** The table of the shared build never moves: it takes the next of its cells in use. */
function extendIds(): bool {
  const block = superblock();
  const known = max(block.zspageTableCapacity, 1);
  const end = min(known + IDS_AT_ONCE, sharedHeader().zspageIds);
  if (end <= known) {
    refuseWith(STATUS_GROWTH);
    return false;
  }
  for (let id = end - 1; id >= known; id--) {
    store<u32>(block.zspageTableAddress + (id << 2), (block.zspageTableFreeHead << 1) | 1);
    block.zspageTableFreeHead = id;
  }
  block.zspageTableCapacity = end;
  return true;
}

/**
 * The zspage length that wastes least: its header and tail and, as the last zspage of its class,
 * a tenth of its other objects left empty, each as a share. (Half would be the mean, but a pool that
 * grows keeps its early, short zspages, and each is work for the put that makes it. A quarter makes
 * 29 % more zspages while 256 MiB of the mix come in and holds as much; it would save 2 % of 16 MiB;
 * 2026-11.) A trim knows how many objects will come: none is empty then.
 *
 * @returns granules
 */
function bestGranules(record: SizeClass): u32 {
  const size = record.size;
  const expected = record.expected;
  const least = objectsToGranules(1, size);
  const longest = expected ? MOST_ZSPAGE_GRANULES : MOST_GROWING_GRANULES;
  if (least >= longest || expected == 1) return least;
  let best = least;
  let bestWaste: f32 = Infinity;
  const room = ((longest << GRANULE_SHIFT) - ZSPAGE_HEADER_SIZE) / size;
  const most = expected ? min(room, expected) : room;
  const usedBytes = <f32>record.used * <f32>size;
  // Only lengths that just hold a number of objects: those between them waste more.
  const step = max(GRANULE_SIZE / size, 1);
  for (let objects: u32 = 1; objects <= most; objects += step) {
    const granules = objectsToGranules(objects, size);
    const bytes = <f32>(granules << GRANULE_SHIFT);
    let waste = (bytes - <f32>(objects * size)) / bytes;
    if (!expected) waste += (<f32>((objects - 1) * size) * <f32>0.1) / (usedBytes + bytes);
    if (waste < bestWaste) {
      bestWaste = waste;
      best = granules;
    }
  }
  return best;
}

/**
 * A run for a zspage: a free one, or one that defragmentation makes, or new memory, in this order.
 */
function allocateZspageRun(least: u32, wanted: u32): usize {
  if (!mayAllocate()) return 0;
  let run = takeRunBetween(least, wanted);
  // Zspages of the shared build slide in compaction alone (shared/slide).
  const rounds = isDefined(ZMEM_SHARED) ? 0 : DEFRAGMENT_ROUNDS;
  for (let round = 0; !run && round < rounds && isFragmented(); round++) {
    // None moved means nothing to move in that stretch of memory: the next round looks further on.
    defragment(DEFRAGMENT_ZSPAGES, wanted, REACH);
    run = takeRunBetween(least, wanted);
  }
  if (run) return run;
  run = growRunBetween(least, wanted);
  if (run || isDefined(ZMEM_SHARED) || superblock().freeGranules < least) return run;
  // Nothing more to be had: what is free has to be brought together.
  for (let round = 0; !run && round < LAST_ROUNDS; round++) {
    defragment(DEFRAGMENT_ZSPAGES, least, ANY_DISTANCE);
    run = takeRunBetween(least, least);
  }
  return run;
}

/** @returns a zspage with every slot free, in the list of group 0; null when memory is refused */
export function createZspage(classIndex: u32): Zspage | null {
  if (isDefined(ZMEM_SHARED)) {
    if (!lockSupply()) {
      refuseWith(STATUS_HELD);
      return null;
    }
    const zspage = makeZspage(classIndex);
    unlockSupply();
    return zspage;
  }
  return makeZspage(classIndex);
}

function makeZspage(classIndex: u32): Zspage | null {
  const block = superblock();
  const record = sizeClass(classIndex);
  const size = record.size;
  if (!reserveId()) return null;
  const address = allocateZspageRun(objectsToGranules(1, size), bestGranules(record));
  if (!address) return null;
  let granules = lastRunGranules;
  const room = (granules << GRANULE_SHIFT) - ZSPAGE_HEADER_SIZE;
  const capacity = min(room / size, MOST_SLOTS);
  const enough = objectsToGranules(capacity, size);
  if (enough < granules) {
    freeRun(address + ((<usize>enough) << GRANULE_SHIFT), granules - enough);
    granules = enough;
  }

  const id = block.zspageTableFreeHead;
  const cell: usize = block.zspageTableAddress + (id << 2);
  block.zspageTableFreeHead = load<u32>(cell) >> 1;
  block.zspageCount++;
  block.zspageGranules += granules;

  const zspage = changetype<Zspage>(address);
  zspage.idAndCapacity = (id << SLOT_BITS) | capacity;
  zspage.classAndSlots = classIndex << (2 * SLOT_BITS);
  let slot = slotAddress(zspage, 0, size);
  for (let next: u32 = 1; next < capacity; next++) {
    store<u32>(slot, next << 1);
    slot += size;
  }
  store<u32>(slot, NO_SLOT << 1);
  if (isDefined(ZMEM_SHARED)) mayDie();
  // Only now: a zspage that the table names has a valid header and true tags.
  store<u32>(cell, <u32>address);
  if (isDefined(ZMEM_SHARED)) mayDie();

  record.zspages++;
  record.capacity += capacity;
  linkZspage(record, zspage, 0);
  return zspage;
}

/** Gives an empty zspage's run and id back. */
export function destroyZspage(record: SizeClass, zspage: Zspage): void {
  if (isDefined(ZMEM_SHARED)) {
    if (!lockSupply()) {
      // Held by a worker that died, perhaps: the zspage stays, empty, until it is wanted or compacted.
      refileZspage(record, zspage);
      return;
    }
    dropZspage(record, zspage);
    unlockSupply();
  } else {
    dropZspage(record, zspage);
  }
}

function dropZspage(record: SizeClass, zspage: Zspage): void {
  const block = superblock();
  unlinkZspage(record, zspage);
  record.zspages--;
  record.capacity -= zspage.capacity;
  const id = zspage.id;
  store<u32>(block.zspageTableAddress + (id << 2), (block.zspageTableFreeHead << 1) | 1);
  block.zspageTableFreeHead = id;
  if (isDefined(ZMEM_SHARED)) mayDie();
  block.zspageCount--;
  block.zspageGranules -= zspage.granules;
  freeRun(changetype<usize>(zspage), zspage.granules);
}
