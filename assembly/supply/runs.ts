import { CHUNK_SIZE, GRANULE_SHIFT, GRANULE_SIZE, GRANULES_PER_CHUNK } from "../constants";
import { BIN_HEADS_ADDRESS, BIN_MASKS_ADDRESS, superblock } from "../superblock";
import { BIN_MASK_COUNT, granulesToBin, granulesToFittingBin, NO_BIN } from "./bins";
import { isFreeEnd, markFree, markUsed } from "./free-map";

/**
 * Free runs: the part of linear memory that is in no zspage, index or table.
 *
 * Why so: linear memory is contiguous, so zspages of any length are cut from runs of granules,
 * best fit first, and a freed run joins its free neighbours at once. What keeps this from
 * fragmenting is that a zspage takes a shorter run as well (zsmalloc/zspage): any run that holds
 * one object is of use.
 *
 * Invariants: no two free runs touch; the run is in the list of its bin; `freeGranules` is the sum.
 *
 * Layout of a free run, links inside the free memory itself:
 * ```
 * u32 length in granules │ u32 next │ u32 previous │ …unused… │ u32 length again, in the last word
 * ```
 */

const NEXT: usize = 4;
const PREVIOUS: usize = 8;
/** Runs of a shared bin that are tried before a longer one is taken from the bins above. */
const SHARED_BIN_TRIES: i32 = 8;
/** The same where there is none in the bins above: memory would have to grow, or the put be refused. */
const LAST_TRIES: i32 = 512;

function binHead(bin: u32): usize {
  return BIN_HEADS_ADDRESS + (bin << 2);
}

/** Address of the word that has the bit of a bin. */
function binMask(bin: u32): usize {
  return BIN_MASKS_ADDRESS + ((bin >> 6) << 3);
}

function setBinMask(bin: u32): void {
  const mask = binMask(bin);
  store<u64>(mask, load<u64>(mask) | ((<u64>1) << (bin & 63)));
}

function clearBinMask(bin: u32): void {
  const mask = binMask(bin);
  store<u64>(mask, load<u64>(mask) & ~((<u64>1) << (bin & 63)));
}

/** The first non-empty bin at or above `bin`, NO_BIN when there is none. */
function nonEmptyBinFrom(bin: u32): u32 {
  let word = bin >> 6;
  let mask = load<u64>(binMask(bin)) & ((<u64>-1) << (bin & 63));
  while (!mask) {
    if (++word == BIN_MASK_COUNT) return NO_BIN;
    mask = load<u64>(BIN_MASKS_ADDRESS + (word << 3));
  }
  return (word << 6) + <u32>ctz(mask);
}

function linkRun(address: usize, granules: u32): void {
  const bin = granulesToBin(granules);
  const head = binHead(bin);
  const next: usize = load<u32>(head);
  store<u32>(address, granules);
  store<u32>(address, <u32>next, NEXT);
  store<u32>(address, 0, PREVIOUS);
  store<u32>(address + ((<usize>granules) << GRANULE_SHIFT) - 4, granules);
  if (next) store<u32>(next, <u32>address, PREVIOUS);
  store<u32>(head, <u32>address);
  setBinMask(bin);
  markFree(address, granules);
  // Defragmentation goes on at a granule that is not inside a free run.
  const block = superblock();
  const first = <u32>(address >> GRANULE_SHIFT);
  const cursor = block.defragmentCursor;
  if (cursor > first && cursor < first + granules) block.defragmentCursor = first;
}

function unlinkRun(address: usize, granules: u32): void {
  const bin = granulesToBin(granules);
  const next: usize = load<u32>(address, NEXT);
  const previous: usize = load<u32>(address, PREVIOUS);
  if (next) store<u32>(next, <u32>previous, PREVIOUS);
  if (previous) {
    store<u32>(previous, <u32>next, NEXT);
  } else {
    store<u32>(binHead(bin), <u32>next);
    if (!next) clearBinMask(bin);
  }
  markUsed(address, granules);
}

/** Makes a free run of `granules` at `address`, whose neighbours are in use. */
export function addRun(address: usize, granules: u32): void {
  superblock().freeGranules += granules;
  linkRun(address, granules);
}

