/**
 * A swap area: one type of a front-end, and a device for what the backend does not keep.
 *
 * ```
 * put  backend ─ kept (perhaps after writeback made room) ─ true, the device's copy is discarded
 *             └ rejected ─ device ─ written ─────────────── true
 *                                └ full or none ─────────── false, nothing is left at this offset
 * get  presence bit ─ set ── backend
 *                   └ clear ─ device bit ─ set ── device, and back into the backend (promote)
 * ```
 *
 * Why so: since a backend may reject any put, there has to be a real place behind every page whose
 * loss would hurt; without a device an area is pure compressed memory, and a rejected page is the
 * caller's to keep.
 *
 * Modes: *write-through*: the device is always written as well, and is what counts; the backend's
 * copy is a cache that writeback may drop without a write. *Exclusive get*: a get takes the page
 * out, the caller has the only copy; of a write-through area only the backend's copy goes.
 *
 * Invariants: a page is in the backend or on the device, never in both (write-through aside); a put
 * that answered true can be got until flush, overwrite or off; a put that answered false or failed
 * in backend or device leaves nothing, not even the older copy.
 */
import { AreaDevice, decodeStored } from "./area-device.ts";
import {
  checkOffset,
  checkPages,
  checkRange,
  describe,
  unlessClosed,
  ZmemError,
} from "./errors.ts";
import type { Frontswap } from "./frontswap.ts";
import { PageViews, type ArrayPages } from "./page-views.ts";
import { SlotAllocator } from "./slot-allocator.ts";
import { checkModes, type SwapAreaOptions } from "./swap-area-options.ts";
import { SwapLog } from "./swap-log.ts";
import { RAW_FORM, type Page } from "./types.ts";
import type { Writeback } from "./writeback.ts";

/** Pages kept under offsets 0 to pages - 1. */
export class SwapArea {
  readonly type: number;
  readonly pages: number;
  readonly #frontswap: Frontswap;
  readonly #device: AreaDevice | null;
  readonly #writeback: Writeback | null;
  readonly #promote: boolean;
  readonly #writeThrough: boolean;
  readonly #exclusiveGet: boolean;
  readonly #log: SwapLog;
  #slots: SlotAllocator | null = null;
  /** Made by the first range. */
  #pageViews: PageViews | null = null;
  #state: "on" | "ending" | "off" = "on";

