import { LAST_CODEC } from "./codec/registry";
import {
  CHUNK_SIZE,
  GRANULE_SHIFT,
  GRANULE_SIZE,
  GRANULES_PER_WASM_PAGE,
  MAX_TYPES,
  WASM_PAGE_SHIFT,
} from "./constants";
import {
  CHUNK_HEADER_SIZE,
  ENTRIES_PER_GROUP,
  entryAddress,
  GROUP_SIZE,
  groupToLive,
  groupToNext,
} from "./index/group";
import { findEntry } from "./index/directory";
import { groupToKey, GROUP_SHIFT } from "./index/group";
import {
  entryToForm,
  entryToLength,
  entryToLocation,
  FORM_BLOCK,
  FORM_FILLED_OBJECT,
  FORM_RAW,
  hasObject,
} from "./index/entry";
import { slabGranulesAt } from "./index/slab";
import {
  bucketAddress,
  FIRST_BUCKETS,
  ROOT_GRANULES,
  segmentGranules,
  TypeRoot,
  typeRoot,
} from "./index/type-root";
import { BIN_HEADS_ADDRESS, BIN_MASKS_ADDRESS, superblock } from "./superblock";
import { BIN_COUNT, granulesToBin } from "./supply/bins";
import { FREE_MAP_BYTES_PER_WASM_PAGE, isFreeEnd } from "./supply/free-map";
import { FULL_GROUP, groupHead, lengthToClass, sizeClass } from "./zsmalloc/size-classes";
import {
  NO_SLOT,
  SLOT_BITS,
  SLOT_MASK,
  slotAddress,
  USED_TAG,
  Zspage,
  zspageAt,
} from "./zsmalloc/zspage";

/**
 * The validator: walks supply, zspages and index, and checks the invariants that file headers state.
 * Not walked: the lists of partial chunks and slabs, the free map inside of what is in use, and the
 * list of free zspage ids; what breaks there shows once a thing is given out twice.
 *
 * Only in the testing build. Each check has a number of its own, so that a failure names its line.
 */

let granulesSeen: u32 = 0;
/** Objects that no entry owns, as `validateZspages` has seen them. */
export let unownedObjects: u32 = 0;

/** @returns 0 when the pool is sound, else the number of the first check that failed */
export function validate(): i32 {
  let failed = validateSupply();
  if (!failed) failed = validateZspages();
  if (!failed && unownedObjects) failed = 229;
  if (!failed) failed = validateIndex();
  return failed;
}

export function validateSupply(): i32 {
  const block = superblock();
  const heldBytes = (<u64>block.heldWasmPages) << 16;
  if (block.heldWasmPages != <u32>memory.size()) return 101;
  if (block.peakWasmPages < block.heldWasmPages) return 102;
  let free: u32 = 0;
  let ends: u32 = 0;
  for (let bin: u32 = 0; bin < BIN_COUNT; bin++) {
    let run: usize = load<u32>(BIN_HEADS_ADDRESS + (bin << 2));
    const mask = load<u64>(BIN_MASKS_ADDRESS + ((bin >> 6) << 3));
    if (((mask >> (bin & 63)) & 1) != <u64>(run != 0)) return 103;
    let previous: usize = 0;
    while (run) {
      const granules = load<u32>(run);
      if (!granules || granulesToBin(granules) != bin) return 104;
      if (<usize>load<u32>(run, 8) != previous) return 105;
      if (run < (<usize>block.fixedGranules) << GRANULE_SHIFT) return 106;
      const end = <u64>run + ((<u64>granules) << GRANULE_SHIFT);
      if (end > heldBytes) return 107;
      if (load<u32>(<usize>end - 4) != granules) return 108;
      if (!isFreeEnd(run) || !isFreeEnd(<usize>end - GRANULE_SIZE)) return 109;
      for (let inner: u32 = 1; inner + 1 < granules; inner++) {
        if (isFreeEnd(run + ((<usize>inner) << GRANULE_SHIFT))) return 110;
      }
      if (end < heldBytes && isFreeEnd(<usize>end)) return 111;
      free += granules;
      ends += min<u32>(granules, 2);
      previous = run;
      run = load<u32>(run, 4);
    }
  }
  if (free != block.freeGranules) return 112;
  if (ends != countMarks()) return 114;
  const sum =
    block.fixedGranules +
    block.freeGranules +
    block.indexGranules +
    block.tableGranules +
    block.zspageGranules;
  return sum == block.heldWasmPages * GRANULES_PER_WASM_PAGE ? 0 : 113;
}

/** Granules that the free map marks: with those of the free runs told, none is left for memory in use. */
function countMarks(): u32 {
  const block = superblock();
  const bytes = block.heldWasmPages * FREE_MAP_BYTES_PER_WASM_PAGE;
  let marks: u64 = 0;
  for (let at: u32 = 0; at < bytes; at += 8) {
    marks += popcnt<u64>(load<u64>(<usize>(block.freeMapAddress + at)));
  }
  return <u32>marks;
}

/** All zspages. Whether objects without an owner may be is for the caller to say. */
export function validateZspages(): i32 {
  const block = superblock();
  granulesSeen = 0;
  unownedObjects = 0;
  let zspages: u32 = 0;
  for (let index: u32 = 1; index < block.classCount; index++) {
    const record = sizeClass(index);
    let used: u32 = 0;
    let capacity: u32 = 0;
    let count: u32 = 0;
    for (let group: u32 = 0; group <= FULL_GROUP; group++) {
      let address = load<u32>(groupHead(record, group));
      if (((record.groupMask >> group) & 1) != <u32>(address != 0)) return 201;
      let previous: u32 = 0;
      while (address) {
        const zspage = changetype<Zspage>(address);
        if (zspage.previous != previous) return 202;
        if (zspage.classIndex != index || zspage.group != group) return 203;
        if (changetype<usize>(zspageAt(zspage.id)) != address) return 204;
        const failed = validateZspage(zspage, record.size);
        if (failed) return failed;
        used += zspage.used;
        capacity += zspage.capacity;
        count++;
        granulesSeen += zspage.granules;
        previous = address;
        address = zspage.next;
      }
    }
    if (used != record.used) return 205;
    if (capacity != record.capacity) return 206;
    if (count != record.zspages) return 207;
    zspages += count;
  }
  if (zspages != block.zspageCount) return 208;
  return granulesSeen == block.zspageGranules ? 0 : 209;
}

