import { mayDie } from "../shared/crash";
import {
  GRANULE_SHIFT,
  GRANULE_SIZE,
  GRANULES_PER_CHUNK,
  GRANULES_PER_WASM_PAGE,
  USABLE_WASM_PAGES,
  WASM_PAGE_SHIFT,
} from "../constants";
import { STATUS_GROWTH, STATUS_LIMIT } from "../status";
import { superblock } from "../superblock";
import { pointMayPass } from "./fault";
import { FREE_MAP_BYTES_PER_WASM_PAGE } from "./free-map";
import { freeRun, longestRunBelow, takeAlignedRun, takeRun, trailingRun } from "./runs";

/**
 * The supply of memory: runs of granules under the pool's limit, growing linear memory when needed.
 *
 * Why so: the limit counts everything. Memory *held* never grows over it, and since linear memory
 * can't shrink, a pool whose limit was lowered under what it holds may still use free runs while
 * held - free + need stays within the limit.
 *
 * Growth is by 1/128 of what is held, at most 512 KiB, at least by what is needed. Half a step is
 * what a pool holds too much on average. Each call costs the engine some 30 µs, and a millisecond or
 * more once 64 MiB are held: the memory's new buffer counts as so many bytes that have come in, and
 * V8 collects at once. Collections while 256 MiB of the mix fill a pool to 116 MiB (2026-11): 136
 * with steps of 256 KiB, 74 with 512 KiB, 57 with 1 MiB.
 *
 * Invariant: a failed allocation changes nothing.
 */

const GROWTH_STEP_SHIFT: u32 = 7;
const GROWTH_STEP_WASM_PAGES: u32 = 8;
/** A trim knows nearly all that it needs beforehand and grows little: by 1/512. */
const FINE_STEP_SHIFT: u32 = 9;
let stepShift: u32 = GROWTH_STEP_SHIFT;
const FRAGMENTED_SHIFT: u32 = 7;
/** Free runs that a small pool may have whatever it holds: 256 KiB. */
const FRAGMENTED_LEAST: u32 = (256 << 10) / GRANULE_SIZE;
/** The free map is grown by a sixteenth and a little, so that small pools don't grow it often. */
const FREE_MAP_SPARE_SHIFT: u32 = 4;
const FREE_MAP_SPARE_WASM_PAGES: u32 = 16;

/** Makes this instance grow in fine steps, to hold little more than it needs, or in usual ones. */
export function growFinely(fine: bool): void {
  stepShift = fine ? FINE_STEP_SHIFT : GROWTH_STEP_SHIFT;
}

/** Why the last allocation of this instance failed: STATUS_LIMIT or STATUS_GROWTH. */
export let lastFailure: i32 = STATUS_LIMIT;

/** Notes why an allocation of this instance fails. */
export function refuseWith(status: i32): void {
  lastFailure = status;
}

/** @returns the address of a run of `granules`, 0 when limit or engine refuse (see lastFailure) */
export function allocateRun(granules: u32): usize {
  if (!mayUse(granules)) return 0;
  const run = takeRun(granules);
  if (run) return run;
  return grow(granules) ? takeRun(granules) : 0;
}

/** The same for index chunks: at a multiple of CHUNK_SIZE. */
export function allocateAlignedRun(granules: u32): usize {
  if (!mayUse(granules)) return 0;
  const run = takeAlignedRun(granules);
  if (run) return run;
  return grow(granules + GRANULES_PER_CHUNK - 1) ? takeAlignedRun(granules) : 0;
}

function mayUse(granules: u32): bool {
  if (!mayAllocate()) return false;
  if (usedGranules() + granules <= superblock().limitGranules) return true;
  lastFailure = STATUS_LIMIT;
  return false;
}

/**
 * Takes a free run of `wanted` granules or, where there is none, the longest that is shorter.
 *
 * @param least the shortest run that is of use
 * @param wanted the best length, MOST_ZSPAGE_GRANULES at most unless it equals `least`
 * @returns the address, 0 when no free run serves; the length is in `lastRunGranules`
 */
export function takeRunBetween(least: u32, wanted: u32): usize {
  wanted = clampToLimit(least, wanted);
  if (!wanted) return 0;
  lastRunGranules = wanted;
  const run = takeRun(wanted);
  if (run || wanted == least) return run;
  const shorter = longestRunBelow(wanted);
  if (shorter < least) return 0;
  lastRunGranules = shorter;
  return takeRun(shorter);
}

/** The same where memory has to grow for it. @returns 0 when limit or engine refuse */
export function growRunBetween(least: u32, wanted: u32): usize {
  wanted = clampToLimit(least, wanted);
  if (!wanted) return 0;
  if (!grow(wanted)) {
    if (wanted == least || !grow(least)) return 0;
    wanted = least;
  }
  lastRunGranules = wanted;
  return takeRun(wanted);
}

