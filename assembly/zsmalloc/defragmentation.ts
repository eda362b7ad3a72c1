import { GRANULE_SHIFT, GRANULE_SIZE, GRANULES_PER_WASM_PAGE } from "../constants";
import { superblock } from "../superblock";
import { nextFreeEnd } from "../supply/free-map";
import { freeRun, takeWholeRun } from "../supply/runs";
import { moveZspage, zspageAtAddress } from "./zspage";

/**
 * Defragmentation: brings free runs together by moving zspages.
 *
 * Why so: zspages of different length leave runs too short for any of them. A zspage behind such a
 * run slides down over it, which moves the run up to where it meets the next one. Entries name a
 * zspage by its id, so a move is one copy and one table cell, whatever number of pages it holds.
 * Without this, ten rounds of replacing half of the mix left 5.2 % of the memory in short runs
 * (2026-11).
 *
 * Index chunks and tables stay where they are; a run before one of them waits until a neighbour is
 * freed.
 */

/** Runs as long find a user and are left alone: 8 KiB. */
const USEFUL_GRANULES: u32 = 8192 / GRANULE_SIZE;

/** What one call does at most, besides moves: keeps the longest step far under a millisecond. */
const MOST_RUNS: u32 = 128;
/** 64 MiB. */
const MOST_SCANNED_GRANULES: u32 = (64 << 20) / GRANULE_SIZE;
/** What one call copies at most: 256 KiB. */
const MOST_COPIED_GRANULES: u32 = (256 << 10) / GRANULE_SIZE;

/** Every run is worth bringing to the next one. */
export const ANY_DISTANCE: u32 = u32.MAX_VALUE;

let suspended = false;
/** Granules gone through since a zspage was moved, by this instance. */
let quietGranules: u32 = 0;

/** Makes `defragment` do nothing while a caller keeps addresses of zspages. */
export function suspendDefragmentation(suspend: bool): void {
  suspended = suspend;
}

/** Whether all of memory was gone through since the last move, or since `forgetQuiet`. */
export function isDefragmented(): bool {
  const block = superblock();
  const end = block.heldWasmPages * GRANULES_PER_WASM_PAGE;
  return suspended || quietGranules + block.fixedGranules >= end;
}

/** Makes the next lap begin: something else has changed what lies where. */
export function forgetQuiet(): void {
  quietGranules = 0;
}

/**
 * Slides up to `budget` zspages down, within a bounded stretch of memory; the next call goes on
 * behind it, and behind the end of memory at its start.
 *
 * @param wanted granules of the run that is wanted; longer ones are left alone
 * @param reach granules to the next run at most; one with none as near is left alone
 * @returns how many were moved
 */
export function defragment(budget: u32, wanted: u32, reach: u32): u32 {
  // In the shared build a get may read a zspage at any time: they move otherwise (shared/slide).
  if (isDefined(ZMEM_SHARED) || suspended) return 0;
  const block = superblock();
  const useful = max(USEFUL_GRANULES, wanted);
  const end = block.heldWasmPages * GRANULES_PER_WASM_PAGE;
  let granule = max(block.defragmentCursor, block.fixedGranules);
  const stop = min(end, granule + MOST_SCANNED_GRANULES);
  let quietFrom = granule;
  let runs = MOST_RUNS;
  let copied: u32 = 0;
  let moved: u32 = 0;
  while (granule < stop && moved < budget && runs && copied < MOST_COPIED_GRANULES) {
    granule = nextFreeEnd(granule, stop);
    if (granule == stop) break;
    runs--;
    const run = (<usize>granule) << GRANULE_SHIFT;
    const behind = granule + load<u32>(run);
    const zspage =
      behind < end && load<u32>(run) < useful && isNextNear(behind, stop, reach)
        ? zspageAtAddress((<usize>behind) << GRANULE_SHIFT)
        : null;
    if (!zspage) {
      granule = behind;
      continue;
    }
    const length: u32 = zspage.granules;
    const granules = takeWholeRun(run);
    moveZspage(zspage, run);
    granule += length;
    freeRun((<usize>granule) << GRANULE_SHIFT, granules);
    copied += length;
    moved++;
    quietGranules = 0;
    quietFrom = granule;
  }
  // What was out of reach is not done with.
  quietGranules = reach == ANY_DISTANCE ? quietGranules + granule - quietFrom : 0;
  block.defragmentCursor = granule == end ? 0 : granule;
  return moved;
}

/** Whether the next free run, or the end, is at most `reach` granules behind `granule`. */
function isNextNear(granule: u32, end: u32, reach: u32): bool {
  if (reach == ANY_DISTANCE) return true;
  return nextFreeEnd(granule, min(end, granule + reach + 1)) - granule <= reach;
}
