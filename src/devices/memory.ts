/**
 * A swap device in the JavaScript heap: whole pages in slots, uncompressed.
 *
 * Why so: it is the smallest device that keeps the contract of `SwapDevice`. Programs use it for
 * the pages that a pool rejects when there is no disk, tests to see what reaches a device.
 *
 * Invariant: a slot holds a page or nothing; a page is copied in and out, never lent.
 */
import {
  checkOffset,
  checkPage,
  checkPages,
  checkPageSize,
  MIN_PAGE_SIZE,
  ZmemError,
} from "../errors.ts";
import type { Page, SwapDevice } from "../types.ts";

export interface MemorySwapDeviceOptions {
  /** Bytes of a page, a power of two from 4096 to 65536; 4096 when left out. */
  readonly pageSize?: number;
  /** The most pages that it holds at a time; no limit when left out. */
  readonly pages?: number;
}

/** A swap device that keeps pages in memory. */
export class MemorySwapDevice implements SwapDevice {
  readonly pageSize: number;
  readonly #capacityPages: number;
  #slots: Map<number, Uint8Array> | null = new Map();

  /** @throws RangeError for a page size or a number of pages that can't be */
  constructor(options: MemorySwapDeviceOptions = {}) {
    const { pageSize = MIN_PAGE_SIZE, pages } = options;
    checkPageSize(pageSize);
    if (pages !== undefined) checkPages(pages);
    this.pageSize = pageSize;
    this.#capacityPages = pages ?? Infinity;
  }

  /** Pages held now; 0 after close. */
  get pages(): number {
    return this.#slots?.size ?? 0;
  }

  writePage(slot: number, page: Page): boolean {
    const slots = this.#openSlots();
    checkOffset(slot);
    checkPage(page, this.pageSize);
    const older = slots.get(slot);
    if (older !== undefined) {
      older.set(page);
      return true;
    }
    if (slots.size >= this.#capacityPages) return false;
    slots.set(slot, new Uint8Array(page));
    return true;
  }

  readPage(slot: number, page: Page): boolean {
    const slots = this.#openSlots();
    checkOffset(slot);
    checkPage(page, this.pageSize);
    const copy = slots.get(slot);
    if (copy === undefined) return false;
    page.set(copy);
    return true;
  }

  discardPage(slot: number): void {
    this.#openSlots().delete(slot);
  }

  close(): void {
    this.#slots = null;
  }

  #openSlots(): Map<number, Uint8Array> {
    if (this.#slots === null) throw new ZmemError("ERR_ZMEM_CLOSED", "the swap device is closed");
    return this.#slots;
  }
}
