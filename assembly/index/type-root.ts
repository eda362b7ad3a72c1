import { mayDie } from "../shared/crash";
import { GRANULE_SHIFT, GRANULE_SIZE, MAX_TYPES } from "../constants";
import { lockSupply, unlockSupply } from "../shared/header";
import { superblock, TYPE_ROOTS_ADDRESS } from "../superblock";
import { freeRun } from "../supply/runs";
import { allocateRun } from "../supply/supply";

/**
 * The root of a swap type's index: its directory of buckets and its counts.
 *
 * Why so: each open type has an index of its own, so that flushing an area costs what the area
 * holds, and a closed type costs nothing. A type is open exactly while it has a root.
 *
 * The directory grows by linear hashing (Litwin, 1980): one bucket is split for each group that
 * comes in over one group a bucket, so nothing is ever rehashed at once and growing needs no second
 * table. A segment that can't be had leaves the chains longer and nothing else.
 *
 * ```
 * byte 0      │ record │ u32 address of segment 0, 1, 2 … │
 * byte 256    │ segment 0: 64 buckets │
 * segment s > 0: a run of 64 << (s - 1) buckets; bucket: u32 address of the first group
 * ```
 */
@unmanaged
export class TypeRoot {
  type: u32;
  /** Live entries. */
  pages: u32;
  groups: u32;
  buckets: u32;
  /** Buckets that the coming split level has, minus 1. */
  mask: u32;
  /** First chunk with a free group, 0 when there is none. */
  partialChunk: u32;
  /** 1 when writeback may take pages of this type. */
  writeback: u32;
}

export const SEGMENTS_OFFSET: usize = 28;
/** Bytes of the record and its segments' addresses. */
export const ROOT_RECORD_SIZE: u32 = 256;
export const FIRST_BUCKETS: u32 = 64;
export const FIRST_SHIFT: u32 = 6;
const FIRST_SEGMENT_SIZE: u32 = FIRST_BUCKETS * 4;
/** Granules of a root with its first segment. */
export const ROOT_GRANULES: u32 = (ROOT_RECORD_SIZE + FIRST_SEGMENT_SIZE) / GRANULE_SIZE;

if (offsetof<TypeRoot>() != SEGMENTS_OFFSET) ERROR("type root: the diagram and the record differ");

/** The root of an open type, null while the type is closed. */
export function typeRoot(type: u32): TypeRoot | null {
  return changetype<TypeRoot>(load<u32>(TYPE_ROOTS_ADDRESS + (type << 2)));
}

/** @returns the root of a type that was closed and now is open, null when memory is refused */
export function createTypeRoot(type: u32): TypeRoot | null {
  const address = allocateRun(ROOT_GRANULES);
  if (!address) return null;
  superblock().indexGranules += ROOT_GRANULES;
  memory.fill(address, 0, ROOT_GRANULES << GRANULE_SHIFT);
  const root = changetype<TypeRoot>(address);
  root.type = type;
  root.buckets = FIRST_BUCKETS;
  root.mask = FIRST_BUCKETS * 2 - 1;
  store<u32>(address + SEGMENTS_OFFSET, <u32>address + ROOT_RECORD_SIZE);
  store<u32>(TYPE_ROOTS_ADDRESS + (type << 2), <u32>address);
  return root;
}

/** Closes a type whose groups have all been given back. */
export function destroyTypeRoot(root: TypeRoot): void {
  const address = changetype<usize>(root);
  store<u32>(TYPE_ROOTS_ADDRESS + (root.type << 2), 0);
  let granules = ROOT_GRANULES;
  for (let segment: u32 = 1; ; segment++) {
    const run: usize = load<u32>(address + SEGMENTS_OFFSET + (segment << 2));
    if (!run) break;
    const length = segmentGranules(segment);
    granules += length;
    freeRun(run, length);
  }
  superblock().indexGranules -= granules;
  freeRun(address, ROOT_GRANULES);
}

/** Granules of a segment, 1 or above. */
export function segmentGranules(segment: u32): u32 {
  return (FIRST_SEGMENT_SIZE << (segment - 1)) / GRANULE_SIZE;
}

/** Address of a bucket. */
export function bucketAddress(root: TypeRoot, bucket: u32): usize {
  const segment: u32 = bucket < FIRST_BUCKETS ? 0 : 32 - FIRST_SHIFT - <u32>clz(bucket);
  const first: u32 = segment ? FIRST_BUCKETS << (segment - 1) : 0;
  const run: usize = load<u32>(changetype<usize>(root) + SEGMENTS_OFFSET + (segment << 2));
  return run + ((bucket - first) << 2);
}

/** Makes room for one more bucket. @returns false when its segment can't be had */
export function addBucket(root: TypeRoot): bool {
  const bucket = root.buckets;
  if ((bucket & (bucket - 1)) == 0) {
    const segment: u32 = 32 - FIRST_SHIFT - <u32>clz(bucket);
    const cell = changetype<usize>(root) + SEGMENTS_OFFSET + (segment << 2);
    if (!load<u32>(cell)) {
      const granules = segmentGranules(segment);
      if (isDefined(ZMEM_SHARED) && !lockSupply()) return false;
      const run = allocateRun(granules);
      if (run) {
        superblock().indexGranules += granules;
        store<u32>(cell, <u32>run);
      }
      if (isDefined(ZMEM_SHARED)) unlockSupply();
      if (!run) return false;
    }
    root.mask = bucket * 2 - 1;
  }
  if (isDefined(ZMEM_SHARED)) mayDie();
  store<u32>(bucketAddress(root, bucket), 0);
  if (isDefined(ZMEM_SHARED)) mayDie();
  root.buckets = bucket + 1;
  return true;
}

if (MAX_TYPES * 4 > 65536) ERROR("type roots: the table would not fit the first wasm page");
