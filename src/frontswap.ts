/**
 * The front-end: swap types, presence bits and counters before a backend.
 *
 * What: what mm/frontswap.c of the 2010 posting was to Linux. It knows for each page of each type
 * that is on whether the backend keeps it, so the backend is never asked in vain, and it is where
 * arguments are validated: once, here, before anything changes.
 *
 * Why so: a backend may reject any put and must then have dropped the older copy. The bit says what
 * is there even if a backend forgets that duty: a page whose last put failed is never asked for
 * again, so it can't come back stale.
 *
 * Life of a type: `typeOn` → puts, gets, flushes → `flushArea`: all pages gone, puts rejected until
 * `typeOn` again, or `typeOff`: the type is forgotten and every call on it throws.
 *
 * Backends: one at a time, registered before or after types are on. One that keeps pages can't be
 * replaced: its pages would be lost (kernel 2015: "backends can never unregister").
 *
 * Hook: what makes room in the backend, or spares it a page that it would reject, stands between
 * put and backend. Bits and counters are kept here alone: a put that was kept in the end is one
 * `succPuts`, and pages that left for a device are told by `evictPage`.
 *
 * Invariants: bit set ⇔ the last put was kept and the page has not left since; `currPages` is the
 * number of set bits. No put or get allocates. Source: [PATCH 2/4] of 22 April 2010, its behaviour.
 */
import { backendFailure, lostError } from "./backend-failures.ts";
import { Bitmap } from "./bitmap.ts";
import {
  checkOffset,
  checkPage,
  checkPages,
  checkPageSize,
  checkType,
  describe,
  MAX_PAGES,
  MIN_PAGE_SIZE,
  unlessClosed,
  ZmemError,
} from "./errors.ts";
import type { FrontswapCounters, FrontswapOps, Page, PutHook } from "./types.ts";

export interface FrontswapOptions {
  /** Bytes of a page, a power of two from 4096 to 65536; 4096 when left out. */
  readonly pageSize?: number;
}

/** A type that is on. */
interface SwapType {
  /** Offsets are below this. */
  readonly pages: number;
  readonly present: Bitmap;
  /** Set bits. */
  count: number;
  /** Whether the backend has opened it. */
  open: boolean;
  /** By flushArea: it stays closed until it is turned on again. */
  flushed: boolean;
}

/** No backend, or one whose init failed. */
const NO_POOL = -1;

/** Swap types with a presence bit per page, before a backend that may reject any put. */
export class Frontswap {
  /** Bytes of a page. */
  readonly pageSize: number;
  /** By number of type; holes are types that are off. */
  #types: (SwapType | undefined)[] = [];
  #ops: FrontswapOps | null = null;
  #hook: PutHook | null = null;
  #poolId = NO_POOL;
  #closed = false;
  #currPages = 0;
  #succPuts = 0;
  #failedPuts = 0;
  #gets = 0;
  #flushes = 0;

  /** @throws RangeError unless the page size is a power of two from 4096 to 65536 */
  constructor(options: FrontswapOptions = {}) {
    const { pageSize = MIN_PAGE_SIZE } = options;
    checkPageSize(pageSize);
    this.pageSize = pageSize;
  }

