/**
 * A swap area on a shared pool: one type, by offset, as one worker sees it.
 *
 * What: SwapArea's calls without a device. Every worker has an area object of its own on the same
 * type; what one puts, all get. A rejected page is the caller's to keep; an area with a device is in
 * device-area.ts.
 *
 * Invariant: once any worker has turned the area off, every call throws `ERR_ZMEM_TYPE_OFF`, also when
 * its type is another area's by then; `off` does nothing.
 */
import type { Page } from "../types.ts";
import type { SharedFrontswap } from "./frontswap.ts";

/** Which area. */
export interface SharedAreaKey {
  readonly type: number;
  /** How many offsets it has. */
  readonly pages: number;
  /** Tells it from another that has its type later. */
  readonly serial: number;
}

export class SharedSwapArea {
  readonly type: number;
  readonly pages: number;
  readonly serial: number;
  readonly #frontswap: SharedFrontswap;

  constructor(frontswap: SharedFrontswap, { type, pages, serial }: SharedAreaKey) {
    this.#frontswap = frontswap;
    this.type = type;
    this.pages = pages;
    this.serial = serial;
  }

  /** Whether it is on: not turned off, by any worker. @throws ZmemError `ERR_ZMEM_CLOSED` */
  get isOn(): boolean {
    return this.#frontswap.isOn(this.type, this.serial);
  }

  /**
   * Keeps a copy of a page, replacing an older one.
   *
   * @returns false when it was rejected: nothing is kept under this offset then
   * @throws as SharedFrontswap.putPage
   */
  put(offset: number, page: Page): boolean {
    return this.#frontswap.putPage(this.type, offset, page, this.serial);
  }

  /** Copies a page out; it is kept. @returns false when there is none @throws as getPage */
  get(offset: number, page: Page): boolean {
    return this.#frontswap.getPage(this.type, offset, page, this.serial);
  }

  /** Forgets a page. @returns whether there was one @throws as flushPage */
  flush(offset: number): boolean {
    return this.#frontswap.flushPage(this.type, offset, this.serial);
  }

  /** Whether a page is kept. @throws as testPage */
  has(offset: number): boolean {
    return this.#frontswap.testPage(this.type, offset, this.serial);
  }

  /** Forgets all pages and turns the type off, for all workers. @throws as typeOff */
  off(): void {
    this.#frontswap.typeOff(this.type, this.serial);
  }
}
