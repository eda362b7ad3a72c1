import { EFFORT_HIGH } from "./codec/effort";
import { BLOCK_LENGTH_MASK, CODEC_SHIFT, compressPage, decompressWith } from "./codec/registry";
import { fillPage, isSameFilled } from "./codec/same-filled";
import { MAX_TYPES } from "./constants";
import {
  detachAnyGroup,
  ENTRIES_PER_GROUP,
  findEntry,
  releaseEntry,
  reserveEntry,
  writeEntry,
} from "./index/directory";
import {
  asTried,
  entryToCodec,
  entryToForm,
  entryToLength,
  entryToLocation,
  filledEntry,
  FORM_ABSENT,
  FORM_BLOCK,
  FORM_FILLED,
  FORM_FILLED_OBJECT,
  FORM_RAW,
  hasObject,
  objectEntry,
  raiseRecency,
  withRecencyOf,
} from "./index/entry";
import { entryAddress, freeGroup } from "./index/group";
import { createTypeRoot, destroyTypeRoot, TypeRoot, typeRoot } from "./index/type-root";
import {
  STATUS_ABSENT,
  STATUS_CLOSED_TYPE,
  STATUS_CORRUPT,
  STATUS_DISABLED,
  STATUS_INCOMPRESSIBLE,
  STATUS_INVALID,
  STATUS_LIMIT,
  STATUS_OK,
} from "./status";
import {
  OPTION_ACCEPT_RAW,
  OPTION_CODEC_SHIFT,
  OPTION_ENABLED,
  Superblock,
  superblock,
} from "./superblock";
import { countReject } from "./stats";
import { isOverLimit, lastFailure } from "./supply/supply";
import { compactIfIdle } from "./zsmalloc/compaction";
import { allocateObject, freeObject, locationToPayload } from "./zsmalloc/pool";
import { classToSize, lengthToClass } from "./zsmalloc/size-classes";

/**
 * The page store: the verbs, and the only file that joins codec, allocator and index.
 *
 * ```
 * put  same-filled? ─ yes ─ entry holds the word
 *                   └ no ── compress ─ worth a smaller class? ─ yes ─ block  ┐ free the old, allocate,
 *                                                             └ no ── raw    ┘ copy, publish
 * get  entry ─ absent · word: fill · raw: copy · block: decompress into the window
 * ```
 *
 * Invariants (frontswap, 2010): a put that returned OK can be got until flush or overwrite; a put
 * that did not leaves nothing under its key, not even the older copy; a get keeps the page.
 */

/** Bytes that a block is copied by. */
const ROUND_SIZE: u32 = 64;

// What `retryPut` would keep: the page of the last put of this instance, if it was rejected for
// want of memory; FORM_ABSENT when there is none. `pendingSource` is in a window or the block area.
let pendingForm: u32 = FORM_ABSENT;
let pendingType: u32 = 0;
let pendingOffset: u32 = 0;
let pendingLength: u32 = 0;
let pendingSource: usize = 0;

/** Opens a type. @returns OK, also when it was open; LIMIT or GROWTH when memory is refused */
export function openType(type: u32): i32 {
  if (type >= MAX_TYPES) return STATUS_INVALID;
  if (typeRoot(type)) return STATUS_OK;
  return createTypeRoot(type) ? STATUS_OK : lastFailure;
}

/** Keeps the page in the put window. @returns OK or why it was rejected */
export function putPage(type: u32, offset: u32): i32 {
  pendingForm = FORM_ABSENT;
  const root = openRoot(type);
  if (!root) return countReject(STATUS_CLOSED_TYPE);
  const block = superblock();
  const window: usize = block.putWindowAddress;
  const pageSize = block.pageSize;
  if (!(block.options & OPTION_ENABLED)) {
    dropPage(root, offset);
    return countReject(STATUS_DISABLED);
  }
  if (isSameFilled(window, pageSize)) {
    const word = load<u64>(window);
    return <u32>word == <u32>(word >> 32)
      ? keepPending(root, offset, FORM_FILLED, 0, window)
      : keepPending(root, offset, FORM_FILLED_OBJECT, 8, window);
  }
  const source: usize = block.blockAddress;
  const made = compressPage(
    source,
    block.worthLength,
    window,
    pageSize,
    block.effort == EFFORT_HIGH ? block.highWorkspaceAddress : block.workspaceAddress,
    block.effort,
    block.options >> OPTION_CODEC_SHIFT,
  );
  if (made) {
    const form = FORM_BLOCK + (made >> CODEC_SHIFT);
    return keepPending(root, offset, form, made & BLOCK_LENGTH_MASK, source);
  }
  if (block.options & OPTION_ACCEPT_RAW) {
    return keepPending(root, offset, FORM_RAW, pageSize, window);
  }
  dropPage(root, offset);
  return countReject(STATUS_INCOMPRESSIBLE);
}

/**
 * Tries again to keep the page of the last `putPage`, which was rejected for want of memory. The
 * page is not compressed again: windows and block area must not have been used in between.
 *
 * @returns as putPage; ABSENT when the last put was another one, or was not rejected for that
 */
