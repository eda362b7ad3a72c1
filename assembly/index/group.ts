import { mayDie } from "../shared/crash";
import { CHUNK_SIZE, GRANULE_SIZE } from "../constants";
import { createChunk, destroyChunk } from "../shared/chunks";
import { ENTRY_SIZE } from "./entry";
import { emptyChunkWord, freeChunk, SLAB_RECORD_BIT, SLAB_RECORD_OFFSET, takeChunk } from "./slab";
import { TypeRoot } from "./type-root";

/**
 * Groups: four neighbouring entries under one key, and the chunks that groups are cut from.
 *
 * Why so: dense offsets share a key and a link among four pages (12 bytes a page with the
 * directory); a lone offset costs one group (44 to 52 bytes). Groups of 8 would cost 76 bytes
 * there, groups of 2 would cost 16 where offsets are dense. A group never moves while it lives, so
 * the address of an entry is its identity.
 *
 * Invariants: `live` is the number of entries that are not zero; a group without live entries is
 * given back, and so is a chunk without groups. A type's chunks with a free group are in its list.
 *
 * ```
 * group, 40 bytes   │ u32 key = offset >> 2 │ u32 next group | live (3 bits) │ 4 entries of 8 bytes │
 * chunk, 256 bytes  │ u32 used mask │ u32 next │ u32 previous │ u32 root │ 6 groups │
 * ```
 * In the plain build the first word also holds the chunk's place in its slab, and the first chunk
 * of a slab has five groups (slab.ts).
 */

export const GROUP_SHIFT: u32 = 2;
export const ENTRIES_PER_GROUP: u32 = 1 << GROUP_SHIFT;
export const ENTRY_MASK: u32 = ENTRIES_PER_GROUP - 1;
const GROUP_ENTRIES_OFFSET: u32 = 8;
export const GROUP_SIZE: u32 = GROUP_ENTRIES_OFFSET + ENTRIES_PER_GROUP * ENTRY_SIZE;
export const CHUNK_HEADER_SIZE: u32 = 16;
export const GROUPS_PER_CHUNK: u32 = (CHUNK_SIZE - CHUNK_HEADER_SIZE) / GROUP_SIZE;
const ALL_USED: u32 = (1 << GROUPS_PER_CHUNK) - 1;
const LIVE_MASK: u32 = 7;

if (SLAB_RECORD_OFFSET != CHUNK_HEADER_SIZE + (GROUPS_PER_CHUNK - 1) * GROUP_SIZE) {
  ERROR("slab: the record is not in the place of the last group");
}
if (CHUNK_SIZE % GRANULE_SIZE) ERROR("group: a chunk is not a number of granules");
if (SLAB_RECORD_BIT != 1 << (GROUPS_PER_CHUNK - 1)) ERROR("slab: the bit is not the last group's");

const NEXT: usize = 4;
const PREVIOUS: usize = 8;
const ROOT: usize = 12;

export function groupToKey(group: usize): u32 {
  return load<u32>(group);
}

export function groupToNext(group: usize): usize {
  return load<u32>(group, 4) & ~LIVE_MASK;
}

export function setGroupNext(group: usize, next: usize): void {
  if (isDefined(ZMEM_SHARED)) mayDie();
  store<u32>(group, (<u32>next) | (load<u32>(group, 4) & LIVE_MASK), 4);
}

/** Entries of the group that are not absent. */
export function groupToLive(group: usize): u32 {
  return load<u32>(group, 4) & LIVE_MASK;
}

/** Adds `change` to the number of live entries. */
export function changeGroupLive(group: usize, change: i32): void {
  store<u32>(group, load<u32>(group, 4) + change, 4);
}

/** Address of the entry of `offset` in its group. */
export function entryAddress(group: usize, offset: u32): usize {
  return group + GROUP_ENTRIES_OFFSET + (offset & ENTRY_MASK) * ENTRY_SIZE;
}

/** The offset, without its type, of the entry at an address. */
export function entryToOffset(address: usize): u32 {
  const group = entryToGroup(address);
  const place = <u32>(address - group - GROUP_ENTRIES_OFFSET) / ENTRY_SIZE;
  return (groupToKey(group) << GROUP_SHIFT) | place;
}

