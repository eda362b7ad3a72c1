import { superblock } from "../superblock";

/**
 * Size classes: which object size a block is stored in.
 *
 * Why so: steps of 16 bytes up to 8 KiB, then 256 classes per doubling, keep rounding under half a
 * percent on average. The kernel's step (page size / 256) would cost 128 bytes a block at 64 KiB.
 * Classes are not merged: zspages have no fixed length here (zspage.ts), so two classes never share
 * a geometry.
 *
 * ```
 * object bytes   1 .. 8192   .. 16384   .. 32768   .. 65536   .. 131072
 * step             16           32         64        128         256
 * class          1 .. 512     .. 768     .. 1024   .. 1280     .. 1536
 * ```
 *
 * Invariants: size(classOf(n)) >= n; classes ascend with sizes; an object includes its header.
 *
 * Layout of a class record: below; the table has one record per class, index 0 unused.
 */
@unmanaged
export class SizeClass {
  /** Bytes of one object, header included. */
  size: u32;
  /** Bit b: the list of fullness group b has a zspage. */
  groupMask: u32;
  zspages: u32;
  /** Objects in use, and objects that the zspages could hold. */
  used: u32;
  capacity: u32;
  /** Objects announced by a trim: zspages are cut to hold no more than these. */
  expected: u32;
  // then GROUP_COUNT list heads: u32 address of a zspage, 0 when empty
}

/** Fullness groups: 0 to 7 are eighths of the capacity, FULL_GROUP is full. */
export const GROUP_COUNT: u32 = 9;
export const FULL_GROUP: u32 = 8;

/** Bytes of the 4-byte back-pointer at the start of every object. */
export const OBJECT_HEADER_SIZE: u32 = 4;

const HEADS_OFFSET: u32 = 24;
const CLASS_SHIFT: u32 = 6;

if (offsetof<SizeClass>() != HEADS_OFFSET) ERROR("size class: the diagram and the record differ");
/** Where the shared build has the lock of a class: the word behind the heads. */
export const SIZE_CLASS_LOCK_OFFSET: usize = HEADS_OFFSET + GROUP_COUNT * 4;
if (SIZE_CLASS_LOCK_OFFSET + 4 > 1 << CLASS_SHIFT) ERROR("size class: record too long");

const BASE_SHIFT: u32 = 4;

/** The class for a payload of `length` bytes, 1 or more. */
export function lengthToClass(length: u32): u32 {
  const bytes = length + OBJECT_HEADER_SIZE;
  const bits = 32 - <u32>clz(bytes - 1);
  const shift = bits > 13 ? bits - 9 : BASE_SHIFT;
  return ((shift - BASE_SHIFT) << 8) + ((bytes + (1 << shift) - 1) >> shift);
}

/** Bytes of one object of a class. */
export function classToSize(index: u32): u32 {
  if (index <= 512) return index << BASE_SHIFT;
  const shift = 3 + ((index - 1) >> 8);
  return (index - ((shift - BASE_SHIFT) << 8)) << shift;
}

/** The longest payload of a class. */
export function classToLength(index: u32): u32 {
  return classToSize(index) - OBJECT_HEADER_SIZE;
}

/** How many records the table of a pool with this page size has, index 0 included. */
export function classCountFor(pageSize: u32): u32 {
  return lengthToClass(pageSize) + 1;
}

/** Bytes of that table. */
export function classTableSize(classCount: u32): u32 {
  return classCount << CLASS_SHIFT;
}

/** Fills in the table at `address`, whose bytes are zero. */
export function initializeClassTable(address: usize, classCount: u32): void {
  for (let index: u32 = 1; index < classCount; index++) {
    changetype<SizeClass>(address + (index << CLASS_SHIFT)).size = classToSize(index);
  }
}

/** The record of a class. */
export function sizeClass(index: u32): SizeClass {
  return changetype<SizeClass>(superblock().classTableAddress + (index << CLASS_SHIFT));
}

/** Address of the head of a fullness group's list. */
export function groupHead(record: SizeClass, group: u32): usize {
  return changetype<usize>(record) + HEADS_OFFSET + (group << 2);
}