export function retryPut(type: u32, offset: u32): i32 {
  if (pendingForm == FORM_ABSENT) return STATUS_ABSENT;
  if (type != pendingType || offset != pendingOffset) return STATUS_ABSENT;
  const root = openRoot(type);
  if (!root) return countReject(STATUS_CLOSED_TYPE);
  return keepPending(root, offset, pendingForm, pendingLength, pendingSource);
}

/**
 * Keeps the block that lies in the block area, as if its page had been put. It does not count as
 * got, although a get brought it back: counted, many pages that are wanted once push out others
 * (device reads 1.05 of an exact LRU's instead of 0.99, bench/writeback, 2026-11).
 *
 * @returns as putPage; `retryPut` can follow
 */
export function keepBlock(type: u32, offset: u32, form: u32, length: u32): i32 {
  pendingForm = FORM_ABSENT;
  const root = openRoot(type);
  if (!root) return countReject(STATUS_CLOSED_TYPE);
  const block = superblock();
  const isRefused =
    form == FORM_RAW ? !(block.options & OPTION_ACCEPT_RAW) : length > block.worthLength;
  if (!(block.options & OPTION_ENABLED) || isRefused) {
    dropPage(root, offset);
    return countReject(isRefused ? STATUS_INCOMPRESSIBLE : STATUS_DISABLED);
  }
  return keepPending(root, offset, form, length, block.blockAddress);
}

/** Address of the block that `retryPut` would keep; 0 when there is none or it is no block. */
export function pendingBlock(type: u32, offset: u32): u32 {
  if (pendingForm < FORM_RAW || type != pendingType || offset != pendingOffset) return 0;
  return <u32>pendingSource;
}

/** Form << 20 | length of that block. */
export function pendingInfo(): u32 {
  return (pendingForm << 20) | pendingLength;
}

/** Forgets what `retryPut` would try: the block area is about to be used for something else. */
export function forgetPending(): void {
  pendingForm = FORM_ABSENT;
}

/** Keeps a page, or remembers for `retryPut` what could not be kept. */
function keepPending(root: TypeRoot, offset: u32, form: u32, length: u32, source: usize): i32 {
  let status = STATUS_LIMIT;
  // Over a lowered limit the old copy goes first: that alone may bring the pool under it.
  if (isOverLimit()) dropPage(root, offset);
  if (isOverLimit()) countReject(status);
  else if (form == FORM_FILLED) status = keepWord(root, offset, filledEntry(load<u32>(source)));
  else status = keepObject(root, offset, form, length, source);
  pendingForm = status == STATUS_OK ? FORM_ABSENT : form;
  pendingType = root.type;
  pendingOffset = offset;
  pendingLength = length;
  pendingSource = source;
  return status;
}

/** Copies a page into the get window. @returns OK, ABSENT or CORRUPT */
export function getPage(type: u32, offset: u32): i32 {
  const root = openRoot(type);
  if (!root) return STATUS_ABSENT;
  const address = findEntry(root, offset);
  if (!address) return STATUS_ABSENT;
  const entry = load<u64>(address);
  const block = superblock();
  const window: usize = block.getWindowAddress;
  const pageSize = block.pageSize;
  const form = entryToForm(entry);
  if (form > FORM_RAW) {
    const length = entryToLength(entry);
    const decoded = decompressWith(
      entryToCodec(entry),
      window,
      pageSize,
      payloadAddress(entry),
      length,
    );
    if (!decoded) return STATUS_CORRUPT;
    raiseRecency(address, entry);
    return STATUS_OK;
  }
  if (form == FORM_ABSENT) return STATUS_ABSENT;
  if (form == FORM_RAW) {
    memory.copy(window, payloadAddress(entry), pageSize);
    raiseRecency(address, entry);
  } else if (form == FORM_FILLED) {
    const word = <u64>entryToLocation(entry);
    fillPage(window, pageSize, (word << 32) | word);
  } else {
    fillPage(window, pageSize, load<u64>(payloadAddress(entry)));
  }
  return STATUS_OK;
}

/** Forgets a page. @returns OK or ABSENT */
export function flushPage(type: u32, offset: u32): i32 {
  const root = openRoot(type);
  return root && dropPage(root, offset) ? STATUS_OK : STATUS_ABSENT;
}

/** Forgets all pages of a type and closes it. */
export function flushArea(type: u32): void {
  const root = openRoot(type);
  if (!root) return;
  for (let bucket: u32 = 0; bucket < root.buckets; bucket++) {
    let group = detachAnyGroup(root, bucket);
    while (group) {
      for (let place: u32 = 0; place < ENTRIES_PER_GROUP; place++) {
        const entry = load<u64>(entryAddress(group, place));
        if (entry) forget(entry);
      }
      freeGroup(root, group);
      group = detachAnyGroup(root, bucket);
    }
  }
  destroyTypeRoot(root);
}

/** Pages kept under a type. */
export function countPages(type: u32): u32 {
  const root = openRoot(type);
  return root ? root.pages : 0;
}

