import { mayDie } from "./crash";
import { EFFORT_HIGH } from "../codec/effort";
import { BLOCK_LENGTH_MASK, CODEC_SHIFT, compressPage, decompressWith } from "../codec/registry";
import { MAX_TYPES } from "../constants";
import { ENTRIES_PER_GROUP, findEntry } from "../index/directory";
import {
  asTried,
  entryToCodec,
  entryToForm,
  entryToLength,
  entryToLocation,
  FORM_BLOCK,
  FORM_RAW,
  isSameObject,
  isTried,
  objectEntry,
  withRecencyOf,
} from "../index/entry";
import { entryAddress, GROUP_SHIFT, groupToKey, groupToNext } from "../index/group";
import { bucketAddress, TypeRoot } from "../index/type-root";
import { forgetHolder, lockHolder, selfId } from "../lock";
import { OPTION_CODEC_SHIFT, superblock } from "../superblock";
import { locationToPayload } from "../zsmalloc/pool";
import { classToLength, classToSize, lengthToClass } from "../zsmalloc/size-classes";
import { ownRecord } from "./header";
import { giveSpare, keepSpare, takeObject } from "./objects";
import { resolve, settleLoads } from "./read";
import { forgetRejected } from "./rejected";
import { beginPage, endPage, replaceEntry } from "./store";
import {
  isSamePublication,
  publicationsOf,
  stripeAt,
  STRIPES,
  tryLockStripe,
  typeRoots,
  unlockStripe,
} from "./stripe";
import {
  blockAddress,
  getWindowAddress,
  OPTION_HIGH,
  putWindowAddress,
  workspaceAddress,
} from "./window";

/**
 * Recompression while workers run: raises stored blocks to the effort `high`, page by page.
 *
 * Why so: a block is copied out under its stripe's lock, compressed in this worker's own scratch
 * under none, and put in the place of the old one if the entry is still the same: the steps of a
 * put, so a worker that dies here is recovered as from a put. The walk follows the index, where
 * the plain build's goes through the size classes, coldest pages first: what lies in a zspage may be
 * freed as soon as the lock of its class is given back.
 *
 * What did not help is marked in the entry and not tried again until the page is put anew. Where
 * a walk goes on is known to this worker alone; two that walk at once share the work by the marks.
 */

// Where this worker's walk goes on.
let nextStripe: u32 = 0;
let nextBucket: u32 = 0;
let nextPlace: u32 = 0;
// Stripes passed since a page was replaced or marked: a lap without any ends the walk, also where
// pages that find no room come round again.
let passed: u32 = 0;

// The page that was taken out last.
let takenOffset: u32 = 0;
let takenEntry: u64 = 0;
let takenPublications: u32 = 0;

const STRIPE_COUNT: u32 = MAX_TYPES * STRIPES;
/** Buckets gone through under one lock. */
const BUCKETS_AT_ONCE: u32 = 16;

/** Whether workers have the scratch that it takes. */
export function canRecompress(): bool {
  return (superblock().options & OPTION_HIGH) != 0;
}

/**
 * Recompresses up to `budget` pages, in a pool whose workers have the scratch for effort `high`.
 *
 * @returns how many pages were tried; fewer than `budget` when the walk came round, or a lock could
 *   not be had: `lockHolder` tells
 */
export function recompress(budget: u32): u32 {
  if (!canRecompress()) return 0;
  forgetRejected();
  forgetHolder();
  let tried: u32 = 0;
  while (tried < budget && passed <= STRIPE_COUNT && !lockHolder()) {
    const roots = typeRoots(nextStripe / STRIPES);
    if (roots) {
      const root = stripeAt(roots, nextStripe % STRIPES);
      const length = takeNext(root);
      if (length) {
        tried++;
        const made = compressTaken(length);
        // A smaller block that finds no room or no lock now is worth another try.
        if (made ? replaceTaken(root, made) : markTaken(root)) passed = 0;
        continue;
      }
      if (nextBucket < root.buckets) continue;
    }
    const step = roots ? 1 : STRIPES;
    passed += step;
    nextStripe = nextStripe + step >= STRIPE_COUNT ? 0 : nextStripe + step;
    nextBucket = 0;
    nextPlace = 0;
  }
  if (tried < budget) passed = 0;
  return tried;
}

