/**
 * A swap area: one type of a front-end, and a device for what the backend rejects.
 *
 * ```
 * put  backend ─ kept ──────────────────────────── true, an older copy on the device is discarded
 *             └ rejected ─ device ─ written ─────── true
 *                                └ full or none ── false, nothing is left under this offset
 * get  presence bit ─ set ── backend
 *                   └ clear ─ device bit ─ set ── device
 * ```
 *
 * Why so: since a backend may reject any put, there has to be a real place behind every page whose
 * loss would hurt; without a device an area is pure compressed memory, and a rejected page is the
 * caller's to keep. Slot and offset are the same number, as on a swap partition, so where a page
 * lies takes one bit and no table.
 *
 * Invariants: a page is in the backend or on the device, never in both; a put that answered true
 * can be got until flush, overwrite or off; a put that answered false or failed in backend or
 * device leaves nothing, not even the older copy.
 */
import { Bitmap } from "./bitmap.ts";
import { ZmemError } from "./errors.ts";
import type { Frontswap } from "./frontswap.ts";
import type { Page, SwapDevice } from "./types.ts";

export interface SwapAreaOptions {
  /** The type, 0 to 1023; must be off. */
  readonly type: number;
  /** How many offsets there are, 1 to 2^32. */
  readonly pages: number;
  /** Takes rejected pages. It must be empty, of this area alone, and is not closed by it. */
  readonly device?: SwapDevice;
}

/** Pages kept under offsets 0 to pages - 1. */
export class SwapArea {
  readonly type: number;
  readonly pages: number;
  readonly #frontswap: Frontswap;
  readonly #device: SwapDevice | null;
  /** Which offsets are on the device; empty without one. */
  readonly #onDevice: Bitmap;
  #pagesOnDevice = 0;
  #on = true;

  /**
   * Turns the type on.
   *
   * @throws RangeError when the type is on already, or the device has another page size
   */
  constructor(frontswap: Frontswap, options: SwapAreaOptions) {
    const { type, pages, device = null } = options;
    if (device !== null && device.pageSize !== frontswap.pageSize) {
      throw new RangeError(
        `device: expected pages of ${frontswap.pageSize} bytes, got ${device.pageSize}`,
      );
    }
    if (frontswap.isOn(type)) {
      throw new RangeError(`swap type: expected one that is off, got ${type}, which is on`);
    }
    frontswap.typeOn(type, pages);
    this.type = type;
    this.pages = pages;
    this.#frontswap = frontswap;
    this.#device = device;
    this.#onDevice = new Bitmap(device === null ? 0 : pages);
  }

  /** Whether it is on: not turned off, by itself or by a close. */
  get isOn(): boolean {
    return this.#on;
  }

  /** Pages on the device now. */
  get pagesOnDevice(): number {
    return this.#pagesOnDevice;
  }

  /**
   * Keeps a copy of a page, replacing an older one.
   *
   * @param offset 0 to `pages` - 1
   * @param page exactly `pageSize` bytes
   * @returns true when it is kept; false when neither backend nor device took it: nothing is kept
   *   under this offset then
   * @throws TypeError or RangeError for a bad argument: nothing has changed. ZmemError
   *   `ERR_ZMEM_DEVICE` or `ERR_ZMEM_BACKEND` when one of them failed: nothing is kept under this
   *   offset then. `ERR_ZMEM_TYPE_OFF` after off, `ERR_ZMEM_CLOSED` after close.
   */
  put(offset: number, page: Page): boolean {
    this.#checkOn();
    let kept;
    try {
      kept = this.#frontswap.putPage(this.type, offset, page);
    } catch (error) {
      this.#dropAfterFailure(offset, error);
      throw error;
    }
    if (!kept) return this.#device !== null && this.#write(this.#device, offset, page);
    try {
      this.#discard(offset);
    } catch (error) {
      // A put that throws leaves nothing: not in the backend either.
      this.#frontswap.flushPage(this.type, offset);
      throw error;
    }
    return true;
  }