/** How a page is kept: form << 20 | bytes of its payload; 0 when there is none. */
export function inspectPage(type: u32, offset: u32): u32 {
  const root = openRoot(type);
  if (!root) return 0;
  const address = findEntry(root, offset);
  if (!address) return 0;
  const entry = load<u64>(address);
  const length = hasObject(entry) ? entryToLength(entry) : 0;
  return (entryToForm(entry) << 20) | length;
}

/** Address of the payload of an entry that has an object. */
export function payloadAddress(entry: u64): usize {
  const size = classToSize(lengthToClass(entryToLength(entry)));
  return locationToPayload(entryToLocation(entry), size);
}

/** The root of a type, null when it is closed or no type. */
export function openRoot(type: u32): TypeRoot | null {
  return type < MAX_TYPES ? typeRoot(type) : null;
}

/** Keeps a page whose entry says it all. @returns OK or why it was rejected */
export function keepWord(root: TypeRoot, offset: u32, entry: u64): i32 {
  const address = reserveEntry(root, offset);
  if (!address) return countReject(lastFailure);
  const old = load<u64>(address);
  writeEntry(root, address, entry);
  remember(entry);
  if (old) forget(old);
  return STATUS_OK;
}

/**
 * Keeps `length` bytes at `source` as the object of a page.
 *
 * @param state as `objectEntry` takes it
 * @returns OK or why it was rejected
 */
export function keepObject(
  root: TypeRoot,
  offset: u32,
  state: u32,
  length: u32,
  source: usize,
): i32 {
  const address = reserveEntry(root, offset);
  if (!address) return countReject(lastFailure);
  const old = load<u64>(address);
  const classIndex = lengthToClass(length);
  const zspagesBefore = superblock().zspageCount;
  let location: u32;
  if (hasObject(old) && lengthToClass(entryToLength(old)) == classIndex) {
    // The new block fits where the old one lies.
    location = entryToLocation(old);
    recount(old, -1);
  } else {
    // The old copy has to go whether this put succeeds or fails: it may make the room.
    if (old) forget(old);
    location = allocateObject(length, address);
    if (!location) {
      const reason = lastFailure;
      writeEntry(root, address, 0);
      releaseEntry(root, address);
      return countReject(reason);
    }
  }
  copyBlock(locationToPayload(location, classToSize(classIndex)), source, length);
  const entry = objectEntry(state, length, location);
  writeEntry(root, address, entry);
  remember(entry);
  if (superblock().zspageCount > zspagesBefore) compactIfIdle();
  return STATUS_OK;
}

/**
 * Replaces the object of a page by a smaller one that decodes to the same page.
 *
 * @param owner address of the entry
 * @returns false when memory is refused: the page stays as it is
 */
export function replaceObject(owner: usize, form: u32, length: u32, source: usize): bool {
  const old = load<u64>(owner);
  const location = allocateObject(length, owner);
  if (!location) return false;
  const size = classToSize(lengthToClass(length));
  memory.copy(locationToPayload(location, size), source, length);
  const entry = asTried(withRecencyOf(objectEntry(form, length, location), old));
  store<u64>(owner, entry);
  remember(entry);
  forget(old);
  return true;
}

/** Forgets a page. @returns whether there was one */
export function dropPage(root: TypeRoot, offset: u32): bool {
  const address = findEntry(root, offset);
  if (!address) return false;
  const entry = load<u64>(address);
  if (!entry) return false;
  writeEntry(root, address, 0);
  releaseEntry(root, address);
  forget(entry);
  return true;
}

/**
 * Copies a block into its object, exactly. `memory.copy` is a call out of the module, which for a
 * block of 2 KiB takes half as long again.
 */
function copyBlock(destination: usize, source: usize, length: u32): void {
  if (length < ROUND_SIZE) {
    memory.copy(destination, source, length);
    return;
  }
  const last = destination + length - ROUND_SIZE;
  const lastSource = source + length - ROUND_SIZE;
  while (destination < last) {
    copyRound(destination, source);
    destination += ROUND_SIZE;
    source += ROUND_SIZE;
  }
  copyRound(last, lastSource);
}

// @ts-ignore: decorator
@inline
function copyRound(destination: usize, source: usize): void {
  v128.store(destination, v128.load(source));
  v128.store(destination, v128.load(source, 16), 16);
  v128.store(destination, v128.load(source, 32), 32);
  v128.store(destination, v128.load(source, 48), 48);
}

/** Counts an entry that was published. */
function remember(entry: u64): void {
  recount(entry, 1);
}

/** Uncounts an entry that is published no more, and frees its object. */
function forget(entry: u64): void {
  recount(entry, -1);
  if (hasObject(entry)) freeObject(entryToLocation(entry));
}

function recount(entry: u64, change: i32): void {
  const block: Superblock = superblock();
  const form = entryToForm(entry);
  block.pages += change;
  if (form <= FORM_FILLED_OBJECT) block.filledPages += change;
  else if (form == FORM_RAW) block.rawPages += change;
  if (hasObject(entry)) block.payloadBytes += <i64>change * <i64>entryToLength(entry);
}
