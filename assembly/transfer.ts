import {
  groupToNext,
  ENTRIES_PER_GROUP,
  entryAddress,
  entryToOffset,
  entryToRoot,
} from "./index/group";
import {
  entryToLength,
  entryToLocation,
  entryToState,
  filledEntry,
  FORM_FILLED,
  hasObject,
} from "./index/entry";
import { bucketAddress, typeRoot } from "./index/type-root";
import { MAX_TYPES } from "./constants";
import { forgetPending, keepObject, keepWord } from "./pagestore";
import { STATUS_CLOSED_TYPE, STATUS_OK } from "./status";
import { superblock } from "./superblock";
import { growFinely } from "./supply/supply";
import { GROUP_COUNT, groupHead, OBJECT_HEADER_SIZE, sizeClass } from "./zsmalloc/size-classes";
import { slotAddress, USED_TAG, Zspage } from "./zsmalloc/zspage";

/**
 * Transfer: moves pages, in the form in which they are kept, from one instance to a fresh one.
 *
 * Why so: linear memory can't shrink, so memory is given back by moving what lives into an instance
 * with a memory just large enough. The old instance is only read; if anything fails half way it is
 * as it was. Pages travel in batches through the windows, which lie side by side, so no memory is
 * needed for it. The fresh instance is told first how many objects of each class will come, and
 * cuts its zspages to that.
 *
 * Objects travel zspage by zspage and class by class, so that both sides go through memory in
 * order; in the order of the index a trim took 3.3 times as long as the first touch of the fresh
 * memory, in this one 2.1 to 2.75 times (2026-11). Then come the entries that have none.
 *
 * ```
 * batch: records one behind the other
 * record: u32 offset │ u32 type │ u32 state << 20 | payload bytes │ payload, or the u32 word of a filled page
 * ```
 * State is what the entry knows of its block: form, recency, whether recompression was tried.
 * Records are not padded. A record never exceeds the batch: windows and block area are three pages.
 */

const RECORD_HEADER_SIZE: u32 = 12;
const LENGTH_BITS: u32 = 20;
const LENGTH_MASK: u32 = (1 << LENGTH_BITS) - 1;

// Where the export of this instance stands: an object, by class, fullness group, zspage and slot …
let exportClass: u32 = 0;
let exportFullness: u32 = 0;
let exportZspage: usize = 0;
let exportSlot: u32 = 0;
// … and an entry, by type, bucket, group and place. All objects go before the first entry.
let exportType: u32 = 0;
let exportBucket: u32 = 0;
let exportGroup: usize = 0;
let exportPlace: u32 = 0;

/** Begins to export all pages. */
export function startExport(): void {
  // The batches go through the windows.
  forgetPending();
  exportClass = 1;
  exportFullness = 0;
  exportSlot = 0;
  exportZspage = load<u32>(groupHead(sizeClass(1), 0));
  startType(0);
}

/** Writes the next records into the batch. @returns bytes written, 0 when all pages are through */
export function exportBatch(): u32 {
  const start: usize = superblock().putWindowAddress;
  const end = start + 3 * superblock().pageSize;
  let cursor = exportObjects(start, end);
  if (!settleOnObject()) cursor = exportWords(cursor, end);
  return <u32>(cursor - start);
}

/**
 * Writes records of objects, as many as there is room for. The entry of the next object is read
 * before this one is copied: entries lie anywhere in the index, and the processor fetches the one
 * while it copies the other.
 *
 * @returns the address behind the last record
 */
function exportObjects(cursor: usize, end: usize): usize {
  let object = settleOnObject();
  let address = object ? objectToEntry(object) : 0;
  let entry = address ? load<u64>(address) : 0;
  while (object) {
    const length = entryToLength(entry);
    if (cursor + RECORD_HEADER_SIZE + length > end) break;
    cursor = writeHeader(cursor, address, entry, entryToRoot(address).type, length);
    const payload = object + OBJECT_HEADER_SIZE;
    exportSlot++;
    object = settleOnObject();
    address = object ? objectToEntry(object) : 0;
    entry = address ? load<u64>(address) : 0;
    memory.copy(cursor, payload, length);
    cursor += length;
  }
  return cursor;
}

