import { mayDie } from "./crash";
import { GRANULE_SHIFT, GRANULE_SIZE } from "../constants";
import { STATUS_HELD } from "../status";
import { superblock } from "../superblock";
import { freeRun } from "../supply/runs";
import { allocateRun, refuseWith } from "../supply/supply";
import { lockSupply, sharedHeader, unlockSupply } from "./header";
import { clearGranule, setGranule } from "./granule-map";

/**
 * Index chunks of the shared build, which a bit in the chunk map names.
 *
 * Why so: recovery and the slow path of a get must find every chunk without following a list that
 * may be half changed. A chunk is zero but for its root before its bit is set, and its bit is
 * cleared before its granule is free; both under the supply lock.
 */

const ROOT: usize = 12;

/** @returns the address of a chunk without groups, 0 when memory or lock is refused */
export function createChunk(root: u32): usize {
  if (!lockSupply()) {
    refuseWith(STATUS_HELD);
    return 0;
  }
  const chunk = allocateRun(1);
  if (chunk) {
    mayDie();
    superblock().indexGranules++;
    memory.fill(chunk, 0, GRANULE_SIZE);
    store<u32>(chunk, root, ROOT);
    setGranule(sharedHeader().chunkMapAddress, <u32>(chunk >> GRANULE_SHIFT));
  }
  unlockSupply();
  return chunk;
}

/**
 * Gives a chunk without groups, which is in no list, back.
 *
 * @returns false when the lock could not be had: the chunk stays
 */
export function destroyChunk(chunk: usize): bool {
  if (!lockSupply()) return false;
  clearGranule(sharedHeader().chunkMapAddress, <u32>(chunk >> GRANULE_SHIFT));
  mayDie();
  superblock().indexGranules--;
  freeRun(chunk, 1);
  unlockSupply();
  return true;
}

/** The root that a chunk belongs to. */
export function chunkToRoot(chunk: usize): u32 {
  return atomic.load<u32>(chunk, ROOT);
}
