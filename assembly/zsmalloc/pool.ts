import { mayDie } from "../shared/crash";
import { superblock } from "../superblock";
import {
  FULL_GROUP,
  groupHead,
  lengthToClass,
  OBJECT_HEADER_SIZE,
  SizeClass,
  sizeClass,
} from "./size-classes";
import {
  refileZspage,
  SLOT_BITS,
  SLOT_MASK,
  slotAddress,
  USED_TAG,
  Zspage,
  zspageAt,
} from "./zspage";
import { createZspage, destroyZspage } from "./zspage-supply";

/**
 * The pool: allocate, resolve and free objects by location.
 *
 * Why so: allocation takes a slot from the fullest zspage of the class, so that emptier ones run
 * dry and go back to the supply. A location is (zspage id, slot) in 32 bits; with the payload's
 * length, which the entry keeps, it leads to the address. An object carries the address of its entry, so
 * that compaction finds who must be told.
 *
 * Invariant: location 0 is never given out.
 *
 * Source: zsmalloc's design (Documentation/mm/zsmalloc.rst), with the entry as handle.
 */

/** Mask of the groups that have a free slot. */
export const PARTIAL_GROUPS: u32 = (1 << FULL_GROUP) - 1;

/**
 * Takes an object for a payload of `length` bytes.
 *
 * @param owner address of the entry that will hold the location
 * @returns the location, 0 when memory is refused
 */
export function allocateObject(length: u32, owner: usize): u32 {
  const classIndex = lengthToClass(length);
  const record = sizeClass(classIndex);
  const partial = record.groupMask & PARTIAL_GROUPS;
  let zspage: Zspage;
  if (partial) {
    zspage = changetype<Zspage>(load<u32>(groupHead(record, 31 - <u32>clz(partial))));
  } else {
    const created = createZspage(classIndex);
    if (!created) return 0;
    zspage = created;
  }
  if (record.expected) record.expected--;
  return takeSlot(record, zspage, owner);
}

/** Takes a free slot of a zspage that has one. */
export function takeSlot(record: SizeClass, zspage: Zspage, owner: usize): u32 {
  const slot: u32 = zspage.freeHead;
  const address = slotAddress(zspage, slot, record.size);
  zspage.freeHead = load<u32>(address) >> 1;
  zspage.used++;
  record.used++;
  if (isDefined(ZMEM_SHARED)) mayDie();
  store<u32>(address, (<u32>owner) | USED_TAG);
  if (isDefined(ZMEM_SHARED)) mayDie();
  refileZspage(record, zspage);
  return (zspage.id << SLOT_BITS) | slot;
}

/** Gives an object back; an emptied zspage goes back to the supply. */
export function freeObject(location: u32): void {
  const zspage = zspageAt(location >> SLOT_BITS);
  const record = sizeClass(zspage.classIndex);
  const slot = location & SLOT_MASK;
  store<u32>(slotAddress(zspage, slot, record.size), zspage.freeHead << 1);
  if (isDefined(ZMEM_SHARED)) mayDie();
  zspage.freeHead = slot;
  zspage.used--;
  record.used--;
  if (zspage.used) refileZspage(record, zspage);
  else destroyZspage(record, zspage);
}

/** Address of an object's payload; `size` is its class's object size. */
export function locationToPayload(location: u32, size: u32): usize {
  const zspage = zspageAt(location >> SLOT_BITS);
  return slotAddress(zspage, location & SLOT_MASK, size) + OBJECT_HEADER_SIZE;
}

/** Bytes of all objects in use, rounded to their classes, headers included. */
export function objectBytes(): u64 {
  const count = superblock().classCount;
  let bytes: u64 = 0;
  for (let index: u32 = 1; index < count; index++) {
    const record = sizeClass(index);
    bytes += <u64>record.used * record.size;
  }
  return bytes;
}