/** Gives `granules` at `address` back; they join free neighbours. */
export function freeRun(address: usize, granules: u32): void {
  const block = superblock();
  block.freeGranules += granules;
  const heldEnd = (<u64>block.heldWasmPages) << 16;
  const end = address + ((<usize>granules) << GRANULE_SHIFT);
  if (<u64>end < heldEnd && isFreeEnd(end)) {
    const length = load<u32>(end);
    unlinkRun(end, length);
    granules += length;
  }
  if (isFreeEnd(address - GRANULE_SIZE)) {
    const length = load<u32>(address - 4);
    address -= (<usize>length) << GRANULE_SHIFT;
    unlinkRun(address, length);
    granules += length;
  }
  linkRun(address, granules);
}

/** Takes the whole free run at `address`. @returns its granules */
export function takeWholeRun(address: usize): u32 {
  const granules = load<u32>(address);
  takeFrom(address, granules);
  return granules;
}

/** Cuts `granules` off the free run at `address`, which must be at least as long. */
function takeFrom(address: usize, granules: u32): usize {
  const length = load<u32>(address);
  unlinkRun(address, length);
  if (length > granules) {
    linkRun(address + ((<usize>granules) << GRANULE_SHIFT), length - granules);
  }
  superblock().freeGranules -= granules;
  return address;
}

/**
 * A free run of at least `granules`: the shortest where that is below 256, else the first that is
 * found.
 *
 * @returns its address; 0 when no free run is long enough, or one only behind LAST_TRIES shorter ones
 */
function findRun(granules: u32): usize {
  const fitting = granulesToFittingBin(granules);
  const own = granulesToBin(granules);
  const bin = nonEmptyBinFrom(fitting);
  const longer: usize = bin == NO_BIN ? 0 : load<u32>(binHead(bin));
  if (own != fitting) {
    // A shared bin: some of its runs may be long enough.
    let run: usize = load<u32>(binHead(own));
    for (let tries = longer ? SHARED_BIN_TRIES : LAST_TRIES; run && tries; tries--) {
      if (load<u32>(run) >= granules) return run;
      run = load<u32>(run, NEXT);
    }
  }
  return longer;
}

/** Takes so many granules of a free run as `findRun` finds it. @returns their address, or 0 */
export function takeRun(granules: u32): usize {
  const run = findRun(granules);
  return run ? takeFrom(run, granules) : 0;
}

/**
 * The same for index chunks, which lie at multiples of their size. A gap before them is free, and too
 * short for most, so they are cut from the end of a run that ends at such a multiple, unless memory
 * ends there too: what is free at its end joins what it grows by. Not so in the shared build, where a
 * gap would come with each chunk and not with each slab of them: while 8 MiB fill, 0.2 to 0.5 % fewer
 * pages were held for it.
 */
export function takeAlignedRun(granules: u32): usize {
  const run = findRun(granules + GRANULES_PER_CHUNK - 1);
  if (!run) return 0;
  const length = takeWholeRun(run);
  const bytes = (<usize>granules) << GRANULE_SHIFT;
  const end = <u64>run + ((<u64>length) << GRANULE_SHIFT);
  const isLast = !isDefined(ZMEM_SHARED) && end == (<u64>superblock().heldWasmPages) << 16;
  const atEnd = !(end & (CHUNK_SIZE - 1)) && !isLast;
  const address = atEnd ? <usize>end - bytes : (run + CHUNK_SIZE - 1) & ~(<usize>CHUNK_SIZE - 1);
  const before = <u32>((address - run) >> GRANULE_SHIFT);
  const behind = length - before - granules;
  if (before) freeRun(run, before);
  if (behind) freeRun(address + bytes, behind);
  return address;
}

/**
 * The length of the longest exact-bin free run shorter than `granules`.
 *
 * @param granules 1 to 256
 * @returns granules, 0 when there is none
 */
export function longestRunBelow(granules: u32): u32 {
  const bin = granules - 1;
  let word = bin >> 6;
  let mask = load<u64>(binMask(bin)) & ((<u64>-1) >> (63 - (bin & 63)));
  while (!mask) {
    if (!word) return 0;
    mask = load<u64>(BIN_MASKS_ADDRESS + (--word << 3));
  }
  return (word << 6) + 63 - <u32>clz(mask);
}

/** The free run that ends where held memory ends: its length in granules, 0 when there is none. */
export function trailingRun(): u32 {
  const end: u64 = (<u64>superblock().heldWasmPages) << 16;
  const last = <usize>(end - GRANULE_SIZE);
  return isFreeEnd(last) ? load<u32>(last + GRANULE_SIZE - 4) : 0;
}
