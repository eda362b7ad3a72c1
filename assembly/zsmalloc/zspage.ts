import { mayDie } from "../shared/crash";
import { GRANULE_SHIFT } from "../constants";
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
 * │ header 24 bytes │ object 0: u32 header, payload │ object 1 … │ … │ tail, under one object │
 * object header: in use: address of its entry | 1   ·   free: next free slot << 1
 * table of zspages: address, or for a free id: next free id << 1 | 1
 * ```
 */
@unmanaged
export class Zspage {
  id: u32;
  granules: u16;
  capacity: u16;
  used: u16;
  /** First free slot, NO_SLOT when full. */
  freeHead: u16;
  classIndex: u16;
  group: u16;
  next: u32;
  previous: u32;
}

export const ZSPAGE_HEADER_SIZE: u32 = 24;
if (offsetof<Zspage>() != ZSPAGE_HEADER_SIZE) ERROR("zspage: the diagram and the record differ");

export const NO_SLOT: u32 = 0xffff;
export const SLOT_BITS: u32 = 10;
export const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
/** Tag bit of an object header: the object is in use. */
export const USED_TAG: u32 = 1;

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
  const id = load<u32>(address);
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
  zspage.group = <u16>group;
  if (isDefined(ZMEM_SHARED)) mayDie();
  zspage.next = next;
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
