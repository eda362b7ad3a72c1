/**
 * The interfaces at which the parts of zmem meet.
 *
 * What: the backend contract (`FrontswapOps`), its optional ports, and what both tell of themselves.
 * The contract of devices is in devices/device.ts.
 *
 * Why so: front-end, backends and devices know each other only through this file, so any of them
 * can be replaced: a plain Map serves as oracle in tests, a file or Redis as device.
 *
 * Invariants: those of the 2010 frontswap posting; docs/contract.md numbers them.
 */

/** One page: exactly `pageSize` bytes. A view on a SharedArrayBuffer is accepted. */
export type Page = Uint8Array;

/**
 * The five verbs of the 2010 frontswap posting, and the call that opens a type.
 *
 * Every call is synchronous. A `type` is the number of a swap area, an `offset` (u32) the number
 * of a page inside it. Arguments were validated by the front-end; a backend validates again only
 * where it is public itself.
 */
export interface FrontswapOps {
  /**
   * Prepares the backend for pages of `pageSize` bytes. Called once before any other verb; a
   * second call with the same size changes nothing and gives the same id.
   *
   * @param pageSize a power of two from 4096 to 65536
   * @returns the pool id, 0 or above, that serves every type; -1 when the backend can't start
   */
  init(pageSize: number): number;

  /**
   * Opens a type: from now on puts for it may be accepted. Opening an open type changes nothing.
   *
   * @returns false when the backend has no room for one more type now: puts for it are rejected
   *   until a later call succeeds
   */
  openType(type: number): boolean;

  /**
   * Copies a page into the backend under (type, offset), replacing an older copy.
   *
   * @returns true when the page is kept: every get gives these bytes until flush or overwrite.
   *   false when it was *rejected* (any reason, also a type that is not open): nothing is kept
   *   under this key then, not even the older copy.
   */
  putPage(type: number, offset: number, page: Page): boolean;

  /**
   * Copies the page under (type, offset) into `page` and keeps it.
   *
   * @returns false when there is none; `page` is untouched then
   * @throws ZmemError `ERR_ZMEM_CORRUPT` when the stored block is damaged
   */
  getPage(type: number, offset: number, page: Page): boolean;

  /**
   * Forgets the page under (type, offset).
   *
   * @returns true when there was one; flushing an absent page is harmless
   */
  flushPage(type: number, offset: number): boolean;

  /**
   * Forgets all pages of the type and closes it: puts are refused until it is opened again. A type
   * that was never open is no error.
   */
  flushArea(type: number): void;

  /** Pages kept under a type, 0 when it is closed. */
  countPages(type: number): number;
}

/** A page that writeback may take: its block as it is stored. */
export interface ColdPage {
  readonly type: number;
  readonly offset: number;
  /** How the block is to be decoded; a device keeps it beside the block. Below 16. */
  readonly form: number;
  /** A view on the backend's memory, valid until the backend's next call but `dropCold`. */
  readonly block: Uint8Array;
}

/** A block and how it is to be decoded. */
export interface FormedBlock {
  readonly form: number;
  readonly block: Uint8Array;
}

/** The form of a block that is a whole page as it was put; others are the backend's own. */
export const RAW_FORM = 3;

/**
 * What a backend offers so that its coldest pages can go to a device: an optional port.
 *
 * A put that was rejected for want of room: `selectCold`, write the blocks, `dropCold` each,
 * `compactForRetry`, `retryPut`. A page comes back through `decodeBlock`, or for good through
 * `restorePage`. A backend of several memories looks for room where the last put had none.
 */
