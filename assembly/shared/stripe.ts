import { mayDie } from "./crash";
import { GRANULE_SHIFT, MAX_TYPES } from "../constants";
import { hashKey } from "../index/directory";
import { entryToVersion, VERSIONS } from "../index/entry";
import { FIRST_BUCKETS, ROOT_RECORD_SIZE, SEGMENTS_OFFSET, TypeRoot } from "../index/type-root";
import { acquire, release, tryAcquire } from "../lock";
import { superblock, TYPE_ROOTS_ADDRESS } from "../superblock";
import { allocateRun, refuseWith } from "../supply/supply";
import { STATUS_HELD } from "../status";
import { lockSupply, unlockSupply } from "./header";

/**
 * Stripes: a type's index in 16 parts, each a type root of its own with a lock.
 *
 * Why so: puts to one type meet in a 16th of the cases only. The high bits of a group's hash choose
 * the stripe, the low ones its bucket. Root and segments, once made, stay for ever (a type that is
 * opened again uses them again), so a get may follow them at any time.
 *
 * `sequence` is odd while chains or groups change. `publications` counts the words that were stored
 * into entries; its low nine bits are the version in each of these words, so two equal words of one
 * stripe are the same publication, unless the count has reached that version again in between
 * (`isSamePublication`).
 *
 * Layout: 16 roots of 512 bytes in one run, whose address is the type's cell. Behind the record and
 * the segments of a root, at byte 192: the words below.
 */

export const STRIPES: u32 = 16;
const STRIPE_SHIFT: u32 = 9;
/** Granules of the roots of one type. */
export const ROOTS_GRANULES: u32 = (STRIPES << STRIPE_SHIFT) >> GRANULE_SHIFT;
const HASH_SHIFT: u32 = 28;
/** Looks at a lock for which it is not worth waiting. */
const TRY_SPINS: i32 = 200;

const LOCK: usize = 192;
const SEQUENCE: usize = 196;
const PUBLICATIONS: usize = 200;
const OPEN: usize = 204;
const FILLED: usize = 208;
const RAW: usize = 212;
const PAYLOAD: usize = 216;
/** In stripe 0 only: the lock of the area. */
const AREA_LOCK: usize = 224;
/** The bucket at which the hand of writeback goes on. */
const HAND: usize = 228;

/** Address of a type's roots, 0 when it was never open or is no type. */
export function typeRoots(type: u32): usize {
  return type < MAX_TYPES ? <usize>atomic.load<u32>(TYPE_ROOTS_ADDRESS + (type << 2)) : 0;
}

/** A stripe of a type by its number. */
export function stripeAt(roots: usize, stripe: u32): TypeRoot {
  return changetype<TypeRoot>(roots + (stripe << STRIPE_SHIFT));
}

/** The stripe that holds the group with a key. */
export function keyToStripe(roots: usize, key: u32): TypeRoot {
  return stripeAt(roots, hashKey(key) >> HASH_SHIFT);
}

/** Makes the roots of a type, closed. @returns their address, 0 when memory or lock is refused */
export function createRoots(type: u32): usize {
  if (!lockSupply()) {
    refuseWith(STATUS_HELD);
    return 0;
  }
  const cell = TYPE_ROOTS_ADDRESS + (type << 2);
  let address: usize = load<u32>(cell);
  if (!address) {
    address = allocateRun(ROOTS_GRANULES);
    if (address) {
      memory.fill(address, 0, ROOTS_GRANULES << GRANULE_SHIFT);
      for (let stripe: u32 = 0; stripe < STRIPES; stripe++) {
        const root = stripeAt(address, stripe);
        root.type = type;
        root.buckets = FIRST_BUCKETS;
        root.mask = FIRST_BUCKETS * 2 - 1;
        const at = changetype<usize>(root);
        store<u32>(at + SEGMENTS_OFFSET, <u32>at + ROOT_RECORD_SIZE);
      }
      superblock().indexGranules += ROOTS_GRANULES;
      mayDie();
      atomic.store<u32>(cell, <u32>address);
      mayDie();
    }
  }
  unlockSupply();
  return address;
}

export function stripeLock(root: TypeRoot): usize {
  return changetype<usize>(root) + LOCK;
}

