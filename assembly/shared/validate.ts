import { LAST_CODEC } from "../codec/registry";
import { CHUNK_SHIFT, CHUNKS_PER_WASM_PAGE, GRANULES_PER_CHUNK, MAX_TYPES } from "../constants";
import {
  entryToForm,
  FORM_BLOCK,
  FORM_FILLED_OBJECT,
  FORM_RAW,
  hasObject,
  entryToLength,
} from "../index/entry";
import { findEntry } from "../index/directory";
import {
  CHUNK_HEADER_SIZE,
  ENTRIES_PER_GROUP,
  entryAddress,
  GROUP_SHIFT,
  GROUP_SIZE,
  GROUPS_PER_CHUNK,
  groupToKey,
  groupToLive,
  groupToNext,
} from "../index/group";
import { bucketAddress, SEGMENTS_OFFSET, segmentGranules, TypeRoot } from "../index/type-root";
import { superblock } from "../superblock";
import { sizeClass } from "../zsmalloc/size-classes";
import { SLOT_BITS, SLOT_MASK, slotAddress, USED_TAG, zspageAt } from "../zsmalloc/zspage";
import { unownedObjects, validateObject, validateSupply, validateZspages } from "../validate";
import { chunkToRoot } from "./chunks";
import {
  JOB_NONE,
  MAX_WORKERS,
  sharedHeader,
  sharedLocks,
  WORKER_ATTACHED,
  WorkerRecord,
  workerRecord,
} from "./header";
import { nextSetBit } from "./bit-map";
import { classLock, spareOwner } from "./objects";
import {
  areaLock,
  filledPages,
  keyToStripe,
  payloadBytes,
  rawPages,
  ROOTS_GRANULES,
  sequenceOf,
  stripeAt,
  stripeLock,
  STRIPES,
  typeRoots,
} from "./stripe";

/**
 * The validator of the shared build: what the plain one checks, stripe by stripe, and that nobody
 * holds a lock or has an unfinished journal. An object that no entry owns is some live worker's
 * spare. To be called while no worker is in a call.
 */

let objects: u32 = 0;
let spares: u32 = 0;
let indexGranules: u32 = 0;

/** @returns 0 when the pool is sound, else the number of the first check that failed */
export function validate(): i32 {
  let failed = validateSupply();
  if (!failed) failed = validateZspages();
  if (!failed) failed = validateLocks();
  if (!failed) failed = validateStripes();
  return failed;
}

function validateLocks(): i32 {
  const header = sharedHeader();
  const locks = sharedLocks();
  if (locks.supply) return 401;
  if (locks.compact || locks.reap) return 402;
  for (let index: u32 = 1; index < superblock().classCount; index++) {
    if (load<u32>(classLock(sizeClass(index)))) return 403;
  }
  let scratch: u32 = 0;
  spares = 0;
  for (let worker: u32 = 1; worker <= MAX_WORKERS; worker++) {
    const record = workerRecord(worker);
    if (record.job != JOB_NONE || record.pending || record.old || record.areaType) return 404;
    if (record.spare && !isSpare(record, worker)) return 407;
    if ((record.state == WORKER_ATTACHED) != (record.scratch != 0)) return 405;
    if (record.scratch) scratch += header.scratchGranules;
  }
  if (spares != unownedObjects) return 408;
  return scratch == superblock().tableGranules ? 0 : 406;
}

/** Whether what a worker's record calls its spare is one, and counts it. */
function isSpare(record: WorkerRecord, worker: u32): bool {
  spares++;
  const zspage = zspageAt(record.spare >> SLOT_BITS);
  if (record.state != WORKER_ATTACHED || zspage.classIndex != record.spareClass) return false;
  const slot = slotAddress(zspage, record.spare & SLOT_MASK, sizeClass(record.spareClass).size);
  return load<u32>(slot) == (spareOwner(worker) | USED_TAG) && !record.nothing;
}

