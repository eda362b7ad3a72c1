/**
 * Web Locks as the devices of the browser use them: one per device, held as long as it lives.
 *
 * Why so: a lock is the only thing in a browser that is given back however a tab or worker ends, so
 * it tells what still belongs to somebody from what a killed worker has left.
 */

/** A lock that is held until `release`, or until the worker or page ends. */
export interface HeldLock {
  release(): void;
}

/** Takes a lock and holds it. Resolves when it is held. */
export function holdLock(name: string): Promise<HeldLock> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(
        name,
        () =>
          new Promise<void>((release) => {
            resolve({ release });
          }),
      )
      .catch(reject);
  });
}

/** Runs `work` while holding a lock. */
export async function withLock<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  return (await navigator.locks.request(name, work)) as Result;
}

/** Runs `work` while holding a lock, or not at all when somebody else holds it. */
export async function withLockIfFree(name: string, work: () => Promise<unknown>): Promise<void> {
  await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock !== null) await work();
  });
}
