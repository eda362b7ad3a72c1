/**
 * Which id each worker has at the backend, so that the right one is reaped there.
 *
 * Why so: a backend numbers its workers itself and gives numbers again. Reaping a number that a
 * live worker has got since would destroy what that one is doing, so a number is taken, given back
 * or reaped under one lock, together with the record that names it. A worker that dies inside that
 * section leaves the lock in its name; whoever reaps it knows that nobody has joined since, so any
 * number at the backend that no record names belonged to the dead.
 *
 * Lock order: the members lock before the backend's own; never together with another of ours.
 */
import { MEMBERS_LOCK, WORKER_BACKEND_ID, workerRecord, WORKERS } from "./control.ts";
import { holderOf, type Locks } from "./lock.ts";
import { reapedBy } from "./workers.ts";

export class Members {
  readonly #words: Int32Array;
  readonly #workerId: number;
  readonly #locks: Locks;

  constructor(words: Int32Array, workerId: number, locks: Locks) {
    this.#words = words;
    this.#workerId = workerId;
    this.#locks = locks;
  }

  /** Takes part at the backend. @param work joins it and gives its number there; 0 for none */
  join(work: () => number): void {
    this.#locks.acquire(MEMBERS_LOCK);
    try {
      this.#name(this.#workerId, work());
    } finally {
      this.#locks.release(MEMBERS_LOCK);
    }
  }

  /** Leaves the backend. @param work leaves it; when that throws, the worker is still there */
  leave(work: () => void): void {
    this.#locks.acquire(MEMBERS_LOCK);
    try {
      work();
      this.#name(this.#workerId, 0);
    } finally {
      this.#locks.release(MEMBERS_LOCK);
    }
  }

  /**
   * Reaps workers at the backend, whose reaping this worker has begun.
   *
   * @param work reaps numbers there in one go, which is harmless where nobody has one: two dead
   *   workers may each hold what the reaping of the other needs
   */
  reap(workerIds: readonly number[], work: (backendIds: readonly number[]) => void): void {
    const holder = holderOf(Atomics.load(this.#words, MEMBERS_LOCK));
    const diedInside = workerIds.includes(holder);
    if (diedInside) this.#locks.takeOver(holder, MEMBERS_LOCK);
    else this.#locks.acquire(MEMBERS_LOCK);
    try {
      // It may have reaped others; that is done again before their numbers are given again.
      const dead = diedInside ? reapedBy(this.#words) : workerIds;
      const backendIds = dead.map((workerId) => this.#numberOf(workerId)).filter((id) => id !== 0);
      if (backendIds.length > 0) work(backendIds);
      for (const workerId of dead) this.#name(workerId, 0);
      if (diedInside) this.#reapUnnamed(work);
    } finally {
      this.#locks.release(MEMBERS_LOCK);
    }
  }

  #numberOf(workerId: number): number {
    return Atomics.load(this.#words, workerRecord(workerId) + WORKER_BACKEND_ID);
  }

  #reapUnnamed(work: (backendIds: readonly number[]) => void): void {
    const named = new Set<number>();
    for (let workerId = 1; workerId < WORKERS; workerId++) {
      named.add(Atomics.load(this.#words, workerRecord(workerId) + WORKER_BACKEND_ID));
    }
    for (let backendId = 1; backendId < WORKERS; backendId++) {
      if (!named.has(backendId)) work([backendId]);
    }
  }

  #name(workerId: number, backendId: number): void {
    Atomics.store(this.#words, workerRecord(workerId) + WORKER_BACKEND_ID, backendId);
  }
}