/** `wanted`, or what the limit has left of it; 0 when that is less than `least`. */
function clampToLimit(least: u32, wanted: u32): u32 {
  const limit = superblock().limitGranules;
  const used = usedGranules();
  if (used + least > limit) {
    lastFailure = STATUS_LIMIT;
    return 0;
  }
  return min(wanted, limit - used);
}

/** How long the run is that `takeRunBetween` or `growRunBetween` gave last. */
export let lastRunGranules: u32 = 0;

/** Whether a point of failure lets a run be asked for; see fault.ts. */
export function mayAllocate(): bool {
  if (pointMayPass()) return true;
  lastFailure = STATUS_GROWTH;
  return false;
}

/** Whether free runs are more than a 128th of what is held: worth moving zspages for. */
export function isFragmented(): bool {
  return superblock().freeGranules > max(heldGranules() >> FRAGMENTED_SHIFT, FRAGMENTED_LEAST);
}

/** Whether more is in use than a lowered limit allows: puts wait then, whatever they need. */
export function isOverLimit(): bool {
  return usedGranules() > superblock().limitGranules;
}

/** Granules in use by anything. */
export function usedGranules(): u32 {
  const block = superblock();
  return heldGranules() - block.freeGranules;
}

/** Granules of linear memory. */
export function heldGranules(): u32 {
  return superblock().heldWasmPages * GRANULES_PER_WASM_PAGE;
}

/** Makes memory grow until a run of `granules` is free at its end. */
function grow(granules: u32): bool {
  const block = superblock();
  const held = block.heldWasmPages;
  const trailing = trailingRun();
  const missing = trailing < granules ? granules - trailing : granules;
  let need = (missing + GRANULES_PER_WASM_PAGE - 1) / GRANULES_PER_WASM_PAGE;
  let mapPages: u32 = 0;
  let mapGranules: u32 = 0;
  const limit = min(block.limitWasmPages, USABLE_WASM_PAGES);
  if (held + need > block.freeMapWasmPages) {
    // The free map must cover the new pages before they can be handed out: it moves to their start.
    const required = held + need;
    mapPages = required + (required >> FREE_MAP_SPARE_SHIFT) + FREE_MAP_SPARE_WASM_PAGES;
    // No more than the limit allows: near it the map would take the memory that it is for.
    mapPages = min(mapPages, max(required, limit));
    mapGranules = (mapPages * FREE_MAP_BYTES_PER_WASM_PAGE + GRANULE_SIZE - 1) >> GRANULE_SHIFT;
    need = (granules + mapGranules + GRANULES_PER_WASM_PAGE - 1) / GRANULES_PER_WASM_PAGE;
  }
  if (held + need > limit) {
    lastFailure = STATUS_LIMIT;
    return false;
  }
  const covered = max(mapPages, block.freeMapWasmPages);
  const wanted = min(held >> stepShift, GROWTH_STEP_WASM_PAGES);
  const step = min(max(need, wanted), min(limit, covered) - held);
  let grown = step;
  if (!growMemory(step)) {
    if (step == need || !growMemory(need)) {
      lastFailure = STATUS_GROWTH;
      return false;
    }
    grown = need;
  }
  if (isDefined(ZMEM_SHARED)) mayDie();
  block.heldWasmPages = held + grown;
  if (isDefined(ZMEM_SHARED)) mayDie();
  if (block.peakWasmPages < held + grown) block.peakWasmPages = held + grown;
  let start: usize = (<usize>held) << WASM_PAGE_SHIFT;
  if (mapGranules) {
    moveFreeMap(start, mapPages, mapGranules);
    start += (<usize>mapGranules) << GRANULE_SHIFT;
  }
  freeRun(start, grown * GRANULES_PER_WASM_PAGE - mapGranules);
  return true;
}

function growMemory(wasmPages: u32): bool {
  return pointMayPass() && memory.grow(wasmPages) >= 0;
}

function moveFreeMap(address: usize, wasmPages: u32, granules: u32): void {
  const block = superblock();
  const oldAddress: usize = block.freeMapAddress;
  const oldGranules = block.freeMapGranules;
  const oldBytes = block.freeMapWasmPages * FREE_MAP_BYTES_PER_WASM_PAGE;
  memory.copy(address, oldAddress, oldBytes);
  memory.fill(address + oldBytes, 0, ((<usize>granules) << GRANULE_SHIFT) - oldBytes);
  block.freeMapAddress = <u32>address;
  block.freeMapGranules = granules;
  block.freeMapWasmPages = wasmPages;
  block.tableGranules += granules;
  // The first map lies in the fixed part (oldGranules is 0 then) and stays there.
  if (oldGranules) {
    block.tableGranules -= oldGranules;
    freeRun(oldAddress, oldGranules);
  }
}