  /**
   * Turns the type on.
   *
   * @throws TypeError for a device that is no synchronous one; RangeError when the type is on
   *   already, the device has another page size, or a mode needs a device and there is none
   */
  constructor(frontswap: Frontswap, options: SwapAreaOptions) {
    const { type, pages, device, writeback, writeThrough = false, exclusiveGet = false } = options;
    checkModes(frontswap.pageSize, options);
    if (frontswap.isOn(type)) {
      throw new RangeError(`swap type: expected one that is off, got ${type}, which is on`);
    }
    checkPages(pages);
    this.#log = options.log ?? new SwapLog();
    // First what may fail for want of memory: the type stays off then.
    this.#device = device === undefined ? null : new AreaDevice(device, type, pages, this.#log);
    frontswap.typeOn(type, pages);
    this.type = type;
    this.pages = pages;
    this.#frontswap = frontswap;
    this.#writeback = this.#device === null ? null : (writeback ?? null);
    const { evict = this.#writeback !== null } = options;
    this.#promote = options.promote ?? evict;
    this.#writeThrough = writeThrough;
    this.#exclusiveGet = exclusiveGet;
    if (this.#device !== null && evict) this.#writeback?.add(this.#device);
  }

  /** Whether it is on: not turned off, by itself or by a close. */
  get isOn(): boolean {
    return this.#state !== "off";
  }

  /** Pages on the device now. */
  get pagesOnDevice(): number {
    return this.#device?.pages ?? 0;
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
    if (this.#state === "ending") return this.#refuse(offset);
    // A block of an earlier put is not to be taken for this page's.
    this.#writeback?.port.forgetRejected();
    let kept;
    try {
      kept = this.#frontswap.putPage(this.type, offset, page);
    } catch (error) {
      this.#dropAfterFailure(offset, error);
      throw error;
    }
    const device = this.#device;
    if (device === null) return kept;
    if (kept && !this.#writeThrough) {
      if (device.has(offset)) this.#discardOlder(device, offset);
      return true;
    }
    if (this.#writeDevice(device, offset, page)) return true;
    // Full: what it has of this offset is older.
    return this.#refuse(offset);
  }

  /**
   * Copies a page out; it is kept, unless gets are exclusive.
   *
   * @param page exactly `pageSize` bytes; untouched unless true is returned
   * @returns false when there is none
   * @throws TypeError or RangeError for a bad argument; ZmemError `ERR_ZMEM_CORRUPT`,
   *   `ERR_ZMEM_LOST`, `ERR_ZMEM_BACKEND` or `ERR_ZMEM_DEVICE` when there is one that can't be
   *   read; `ERR_ZMEM_TYPE_OFF` after off, `ERR_ZMEM_CLOSED` after close
   */
  get(offset: number, page: Page): boolean {
    this.#checkOn();
    if (this.#exclusiveGet) {
      if (this.#frontswap.takePage(this.type, offset, page)) return true;
    } else if (this.#frontswap.getPage(this.type, offset, page)) {
      return true;
    }
    const device = this.#device;
    if (device === null || !device.has(offset)) return false;
    const mayPromote = this.#promote && !this.#exclusiveGet && this.#state === "on";
    const promoted = this.#readDevice(device, offset, page, mayPromote);
    if ((promoted || this.#exclusiveGet) && !this.#writeThrough) device.release(offset);
    return true;
  }

  /**
   * Keeps copies of neighbouring pages, each as `put` does: one that is rejected doesn't end it, and
   * `has` says which were.
   *
   * @param offset of the first page
   * @param bytes the pages one behind the other: a multiple of `pageSize`, 0 among them
   * @returns how many are kept
   * @throws as put; a bad argument changes nothing. When backend or device failed at a page, the ones
   *   before it are as they were put, it is gone, and the ones behind it are untouched.
   */
  putRange(offset: number, bytes: Page): number {
    const count = this.#checkRange(offset, bytes);
    const pages = this.#pagesOf(bytes);
    let kept = 0;
    for (let index = 0; index < count; index++) {
      if (this.put(offset + index, pages.at(index))) kept += 1;
    }
    return kept;
  }

  /**
   * Copies neighbouring pages out, each as `get` does.
   *
   * @param offset of the first page
   * @param bytes where the pages go, one behind the other: a multiple of `pageSize`; the part of a
   *   page that isn't there is untouched
   * @returns how many there were
   * @throws as get; pages before the one that can't be read are in `bytes`
   */
  getRange(offset: number, bytes: Page): number {
    const count = this.#checkRange(offset, bytes);
    const pages = this.#pagesOf(bytes);
    let found = 0;
    for (let index = 0; index < count; index++) {
      if (this.get(offset + index, pages.at(index))) found += 1;
    }
    return found;
  }

  /** Forgets a page. @returns whether there was one @throws as get */
  flush(offset: number): boolean {
    this.#checkOn();
    checkOffset(offset, this.pages);
    let wasKept = false;
    let wasOnDevice = false;
    try {
      wasKept = this.#frontswap.flushPage(this.type, offset);
    } finally {
      wasOnDevice = this.#device?.discard(offset) ?? false;
    }
    return wasKept || wasOnDevice;
  }

  /** Whether a page is kept, in the backend or on the device. @throws as get */
  has(offset: number): boolean {
    this.#checkOn();
    return this.#frontswap.testPage(this.type, offset) || (this.#device?.has(offset) ?? false);
  }

  /**
   * Takes the lowest offset that was not allocated yet. Offsets that the program chose itself are
   * unknown here: choose, or let the area choose.
   *
   * @returns -1 when all are taken
   */
  allocate(): number {
    this.#checkOn();
    if (this.#state === "ending") return -1;
    this.#slots ??= new SlotAllocator(this.pages);
    return this.#slots.allocate();
  }

  /** Forgets the page of an allocated offset, and gives the offset back. @throws as flush */
  free(offset: number): void {
    this.#checkOn();
    checkOffset(offset, this.pages);
    if (this.#slots?.free(offset) !== true) {
      throw new RangeError(`offset: expected one that was allocated, got ${offset}`);
    }
    this.flush(offset);
  }

  /**
   * Moves pages out of the backend, lowest offset first, to the device or else to the caller.
   *
   * @param most pages, 0 or more
   * @param onPage takes a page that the device does not, by returning true; the page is a view that
   *   is valid during the call
   * @returns pages that left the backend; fewer than `most` when there are no more, or those that
   *   are left are wanted by nobody
   * @throws what `onPage` throws, and as get; all pages are where they were or moved
   */
  repatriate(most: number, onPage?: (offset: number, page: Page) => boolean): number {
    this.#checkOn();
    if (!(typeof most === "number" && most >= 0)) {
      throw new RangeError(`most: expected 0 pages or more, got ${describe(most)}`);
    }
    const page = new Uint8Array(this.#frontswap.pageSize);
    let moved = 0;
    let offset = this.#frontswap.nextPage(this.type, 0);
    for (; offset >= 0 && moved < most; offset = this.#frontswap.nextPage(this.type, offset + 1)) {
      if (this.#device?.has(offset) !== true) {
        this.#frontswap.getPage(this.type, offset, page);
        if (!this.#tryDevice(offset, page)) {
          const isTaken = onPage?.(offset, page) === true;
          // Should the caller have turned the area off.
          this.#checkOn();
          if (!isTaken) continue;
          // Should the caller have put elsewhere, writeback may have moved this very page.
          this.#device?.release(offset);
        }
      }
      this.#frontswap.dropPage(this.type, offset);
      this.#log.count("shrunkPages", this.type, offset);
      moved += 1;
    }
    return moved;
  }

  /**
   * Turns the area off as swapoff(8) does: every page is handed to the caller first. Meanwhile puts
   * are refused.
   *
   * @param onPage gets each page, lowest offset first; the view is valid during the call. What it
   *   throws ends this: the area is on again, and the pages handed over before are gone from it.
   * @throws as get when a page can't be read: the area is on, and this may be tried again.
   *   `ERR_ZMEM_TYPE_OFF` or `ERR_ZMEM_CLOSED` when `onPage` has turned it off.
   */
  swapOff(onPage: (offset: number, page: Page) => void): void {
    this.#checkOn();
    const page = new Uint8Array(this.#frontswap.pageSize);
    this.#state = "ending";
    try {
      for (let offset = this.#nextKept(0); offset >= 0; offset = this.#nextKept(offset + 1)) {
        if (!this.#frontswap.getPage(this.type, offset, page) && this.#device !== null) {
          this.#readDevice(this.#device, offset, page, false);
        }
        onPage(offset, page);
        this.#checkOn();
        this.#frontswap.dropPage(this.type, offset);
        this.#device?.release(offset);
      }
    } catch (error) {
      if (this.#state === "ending") this.#state = "on";
      throw error;
    }
    this.off();
  }

  /**
   * Forgets all pages, gives their slots on the device back and turns the type off. Every later
   * call throws `ERR_ZMEM_TYPE_OFF`, but a second off does nothing.
   *
   * @throws ZmemError `ERR_ZMEM_DEVICE` when slots could not be given back; the area is off
   */
  off(): void {
    if (this.#state === "off") return;
    this.#state = "off";
    this.#slots = null;
    try {
      this.#turnOff();
    } finally {
      this.#device?.discardAll();
    }
  }

  #turnOff(): void {
    try {
      this.#writeback?.remove(this.type);
    } finally {
      // A front-end that was closed has turned its types off itself.
      unlessClosed(() => this.#frontswap.typeOff(this.type));
    }
  }

  /** @returns how many pages there are in `bytes` */
  #checkRange(offset: number, bytes: Page): number {
    this.#checkOn();
    checkOffset(offset, this.pages);
    return checkRange(bytes, this.#frontswap.pageSize, this.pages - offset);
  }

  #pagesOf(bytes: Page): ArrayPages {
    this.#pageViews ??= new PageViews(this.#frontswap.pageSize);
    return this.#pageViews.of(bytes);
  }

  #checkOn(): void {
    if (this.#state !== "off") return;
    // The front-end says whether it is closed altogether.
    this.#frontswap.isOn(this.type);
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", `the swap area of type ${this.type} is off`);
  }

  /** Rejects a put: nothing is left, on the device not even when the backend fails at it. */
  #refuse(offset: number): false {
    checkOffset(offset, this.pages);
    try {
      this.#frontswap.dropPage(this.type, offset);
    } finally {
      this.#device?.discard(offset);
    }
    return false;
  }

  #nextKept(from: number): number {
    const kept = this.#frontswap.nextPage(this.type, from);
    const onDevice = this.#device?.next(from) ?? -1;
    return kept < 0 || onDevice < 0 ? Math.max(kept, onDevice) : Math.min(kept, onDevice);
  }

  /** Writes the page's block, if the backend has made one in vain, or the page. */
  #writeDevice(device: AreaDevice, offset: number, page: Page): boolean {
    const rejected = this.#writeback?.port.rejectedBlock(this.type, offset) ?? null;
    try {
      return rejected === null
        ? device.write(offset, RAW_FORM, page)
        : device.write(offset, rejected.form, rejected.block);
    } catch (error) {
      // A put that throws leaves nothing in the backend either.
      this.#frontswap.dropPage(this.type, offset);
      throw error;
    }
  }

  /** Forgets what a page that the backend keeps has replaced on the device. */
  #discardOlder(device: AreaDevice, offset: number): void {
    try {
      device.discard(offset);
    } catch (error) {
      this.#frontswap.dropPage(this.type, offset);
      throw error;
    }
  }

  /** @returns whether the page is in the backend again */
  #readDevice(device: AreaDevice, offset: number, page: Page, promote: boolean): boolean {
    const stored = device.read(offset);
    if (promote) return this.#writeback?.promote(this.type, offset, stored, page) ?? false;
    decodeStored(this.#writeback?.port, this.type, offset, stored, page);
    return false;
  }

  /** A device that fails here has lost nothing: the page stays in the backend. */
  #tryDevice(offset: number, page: Page): boolean {
    try {
      return this.#device?.write(offset, RAW_FORM, page) ?? false;
    } catch {
      return false;
    }
  }

  /** The older copy would be stale after a put that failed; a bad argument changes nothing. */
  #dropAfterFailure(offset: number, error: unknown): void {
    if (!(error instanceof ZmemError) || !(offset >= 0 && offset < this.pages)) return;
    this.#device?.release(offset);
  }
}
