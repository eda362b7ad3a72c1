import {
  groupToKey,
  groupToNext,
  ENTRIES_PER_GROUP,
  entryAddress,
  GROUP_SHIFT,
} from "./index/group";
import {
  entryToLength,
  entryToLocation,
  entryToState,
  filledEntry,
  FORM_FILLED,
  hasObject,
} from "./index/entry";
import { bucketAddress, TypeRoot, typeRoot } from "./index/type-root";
import { forgetPending, keepObject, keepWord, payloadAddress } from "./pagestore";
import { STATUS_OK } from "./status";
import { superblock } from "./superblock";
import { growFinely } from "./supply/supply";
import { sizeClass } from "./zsmalloc/size-classes";

/**
 * Transfer: moves pages, in the form in which they are kept, from one instance to a fresh one.
 *
 * Why so: linear memory can't shrink, so memory is given back by moving what lives into an instance
 * with a memory just large enough. The old instance is only read; if anything fails half way it is
 * as it was. Pages travel in batches through the windows, which lie side by side, so no memory is
 * needed for it. The fresh instance is told first how many objects of each class will come, and
 * cuts its zspages to that.
 *
 * ```
 * batch: records one behind the other
 * record: u32 offset │ u32 state << 20 | payload bytes │ payload, or the u32 word of a filled page
 * ```
 * State is what the entry knows of its block: form, recency, whether recompression was tried.
 * Records are not padded. A record never exceeds the batch: windows and block area are three pages.
 */

const RECORD_HEADER_SIZE: u32 = 8;
const LENGTH_BITS: u32 = 20;
const LENGTH_MASK: u32 = (1 << LENGTH_BITS) - 1;

// Where the export of this instance stands: a bucket, a group of it, and an entry of that.
let exportBucket: u32 = 0;
let exportGroup: usize = 0;
let exportPlace: u32 = 0;

/** Begins to export a type. */
export function startExport(type: u32): void {
  // The batches go through the windows.
  forgetPending();
  const root = typeRoot(type);
  exportBucket = 0;
  exportPlace = 0;
  exportGroup = root ? <usize>load<u32>(bucketAddress(root, 0)) : 0;
}

/** Writes the next records into the batch. @returns bytes written, 0 when the type is through */
export function exportBatch(type: u32): u32 {
  const root = typeRoot(type);
  if (!root) return 0;
  const start: usize = superblock().putWindowAddress;
  const end = start + 3 * superblock().pageSize;
  let cursor = start;
  while (settleOnGroup(root)) {
    const entry = load<u64>(entryAddress(exportGroup, exportPlace));
    if (entry) {
      const length = hasObject(entry) ? entryToLength(entry) : 4;
      if (cursor + RECORD_HEADER_SIZE + length > end) break;
      store<u32>(cursor, (groupToKey(exportGroup) << GROUP_SHIFT) | exportPlace);
      store<u32>(cursor, (entryToState(entry) << LENGTH_BITS) | length, 4);
      cursor += RECORD_HEADER_SIZE;
      if (hasObject(entry)) memory.copy(cursor, payloadAddress(entry), length);
      else store<u32>(cursor, entryToLocation(entry));
      cursor += length;
    }
    exportPlace++;
  }
  return <u32>(cursor - start);
}

/** Makes the cursor point to an entry. @returns false behind the last one */
function settleOnGroup(root: TypeRoot): bool {
  if (exportGroup && exportPlace == ENTRIES_PER_GROUP) {
    exportGroup = groupToNext(exportGroup);
    exportPlace = 0;
  }
  while (!exportGroup) {
    exportBucket++;
    if (exportBucket >= root.buckets) return false;
    exportGroup = load<u32>(bucketAddress(root, exportBucket));
  }
  return true;
}

/** Announces objects of a size class, so that zspages are cut to hold just these. */
export function expectObjects(classIndex: u32, count: u32): void {
  sizeClass(classIndex).expected = count;
}

/** Keeps the pages of a batch under an open type. @returns OK or why one was rejected */
export function importBatch(type: u32, bytes: u32): i32 {
  growFinely(true);
  const status = importRecords(type, bytes);
  growFinely(false);
  return status;
}

function importRecords(type: u32, bytes: u32): i32 {
  const root = changetype<TypeRoot>(typeRoot(type));
  let cursor: usize = superblock().putWindowAddress;
  const end = cursor + bytes;
  while (cursor < end) {
    const offset = load<u32>(cursor);
    const kind = load<u32>(cursor, 4);
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