export interface WritebackPort {
  /** Why the last put, retry or restore was rejected; null when it was kept. */
  readonly lastReject: RejectReason | null;
  /** Lets writeback take pages of an open type, or not (the default). */
  allowWriteback(type: number, allowed: boolean): void;
  /**
   * Lists pages that were not got for long, among the types that allow it. Same-filled pages are
   * never listed: they hold no memory to speak of.
   *
   * @returns at most `most`, and as many as a window can list; none when none was found at once
   */
  selectCold(most: number): readonly ColdPage[];
  /** Forgets the page at an index of the last list. @returns false when it has changed since */
  dropCold(index: number): boolean;
  /** Brings what is left closer together. @returns objects moved, at most `objects` */
  compactForRetry(objects: number): number;
  /**
   * Tries the put or restore again that was rejected last, without compressing its page again.
   * Only puts count in between: `selectCold`, `dropCold` and compaction may be called, nothing else.
   *
   * @returns as putPage
   */
  retryPut(type: number, offset: number): boolean;
  /**
   * The block that `retryPut` would keep, for a device that takes it instead.
   *
   * @returns a view that is valid until the next call; null when the page has none: it is to be
   *   written as it is
   */
  rejectedBlock(type: number, offset: number): FormedBlock | null;
  /** Ends what `retryPut` and `rejectedBlock` could do. */
  forgetRejected(): void;
  /**
   * Decodes a block that comes back from a device into `page`.
   *
   * @throws ZmemError `ERR_ZMEM_CORRUPT` when it does not decode to a page; `page` is untouched
   */
  decodeBlock(form: number, block: Uint8Array, page: Page): void;
  /**
   * As `decodeBlock`, and keeps the block under (type, offset) as it is.
   *
   * @returns as putPage; false leaves nothing under the key, and `page` is filled all the same
   */
  restorePage(type: number, offset: number, form: number, block: Uint8Array, page: Page): boolean;
  /** The memory in use as a share of what may be held: 0 to 1, above after the limit was lowered. */
  fillLevel(): number;
  /** Turns `selectCold` to the memory that is fullest. @returns its fill level */
  findFullest(): number;
  /**
   * Sets the longest block that is kept; a page whose block is longer is rejected as incompressible.
   *
   * @param bytes 1 or more; the page size: every page is kept, or as many as the backend was made to
   */
  setLongestBlock(bytes: number): void;
}

/**
 * What stands between a front-end's put and its backend, if anything does: it may refuse a page
 * before the backend is asked, and make room when the backend had none.
 */
export interface PutHook {
  /**
   * Called before the backend is.
   *
   * @returns false to reject the put at once
   */
  admits(type: number, offset: number, page: Page): boolean;
  /**
   * Called when the backend has rejected a put. It may move other pages out of the backend, and
   * put this one again.
   *
   * @returns whether the page is kept now
   */
  rejected(type: number, offset: number, page: Page): boolean;
}

/**
 * The counters of the front-end, since its start. They mean what the code of the 2010 posting did,
 * not what its documentation said.
 */
export interface FrontswapCounters {
  /** Pages in the backend now, over all types: the set presence bits. */
  readonly currPages: number;
  /** Puts that the backend kept, new pages and overwrites alike. */
  readonly succPuts: number;
  /** Puts that the backend rejected (or failed at), overwrites included. */
  readonly failedPuts: number;
  /** Gets that found the page. A get of an absent page counts nowhere. */
  readonly gets: number;
  /**
   * Flushes of a single page that was there. Neither a flush of a whole area nor the loss of an old
   * page by a rejected overwrite counts.
   */
  readonly flushes: number;
}

/** What a backend holds, in bytes unless the name says otherwise; each figure by itself. */
export interface PoolStats {
  /** Bytes of one page. */
  readonly pageSize: number;
  /** The limit on memory held; Infinity where there is none. */
  readonly limitBytes: number;
  /** Pages kept, same-filled ones included. */
  readonly pages: number;
  /** pages × pageSize. */
  readonly logicalBytes: number;
  /** Pages kept as one repeated 8-byte word. */
  readonly sameFilledPages: number;
  /** Pages kept uncompressed because compression would have saved no size class. */
  readonly rawPages: number;
  /** Pages kept as a compressed block. */
  readonly compressedPages: number;
  /** Bytes of all blocks and raw pages, before any rounding. */
  readonly payloadBytes: number;
  /** Bytes of the objects in use, rounded to size classes, object headers included. */
  readonly objectBytes: number;
  /** Bytes of all zspages, used or not. */
  readonly zspageBytes: number;
  /** Bytes of the (type, offset) index. */
  readonly indexBytes: number;
  /** Bytes of superblock, windows, scratch and allocator tables. */
  readonly fixedBytes: number;
  /** Bytes of held memory in no zspage, index or table. */
  readonly freeBytes: number;
  /** Bytes that linear memory has grown to: what the pool really costs. */
  readonly heldBytes: number;
  /** The highest `heldBytes` since the start. */
  readonly peakHeldBytes: number;
  /** Objects that compaction has moved, since the start. */
  readonly movedObjects: number;
  /** Wasm memories that the pages are spread over. */
  readonly instances: number;
  /** Rejected puts by reason, since the start; also those for which room was then made. */
  readonly rejects: Readonly<Record<RejectReason, number>>;
}

/** Why a put was rejected. */
export type RejectReason =
  /** The type is not open. */
  | "closedType"
  /** The pool was told to refuse puts. */
  | "disabled"
  /** Neither free memory nor the limit had room. */
  | "limit"
  /** The engine refused to grow the memory. */
  | "growth"
  /** The page does not compress and the pool refuses raw pages. */
  | "incompressible";
