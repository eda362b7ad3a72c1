/**
 * The zmem backend: FrontswapOps over one instance of the wasm module.
 *
 * Why so: this file owns the border. It alone holds views on linear memory, makes them anew when
 * growth has detached them, and turns statuses into answers. A page crosses once each way: one copy
 * into the put window or out of the get window, no allocation on either path.
 *
 * Trim: linear memory can't shrink, so `trim` moves what lives into a fresh instance, in the form
 * in which it is kept, and drops the old one; the object stays the same to its users.
 *
 * Invariants: those of FrontswapOps; a view handed out is valid until the next call.
 */
import { checkOffset, checkPage, checkPageSize, describe, ZmemError } from "../errors.ts";
import type { CreateInstance } from "../platform/instantiate.ts";
import type {
  ColdPage,
  FormedBlock,
  FrontswapOps,
  Page,
  PoolStats,
  RejectReason,
  WritebackPort,
} from "../types.ts";
import {
  CLASS_SIZE,
  CLASS_USED,
  COLD_RECORD_SIZE,
  EFFORTS,
  FORM_ABSENT,
  FORM_FILLED,
  FORM_FILLED_OBJECT,
  FORM_RAW,
  GRANULE_SIZE,
  INSPECT_LENGTH_BITS,
  LOCATION_SLOT_BITS,
  MAX_WASM_PAGES,
  OPTION_ACCEPT_RAW,
  REJECT_REASONS,
  STATS_COLUMNS,
  STATUS_ABSENT,
  STATUS_CORRUPT,
  STATUS_LIMIT,
  STATUS_OK,
  WASM_PAGE_SIZE,
  type StatsColumn,
  type ZmemExports,
} from "./abi.ts";
import { readClasses, type SizeClassStats } from "./class-stats.ts";

/** Swap types that one pool can have open: 0 to MAX_TYPES - 1. */
export const MAX_TYPES = 1024;

/** How a pool is made. */
export interface ZmemBackendOptions {
  /** The most that linear memory may grow to, in bytes; Infinity (the default) is 4 GiB. */
  readonly limitBytes?: number;
  /** Whether pages that don't compress are kept raw (the default) or rejected. */
  readonly acceptRaw?: boolean;
  /** How much time a put may spend on compression; "default" when left out. */
  readonly effort?: Effort;
  /** Wasm pages that linear memory may have at most, whatever the limit; for tests of growth. */
  readonly maximumWasmPages?: number;
}

/** All efforts write the same format: "fast" larger blocks, "high" smaller ones for cold pages. */
export type Effort = (typeof EFFORTS)[number];

/** What a recompression did. */
export interface RecompressResult {
  /** Pages tried, whether they got smaller or not. */
  readonly triedPages: number;
  /** Bytes of payload saved. */
  readonly savedBytes: number;
  /** Whether every page has been tried. */
  readonly done: boolean;
}

/** How one page is kept. */
export interface PageInfo {
  readonly form: "sameFilled" | "compressed" | "raw";
  /** Bytes of its block; 0 for a page whose index entry holds all of it. */
  readonly payloadBytes: number;
}

/** Where the object of a page lies, until a put, flush, compaction or trim moves it. */
export interface PageLocation {
  /** The id of its zspage, 1 or above, which stays when the zspage moves. */
  readonly zspage: number;
  /** Its place in the zspage, 0 to 1023. */
  readonly slot: number;
  /** Byte offset of its block in linear memory. */
  readonly address: number;
}

/** What a compaction did. */
export interface CompactResult {
  /** Objects moved. */
  readonly movedObjects: number;
  /** Whether nothing is left to gain. */
  readonly done: boolean;
}

/** What a trim did. */
export interface TrimResult {
  /** False when the fresh instance could not be made: everything is as before. */
  readonly trimmed: boolean;
  /** Memory held before and after, bytes. */
  readonly heldBytesBefore: number;
  readonly heldBytesAfter: number;
}

/** Steps between two looks at the clock. */
const COMPACT_BATCH_BYTES = 131072;
const COMPACT_LEAST = 4;
const RECOMPRESS_BATCH = 4;
const CLOSED = "closed";

