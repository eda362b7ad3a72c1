/**
 * How workers come into a shared pool, and how those are cleared away that died in it.
 */
import { describe, ZmemError } from "../errors.ts";
import { mayBlock } from "../platform/shared-memory.ts";
import { STATUS_NO_WORKER, STATUS_OK, type SharedZmemExports } from "./abi.ts";
import type { HeldLocks } from "./held.ts";

/**
 * Makes this thread one of the pool's workers, with windows of its own.
 *
 * @returns its id, 1 to 63
 * @throws ZmemError `ERR_ZMEM_MEMORY` when the pool has no room for one more, `ERR_ZMEM_HELD`
 */
export function joinPool(exports: SharedZmemExports, locks: HeldLocks, patienceMs: number): number {
  exports.setPatience(patienceMs);
  const status = locks.settled(exports.attach(mayBlock() ? 1 : 0));
  if (status === STATUS_OK) return exports.workerId();
  throw new ZmemError(
    "ERR_ZMEM_MEMORY",
    status === STATUS_NO_WORKER
      ? "the pool has 63 workers, the most that there can be"
      : "the pool's limit has no room for the windows of one more worker",
  );
}

/** As SharedZmemBackend.reap. @param self this worker's id */
export function reapDead(
  exports: SharedZmemExports,
  locks: HeldLocks,
  self: number,
  workerIds: readonly number[],
): boolean {
  const dead = new Set(workerIds);
  for (const id of dead) {
    if (Number.isInteger(id) && id !== self) continue;
    throw new RangeError(`worker id: expected another worker's, got ${describe(id)}`);
  }
  // First all are declared, for what one of them left may need what another one held.
  for (const id of dead) exports.declareDead(id);
  let known = true;
  for (const id of dead) {
    if (locks.settled(exports.reap(id)) === STATUS_NO_WORKER) known = false;
  }
  return known;
}
