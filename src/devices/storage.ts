/**
 * Storage that several threads reach, each by a handle of its own: what a swap area of a shared pool
 * has for a device.
 *
 * What: bytes at positions, and no more. What lies where is kept in the pool's shared memory.
 *
 * Why so: a `SwapDevice` keeps tables of its own of what it has written, so a second one on the same
 * file knows nothing of it. A handle that remembers nothing can be opened by any worker at any time,
 * and a worker that dies takes nothing with it.
 *
 * Invariants:
 * - what one handle has written, a read of another that begins afterwards gives;
 * - nobody reads what was not written before, or writes where another reads or writes;
 * - bytes are copied before a call returns, and lie on no shared memory.
 */

/** A handle of one thread. */
export interface SharedStorage {
  /** Positions are below this; Infinity when only the disk sets a bound. */
  readonly byteLength: number;
  /** What another thread opens its handle with, by the class's `open`; structured-cloneable. */
  readonly link: unknown;
  /** Fills `into`. @throws ZmemError `ERR_ZMEM_DEVICE`, or anything else, when it can't */
  read(into: Uint8Array<ArrayBuffer>, position: number): void;
  /**
   * Writes all of `bytes`.
   *
   * @returns false when there is no room: what lies there then is nobody's
   * @throws ZmemError `ERR_ZMEM_DEVICE`, or anything else, when it can't: the same holds
   */
  write(bytes: Uint8Array<ArrayBuffer>, position: number): boolean;
  /** Ends this handle. The storage goes with the handle of whoever made it. */
  close(): void;
}