function validateStripes(): i32 {
  objects = 0;
  indexGranules = 0;
  for (let type: u32 = 0; type < MAX_TYPES; type++) {
    const roots = typeRoots(type);
    if (!roots) continue;
    if (load<u32>(areaLock(roots))) return 501;
    indexGranules += ROOTS_GRANULES;
    for (let stripe: u32 = 0; stripe < STRIPES; stripe++) {
      const failed = validateStripe(roots, stripeAt(roots, stripe), type);
      if (failed) return failed;
    }
  }
  const block = superblock();
  let used: u32 = 0;
  for (let index: u32 = 1; index < block.classCount; index++) used += sizeClass(index).used;
  if (used != objects + spares) return 502;
  const end = block.heldWasmPages * CHUNKS_PER_WASM_PAGE;
  const map: usize = sharedHeader().chunkMapAddress;
  let place = nextSetBit(map, 0, end);
  for (; place < end; place = nextSetBit(map, place + 1, end)) {
    indexGranules += GRANULES_PER_CHUNK;
    const failed = validateChunk((<usize>place) << CHUNK_SHIFT);
    if (failed) return failed;
  }
  return indexGranules == block.indexGranules ? 0 : 503;
}

function validateStripe(roots: usize, root: TypeRoot, type: u32): i32 {
  if (root.type != type) return 510;
  if (load<u32>(stripeLock(root)) || sequenceOf(root) & 1) return 511;
  for (let segment: u32 = 1; ; segment++) {
    const run = load<u32>(changetype<usize>(root) + SEGMENTS_OFFSET + (segment << 2));
    if (!run) break;
    indexGranules += segmentGranules(segment);
  }
  let pages: u32 = 0;
  let groups: u32 = 0;
  let filled: u32 = 0;
  let raw: u32 = 0;
  let payload: u64 = 0;
  for (let bucket: u32 = 0; bucket < root.buckets; bucket++) {
    let group: usize = load<u32>(bucketAddress(root, bucket));
    while (group) {
      groups++;
      if (groups > root.groups) return 512;
      const key = groupToKey(group);
      if (changetype<usize>(keyToStripe(roots, key)) != changetype<usize>(root)) return 513;
      let live: u32 = 0;
      for (let place: u32 = 0; place < ENTRIES_PER_GROUP; place++) {
        const address = entryAddress(group, place);
        const entry = load<u64>(address);
        if (!entry) continue;
        live++;
        if (findEntry(root, (key << GROUP_SHIFT) | place) != address) return 514;
        const form = entryToForm(entry);
        if (form > FORM_BLOCK + LAST_CODEC) return 521;
        if (form <= FORM_FILLED_OBJECT) filled++;
        if (form == FORM_RAW) raw++;
        if (!hasObject(entry)) continue;
        objects++;
        payload += entryToLength(entry);
        const failed = validateObject(address, entry);
        if (failed) return failed;
      }
      if (!live || live != groupToLive(group)) return 515;
      pages += live;
      group = groupToNext(group);
    }
  }
  if (groups != root.groups) return 516;
  if (pages != root.pages) return 517;
  if (filled != filledPages(root)) return 518;
  if (raw != rawPages(root)) return 519;
  return payload == payloadBytes(root) ? 0 : 520;
}

/** A group is in use exactly if it has a live entry, and then the directory leads to it. */
function validateChunk(chunk: usize): i32 {
  const root = changetype<TypeRoot>(<usize>chunkToRoot(chunk));
  const mask = load<u32>(chunk);
  // Where a dead worker held the supply, an emptied chunk stays for the next group of its stripe.
  if (!mask && !sharedHeader().generation) return 530;
  for (let place: u32 = 0; place < GROUPS_PER_CHUNK; place++) {
    const group = chunk + CHUNK_HEADER_SIZE + place * GROUP_SIZE;
    let live = false;
    for (let inGroup: u32 = 0; inGroup < ENTRIES_PER_GROUP; inGroup++) {
      if (load<u64>(entryAddress(group, inGroup))) live = true;
    }
    if (live != (((mask >> place) & 1) != 0)) return 531;
    if (live && findEntry(root, groupToKey(group) << GROUP_SHIFT) != entryAddress(group, 0)) {
      return 532;
    }
  }
  return 0;
}
