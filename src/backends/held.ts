/**
 * Locks of a shared pool that could not be had, as what its callers see: an error that names the
 * worker which holds them.
 *
 * Why so: the module answers a number where it waited in vain, or does less than it was asked; only
 * the module knows for whom it waited.
 */
import { ZmemError } from "../errors.ts";
import { STATUS_HELD, type SharedZmemExports } from "./abi.ts";

export class HeldLocks {
  readonly #exports: Pick<SharedZmemExports, "lockHolder">;
  readonly #patienceMs: number;

  constructor(exports: Pick<SharedZmemExports, "lockHolder">, patienceMs: number) {
    this.#exports = exports;
    this.#patienceMs = patienceMs;
  }

  /** Passes a status on, unless a lock could not be had. @throws ZmemError `ERR_ZMEM_HELD` */
  settled(status: number): number {
    if (status === STATUS_HELD) throw this.#error();
    return status;
  }

  /**
   * Passes on how much a call has done that ends at the first lock that it can't have.
   *
   * @throws ZmemError `ERR_ZMEM_HELD`
   */
  unlessHeld(count: number): number {
    if (this.#exports.lockHolder() !== 0) throw this.#error();
    return count;
  }

  #error(): ZmemError {
    return new ZmemError(
      "ERR_ZMEM_HELD",
      `a lock was held for ${this.#patienceMs} ms by worker ${this.#exports.lockHolder()}: if it was terminated, declare it dead with reap`,
    );
  }
}
