/**
 * What a front-end does when workers have died.
 *
 * Why so: several may have died at once, and what one left may need a lock that another held. So
 * each step is done for all of them before the next one, from what waits for nobody to what needs
 * the steps before:
 * ```
 * 1 backend    its locks, its journals (members.ts)
 * 2 devices    their locks, the room that was reserved
 * 3 keys       bit, count and place of the key that each was at work on: the backend says
 * 4 locks      of keys and types, and the ids
 * ```
 * A worker that is to be reaped stays so until all of it is done. Where that ends with an error,
 * whoever reaps next does it again; a reaper that dies leaves those that it was reaping to whoever
 * reaps it.
 */
import { keyLockRange, TYPES_LOCK, WORKER_REGISTERED, workerRecord } from "./control.ts";
import type { FrontEndParts } from "./parts.ts";
import { endReaping, reapedBy, startReaping, type DeadWorker } from "./workers.ts";

/** The parts of a front-end that a dead worker may have left half changed. */
type ReapedParts = Pick<
  FrontEndParts,
  "control" | "locks" | "members" | "places" | "presence" | "types"
>;

/** The backend, as far as reaping needs it. */
export interface ReapedBackend {
  reap(backendIds: readonly number[]): void;
  has(type: number, offset: number): boolean;
}

/**
 * Reaps workers, and those whose reaping could not be completed before: what they needed may be
 * free now.
 *
 * @param self this worker
 * @returns of each whether it was a worker (still)
 * @throws as SharedFrontswap.reap
 */
export function reapWorkers(
  workers: readonly DeadWorker[],
  self: number,
  parts: ReapedParts,
  backend: ReapedBackend,
): readonly boolean[] {
  const { control, members, places, presence, types } = parts;
  const { words } = control;
  const tookPart = workers.map((worker) => startReaping(words, worker, self));
  adoptOrphans(words, self);
  const all = reapedBy(words, self);
  if (all.length === 0) return tookPart;
  members.reap(all, (backendIds) => backend.reap(backendIds));
  for (const dead of all) places.reap(dead);
  for (const dead of all) {
    presence.repair(dead, types, (type, offset) => settle(parts, backend, type, offset));
  }
  for (const dead of all) release(parts, dead);
  return tookPart;
}

/** Takes over whom the dead were reaping themselves. */
function adoptOrphans(words: Int32Array, self: number): void {
  const dead = [...reapedBy(words, self)];
  // Grows meanwhile: whom it finds may have been reaping yet others.
  for (const reaper of dead) {
    for (const orphan of reapedBy(words, reaper)) {
      startReaping(words, { workerId: orphan }, self);
      dead.push(orphan);
    }
  }
}

/** @returns whether the backend has a page that a dead worker was at work on */
function settle(
  { places, types }: ReapedParts,
  backend: ReapedBackend,
  type: number,
  offset: number,
): boolean {
  const has = backend.has(type, offset);
  const view = types.view(type);
  // What the backend has is there: a place beside it is older, or the same.
  if (has && view.deviceMost > 0) places.discard(type, view, offset);
  return has;
}

/** Frees the locks of a dead worker, and its id. */
function release({ control: { words }, locks }: ReapedParts, dead: number): void {
  const [first, end] = keyLockRange();
  for (let lock = first; lock < end; lock++) locks.releaseFor(dead, lock);
  locks.releaseFor(dead, TYPES_LOCK);
  Atomics.store(words, workerRecord(dead) + WORKER_REGISTERED, 0);
  endReaping(words, dead);
}