/** Writes records of entries without an object, likewise. */
function exportWords(cursor: usize, end: usize): usize {
  while (settleOnEntry()) {
    const address = entryAddress(exportGroup, exportPlace);
    const entry = load<u64>(address);
    if (entry && !hasObject(entry)) {
      if (cursor + RECORD_HEADER_SIZE + 4 > end) break;
      cursor = writeHeader(cursor, address, entry, exportType, 4);
      store<u32>(cursor, entryToLocation(entry));
      cursor += 4;
    }
    exportPlace++;
  }
  return cursor;
}

/** @param address of the entry @returns where the record's payload goes */
function writeHeader(cursor: usize, address: usize, entry: u64, type: u32, length: u32): usize {
  store<u32>(cursor, entryToOffset(address));
  store<u32>(cursor, type, 4);
  store<u32>(cursor, (entryToState(entry) << LENGTH_BITS) | length, 8);
  return cursor + RECORD_HEADER_SIZE;
}

/** Address of the entry that an object in use belongs to. */
function objectToEntry(object: usize): usize {
  return <usize>(load<u32>(object) & ~USED_TAG);
}

/** Makes the cursor point to an object in use. @returns its address, 0 behind the last one */
function settleOnObject(): usize {
  const classes = superblock().classCount;
  while (exportClass < classes) {
    const size = sizeClass(exportClass).size;
    while (exportZspage) {
      const zspage = changetype<Zspage>(exportZspage);
      for (; exportSlot < zspage.capacity; exportSlot++) {
        const object = slotAddress(zspage, exportSlot, size);
        if (load<u32>(object) & USED_TAG) return object;
      }
      exportSlot = 0;
      exportZspage = zspage.next;
    }
    exportFullness++;
    if (exportFullness == GROUP_COUNT) {
      exportFullness = 0;
      exportClass++;
      if (exportClass == classes) break;
    }
    exportZspage = load<u32>(groupHead(sizeClass(exportClass), exportFullness));
  }
  return 0;
}

/** Makes the cursor point to an entry, used or not. @returns false behind the last one */
function settleOnEntry(): bool {
  if (exportGroup && exportPlace == ENTRIES_PER_GROUP) {
    exportGroup = groupToNext(exportGroup);
    exportPlace = 0;
  }
  while (!exportGroup) {
    if (exportType == MAX_TYPES) return false;
    const root = typeRoot(exportType);
    exportBucket++;
    if (root && exportBucket < root.buckets) {
      exportGroup = load<u32>(bucketAddress(root, exportBucket));
    } else {
      startType(exportType + 1);
    }
  }
  return true;
}

function startType(type: u32): void {
  exportType = type;
  exportBucket = 0;
  exportPlace = 0;
  const root = type < MAX_TYPES ? typeRoot(type) : null;
  exportGroup = root ? <usize>load<u32>(bucketAddress(root, 0)) : 0;
}

/** Announces objects of a size class, so that zspages are cut to hold just these. */
export function expectObjects(classIndex: u32, count: u32): void {
  sizeClass(classIndex).expected = count;
}

/** Keeps the pages of a batch under types that are open. @returns OK or why one was rejected */
export function importBatch(bytes: u32): i32 {
  growFinely(true);
  const status = importRecords(bytes);
  growFinely(false);
  return status;
}

function importRecords(bytes: u32): i32 {
  let cursor: usize = superblock().putWindowAddress;
  const end = cursor + bytes;
  while (cursor < end) {
    const offset = load<u32>(cursor);
    const root = typeRoot(load<u32>(cursor, 4));
    if (!root) return STATUS_CLOSED_TYPE;
    const kind = load<u32>(cursor, 8);
    const state = kind >> LENGTH_BITS;
    const length = kind & LENGTH_MASK;
    cursor += RECORD_HEADER_SIZE;
    const status =
      state == FORM_FILLED
        ? keepWord(root, offset, filledEntry(load<u32>(cursor)))
        : keepObject(root, offset, state, length, cursor);
    if (status != STATUS_OK) return status;
    cursor += length;
  }
  return STATUS_OK;
}
