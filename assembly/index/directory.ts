import { ENTRIES_PER_GROUP, GROUP_SHIFT } from "./group";
import {
  allocateGroup,
  changeGroupLive,
  entryAddress,
  entryToGroup,
  freeGroup,
  groupToKey,
  groupToLive,
  groupToNext,
  setGroupNext,
} from "./group";
import { addBucket, bucketAddress, TypeRoot } from "./type-root";

/**
 * The directory: from an offset to the address of its entry.
 *
 * Why so: a hash of groups serves dense and scattered offsets alike over the whole u32 range, in
 * one bucket and usually one group of reading; a radix tree of the same bytes needs a node a page
 * where offsets are scattered.
 *
 * Invariant: every group is in the bucket that its key hashes to.
 */

/** Mixes all bits of a key into the low ones (the finalizer of MurmurHash3, shortened). */
export function hashKey(key: u32): u32 {
  let hash = key * 0x9e3779b1;
  hash ^= hash >> 15;
  hash *= 0x85ebca77;
  return hash ^ (hash >> 13);
}

function keyToBucket(root: TypeRoot, key: u32): u32 {
  const bucket = hashKey(key) & root.mask;
  // A bucket that is not split off yet is still part of the one half the level below.
  return bucket < root.buckets ? bucket : bucket & (root.mask >> 1);
}

function findGroup(root: TypeRoot, key: u32): usize {
  let group: usize = load<u32>(bucketAddress(root, keyToBucket(root, key)));
  while (group && groupToKey(group) != key) group = groupToNext(group);
  return group;
}

/** @returns the address of the entry of `offset`, 0 when it has none; the entry may be absent */
export function findEntry(root: TypeRoot, offset: u32): usize {
  const group = findGroup(root, offset >> GROUP_SHIFT);
  return group ? entryAddress(group, offset) : 0;
}

/** @returns the address of the entry of `offset`, made if need be; 0 when memory is refused */
export function reserveEntry(root: TypeRoot, offset: u32): usize {
  const key = offset >> GROUP_SHIFT;
  let group = findGroup(root, key);
  if (!group) {
    group = allocateGroup(root, key);
    if (!group) return 0;
    const bucket = bucketAddress(root, keyToBucket(root, key));
    setGroupNext(group, load<u32>(bucket));
    store<u32>(bucket, <u32>group);
    root.groups++;
    if (root.groups > root.buckets) splitBucket(root);
  }
  return entryAddress(group, offset);
}

/** Shared build: puts a group that is in no bucket into its own. */
export function linkGroup(root: TypeRoot, group: usize): void {
  const bucket = bucketAddress(root, keyToBucket(root, groupToKey(group)));
  setGroupNext(group, load<u32>(bucket));
  store<u32>(bucket, <u32>group);
  root.groups++;
}

/** Writes an entry: absent, or any other. Counts live entries; the group must stay valid. */
export function writeEntry(root: TypeRoot, address: usize, entry: u64): void {
  const before = load<u64>(address);
  store<u64>(address, entry);
  const change = <i32>(entry != 0) - <i32>(before != 0);
  if (change) {
    root.pages += change;
    changeGroupLive(entryToGroup(address), change);
  }
}

/** Gives the group of an absent entry back if no other entry in it lives. */
export function releaseEntry(root: TypeRoot, address: usize): void {
  const group = entryToGroup(address);
  if (groupToLive(group)) return;
  const link = bucketAddress(root, keyToBucket(root, groupToKey(group)));
  let current: usize = load<u32>(link);
  if (current == group) {
    store<u32>(link, <u32>groupToNext(group));
  } else {
    while (groupToNext(current) != group) current = groupToNext(current);
    setGroupNext(current, groupToNext(group));
  }
  root.groups--;
  freeGroup(root, group);
}

/** Takes any group out of the directory, for emptying it. @returns 0 when there is none */
export function detachAnyGroup(root: TypeRoot, fromBucket: u32): usize {
  const bucket = bucketAddress(root, fromBucket);
  const group: usize = load<u32>(bucket);
  if (group) {
    store<u32>(bucket, <u32>groupToNext(group));
    root.groups--;
  }
  return group;
}

/** One step of growth: moves what belongs to the new bucket out of the one it is split from. */
function splitBucket(root: TypeRoot): void {
  const added = root.buckets;
  if (!addBucket(root)) return;
  const mask = root.mask;
  const target = bucketAddress(root, added);
  const source = bucketAddress(root, added & (mask >> 1));
  let group: usize = load<u32>(source);
  let kept: usize = 0;
  let moved: usize = 0;
  while (group) {
    const next = groupToNext(group);
    if ((hashKey(groupToKey(group)) & mask) == added) {
      setGroupNext(group, moved);
      moved = group;
    } else {
      setGroupNext(group, kept);
      kept = group;
    }
    group = next;
  }
  store<u32>(source, <u32>kept);
  store<u32>(target, <u32>moved);
}

export { ENTRIES_PER_GROUP };
