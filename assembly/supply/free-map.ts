import { mayDie } from "../shared/crash";
import { GRANULE_SHIFT, GRANULES_PER_WASM_PAGE } from "../constants";
import { superblock } from "../superblock";

/**
 * The free map: one bit per granule, set where a free run begins and where it ends.
 *
 * Why so: whether the neighbour of a run is free must be answered without looking into the
 * neighbour, since a page in use may hold any bytes. Only the first and the last granule of a free
 * run carry the bit, so marking a run of any length is two bit operations.
 *
 * Invariant: a granule inside a free run, or in use, has its bit clear.
 */

/** Bytes of map that one wasm page of memory needs. */
export const FREE_MAP_BYTES_PER_WASM_PAGE: u32 = GRANULES_PER_WASM_PAGE >> 3;

function bitAddress(granule: u32): usize {
  return superblock().freeMapAddress + ((granule >> 5) << 2);
}

/** Marks the ends of the free run of `granules` at `address`. */
export function markFree(address: usize, granules: u32): void {
  const first = <u32>(address >> GRANULE_SHIFT);
  setBit(first);
  setBit(first + granules - 1);
}

/** Clears the ends of the run of `granules` at `address`. */
export function markUsed(address: usize, granules: u32): void {
  const first = <u32>(address >> GRANULE_SHIFT);
  clearBit(first);
  clearBit(first + granules - 1);
}

/** Whether a free run begins or ends at the granule at `address`; false outside of memory. */
export function isFreeEnd(address: usize): bool {
  const granule = <u32>(address >> GRANULE_SHIFT);
  return ((load<u32>(bitAddress(granule)) >> (granule & 31)) & 1) != 0;
}

/**
 * The first granule at or behind `granule` where a free run begins or ends.
 *
 * @param end the granule to stop at
 * @returns `end` when there is none
 */
export function nextFreeEnd(granule: u32, end: u32): u32 {
  while (granule < end) {
    const word = load<u64>(superblock().freeMapAddress + ((granule >> 6) << 3));
    const bits = word >> (granule & 63);
    if (bits) return min(granule + <u32>ctz(bits), end);
    granule = (granule & ~63) + 64;
  }
  return end;
}

function setBit(granule: u32): void {
  if (isDefined(ZMEM_SHARED)) mayDie();
  const address = bitAddress(granule);
  store<u32>(address, load<u32>(address) | (1 << (granule & 31)));
}

function clearBit(granule: u32): void {
  if (isDefined(ZMEM_SHARED)) mayDie();
  const address = bitAddress(granule);
  store<u32>(address, load<u32>(address) & ~(1 << (granule & 31)));
}