function validateZspage(zspage: Zspage, size: u32): i32 {
  const capacity: u32 = zspage.capacity;
  const end = <u64>changetype<usize>(zspage) + ((<u64>zspage.granules) << GRANULE_SHIFT);
  if (end > (<u64>superblock().heldWasmPages) << WASM_PAGE_SHIFT) return 220;
  const expectedGroup = zspage.used == capacity ? FULL_GROUP : (zspage.used << 3) / capacity;
  if (!zspage.used || zspage.group != expectedGroup) return 221;
  let used: u32 = 0;
  for (let slot: u32 = 0; slot < capacity; slot++) {
    const header = load<u32>(slotAddress(zspage, slot, size));
    if (!(header & USED_TAG)) continue;
    used++;
    const owner = load<u64>(header & ~USED_TAG);
    if (!owner) {
      unownedObjects++;
      continue;
    }
    if (!hasObject(owner)) return 222;
    if (entryToLocation(owner) != ((zspage.id << SLOT_BITS) | slot)) return 223;
    if (lengthToClass(entryToLength(owner)) != zspage.classIndex) return 224;
  }
  if (used != zspage.used) return 225;
  let free: u32 = 0;
  let slot: u32 = zspage.freeHead;
  while (slot != NO_SLOT) {
    if (slot >= capacity || free > capacity) return 226;
    const header = load<u32>(slotAddress(zspage, slot, size));
    if (header & USED_TAG) return 227;
    free++;
    slot = header >> 1;
  }
  return free + used == capacity ? 0 : 228;
}

function validateIndex(): i32 {
  const block = superblock();
  let pages: u32 = 0;
  let filled: u32 = 0;
  let raw: u32 = 0;
  let objects: u32 = 0;
  let payload: u64 = 0;
  let granules: u32 = 0;
  for (let type: u32 = 0; type < MAX_TYPES; type++) {
    const found = typeRoot(type);
    if (!found) continue;
    const root = changetype<TypeRoot>(found);
    if (root.type != type) return 301;
    let typePages: u32 = 0;
    let groups: u32 = 0;
    let slabs: u32 = 0;
    for (let bucket: u32 = 0; bucket < root.buckets; bucket++) {
      let group: usize = load<u32>(bucketAddress(root, bucket));
      while (group) {
        groups++;
        if (groups > root.groups) return 302;
        const chunk = group & ~(<usize>CHUNK_SIZE - 1);
        const place = (<u32>(group - chunk) - CHUNK_HEADER_SIZE) / GROUP_SIZE;
        const mask = load<u32>(chunk);
        if (!((mask >> place) & 1)) return 303;
        // A slab is counted with the lowest group of the first of its chunks in use.
        if (<u32>ctz(mask) == place) slabs += slabGranulesAt(chunk);
        let live: u32 = 0;
        for (let inGroup: u32 = 0; inGroup < ENTRIES_PER_GROUP; inGroup++) {
          const address = entryAddress(group, inGroup);
          const entry = load<u64>(address);
          if (!entry) continue;
          live++;
          if (findEntry(root, (groupToKey(group) << GROUP_SHIFT) | inGroup) != address) return 304;
          const form = entryToForm(entry);
          if (form > FORM_BLOCK + LAST_CODEC) return 306;
          if (form <= FORM_FILLED_OBJECT) filled++;
          if (form == FORM_RAW) {
            raw++;
            if (entryToLength(entry) != block.pageSize) return 305;
          }
          if (hasObject(entry)) {
            objects++;
            payload += entryToLength(entry);
            const failed = validateObject(address, entry);
            if (failed) return failed;
          }
        }
        if (!live || live != groupToLive(group)) return 307;
        typePages += live;
        group = groupToNext(group);
      }
    }
    if (groups != root.groups) return 308;
    if (typePages != root.pages) return 309;
    pages += typePages;
    granules += slabs + rootGranules(root.buckets);
  }
  if (pages != block.pages) return 310;
  if (filled != block.filledPages) return 311;
  if (raw != block.rawPages) return 312;
  if (payload != block.payloadBytes) return 313;
  let used: u32 = 0;
  for (let index: u32 = 1; index < block.classCount; index++) used += sizeClass(index).used;
  if (used != objects) return 314;
  return granules == block.indexGranules ? 0 : 315;
}

/** The object of an entry carries the entry's address. */
export function validateObject(address: usize, entry: u64): i32 {
  const location = entryToLocation(entry);
  const zspage = zspageAt(location >> SLOT_BITS);
  const size = sizeClass(zspage.classIndex).size;
  const header = load<u32>(slotAddress(zspage, location & SLOT_MASK, size));
  return header == ((<u32>address) | USED_TAG) ? 0 : 306;
}

/** Granules of a root and the segments that so many buckets lie in. */
function rootGranules(buckets: u32): u32 {
  let granules = ROOT_GRANULES;
  for (let segment: u32 = 1; FIRST_BUCKETS << (segment - 1) < buckets; segment++) {
    granules += segmentGranules(segment);
  }
  return granules;
}
