/**
 * Ending a worker, and knowing when it has ended.
 *
 * Why so: a worker may be reaped only once it runs no more. Node says so: its `terminate` gives a
 * promise. A browser says nothing, and a terminated worker may still run for a moment. There a
 * worker holds a Web Lock for as long as it lives, which the browser gives back when its thread is
 * gone; whoever gets that lock next knows. Lock names carry a number of the pool's own.
 */
import { ZmemError } from "../errors.ts";

/**
 * A Worker of node:worker_threads or of a browser, or what stands here for one that another thread
 * has started: its `terminate` resolves when that thread has terminated it, and rejects when that
 * can't be known. One that never does either holds up the reaping of all that end meanwhile.
 */
export interface EndableWorker {
  terminate(): unknown;
}

/** Whether workers here say by a Web Lock that they live. */
function usesWebLocks(): boolean {
  const isNode = typeof process === "object" && process.versions?.node !== undefined;
  return !isNode && typeof navigator === "object" && navigator.locks !== undefined;
}

/** Holds the lock that says that this worker lives. @returns what gives it back */
export function sayAlive(name: string): Promise<() => void> {
  return holdLock(name, {});
}

/**
 * The same for a lock that nobody else should have.
 *
 * @throws ZmemError `ERR_ZMEM_CLOSED` when somebody has it: a worker that lives, or who ends one
 */
export function sayAliveAtOnce(name: string): Promise<() => void> {
  return holdLock(name, { ifAvailable: true });
}

async function holdLock(name: string, options: LockOptions): Promise<() => void> {
  if (!usesWebLocks()) return () => undefined;
  return new Promise((resolve, reject) => {
    const hold = async (lock: unknown): Promise<void> => {
      if (lock === null) {
        throw new ZmemError(
          "ERR_ZMEM_CLOSED",
          "the attachment was kept for a worker that uses it, or is being ended",
        );
      }
      await new Promise<void>((release) => resolve(release));
    };
    navigator.locks.request(name, options, hold).catch(reject);
  });
}

/**
 * Terminates a worker. Resolves when it certainly runs no more.
 *
 * @param name of the lock that it holds while it lives
 * @throws ZmemError `ERR_ZMEM_UNSUPPORTED` where nothing says when a worker has ended; what the
 *   worker's `terminate` rejects with
 */
export async function endWorker(worker: EndableWorker, name: string): Promise<void> {
  const ended = worker.terminate();
  const isTold = isThenable(ended);
  if (isTold) await ended;
  if (usesWebLocks()) {
    // A browser's worker runs on for a while after its termination.
    await navigator.locks.request(name, () => undefined);
  } else if (!isTold) {
    throw new ZmemError(
      "ERR_ZMEM_UNSUPPORTED",
      "nothing here says when a terminated worker has ended: call reap once it certainly has",
    );
  }
}

/** Also of promises that are another realm's or a library's. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}