/** The root of the type whose entry lies at an address. */
export function entryToRoot(address: usize): TypeRoot {
  const chunk = address & ~(<usize>CHUNK_SIZE - 1);
  return changetype<TypeRoot>(load<u32>(chunk, ROOT));
}

/** The group that holds the entry at an address. */
export function entryToGroup(address: usize): usize {
  const inChunk = <u32>(address & (CHUNK_SIZE - 1)) - CHUNK_HEADER_SIZE;
  return address - (inChunk % GROUP_SIZE);
}

/** @returns a group with no live entry, 0 when memory is refused */
export function allocateGroup(root: TypeRoot, key: u32): usize {
  let chunk: usize = root.partialChunk;
  if (!chunk) {
    if (isDefined(ZMEM_SHARED)) {
      chunk = createChunk(<u32>changetype<usize>(root));
      if (!chunk) return 0;
    } else {
      chunk = takeChunk();
      if (!chunk) return 0;
      store<u32>(chunk, <u32>changetype<usize>(root), ROOT);
    }
    linkChunk(root, chunk);
  }
  const mask = load<u32>(chunk);
  const place = <u32>ctz(~mask);
  const used = mask | (1 << place);
  store<u32>(chunk, used);
  if (isDefined(ZMEM_SHARED)) mayDie();
  if ((used & ALL_USED) == ALL_USED) unlinkChunk(root, chunk);
  const group = chunk + CHUNK_HEADER_SIZE + place * GROUP_SIZE;
  store<u32>(group, key);
  store<u32>(group, 0, 4);
  memory.fill(group + GROUP_ENTRIES_OFFSET, 0, ENTRIES_PER_GROUP * ENTRY_SIZE);
  return group;
}

/** Gives a group that is in no bucket any more back. */
export function freeGroup(root: TypeRoot, group: usize): void {
  const chunk = group & ~(<usize>CHUNK_SIZE - 1);
  const place = (<u32>(group - chunk) - CHUNK_HEADER_SIZE) / GROUP_SIZE;
  const mask = load<u32>(chunk);
  const left = mask & ~(1 << place);
  store<u32>(chunk, left);
  if (isDefined(ZMEM_SHARED)) mayDie();
  if ((mask & ALL_USED) == ALL_USED) linkChunk(root, chunk);
  if (isDefined(ZMEM_SHARED)) {
    if (left) return;
    unlinkChunk(root, chunk);
    if (!destroyChunk(chunk)) linkChunk(root, chunk);
  } else {
    if (left != emptyChunkWord(left)) return;
    unlinkChunk(root, chunk);
    freeChunk(chunk);
  }
}

/** Sets the number of live entries of a group that is in no bucket. */
export function setGroupLive(group: usize, live: u32): void {
  store<u32>(group, live, 4);
}

/**
 * Shared build: takes a chunk over whose list and mask were lost, or gives it back.
 *
 * @param mask its groups that live
 * @returns false when it could not be given back
 */
export function adoptChunk(root: TypeRoot, chunk: usize, mask: u32): bool {
  store<u32>(chunk, mask);
  if (!mask) return destroyChunk(chunk);
  if (mask != ALL_USED) linkChunk(root, chunk);
  return true;
}

function linkChunk(root: TypeRoot, chunk: usize): void {
  const next: usize = root.partialChunk;
  store<u32>(chunk, <u32>next, NEXT);
  store<u32>(chunk, 0, PREVIOUS);
  if (next) store<u32>(next, <u32>chunk, PREVIOUS);
  root.partialChunk = <u32>chunk;
}

function unlinkChunk(root: TypeRoot, chunk: usize): void {
  const next: usize = load<u32>(chunk, NEXT);
  const previous: usize = load<u32>(chunk, PREVIOUS);
  if (next) store<u32>(next, <u32>previous, PREVIOUS);
  if (previous) store<u32>(previous, <u32>next, NEXT);
  else root.partialChunk = <u32>next;
}