/** A compressed page store in one wasm memory. */
export class ZmemBackend implements FrontswapOps, WritebackPort {
  readonly #createInstance: CreateInstance;
  readonly #acceptRaw: boolean;
  readonly #maximumWasmPages: number;
  readonly #openTypes = new Set<number>();
  readonly #writebackTypes = new Set<number>();
  #limitBytes: number;
  #effort: Effort;
  #enabled = true;
  #pageSize = 0;
  /** 0: no bound of its own. */
  #longestBlock = 0;
  /** Of the last put, retry or restore. */
  #putStatus = STATUS_OK;
  #state: "new" | "running" | typeof CLOSED = "new";
  // Set by init; never read before, since every verb checks the state through the views' length.
  #exports!: ZmemExports;
  #memory!: WebAssembly.Memory;
  #putView: Uint8Array = new Uint8Array(0);
  #getView: Uint8Array = new Uint8Array(0);
  /** Rejects and moves counted by instances that a trim has dropped. */
  #carried: Partial<Record<StatsColumn, number>> = {};
  #carriedPeakBytes = 0;

  /**
   * @param createInstance starts an instance of the module (src/platform)
   * @throws RangeError or TypeError for a limit that is no number of bytes
   */
  constructor(createInstance: CreateInstance, options: ZmemBackendOptions = {}) {
    this.#createInstance = createInstance;
    this.#limitBytes = options.limitBytes ?? Infinity;
    this.#acceptRaw = options.acceptRaw ?? true;
    this.#maximumWasmPages = options.maximumWasmPages ?? MAX_WASM_PAGES;
    this.#effort = options.effort ?? "default";
    checkLimit(this.#limitBytes);
    checkEffort(this.#effort);
  }

  /**
   * @throws RangeError for a page size that is none, for another one than at the first call, or
   *   when the limit has no room for the pool's fixed part
   */
  init(pageSize: number): number {
    if (this.#state === CLOSED) throw closedError();
    if (this.#state === "running") {
      if (pageSize === this.#pageSize) return 0;
      throw new RangeError(
        `page size: expected ${this.#pageSize}, as at the first init, got ${describe(pageSize)}`,
      );
    }
    checkPageSize(pageSize);
    const started = this.#start(pageSize, this.#limitBytes);
    if (!started) return -1;
    this.#pageSize = pageSize;
    this.#adopt(started);
    this.#state = "running";
    return this.setEffort(this.#effort) ? 0 : -1;
  }

  get pageSize(): number {
    return this.#pageSize;
  }

  openType(type: number): boolean {
    this.#check();
    if (type >>> 0 !== type || type >= MAX_TYPES) {
      throw new RangeError(
        `type: expected an integer from 0 to ${MAX_TYPES - 1}, got ${describe(type)}`,
      );
    }
    if (this.#exports.openType(type) !== STATUS_OK) return false;
    this.#openTypes.add(type);
    return true;
  }

  putPage(type: number, offset: number, page: Page): boolean {
    let view = this.#putView;
    if (view.length === 0) view = this.#renewViews();
    if (offset >>> 0 !== offset) checkOffset(offset);
    if (!(page instanceof Uint8Array) || page.length !== view.length) {
      checkPage(page, this.#pageSize);
    }
    view.set(page);
    this.#putStatus = this.#exports.putPage(type, offset);
    return this.#putStatus === STATUS_OK;
  }

  getPage(type: number, offset: number, page: Page): boolean {
    if (!(page instanceof Uint8Array) || page.length !== this.#pageSize) {
      this.#check();
      checkPage(page, this.#pageSize);
    }
    const view = this.viewPage(type, offset);
    if (view === undefined) return false;
    page.set(view);
    return true;
  }

  /**
   * The put window: a program that builds its page here saves the copy of `putPage`.
   * Valid until the next call of any method.
   */
  get putWindow(): Uint8Array {
    return this.#putView.length === 0 ? this.#renewViews() : this.#putView;
  }

  /** Puts the page that the program built in `putWindow`. @returns as putPage */
  putWindowPage(type: number, offset: number): boolean {
    this.#check();
    if (offset >>> 0 !== offset) checkOffset(offset);
    this.#putStatus = this.#exports.putPage(type, offset);
    return this.#putStatus === STATUS_OK;
  }

  /**
   * The page under (type, offset), to be read in place: no copy.
   *
   * @returns the get window, valid until the next call of any method; undefined when there is none
   * @throws ZmemError `ERR_ZMEM_CORRUPT` when the stored block is damaged
   */
  viewPage(type: number, offset: number): Uint8Array | undefined {
    let view = this.#getView;
    if (view.length === 0) {
      this.#renewViews();
      view = this.#getView;
    }
    if (offset >>> 0 !== offset) checkOffset(offset);
    const status = this.#exports.getPage(type, offset);
    if (status === STATUS_OK) return view;
    if (status === STATUS_CORRUPT) {
      throw new ZmemError(
        "ERR_ZMEM_CORRUPT",
        `the block of page ${offset} of type ${type} does not decode to ${this.#pageSize} bytes`,
      );
    }
    return undefined;
  }

  flushPage(type: number, offset: number): boolean {
    this.#check();
    checkOffset(offset);
    return this.#exports.flushPage(type, offset) !== STATUS_ABSENT;
  }

  flushArea(type: number): void {
    this.#check();
    this.#exports.flushArea(type);
    this.#openTypes.delete(type);
    this.#writebackTypes.delete(type);
  }

  countPages(type: number): number {
    this.#check();
    return this.#exports.countPages(type) >>> 0;
  }

  /** How a page is kept; undefined when it isn't. */
  inspectPage(type: number, offset: number): PageInfo | undefined {
    this.#check();
    checkOffset(offset);
    const packed = this.#exports.inspectPage(type, offset) >>> 0;
    const form = packed >>> INSPECT_LENGTH_BITS;
    if (form === FORM_ABSENT) return undefined;
    const payloadBytes = packed & ((1 << INSPECT_LENGTH_BITS) - 1);
    if (form === FORM_FILLED || form === FORM_FILLED_OBJECT) {
      return { form: "sameFilled", payloadBytes };
    }
    return { form: form === FORM_RAW ? "raw" : "compressed", payloadBytes };
  }

  /**
   * A copy of the block of a page, as it is stored: an LZ4 block, a raw page, or the repeated word.
   * It does not count as a get.
   *
   * @returns undefined for a page that is absent or held by its index entry alone
   */
  readBlock(type: number, offset: number): Uint8Array | undefined {
    const info = this.inspectPage(type, offset);
    const address = this.#exports.storedBlock(type, offset) >>> 0;
    if (info === undefined || address === 0) return undefined;
    return new Uint8Array(this.#memory.buffer, address, info.payloadBytes).slice();
  }

  /** Where the object of a page lies now; undefined as for `readBlock`. */
  locatePage(type: number, offset: number): PageLocation | undefined {
    this.#check();
    checkOffset(offset);
    const location = this.#exports.storedLocation(type, offset) >>> 0;
    if (location === 0) return undefined;
    return {
      zspage: location >>> LOCATION_SLOT_BITS,
      slot: location & ((1 << LOCATION_SLOT_BITS) - 1),
      address: this.#exports.storedBlock(type, offset) >>> 0,
    };
  }

  /** The limit on memory held, bytes. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  /**
   * Raises or lowers the limit. A pool that uses more than the new limit rejects puts until
   * flushes, compaction or a trim have made room.
   *
   * @param options.trim trims when more is held than the new limit allows
   */
  setLimit(limitBytes: number, options: { readonly trim?: boolean } = {}): void {
    this.#check();
    checkLimit(limitBytes);
    this.#limitBytes = limitBytes;
    this.#exports.setLimit(limitBytes);
    if (options.trim && this.#memory.buffer.byteLength > limitBytes) this.trim();
  }

  /** While disabled every put is rejected and drops the older copy; gets and flushes go on. */
  setEnabled(enabled: boolean): void {
    this.#check();
    this.#enabled = enabled;
    this.#exports.setEnabled(enabled ? 1 : 0);
  }

  /**
   * Sets the effort of puts from now on.
   *
   * @returns false when the workspace of "high" can't be had: the effort stays as it was
   */
  setEffort(effort: Effort): boolean {
    this.#check();
    checkEffort(effort);
    if (this.#exports.setEffort(EFFORTS.indexOf(effort)) !== STATUS_OK) return false;
    this.#effort = effort;
    return true;
  }

  /**
   * Raises stored blocks to the effort "high", largest first; a new block is kept only where its
   * size class is smaller.
   *
   * @param budget at most so many pages, and about so many microseconds; without: to the end
   */
  recompress(
    budget: { readonly pages?: number; readonly microseconds?: number } = {},
  ): RecompressResult {
    this.#check();
    const before = this.#column("payloadBytes");
    const { count, done } = runBudgeted(
      budget.pages,
      budget.microseconds,
      RECOMPRESS_BATCH,
      (batch) => this.#exports.recompress(batch),
    );
    return { triedPages: count, savedBytes: before - this.#column("payloadBytes"), done };
  }

  /**
   * Moves objects from the emptiest zspages into the fullest, so that runs become free.
   *
   * @param budget at most so many objects, and about so many microseconds; without: to the end
   */
  compact(
    budget: { readonly objects?: number; readonly microseconds?: number } = {},
  ): CompactResult {
    this.#check();
    const before = this.#column("movedObjects");
    const { done } = runBudgeted(
      budget.objects,
      budget.microseconds,
      Math.max(COMPACT_LEAST, COMPACT_BATCH_BYTES / this.#pageSize),
      (batch) => this.#exports.compact(batch),
      () => this.#exports.isCompacted() !== 0,
    );
    return { movedObjects: this.#column("movedObjects") - before, done };
  }

  /** Bytes that compaction would free, about. */
  freeableBytes(): number {
    this.#check();
    let bytes = 0;
    const count = this.#exports.classCount();
    for (let index = 1; index < count; index++) bytes += this.#exports.freeableBytes(index) >>> 0;
    return bytes;
  }

  /** Bytes of memory that a trim needs beside what is held, until it is done: at most so many. */
  trimPeakBytes(): number {
    const { fixedBytes, indexBytes } = this.stats();
    let bytes = fixedBytes + indexBytes;
    const classes = this.#exports.classCount();
    for (let index = 1; index < classes; index++) {
      const used = this.#exports.classColumn(index, CLASS_USED) >>> 0;
      if (used === 0) continue;
      const size = this.#exports.classColumn(index, CLASS_SIZE) >>> 0;
      const perZspage = Math.max(1, Math.floor(LONGEST_ZSPAGE / size));
      bytes += used * size + Math.ceil(used / perZspage) * ZSPAGE_LOSS;
    }
    return (Math.ceil((bytes * (1 + GROWTH_OVERSHOOT)) / WASM_PAGE_SIZE) + 1) * WASM_PAGE_SIZE;
  }

  /**
   * Gives memory back: moves all pages into a fresh instance whose memory is just large enough.
   * The old memory is released when the engine collects it, within seconds. Until then both exist:
   * see `trimPeakBytes`.
   */
  trim(): TrimResult {
    this.#check();
    const heldBytesBefore = this.#memory.buffer.byteLength;
    const unchanged = { trimmed: false, heldBytesBefore, heldBytesAfter: heldBytesBefore };
    // The live pages may need more than a limit that was lowered; it holds again afterwards.
    // Growth costs the engine a millisecond a time, so what is needed at least is there at once.
    const { objectBytes, pages } = this.stats();
    const least = objectBytes * LEAST_ZSPAGE_FACTOR + pages * LEAST_INDEX_BYTES;
    const fresh = this.#start(this.#pageSize, Infinity, least);
    if (!fresh || !this.#moveInto(fresh)) return unchanged;
    const heldBytesAfter = fresh.memory.buffer.byteLength;
    if (heldBytesAfter >= heldBytesBefore) return unchanged;

    for (const column of STATS_COLUMNS.slice(STATS_COLUMNS.indexOf("movedObjects"))) {
      this.#carried[column] = this.#column(column);
    }
    const peak = heldBytesBefore + heldBytesAfter;
    this.#carriedPeakBytes = Math.max(this.#column("peakHeldBytes"), peak);
    this.#adopt(fresh);
    this.#exports.setLimit(this.#limitBytes);
    this.#exports.setEnabled(this.#enabled ? 1 : 0);
    for (const type of this.#writebackTypes) this.#exports.setWriteback(type, 1);
    this.#applyLongestBlock();
    // Without memory for the workspace of "high" the pool goes on with the default.
    this.#exports.setEffort(EFFORTS.indexOf(this.#effort));
    return { trimmed: true, heldBytesBefore, heldBytesAfter };
  }

  get lastReject(): RejectReason | null {
    return REJECT_REASONS[this.#putStatus] ?? null;
  }

  allowWriteback(type: number, allowed: boolean): void {
    this.#check();
    this.#exports.setWriteback(type, allowed ? 1 : 0);
    if (allowed) this.#writebackTypes.add(type);
    else this.#writebackTypes.delete(type);
  }

  selectCold(most: number): readonly ColdPage[] {
    this.#check();
    const count = this.#exports.selectCold(most);
    const { buffer } = this.#memory;
    const records = new Uint32Array(buffer, this.#exports.getWindow() >>> 0);
    const word = (index: number, at: number): number =>
      records[(index * COLD_RECORD_SIZE) / 4 + at] as number;
    return Array.from({ length: count }, (_, index) => {
      const packed = word(index, 3);
      const length = packed & ((1 << INSPECT_LENGTH_BITS) - 1);
      return {
        type: word(index, 0),
        offset: word(index, 1),
        form: packed >>> INSPECT_LENGTH_BITS,
        block: new Uint8Array(buffer, word(index, 2), length),
      };
    });
  }

  dropCold(index: number): boolean {
    this.#check();
    return this.#exports.dropCold(index) === STATUS_OK;
  }

  compactForRetry(objects: number): number {
    this.#check();
    return this.#exports.compact(objects);
  }

  retryPut(type: number, offset: number): boolean {
    this.#check();
    this.#putStatus = this.#exports.retryPut(type, offset);
    return this.#putStatus === STATUS_OK;
  }

  rejectedBlock(type: number, offset: number): FormedBlock | null {
    this.#check();
    const address = this.#exports.pendingBlock(type, offset) >>> 0;
    if (address === 0) return null;
    const packed = this.#exports.pendingInfo() >>> 0;
    const length = packed & ((1 << INSPECT_LENGTH_BITS) - 1);
    return {
      form: packed >>> INSPECT_LENGTH_BITS,
      block: new Uint8Array(this.#memory.buffer, address, length),
    };
  }

  forgetRejected(): void {
    this.#check();
    // Whoever asks for the block window is about to use it.
    this.#exports.blockWindow();
  }

  decodeBlock(form: number, block: Uint8Array, page: Page): void {
    this.#check();
    checkPage(page, this.#pageSize);
    let status = STATUS_CORRUPT;
    if (block.length >= 1 && block.length <= this.#pageSize) {
      const at = this.#exports.blockWindow() >>> 0;
      new Uint8Array(this.#memory.buffer, at, block.length).set(block);
      status = this.#exports.decodeBlock(form, block.length);
    }
    if (status !== STATUS_OK) {
      throw new ZmemError(
        "ERR_ZMEM_CORRUPT",
        `a block of ${block.length} bytes and form ${form} does not decode to ${this.#pageSize} bytes`,
      );
    }
    if (this.#getView.length === 0) this.#makeViews();
    page.set(this.#getView);
  }

  restorePage(type: number, offset: number, form: number, block: Uint8Array, page: Page): boolean {
    this.decodeBlock(form, block, page);
    this.#putStatus = this.#exports.keepBlock(type, offset, form, block.length);
    return this.#putStatus === STATUS_OK;
  }

  /** @returns the share of the limit; without a limit, of the largest memory there can be */
  fillLevel(): number {
    this.#check();
    const most = this.#maximumWasmPages * WASM_PAGE_SIZE;
    return this.#exports.usedBytes() / Math.max(1, Math.min(this.#limitBytes, most));
  }

  findFullest(): number {
    return this.fillLevel();
  }

  setLongestBlock(bytes: number): void {
    this.#check();
    if (!(bytes > 0)) throw new RangeError(`bytes: expected 1 or more, got ${describe(bytes)}`);
    this.#longestBlock = bytes >= this.#pageSize ? 0 : Math.floor(bytes);
    this.#applyLongestBlock();
  }

  /** What the pool holds; each figure by itself. */
  stats(): PoolStats {
    this.#check();
    const [pages, sameFilledPages, rawPages] = [
      this.#column("pages"),
      this.#column("sameFilledPages"),
      this.#column("rawPages"),
    ];
    return {
      pageSize: this.#pageSize,
      limitBytes: this.#limitBytes,
      pages,
      logicalBytes: pages * this.#pageSize,
      sameFilledPages,
      rawPages,
      compressedPages: pages - sameFilledPages - rawPages,
      payloadBytes: this.#column("payloadBytes"),
      objectBytes: this.#column("objectBytes"),
      zspageBytes: this.#column("zspageBytes"),
      indexBytes: this.#column("indexBytes"),
      fixedBytes: this.#column("fixedBytes"),
      freeBytes: this.#column("freeBytes"),
      heldBytes: this.#column("heldBytes"),
      peakHeldBytes: this.#column("peakHeldBytes"),
      movedObjects: this.#column("movedObjects"),
      instances: 1,
      rejects: {
        closedType: this.#column("closedType"),
        disabled: this.#column("disabled"),
        limit: this.#column("limit"),
        growth: this.#column("growth"),
        incompressible: this.#column("incompressible"),
      },
    };
  }

  /** The columns that zsmalloc shows per size class; classes without zspages are left out. */
  classStats(): readonly SizeClassStats[] {
    this.#check();
    return readClasses(this.#exports);
  }

  /** Releases the memory; every later call throws `ERR_ZMEM_CLOSED`. */
  close(): void {
    this.#state = CLOSED;
    const gone = undefined as unknown;
    this.#memory = gone as WebAssembly.Memory;
    this.#exports = gone as ZmemExports;
    this.#putView = new Uint8Array(0);
    this.#getView = new Uint8Array(0);
    this.#openTypes.clear();
  }

  #check(): void {
    if (this.#state === "running") return;
    if (this.#state === CLOSED) throw closedError();
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", "the backend was not started: call init first");
  }

  /** @returns undefined when the engine refuses the memory */
  #start(pageSize: number, limitBytes: number, expectedBytes = 0): RunningInstance | undefined {
    let instance;
    try {
      const initialWasmPages = 1 + Math.floor(expectedBytes / WASM_PAGE_SIZE);
      instance = this.#createInstance(
        Math.min(initialWasmPages, this.#maximumWasmPages),
        this.#maximumWasmPages,
      );
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
    const exports = instance.exports as unknown as ZmemExports;
    const options = this.#acceptRaw ? OPTION_ACCEPT_RAW : 0;
    const status = exports.boot(pageSize, limitBytes, options);
    if (status === STATUS_OK) return { exports, memory: instance.memory };
    if (status === STATUS_LIMIT) {
      throw new RangeError(
        `limitBytes: expected room for the pool's fixed part (${this.#fixedBytes(pageSize)} bytes for pages of ${pageSize}), got ${limitBytes}`,
      );
    }
    return undefined;
  }

  /** Bytes that an empty pool holds; found by making one. */
  #fixedBytes(pageSize: number): number {
    const { exports, memory } = this.#createInstance(1, MAX_WASM_PAGES);
    (exports as unknown as ZmemExports).boot(pageSize, Infinity, 0);
    return memory.buffer.byteLength;
  }

  #adopt({ exports, memory }: RunningInstance): void {
    this.#exports = exports;
    this.#memory = memory;
    this.#makeViews();
  }

  #makeViews(): void {
    const { buffer } = this.#memory;
    this.#putView = new Uint8Array(buffer, this.#exports.putWindow() >>> 0, this.#pageSize);
    this.#getView = new Uint8Array(buffer, this.#exports.getWindow() >>> 0, this.#pageSize);
  }

  #applyLongestBlock(): void {
    const acceptRaw = this.#acceptRaw && this.#longestBlock === 0;
    this.#exports.setWorthLength(this.#longestBlock, acceptRaw ? 1 : 0);
  }

  /** Growth detaches views, which shows in their length. */
  #renewViews(): Uint8Array {
    this.#check();
    this.#makeViews();
    return this.#putView;
  }

  #column(name: StatsColumn): number {
    const address = this.#exports.writeStats() >>> 0;
    const columns = new Float64Array(this.#memory.buffer, address, STATS_COLUMNS.length);
    const value = columns[STATS_COLUMNS.indexOf(name)] ?? 0;
    if (name === "peakHeldBytes") return Math.max(value, this.#carriedPeakBytes);
    return value + (this.#carried[name] ?? 0);
  }

  #moveInto(fresh: RunningInstance): boolean {
    const from = this.#exports;
    const to = fresh.exports;
    const classes = from.classCount();
    for (let index = 1; index < classes; index++) {
      to.expectObjects(index, from.classColumn(index, CLASS_USED));
    }
    const source = new Uint8Array(this.#memory.buffer, from.putWindow() >>> 0, this.#pageSize * 3);
    const target = to.putWindow() >>> 0;
    let view = new Uint8Array(0);
    for (const type of this.#openTypes) {
      if (to.openType(type) !== STATUS_OK) return false;
      from.startExport(type);
      for (let bytes = from.exportBatch(type); bytes > 0; bytes = from.exportBatch(type)) {
        if (view.length === 0) {
          view = new Uint8Array(fresh.memory.buffer, target, source.length);
        }
        view.set(source);
        if (to.importBatch(type, bytes) !== STATUS_OK) return false;
      }
    }
    for (let index = 1; index < classes; index++) to.expectObjects(index, 0);
    return true;
  }
}

interface RunningInstance {
  readonly exports: ZmemExports;
  readonly memory: WebAssembly.Memory;
}

/** Bytes for objects in the longest zspage of several (assembly/zsmalloc/zspage.ts). */
const LONGEST_ZSPAGE = 63 * GRANULE_SIZE - 24;
/** What a zspage loses at most: its header, and a tail of less than one granule. */
const ZSPAGE_LOSS = 24 + GRANULE_SIZE - 1;
/** Headers and tails of zspages cut to what comes, at least, as a factor; measured 1.009 to 1.011. */
const LEAST_ZSPAGE_FACTOR = 1.006;
/** Bytes of index that a page needs at least, its group full. */
const LEAST_INDEX_BYTES = 11;
/** A trim grows in steps of 1/512; twice that covers runs that are left over. */
const GROWTH_OVERSHOOT = 1 / 256;

/**
 * Calls `step` with batches until a budget is used up or nothing is left: where `isDone` does not
 * say so, that is when a step does less than it was asked.
 */
function runBudgeted(
  most = Infinity,
  microseconds: number | undefined,
  batchSize: number,
  step: (batch: number) => number,
  isDone?: () => boolean,
): { count: number; done: boolean } {
  const until = microseconds === undefined ? Infinity : performance.now() + microseconds / 1000;
  let count = 0;
  let done = false;
  while (!done && count < most && performance.now() < until) {
    const batch = Math.ceil(Math.min(batchSize, most - count));
    const finished = step(batch);
    count += finished;
    done = isDone === undefined ? finished < batch : isDone();
  }
  return { count, done };
}

function checkEffort(effort: unknown): void {
  if (!EFFORTS.includes(effort as Effort)) {
    throw new RangeError(`effort: expected "fast", "default" or "high", got ${describe(effort)}`);
  }
}

function checkLimit(limitBytes: unknown): void {
  if (typeof limitBytes !== "number") {
    throw new TypeError(`limitBytes: expected a number of bytes, got ${describe(limitBytes)}`);
  }
  if (!(limitBytes >= 0)) {
    throw new RangeError(
      `limitBytes: expected 0 or more, or Infinity, got ${describe(limitBytes)}`,
    );
  }
}

function closedError(): ZmemError {
  return new ZmemError("ERR_ZMEM_CLOSED", "the backend was closed");
}
