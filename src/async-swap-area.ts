/**
 * A swap area with an asynchronous device: IndexedDB, Redis, or whatever answers with promises.
 *
 * ```
 * swapOutAsync  backend ─ kept ─ resolves to true
 *                      └ rejected ─ device, copied before the call returns ─ resolves when stored
 * get           backend, at once; a page on the device is an error of its own: ERR_ZMEM_ASYNC
 * getAsync      backend, or the device
 * ```
 *
 * Why so: with such a device a page may leave the synchronous world, so a program opts into it by
 * name, and `get` says so rather than "there is none", which would be a lie. A page belongs to the
 * device from the moment `swapOutAsync` is called: reads are ordered behind the write. Writeback
 * takes no pages of such an area: a put can't wait for a promise.
 *
 * Invariants: as SwapArea. The bit of an offset is that of the last call on it; what settles later
 * and is not the last any more changes nothing.
 */
import { decodeStored } from "./area-device.ts";
import { deviceFailure } from "./backend-failures.ts";
import { Bitmap } from "./bitmap.ts";
import type { AsyncSwapDevice } from "./devices/device.ts";
import { checkPages, unlessClosed, ZmemError } from "./errors.ts";
import type { Frontswap } from "./frontswap.ts";
import { checkDevice } from "./swap-area-options.ts";
import { SwapLog } from "./swap-log.ts";
import { RAW_FORM, type Page } from "./types.ts";
import type { Writeback } from "./writeback.ts";

export interface AsyncSwapAreaOptions {
  /** The type, 0 to 1023; must be off. */
  readonly type: number;
  /** How many offsets there are, 1 to 2^32. */
  readonly pages: number;
  /** Takes rejected pages. It must be empty, of this area alone, and is not closed by it. */
  readonly asyncDevice: AsyncSwapDevice;
  /** Encodes and decodes what is on the device; without it pages are written as they are. */
  readonly writeback?: Writeback;
  /** Whether a page got from the device goes back into the backend; true with `writeback`. */
  readonly promote?: boolean;
  /** Counts what happens; one of its own when left out. */
  readonly log?: SwapLog;
}

/** Pages kept under offsets 0 to pages - 1, some of them out of reach of synchronous calls. */
export class AsyncSwapArea {
  readonly type: number;
  readonly pages: number;
  readonly #frontswap: Frontswap;
  readonly #device: AsyncSwapDevice;
  readonly #writeback: Writeback | null;
  readonly #promote: boolean;
  readonly #log: SwapLog;
  readonly #present: Bitmap;
  /** The write under way of an offset whose page it is. */
  readonly #writes = new Map<number, symbol>();
  /** The last read under way of an offset that has not changed since. */
  readonly #reads = new Map<number, symbol>();
  /** Discards under way. */
  readonly #discards = new Set<Promise<void>>();
  #pages = 0;
  #on = true;

  /**
   * @throws TypeError for a device that is no asynchronous one; RangeError when the type is on
   *   already, or the device has another page size
   */
  constructor(frontswap: Frontswap, options: AsyncSwapAreaOptions) {
    const { type, pages, asyncDevice, writeback } = options;
    checkDevice("asyncDevice", asyncDevice, frontswap.pageSize);
    if (frontswap.isOn(type)) {
      throw new RangeError(`swap type: expected one that is off, got ${type}, which is on`);
    }
    checkPages(pages);
    // First what may fail for want of memory: the type stays off then.
    this.#present = new Bitmap(pages);
    frontswap.typeOn(type, pages);
    this.type = type;
    this.pages = pages;
    this.#frontswap = frontswap;
    this.#device = asyncDevice;
    this.#writeback = writeback ?? null;
    this.#promote = writeback !== undefined && (options.promote ?? true);
    this.#log = options.log ?? new SwapLog();
  }

  /** Whether it is on. */
  get isOn(): boolean {
    return this.#on;
  }

  /** Pages on the device now, those that are on their way included. */
  get pagesOnDevice(): number {
    return this.#pages;
  }

  /**
   * Keeps a copy of a page in the backend, replacing an older one wherever it is.
   *
   * @returns false when the backend rejected it: nothing is kept under this offset then
   * @throws as SwapArea.put, but for the device
   */
  put(offset: number, page: Page): boolean {
    this.#checkOn();
    let kept = false;
    try {
      kept = this.#frontswap.putPage(this.type, offset, page);
    } catch (error) {
      if (error instanceof ZmemError && offset < this.pages) this.#forget(offset);
      throw error;
    }
    this.#forget(offset);
    return kept;
  }

