import { mayDie } from "../shared/crash";
import { GRANULE_SHIFT, GRANULE_SIZE } from "../constants";
import { superblock } from "../superblock";
import { FULL_GROUP, groupHead, SizeClass, sizeClass } from "./size-classes";

/**
 * Zspages: runs of granules cut into equal objects of one size class.
 *
 * Why so: an object never straddles, since a zspage is contiguous; how long it is, is decided when it
 * is made (zspage-supply.ts).
 *
 * A zspage is named by an id; a table leads from the id to its address. The entry of a page holds
 * (id, slot), 22 + 10 bits, and the size class follows from the length that the entry holds.
 *
 * Invariants: used + length of the free list = capacity; an empty zspage is given back at once;
 * the zspage is in the list of its fullness group.
 *
 * ```
 * │ header 16 bytes │ object 0: u32 header, payload │ object 1 … │ … │ tail, under one object │
 * object header: in use: address of its entry | 1   ·   free: next free slot << 1
 * table of zspages: address, or for a free id: next free id << 1 | 1
 *
 * header, words of 32 bits: │ id 22 │ capacity 10 │
 *                           │ class 12 │ first free slot 10 │ used 10 │
 *                           │ next zspage of its group 26 │ group 6 │   a zspage begins at a granule
 *                           │ previous zspage 32 │
 * ```
 * Its length is that of its objects.
 */
@unmanaged
export class Zspage {
  /** What never changes. */
  idAndCapacity: u32;
  classAndSlots: u32;
  nextAndGroup: u32;
  previous: u32;

  get id(): u32 {
    return this.idAndCapacity >> SLOT_BITS;
  }

  get capacity(): u32 {
    return this.idAndCapacity & SLOT_MASK;
  }

  get classIndex(): u32 {
    return this.classAndSlots >> (2 * SLOT_BITS);
  }

  get used(): u32 {
    return this.classAndSlots & SLOT_MASK;
  }

  set used(used: u32) {
    this.classAndSlots = (this.classAndSlots & ~SLOT_MASK) | used;
  }

  /** First free slot, NO_SLOT when full. */
  get freeHead(): u32 {
    return (this.classAndSlots >> SLOT_BITS) & SLOT_MASK;
  }

  set freeHead(slot: u32) {
    this.classAndSlots = (this.classAndSlots & ~(SLOT_MASK << SLOT_BITS)) | (slot << SLOT_BITS);
  }

  /** Address of the next zspage in the list of the group. */
  get next(): u32 {
    return this.nextAndGroup & ~GROUP_MASK;
  }

  set next(address: u32) {
    this.nextAndGroup = address | this.group;
  }

  get group(): u32 {
    return this.nextAndGroup & GROUP_MASK;
  }

  get granules(): u32 {
    return objectsToGranules(this.capacity, sizeClass(this.classIndex).size);
  }
}

export const ZSPAGE_HEADER_SIZE: u32 = 16;
if (offsetof<Zspage>() != ZSPAGE_HEADER_SIZE) ERROR("zspage: the diagram and the record differ");

const GROUP_MASK: u32 = GRANULE_SIZE - 1;
if (FULL_GROUP > GROUP_MASK) ERROR("zspage: the group does not fit below the address");

export const SLOT_BITS: u32 = 10;
export const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
export const NO_SLOT: u32 = SLOT_MASK;
/** Slots of a zspage are below NO_SLOT. */
export const MOST_SLOTS: u32 = SLOT_MASK;
/** Tag bit of an object header: the object is in use. */
export const USED_TAG: u32 = 1;

/** Granules that a zspage of so many objects has. */
export function objectsToGranules(objects: u32, size: u32): u32 {
  return (objects * size + ZSPAGE_HEADER_SIZE + GRANULE_SIZE - 1) >> GRANULE_SHIFT;
}

/** The zspage with an id. */
export function zspageAt(id: u32): Zspage {
  return changetype<Zspage>(load<u32>(superblock().zspageTableAddress + (id << 2)));
}

/** Address of the object header in a slot. */
export function slotAddress(zspage: Zspage, slot: u32, size: u32): usize {
  return changetype<usize>(zspage) + ZSPAGE_HEADER_SIZE + slot * size;
}

/** Files the zspage under the group that its use asks for. */
export function refileZspage(record: SizeClass, zspage: Zspage): void {
  const group: u32 =
    zspage.used == zspage.capacity ? FULL_GROUP : (zspage.used << 3) / zspage.capacity;
  if (group == zspage.group) return;
  unlinkZspage(record, zspage);
  linkZspage(record, zspage, group);
}

/**
 * Says where a zspage lies, once its bytes are there: in the shared build whoever loads the cell from
 * now on finds them. (No test can fail without the atomic store: x86 keeps all stores in order.)
 */
export function setZspageAddress(id: u32, address: usize): void {
  const cell: usize = superblock().zspageTableAddress + (id << 2);
  if (isDefined(ZMEM_SHARED)) atomic.store<u32>(cell, <u32>address);
  else store<u32>(cell, <u32>address);
}

/** Moves a zspage to a run of its length that may overlap it; its id stays. */
export function moveZspage(zspage: Zspage, address: usize): void {
  memory.copy(address, changetype<usize>(zspage), (<usize>zspage.granules) << GRANULE_SHIFT);
  const moved = changetype<Zspage>(address);
  setZspageAddress(moved.id, address);
  if (moved.next) changetype<Zspage>(moved.next).previous = <u32>address;
  if (moved.previous) changetype<Zspage>(moved.previous).next = <u32>address;
  else store<u32>(groupHead(sizeClass(moved.classIndex), moved.group), <u32>address);
}

/** The zspage that begins at an address; null when something else does. */
export function zspageAtAddress(address: usize): Zspage | null {
  const block = superblock();
  const id = changetype<Zspage>(address).id;
  if (!id || id >= block.zspageTableCapacity) return null;
  // Only a live zspage is what the table says of its own id; any other bytes fail this.
  return <usize>load<u32>(block.zspageTableAddress + (id << 2)) == address
    ? changetype<Zspage>(address)
    : null;
}

/** Puts a zspage at the head of a group's list. */
export function linkZspage(record: SizeClass, zspage: Zspage, group: u32): void {
  const head = groupHead(record, group);
  const next = load<u32>(head);
  const address = <u32>changetype<usize>(zspage);
  if (isDefined(ZMEM_SHARED)) mayDie();
  zspage.nextAndGroup = next | group;
  zspage.previous = 0;
  if (next) changetype<Zspage>(next).previous = address;
  store<u32>(head, address);
  record.groupMask |= 1 << group;
}

/** Takes a zspage out of its group's list. */
export function unlinkZspage(record: SizeClass, zspage: Zspage): void {
  const next = zspage.next;
  const previous = zspage.previous;
  if (isDefined(ZMEM_SHARED)) mayDie();
  if (next) changetype<Zspage>(next).previous = previous;
  if (previous) {
    changetype<Zspage>(previous).next = next;
  } else {
    store<u32>(groupHead(record, zspage.group), next);
    if (!next) record.groupMask &= ~(1 << zspage.group);
  }
}
