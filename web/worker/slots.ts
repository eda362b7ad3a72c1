/**
 * One way to put and get pages, whatever stands behind: a pool alone, a pool with a device, a pool
 * that workers share.
 */

/** The pages of a run by number. */
export interface Slots {
  /** The swap type of the area. */
  readonly type: number;
  readonly pagesOnDevice: number;
  /** Whether a rejected put may still be taken, by `putLate`. */
  readonly isAsync: boolean;
  /** @returns false when neither the pool nor a synchronous device took it */
  put(page: number, bytes: Uint8Array): boolean;
  /** Puts a page where an asynchronous device can take it. */
  putLate(page: number, bytes: Uint8Array): Promise<boolean>;
  /** Whether only `getAnywhere` reaches a page. */
  isFarAway(page: number): boolean;
  get(page: number, bytes: Uint8Array): boolean;
  getAnywhere(page: number, bytes: Uint8Array): Promise<boolean>;
  has(page: number): boolean;
  flush(page: number): boolean;
  /** Closes the device, if there is one; the pool is closed by its owner. */
  close(): void;
}