export function areaLock(roots: usize): usize {
  return roots + AREA_LOCK;
}

/** @returns false when the holder kept it beyond the bound */
export function lockStripe(root: TypeRoot): bool {
  return acquire(changetype<usize>(root) + LOCK);
}

/** Takes the lock of a stripe if it is free, or about to be. */
export function tryLockStripe(root: TypeRoot): bool {
  for (let spin = 0; spin < TRY_SPINS; spin++) {
    if (tryAcquire(changetype<usize>(root) + LOCK)) {
      mayDie();
      return true;
    }
  }
  return false;
}

export function unlockStripe(root: TypeRoot): void {
  release(changetype<usize>(root) + LOCK);
}

export function sequenceOf(root: TypeRoot): u32 {
  return atomic.load<u32>(changetype<usize>(root), SEQUENCE);
}

/**
 * What was stored atomically before is seen before what is stored after: no atomic load passes an
 * atomic store, and nothing passes an atomic load. An atomic store alone lets plain stores behind it
 * pass on ARM; x86 never does, so no test there can fail without this.
 *
 * @param address of any word
 */
export function settleStores(address: usize): void {
  atomic.load<u32>(address);
}

/** Begins to change chains or groups: readers that meet it start again. */
export function beginChange(root: TypeRoot): void {
  const sequence = changetype<usize>(root) + SEQUENCE;
  atomic.store<u32>(sequence, sequenceOf(root) | 1);
  settleStores(sequence);
  mayDie();
}

/** Ends it: the sequence is even again, and another one. */
export function endChange(root: TypeRoot): void {
  atomic.store<u32>(changetype<usize>(root), (sequenceOf(root) | 1) + 1, SEQUENCE);
  mayDie();
}

/** Words stored into entries so far. */
export function publicationsOf(root: TypeRoot): u32 {
  return atomic.load<u32>(changetype<usize>(root), PUBLICATIONS);
}

/** Counts one word more. @returns the version that it is to carry */
export function nextVersion(root: TypeRoot): u32 {
  return atomic.add<u32>(changetype<usize>(root), 1, PUBLICATIONS) + 1;
}

/**
 * Whether a word that was in an entry, and is there again, has been there all the time.
 *
 * @param then publications when it was seen first, or before
 */
export function isSamePublication(root: TypeRoot, entry: u64, then: u32): bool {
  const age = (then - entryToVersion(entry)) & (VERSIONS - 1);
  return publicationsOf(root) - then < VERSIONS - age;
}

/** The bucket at which the hand of writeback goes on; the stripe is locked. */
export function stripeHand(root: TypeRoot): u32 {
  return load<u32>(changetype<usize>(root), HAND);
}

export function setStripeHand(root: TypeRoot, bucket: u32): void {
  store<u32>(changetype<usize>(root), bucket, HAND);
}

export function isOpen(root: TypeRoot): bool {
  return atomic.load<u32>(changetype<usize>(root), OPEN) != 0;
}

export function setOpen(root: TypeRoot, open: bool): void {
  atomic.store<u32>(changetype<usize>(root), open ? 1 : 0, OPEN);
}

export function filledPages(root: TypeRoot): u32 {
  return load<u32>(changetype<usize>(root), FILLED);
}

export function rawPages(root: TypeRoot): u32 {
  return load<u32>(changetype<usize>(root), RAW);
}

export function payloadBytes(root: TypeRoot): u64 {
  return load<u64>(changetype<usize>(root), PAYLOAD);
}

/** Adds to the counters that follow from entries; the stripe is locked. */
export function addCounts(root: TypeRoot, filled: i32, raw: i32, payload: i64): void {
  const address = changetype<usize>(root);
  store<u32>(address, load<u32>(address, FILLED) + filled, FILLED);
  store<u32>(address, load<u32>(address, RAW) + raw, RAW);
  store<u64>(address, load<u64>(address, PAYLOAD) + payload, PAYLOAD);
}

/** Sets the counters to 0, before they are counted anew. */
export function clearCounts(root: TypeRoot): void {
  const address = changetype<usize>(root);
  store<u32>(address, 0, FILLED);
  store<u32>(address, 0, RAW);
  store<u64>(address, 0, PAYLOAD);
}
