/**
 * The simplest backend there can be: plain uncompressed copies of the pages in Maps.
 *
 * Why so: it is the oracle that other backends are compared with, so it must be right at a glance;
 * and it is the baseline of memory, since it takes a full page for every page. It refuses puts on
 * demand (a limit in pages, a switch), because a rejected put is where real backends had their bugs.
 *
 * Invariant: a put that is refused has deleted the older copy before it returns.
 */
import { describe } from "../errors.ts";
import type { FrontswapOps, Page } from "../types.ts";

export interface MapBackendOptions {
  /** The most pages that it keeps, over all types; Infinity when left out. */
  readonly limitPages?: number;
}

/** A backend that keeps pages uncompressed in the JavaScript heap. */
export class MapBackend implements FrontswapOps {
  readonly #types = new Map<number, Map<number, Uint8Array>>();
  #limitPages: number;
  #enabled = true;
  #pages = 0;
  #pageSize = 0;

  /** @throws RangeError for a limit that is no number of pages */
  constructor(options: MapBackendOptions = {}) {
    const { limitPages = Infinity } = options;
    checkLimitPages(limitPages);
    this.#limitPages = limitPages;
  }

  /** Pages kept, over all types. */
  get pages(): number {
    return this.#pages;
  }

  /** Bytes of the pages kept: each takes the whole page size. */
  get heldBytes(): number {
    return this.#pages * this.#pageSize;
  }

  /** Sets the most pages to keep. Pages above it stay; puts are refused until there is room. */
  setLimit(limitPages: number): void {
    checkLimitPages(limitPages);
    this.#limitPages = limitPages;
  }

  /** Switches puts on or off. A put while they are off drops the older copy and is refused. */
  setEnabled(enabled: boolean): void {
    this.#enabled = enabled;
  }

  init(pageSize: number): number {
    if (this.#pageSize !== 0 && this.#pageSize !== pageSize) return -1;
    this.#pageSize = pageSize;
    return 0;
  }

  openType(type: number): boolean {
    if (!this.#types.has(type)) this.#types.set(type, new Map());
    return true;
  }

  putPage(type: number, offset: number, page: Page): boolean {
    const pages = this.#types.get(type);
    if (pages === undefined) return false;
    const older = pages.get(offset);
    const needed = older === undefined ? this.#pages + 1 : this.#pages;
    if (!this.#enabled || needed > this.#limitPages) {
      this.flushPage(type, offset);
      return false;
    }
    if (older === undefined) {
      pages.set(offset, new Uint8Array(page));
      this.#pages += 1;
    } else {
      older.set(page);
    }
    return true;
  }

  getPage(type: number, offset: number, page: Page): boolean {
    const copy = this.#types.get(type)?.get(offset);
    if (copy === undefined) return false;
    page.set(copy);
    return true;
  }

  flushPage(type: number, offset: number): boolean {
    const found = this.#types.get(type)?.delete(offset) ?? false;
    if (found) this.#pages -= 1;
    return found;
  }

  flushArea(type: number): void {
    this.#pages -= this.countPages(type);
    this.#types.delete(type);
  }

  countPages(type: number): number {
    return this.#types.get(type)?.size ?? 0;
  }
}

function checkLimitPages(pages: unknown): void {
  if (typeof pages === "number" && pages >= 0) return;
  throw new RangeError(`limitPages: expected 0 or more, or Infinity, got ${describe(pages)}`);
}