/**
 * Copies the next block of a stripe that was not tried into the put window.
 *
 * @returns its bytes; 0 when the next buckets have none, or the stripe is busy: it is passed over
 */
function takeNext(root: TypeRoot): u32 {
  if (!tryLockStripe(root)) {
    nextBucket = root.buckets;
    return 0;
  }
  let length: u32 = 0;
  const end = min(nextBucket + BUCKETS_AT_ONCE, root.buckets);
  while (nextBucket < end) {
    length = takeFromBucket(root);
    if (length) break;
    nextBucket++;
    nextPlace = 0;
  }
  unlockStripe(root);
  return length;
}

function takeFromBucket(root: TypeRoot): u32 {
  let place: u32 = 0;
  let group: usize = load<u32>(bucketAddress(root, nextBucket));
  while (group) {
    for (let at: u32 = 0; at < ENTRIES_PER_GROUP; at++, place++) {
      if (place < nextPlace) continue;
      nextPlace = place + 1;
      takenOffset = (groupToKey(group) << GROUP_SHIFT) | at;
      const length = takeEntry(root, entryAddress(group, at));
      if (length) return length;
    }
    group = groupToNext(group);
  }
  return 0;
}

function takeEntry(root: TypeRoot, address: usize): u32 {
  takenPublications = publicationsOf(root);
  takenEntry = atomic.load<u64>(address);
  if (entryToForm(takenEntry) < FORM_RAW || isTried(takenEntry)) return 0;
  const length = entryToLength(takenEntry);
  const payload = resolve(entryToLocation(takenEntry), length);
  if (lengthToClass(length) < 2 || !payload) return 0;
  memory.copy(putWindowAddress, payload, length);
  settleLoads();
  return isTaken(root, address) ? length : 0;
}

/** Whether the entry at an address still is the one that was taken. */
function isTaken(root: TypeRoot, address: usize): bool {
  return (
    address != 0 &&
    isSameObject(atomic.load<u64>(address), takenEntry) &&
    isSamePublication(root, takenEntry, takenPublications)
  );
}

/** @returns the new block in the block area, as `compressPage`; 0 when it is in no smaller class */
function compressTaken(length: u32): u32 {
  const block = superblock();
  const pageSize = block.pageSize;
  let page = putWindowAddress;
  if (entryToForm(takenEntry) != FORM_RAW) {
    page = getWindowAddress;
    const codec = entryToCodec(takenEntry);
    if (!decompressWith(codec, page, pageSize, putWindowAddress, length)) return 0;
  }
  const capacity = min(block.worthLength, classToLength(lengthToClass(length) - 1));
  return compressPage(
    blockAddress,
    capacity,
    page,
    pageSize,
    workspaceAddress,
    EFFORT_HIGH,
    block.options >> OPTION_CODEC_SHIFT,
  );
}

/**
 * @param made the new block, as `compressPage` gave it
 * @returns false when there is no room for it beside the old one, or no lock
 */
function replaceTaken(root: TypeRoot, made: u32): bool {
  const length = made & BLOCK_LENGTH_MASK;
  if (!giveSpare(ownRecord()) || !tryLockStripe(root)) return false;
  const address = findEntry(root, takenOffset);
  let done = true;
  if (isTaken(root, address)) {
    const journal = ownRecord();
    beginPage(journal, address);
    const location = takeObject(journal, length, address);
    done = location != 0;
    if (done) {
      const size = classToSize(lengthToClass(length));
      memory.copy(locationToPayload(location, size), blockAddress, length);
      const entry = objectEntry(FORM_BLOCK + (made >> CODEC_SHIFT), length, location);
      done = replaceEntry(root, journal, address, asTried(withRecencyOf(entry, takenEntry)));
      if (!done) keepSpare(journal, location, lengthToClass(length), selfId());
    }
    endPage(journal);
  }
  unlockStripe(root);
  return done;
}

/** Marks the page as tried, if it is still the same. @returns false when its stripe is busy */
function markTaken(root: TypeRoot): bool {
  if (!tryLockStripe(root)) return false;
  const address = findEntry(root, takenOffset);
  if (isTaken(root, address)) {
    const entry = atomic.load<u64>(address);
    mayDie();
    atomic.cmpxchg<u64>(address, entry, asTried(entry));
  }
  unlockStripe(root);
  return true;
}