  /**
   * Keeps a copy of a page, in the backend or else on the device. The page may change as soon as
   * this has returned.
   *
   * @returns true when it is stored; false when neither took it: nothing is kept under this offset
   *   then, unless a later call has put it anew
   * @throws as SwapArea.put, as a rejected promise
   */
  async swapOutAsync(offset: number, page: Page): Promise<boolean> {
    this.#checkOn();
    this.#writeback?.port.forgetRejected();
    if (this.put(offset, page)) return true;
    const rejected = this.#writeback?.port.rejectedBlock(this.type, offset) ?? null;
    const call = Symbol("swapOutAsync");
    this.#writes.set(offset, call);
    if (this.#present.set(offset)) this.#pages += 1;
    let written = false;
    try {
      written = await (rejected === null
        ? this.#device.write(offset, RAW_FORM, page)
        : this.#device.write(offset, rejected.form, rejected.block));
      this.#log.count(written ? "deviceWrites" : "deviceFull", this.type, offset);
      if (written) this.#log.count("deviceWrittenPages", this.type, offset);
    } catch (error) {
      throw this.#failure(offset, "write", error);
    } finally {
      if (settle(this.#writes, offset, call) && !written) this.#forget(offset);
    }
    return written;
  }

  /**
   * Copies a page out of the backend; it is kept.
   *
   * @returns false when there is none, here or on the device
   * @throws ZmemError `ERR_ZMEM_ASYNC` when it is on the device: `page` is untouched, and
   *   `getAsync` has it. As SwapArea.get.
   */
  get(offset: number, page: Page): boolean {
    this.#checkOn();
    if (this.#frontswap.getPage(this.type, offset, page)) return true;
    if (!this.#present.has(offset)) return false;
    throw new ZmemError(
      "ERR_ZMEM_ASYNC",
      `swap type ${this.type}, offset ${offset}: the page is on an asynchronous device: use getAsync`,
    );
  }

  /**
   * Copies a page out, from wherever it is; it is kept. What it gives is the page as it was when
   * this was called, whatever is put meanwhile.
   *
   * @param page exactly `pageSize` bytes; written when the promise resolves to true, not before
   * @returns false when there is none
   * @throws as SwapArea.get, as a rejected promise
   */
  async getAsync(offset: number, page: Page): Promise<boolean> {
    this.#checkOn();
    if (this.#frontswap.getPage(this.type, offset, page)) return true;
    if (!this.#present.has(offset)) return false;
    const isOnItsWay = this.#writes.has(offset);
    const call = Symbol("getAsync");
    this.#reads.set(offset, call);
    let stored;
    try {
      stored = await this.#device.read(offset);
    } catch (error) {
      settle(this.#reads, offset, call);
      throw this.#failure(offset, "read", error);
    }
    const isLast = settle(this.#reads, offset, call);
    if (stored === null) {
      // The write that it was waiting for failed, and its caller was told.
      if (isOnItsWay) return false;
      throw this.#failure(offset, "read", "it has no page, though it had taken one");
    }
    this.#log.count("deviceReads", this.type, offset);
    if (isLast && this.#promote && this.#on) {
      if (this.#writeback?.promote(this.type, offset, stored, page)) this.#forget(offset);
      return true;
    }
    decodeStored(this.#writeback?.port, this.type, offset, stored, page);
    return true;
  }

  /** Forgets a page. @returns whether there was one @throws as get, but for ERR_ZMEM_ASYNC */
  flush(offset: number): boolean {
    this.#checkOn();
    const wasKept = this.#frontswap.flushPage(this.type, offset);
    return this.#forget(offset) || wasKept;
  }

  /** Whether a page is kept, in the backend or on the device. */
  has(offset: number): boolean {
    this.#checkOn();
    return this.#frontswap.testPage(this.type, offset) || this.#present.has(offset);
  }

  /**
   * Turns the area off: every later call throws `ERR_ZMEM_TYPE_OFF`, but a second off. All pages are
   * forgotten at once; the promise resolves when the device has been told.
   */
  async off(): Promise<void> {
    try {
      if (this.#on) this.#turnOff();
    } finally {
      await Promise.all(this.#discards);
    }
  }

  #turnOff(): void {
    this.#on = false;
    try {
      // A front-end that was closed has turned its types off itself.
      unlessClosed(() => this.#frontswap.typeOff(this.type));
    } finally {
      for (let offset = this.#present.next(0); offset >= 0;) {
        this.#forget(offset);
        offset = this.#present.next(offset + 1);
      }
    }
  }

  #checkOn(): void {
    if (this.#on) return;
    this.#frontswap.isOn(this.type);
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", `the swap area of type ${this.type} is off`);
  }

  /** Forgets what the device has of an offset. @returns whether it had it */
  #forget(offset: number): boolean {
    this.#writes.delete(offset);
    this.#reads.delete(offset);
    if (!this.#present.clear(offset)) return false;
    this.#pages -= 1;
    const discarding = this.#discard(offset);
    this.#discards.add(discarding);
    void discarding.then(() => this.#discards.delete(discarding));
    return true;
  }

  async #discard(offset: number): Promise<void> {
    try {
      await this.#device.discard(offset);
    } catch {
      // The bit is clear, so what the slot still holds is never read.
      this.#log.count("deviceErrors", this.type, offset);
    }
  }

  #failure(offset: number, verb: string, error: unknown): ZmemError {
    this.#log.count("deviceErrors", this.type, offset);
    return deviceFailure(this.type, offset, verb, error);
  }
}

/** Ends a call's claim on its offset. @returns whether no later call has taken it over */
function settle(claims: Map<number, symbol>, offset: number, call: symbol): boolean {
  return claims.get(offset) === call && claims.delete(offset);
}