  /**
   * Makes a backend the one that keeps the pages. It is initialised, and the types that are on are
   * opened in it, before it takes over. While there is none, or its `init` failed, all is a no-op:
   * nothing is kept, nothing counted. A failed `init` is tried again when a type is turned on.
   *
   * @param ops null to go without
   * @returns the backend before this one, null for none; it keeps nothing of this front-end
   * @throws ZmemError `ERR_ZMEM_BUSY` while the one before still keeps pages; nothing changes then.
   *   What `init` throws.
   */
  register(ops: FrontswapOps | null): FrontswapOps | null {
    this.#checkOpen();
    const previous = this.#ops;
    if (ops === previous) return previous;
    if (this.#currPages > 0) {
      throw new ZmemError(
        "ERR_ZMEM_BUSY",
        `the registered backend still keeps ${this.#currPages} pages: flush them before another takes over`,
      );
    }
    const poolId = ops === null ? NO_POOL : ops.init(this.pageSize);
    const opened = this.#types.map(
      (area, type) => ops !== null && poolId >= 0 && area?.flushed === false && ops.openType(type),
    );
    this.#closeTypes();
    this.#types.forEach((area, type) => {
      if (area !== undefined) area.open = opened[type] ?? false;
    });
    this.#ops = ops;
    this.#poolId = poolId;
    return previous;
  }

  /** Puts a hook between puts and the backend, in place of the one before; null for none. */
  setHook(hook: PutHook | null): void {
    this.#checkOpen();
    this.#hook = hook;
  }

  /**
   * Turns a type on. Turning on one that is on changes nothing, unless its area was flushed: then
   * puts are accepted again.
   *
   * @param type 0 to 1023
   * @param pages how many offsets it has, 1 to 2^32; each costs a bit
   * @throws RangeError when the type is on with another number of pages
   */
  typeOn(type: number, pages: number): void {
    this.#checkOpen();
    checkType(type);
    checkPages(pages);
    let area = this.#types[type];
    if (area === undefined) {
      const present = makeBitmap(pages);
      area = { pages, present, count: 0, open: false, flushed: false };
      this.#types[type] = area;
    } else if (area.pages !== pages) {
      throw new RangeError(
        `swap type ${type} is on with ${area.pages} pages: turn it off before giving it ${pages}`,
      );
    }
    area.flushed = false;
    this.#start();
    this.#openType(type, area);
  }

  /** Forgets all pages of a type, and the type. A type that is off is no error. */
  typeOff(type: number): void {
    const area = this.#typeOrOff(type);
    if (area === undefined) return;
    this.#addPages(area, -area.count);
    // Not `delete`: that would cost the array its fast form.
    this.#types[type] = undefined;
    this.#closeType(type, area);
  }

  /** Whether a type is on. */
  isOn(type: number): boolean {
    return this.#typeOrOff(type) !== undefined;
  }

  /**
   * Copies a page into the backend, replacing an older copy.
   *
   * @param offset below the pages of the type
   * @param page exactly `pageSize` bytes
   * @returns true when it is kept until flush or overwrite; false when it was rejected: nothing is
   *   kept under this key then, not even the older copy
   * @throws TypeError or RangeError for a bad argument, ZmemError `ERR_ZMEM_TYPE_OFF`: nothing has
   *   changed then. ZmemError `ERR_ZMEM_BACKEND` when the backend threw: it counts as rejected.
   */
  putPage(type: number, offset: number, page: Page): boolean {
    const area = this.#typeThatIsOn(type);
    checkOffset(offset, area.pages);
    checkPage(page, this.pageSize);
    if (this.#poolId < 0) return false;
    let kept = false;
    try {
      if (!area.open) this.#openType(type, area);
      kept = this.#put(area, type, offset, page);
    } catch (error) {
      if (area.present.has(offset)) this.#dropQuietly(type, offset);
      throw backendFailure(type, offset, error);
    } finally {
      if (kept) {
        this.#succPuts += 1;
        if (area.present.set(offset)) this.#addPages(area, 1);
      } else {
        this.#failedPuts += 1;
        if (area.present.clear(offset)) this.#addPages(area, -1);
      }
    }
    return kept;
  }

  /**
   * Copies a page out of the backend, which keeps it.
   *
   * @param page exactly `pageSize` bytes; untouched unless true is returned
   * @returns false when there is none
   * @throws TypeError or RangeError for a bad argument; ZmemError `ERR_ZMEM_TYPE_OFF`,
   *   `ERR_ZMEM_CORRUPT` when the stored page is damaged, `ERR_ZMEM_LOST` when the backend says
   *   that it has no such page though it had kept it, `ERR_ZMEM_BACKEND` when it threw
   */
  getPage(type: number, offset: number, page: Page): boolean {
    const area = this.#typeThatIsOn(type);
    checkOffset(offset, area.pages);
    checkPage(page, this.pageSize);
    if (!area.present.has(offset)) return false;
    let found;
    try {
      found = this.#backend().getPage(type, offset, page);
    } catch (error) {
      throw backendFailure(type, offset, error);
    }
    if (!found) throw lostError(type, offset);
    this.#gets += 1;
    return true;
  }

  /**
   * As getPage, but the page leaves the backend: an exclusive get. No flush is counted.
   *
   * @throws as getPage; when the backend threw, the page is where it was or gone
   */
  takePage(type: number, offset: number, page: Page): boolean {
    return this.getPage(type, offset, page) && this.dropPage(type, offset);
  }

  /**
   * Takes a page out of the backend without counting a flush: it lives on elsewhere.
   *
   * @returns whether there was one
   * @throws as getPage
   */
  dropPage(type: number, offset: number): boolean {
    if (!this.evictPage(type, offset)) return false;
    try {
      this.#backend().flushPage(type, offset);
    } catch (error) {
      throw backendFailure(type, offset, error);
    }
    return true;
  }

  /**
   * Notes that a page has left the backend in another way than through a verb: writeback has moved
   * it to a device. Its bit is cleared; no flush is counted.
   *
   * @returns whether the bit was set
   */
  evictPage(type: number, offset: number): boolean {
    const area = this.#typeThatIsOn(type);
    checkOffset(offset, area.pages);
    if (!area.present.clear(offset)) return false;
    this.#addPages(area, -1);
    return true;
  }

  /** Notes that a page has come back into the backend in another way than by a put. */
  admitPage(type: number, offset: number): void {
    const area = this.#typeThatIsOn(type);
    checkOffset(offset, area.pages);
    if (area.present.set(offset)) this.#addPages(area, 1);
  }

  /**
   * Forgets a page.
   *
   * @returns whether there was one
   * @throws as getPage
   */
  flushPage(type: number, offset: number): boolean {
    const area = this.#typeThatIsOn(type);
    checkOffset(offset, area.pages);
    if (!area.present.clear(offset)) return false;
    this.#addPages(area, -1);
    this.#flushes += 1;
    try {
      this.#backend().flushPage(type, offset);
    } catch (error) {
      throw backendFailure(type, offset, error);
    }
    return true;
  }

  /**
   * Forgets all pages of a type; puts for it are rejected until it is turned on again. A type that
   * is off is no error.
   */
  flushArea(type: number): void {
    const area = this.#typeOrOff(type);
    if (area === undefined) return;
    if (area.count > 0) area.present.clearAll();
    this.#addPages(area, -area.count);
    area.flushed = true;
    this.#closeType(type, area);
  }

  /** Whether the backend keeps a page; asks the presence bit only. @throws as getPage */
  testPage(type: number, offset: number): boolean {
    const area = this.#typeThatIsOn(type);
    checkOffset(offset, area.pages);
    return area.present.has(offset);
  }

  /**
   * The lowest offset, at `from` or above, of a page that the backend keeps.
   *
   * @param from 0 to 2^32
   * @returns -1 for none
   * @throws as testPage
   */
  nextPage(type: number, from: number): number {
    const area = this.#typeThatIsOn(type);
    // One behind the last there can be: a loop may ask from there.
    checkOffset(from, MAX_PAGES + 1);
    return area.present.next(from);
  }

  /** Pages of a type that the backend keeps. @throws ZmemError `ERR_ZMEM_TYPE_OFF` */
  countPages(type: number): number {
    return this.#typeThatIsOn(type).count;
  }

  /** The counters as they stand. */
  counters(): FrontswapCounters {
    this.#checkOpen();
    return {
      currPages: this.#currPages,
      succPuts: this.#succPuts,
      failedPuts: this.#failedPuts,
      gets: this.#gets,
      flushes: this.#flushes,
    };
  }

  /**
   * Turns all types off and lets the backend go, without closing it. Every later call throws
   * `ERR_ZMEM_CLOSED`; a second close does nothing.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeTypes();
    this.#types = [];
    this.#currPages = 0;
    this.#ops = null;
    this.#hook = null;
    this.#poolId = NO_POOL;
  }

  #put(area: SwapType, type: number, offset: number, page: Page): boolean {
    const backend = this.#backend();
    const hook = this.#hook;
    if (hook === null) return backend.putPage(type, offset, page);
    if (hook.admits(type, offset, page)) {
      return backend.putPage(type, offset, page) || hook.rejected(type, offset, page);
    }
    // A rejected put leaves nothing, here as in the backend; the bit is cleared by the caller.
    if (area.present.has(offset)) backend.flushPage(type, offset);
    return false;
  }

  /** Writeback asks the backend what it keeps: a page behind a bit that is clear would come back. */
  #dropQuietly(type: number, offset: number): void {
    try {
      this.#backend().flushPage(type, offset);
    } catch {
      // The put has failed already, and its caller is told.
    }
  }

  #typeThatIsOn(type: number): SwapType {
    const area = typeof type === "number" ? this.#types[type] : undefined;
    return area ?? this.#refuseType(type);
  }

  #typeOrOff(type: number): SwapType | undefined {
    this.#checkOpen();
    checkType(type);
    return this.#types[type];
  }

  #refuseType(type: number): never {
    this.#checkOpen();
    checkType(type);
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", `swap type ${type} is off: turn it on first`);
  }

  #checkOpen(): void {
    if (this.#closed) throw new ZmemError("ERR_ZMEM_CLOSED", "the front-end is closed");
  }

  #backend(): FrontswapOps {
    // A set bit or a pool id of 0 and above implies a backend.
    return this.#ops as FrontswapOps;
  }

  /** Initialises a backend whose init has failed so far, and opens the types that are on. */
  #start(): void {
    if (this.#ops === null || this.#poolId >= 0) return;
    this.#poolId = this.#ops.init(this.pageSize);
    this.#types.forEach((area, type) => {
      if (area !== undefined) this.#openType(type, area);
    });
  }

  #openType(type: number, area: SwapType): void {
    if (this.#poolId < 0 || area.open || area.flushed) return;
    area.open = this.#backend().openType(type);
  }

  #closeType(type: number, area: SwapType): void {
    if (!area.open) return;
    area.open = false;
    unlessClosed(() => this.#backend().flushArea(type));
  }

  #closeTypes(): void {
    this.#types.forEach((area, type) => {
      if (area !== undefined) this.#closeType(type, area);
    });
  }

  #addPages(area: SwapType, change: number): void {
    area.count += change;
    this.#currPages += change;
  }
}

function makeBitmap(pages: number): Bitmap {
  try {
    return new Bitmap(pages);
  } catch (error) {
    throw new RangeError(
      `pages: no memory for the presence bits of ${describe(pages)} pages, ${Bitmap.byteLength(pages)} bytes`,
      { cause: error },
    );
  }
}