  /**
   * Copies a page out; it is kept.
   *
   * @param page exactly `pageSize` bytes; untouched unless true is returned
   * @returns false when there is none
   * @throws TypeError or RangeError for a bad argument; ZmemError `ERR_ZMEM_CORRUPT`,
   *   `ERR_ZMEM_LOST`, `ERR_ZMEM_BACKEND` or `ERR_ZMEM_DEVICE` when there is one that can't be
   *   read; `ERR_ZMEM_TYPE_OFF` after off, `ERR_ZMEM_CLOSED` after close
   */
  get(offset: number, page: Page): boolean {
    this.#checkOn();
    if (this.#frontswap.getPage(this.type, offset, page)) return true;
    if (this.#device === null || !this.#onDevice.has(offset)) return false;
    let found;
    try {
      found = this.#device.readPage(offset, page);
    } catch (error) {
      throw this.#deviceFailure(offset, "read", error);
    }
    if (!found)
      throw this.#deviceFailure(offset, "read", "it has no page, though it had taken one");
    return true;
  }

  /** Forgets a page. @returns whether there was one @throws as get */
  flush(offset: number): boolean {
    this.#checkOn();
    return this.#frontswap.flushPage(this.type, offset) || this.#discard(offset);
  }

  /** Whether a page is kept, in the backend or on the device. @throws as get */
  has(offset: number): boolean {
    this.#checkOn();
    return (
      this.#frontswap.testPage(this.type, offset) ||
      (this.#device !== null && this.#onDevice.has(offset))
    );
  }

  /**
   * Forgets all pages, gives their slots on the device back and turns the type off. Every later
   * call throws `ERR_ZMEM_TYPE_OFF`, but a second off does nothing.
   *
   * @throws ZmemError `ERR_ZMEM_DEVICE` when slots could not be given back; the area is off
   */
  off(): void {
    if (!this.#on) return;
    this.#on = false;
    this.#frontswap.typeOff(this.type);
    let failure: unknown;
    let slot = -1;
    while (this.#pagesOnDevice > 0) {
      slot = this.#onDevice.next(slot + 1);
      try {
        this.#discard(slot);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  #checkOn(): void {
    if (this.#on) return;
    // The front-end says whether it is closed altogether.
    this.#frontswap.isOn(this.type);
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", `the swap area of type ${this.type} is off`);
  }

  /** A put to the device. @returns false when it is full */
  #write(device: SwapDevice, offset: number, page: Page): boolean {
    let written;
    try {
      written = device.writePage(offset, page);
    } catch (error) {
      if (this.#onDevice.clear(offset)) this.#pagesOnDevice -= 1;
      throw this.#deviceFailure(offset, "write", error);
    }
    if (!written) {
      this.#discard(offset);
      return false;
    }
    if (this.#onDevice.set(offset)) this.#pagesOnDevice += 1;
    return true;
  }

  /** Gives a slot back if it holds a page. @returns whether it did */
  #discard(offset: number): boolean {
    if (this.#device === null || !this.#onDevice.clear(offset)) return false;
    this.#pagesOnDevice -= 1;
    try {
      this.#device.discardPage(offset);
    } catch (error) {
      throw this.#deviceFailure(offset, "discard", error);
    }
    return true;
  }

  /** The older copy would be stale after a put that failed; a bad argument changes nothing. */
  #dropAfterFailure(offset: number, error: unknown): void {
    if (!(error instanceof ZmemError) || !(offset >= 0 && offset < this.pages)) return;
    try {
      this.#discard(offset);
    } catch {
      // The bit is clear, so the page is gone; the caller hears of the first failure.
    }
  }

  #deviceFailure(offset: number, verb: string, error: unknown): ZmemError {
    if (error instanceof ZmemError) return error;
    const what = error instanceof Error ? error.message : String(error);
    return new ZmemError(
      "ERR_ZMEM_DEVICE",
      `swap type ${this.type}, offset ${offset}: the device could not ${verb}: ${what}`,
      { cause: error },
    );
  }
}
