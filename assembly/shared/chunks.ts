import { mayDie } from "./crash";
import { CHUNK_SHIFT, CHUNK_SIZE, GRANULES_PER_CHUNK } from "../constants";
import { STATUS_HELD } from "../status";
import { superblock } from "../superblock";
import { freeRun } from "../supply/runs";
import { allocateAlignedRun, refuseWith } from "../supply/supply";
import { lockSupply, sharedHeader, unlockSupply } from "./header";
import { clearBit, setBit } from "./bit-map";

/**
 * Index chunks of the shared build, which a bit in the chunk map names.
 *
 * Why so: recovery and the slow path of a get must find every chunk without following a list that
 * may be half changed. A chunk is zero but for its root before its bit is set, and its bit is
 * cleared before its memory is free; both under the supply lock.
 */

const ROOT: usize = 12;

/** @returns the address of a chunk without groups, 0 when memory or lock is refused */
export function createChunk(root: u32): usize {
  if (!lockSupply()) {
    refuseWith(STATUS_HELD);
    return 0;
  }
  const chunk = allocateAlignedRun(GRANULES_PER_CHUNK);
  if (chunk) {
    mayDie();
    superblock().indexGranules += GRANULES_PER_CHUNK;
    memory.fill(chunk, 0, CHUNK_SIZE);
    store<u32>(chunk, root, ROOT);
    setBit(sharedHeader().chunkMapAddress, <u32>(chunk >> CHUNK_SHIFT));
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
  clearBit(sharedHeader().chunkMapAddress, <u32>(chunk >> CHUNK_SHIFT));
  mayDie();
  superblock().indexGranules -= GRANULES_PER_CHUNK;
  freeRun(chunk, GRANULES_PER_CHUNK);
  unlockSupply();
  return true;
}

/** The root that a chunk belongs to. */
export function chunkToRoot(chunk: usize): u32 {
  return atomic.load<u32>(chunk, ROOT);
}
