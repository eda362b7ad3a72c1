import { decompressWith } from "./codec/registry";
import { MAX_TYPES } from "./constants";
import { ENTRIES_PER_GROUP, findEntry } from "./index/directory";
import {
  entryToForm,
  entryToLength,
  entryToRecency,
  FORM_BLOCK,
  FORM_RAW,
  isSameObject,
  lowerRecency,
} from "./index/entry";
import { entryAddress, groupToKey, groupToNext, GROUP_SHIFT } from "./index/group";
import { bucketAddress, TypeRoot, typeRoot } from "./index/type-root";
import { dropPage, forgetPending, openRoot, payloadAddress } from "./pagestore";
import { STATUS_ABSENT, STATUS_CORRUPT, STATUS_OK } from "./status";
import { superblock } from "./superblock";

/**
 * Writeback: which pages are coldest, and letting go of them once a device has their blocks.
 *
 * Why so: a hand goes round the index as in CLOCK (Corbató, 1968) with a counter of two bits. A get
 * raises the counter, the hand lowers it, and a page found at zero is cold. That costs a get one
 * store to a word it has just read, and no list. Same-filled pages are passed over: they hold no
 * memory to speak of.
 *
 * Selecting changes nothing but counters. A page is dropped only if its entry is still the one that
 * was selected, so a page that was put anew in between stays.
 *
 * ```
 * record in the get window, 24 bytes:
 * u32 type │ u32 offset │ u32 address of the block │ u32 form << 20 | bytes │ u64 entry
 * ```
 */

const RECORD_SIZE: u32 = 24;
const LENGTH_BITS: u32 = 20;
/** Buckets and entries that one call looks at, about: bounds the time of a put that makes room. */
const MAX_SCANNED: u32 = 8192;

/** Lets writeback take pages of an open type, or not. */
export function setWriteback(type: u32, allowed: u32): void {
  const root = openRoot(type);
  if (root) root.writeback = allowed;
}

/**
 * Lists cold pages in the get window, as records.
 *
 * @returns how many, at most `most`; 0 when the hand found none on its way: call again
 */
export function selectCold(most: u32): u32 {
  const block = superblock();
  const capacity = min(most, block.pageSize / RECORD_SIZE);
  const startBucket = block.handBucket;
  let typesPassed: u32 = 0;
  let record: usize = block.getWindowAddress;
  let selected: u32 = 0;
  let scanned: u32 = 0;
  do {
    const root = writebackRoot(block.handType);
    if (!root || block.handBucket >= root.buckets) {
      block.handBucket = 0;
      block.handType = block.handType + 1 == MAX_TYPES ? 0 : block.handType + 1;
      typesPassed++;
      continue;
    }
    scanned++;
    let group: usize = load<u32>(bucketAddress(root, block.handBucket));
    while (group) {
      for (let place: u32 = 0; place < ENTRIES_PER_GROUP; place++) {
        const address = entryAddress(group, place);
        const entry = load<u64>(address);
        if (!entry) continue;
        scanned++;
        if (entryToForm(entry) < FORM_RAW) continue;
        if (entryToRecency(entry)) {
          lowerRecency(address, entry);
        } else if (selected < capacity) {
          writeRecord(record, root.type, (groupToKey(group) << GROUP_SHIFT) | place, entry);
          record += RECORD_SIZE;
          selected++;
        }
      }
      group = groupToNext(group);
    }
    block.handBucket++;
  } while (
    selected < capacity &&
    scanned < MAX_SCANNED &&
    // Once round: all types passed, and the first one again up to where the hand was.
    (typesPassed < MAX_TYPES || (typesPassed == MAX_TYPES && block.handBucket < startBucket))
  );
  return selected;
}

/** Forgets the selected page of a record. @returns OK, or ABSENT when it has changed since */
export function dropCold(index: u32): i32 {
  const record: usize = superblock().getWindowAddress + index * RECORD_SIZE;
  const root = openRoot(load<u32>(record));
  if (!root) return STATUS_ABSENT;
  const offset = load<u32>(record, 4);
  const address = findEntry(root, offset);
  if (!address || !isSameObject(load<u64>(address), load<u64>(record, 16))) return STATUS_ABSENT;
  dropPage(root, offset);
  return STATUS_OK;
}

/** Address of the block area, where a block that comes back is decoded from. */
export function blockWindow(): u32 {
  forgetPending();
  return superblock().blockAddress;
}

/**
 * Decodes a block that comes back from a device, from the block area into the get window.
 *
 * @returns OK or CORRUPT
 */
export function decodeBlock(form: u32, length: u32): i32 {
  const block = superblock();
  const pageSize = block.pageSize;
  const window: usize = block.getWindowAddress;
  if (form == FORM_RAW) {
    if (length != pageSize) return STATUS_CORRUPT;
    memory.copy(window, block.blockAddress, pageSize);
    return STATUS_OK;
  }
  if (form < FORM_RAW || length > pageSize) return STATUS_CORRUPT;
  const codec = form - FORM_BLOCK;
  const decoded = decompressWith(codec, window, pageSize, block.blockAddress, length);
  return decoded ? STATUS_OK : STATUS_CORRUPT;
}

function writebackRoot(type: u32): TypeRoot | null {
  const root = typeRoot(type);
  return root && root.writeback ? root : null;
}

function writeRecord(record: usize, type: u32, offset: u32, entry: u64): void {
  store<u32>(record, type);
  store<u32>(record, offset, 4);
  store<u32>(record, <u32>payloadAddress(entry), 8);
  store<u32>(record, (entryToForm(entry) << LENGTH_BITS) | entryToLength(entry), 12);
  store<u64>(record, entry, 16);
}
