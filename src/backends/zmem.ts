/**
 * The zmem backend: FrontswapOps over one instance of the wasm module.
 *
 * Why so: this file owns the border. It alone holds views on linear memory, makes them anew when
 * growth has detached them, and turns statuses into answers. A page crosses once each way: one copy
 * into the put window or out of the get window, no allocation on either path.
 *
 * Trim: what lives is moved into a fresh instance (trim.ts), and the old one is dropped; the object
 * stays the same to its users.
 *
 * Invariants: those of FrontswapOps; a view handed out is valid until the next call.
 */
import {
  checkOffset,
  checkPage,
  checkPageSize,
  describe,
  MAX_TYPES,
  ZmemError,
} from "../errors.ts";
import type { CreateInstance } from "../platform/instantiate.ts";
import type { ColdPage, FrontswapOps, Page, PoolStats } from "../types.ts";
import {
  EFFORTS,
  MAX_WASM_PAGES,
  STATUS_ABSENT,
  STATUS_CORRUPT,
  STATUS_OK,
  WASM_PAGE_SIZE,
  type ZmemExports,
} from "./abi.ts";
import { packedToInfo, readColdPages, readLocation, readStoredBlock } from "./blocks.ts";
import { readClasses, type SizeClassStats } from "./class-stats.ts";
import { startInstance, type RunningInstance } from "./instance.ts";
import {
  checkEffort,
  checkLimit,
  type CompactResult,
  type Effort,
  type PageInfo,
  type PageLocation,
  type RecompressResult,
  type TrimResult,
  type ZmemBackendOptions,
} from "./pool-options.ts";
import {
  carryOver,
  columnsToStats,
  readColumns,
  type CarriedColumns,
  type StatsColumns,
} from "./pool-stats.ts";
import { PoolSettings } from "./settings.ts";
import { leastTrimmedBytes, mostTrimmedBytes, movePages } from "./trim.ts";
import { compactWithin, recompressWithin, sumFreeableBytes } from "./upkeep.ts";
import { WritebackBackend } from "./writeback-port.ts";

const CLOSED = "closed";

/** A compressed page store in one wasm memory. */
export class ZmemBackend extends WritebackBackend implements FrontswapOps {
  readonly #createInstance: CreateInstance;
  readonly #maximumWasmPages: number;
  readonly #settings: PoolSettings;
  #pageSize = 0;
  #state: "new" | "running" | typeof CLOSED = "new";
  // Set by init; never read before, since every verb checks the state through the views' length.
  #exports!: ZmemExports;
  #memory!: WebAssembly.Memory;
  #putView: Uint8Array = new Uint8Array(0);
  #getView: Uint8Array = new Uint8Array(0);
  /** Rejects and moves counted by instances that a trim has dropped. */
  #carried: CarriedColumns = {};

  /**
   * @param createInstance starts an instance of the module (src/platform)
   * @throws RangeError or TypeError for a limit that is no number of bytes
   */
  constructor(createInstance: CreateInstance, options: ZmemBackendOptions = {}) {
    super();
    this.#createInstance = createInstance;
    this.#maximumWasmPages = options.maximumWasmPages ?? MAX_WASM_PAGES;
    this.#settings = new PoolSettings(options);
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
    const started = this.#start(pageSize, this.#settings.limitBytes);
    if (!started) return -1;
    this.#pageSize = pageSize;
    this.#adopt(started);
    this.#state = "running";
    return this.setEffort(this.#settings.effort) ? 0 : -1;
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
    this.#settings.openTypes.add(type);
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
    this.putStatus = this.#exports.putPage(type, offset);
    return this.putStatus === STATUS_OK;
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
    this.putStatus = this.#exports.putPage(type, offset);
    return this.putStatus === STATUS_OK;
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
    this.#settings.openTypes.delete(type);
    this.#settings.writebackTypes.delete(type);
  }

  countPages(type: number): number {
    this.#check();
    return this.#exports.countPages(type) >>> 0;
  }

  /** How a page is kept; undefined when it isn't. */
  inspectPage(type: number, offset: number): PageInfo | undefined {
    this.#check();
    checkOffset(offset);
    return packedToInfo(this.#exports.inspectPage(type, offset) >>> 0);
  }

  /**
   * A copy of the block of a page, as it is stored: an LZ4 block, a raw page, or the repeated word.
   * It does not count as a get.
   *
   * @returns undefined for a page that is absent or held by its index entry alone
   */
  readBlock(type: number, offset: number): Uint8Array | undefined {
    this.#check();
    checkOffset(offset);
    return readStoredBlock(this.running(), type, offset)?.slice();
  }

  /** Where the object of a page lies now; undefined as for `readBlock`. */
  locatePage(type: number, offset: number): PageLocation | undefined {
    this.#check();
    checkOffset(offset);
    return readLocation(this.#exports, type, offset);
  }

  /** The limit on memory held, bytes. */
  get limitBytes(): number {
    return this.#settings.limitBytes;
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
    this.#settings.limitBytes = limitBytes;
    this.#exports.setLimit(limitBytes);
    if (options.trim && this.#memory.buffer.byteLength > limitBytes) this.trim();
  }

  /** While disabled every put is rejected and drops the older copy; gets and flushes go on. */
  setEnabled(enabled: boolean): void {
    this.#check();
    this.#settings.enabled = enabled;
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
    this.#settings.effort = effort;
    return true;
  }

  /**
   * Raises stored blocks to the effort "high", coldest pages first and the largest of these; a new
   * block is kept only where its size class is smaller.
   *
   * @param budget at most so many pages, and about so many microseconds; without: to the end
   */
  recompress(
    budget: { readonly pages?: number; readonly microseconds?: number } = {},
  ): RecompressResult {
    this.#check();
    const before = this.#columns().payloadBytes;
    const { count, done } = recompressWithin(this.#exports, budget);
    return { triedPages: count, savedBytes: before - this.#columns().payloadBytes, done };
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
    const before = this.#columns().movedObjects;
    const done = compactWithin(this.#exports, this.#pageSize, budget);
    return { movedObjects: this.#columns().movedObjects - before, done };
  }

  /** Bytes that compaction would free, about. */
  freeableBytes(): number {
    this.#check();
    return sumFreeableBytes(this.#exports);
  }

  /** Bytes of memory that a trim needs beside what is held, until it is done: at most so many. */
  trimPeakBytes(): number {
    return mostTrimmedBytes(this.#exports, this.stats());
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
    const fresh = this.#start(this.#pageSize, Infinity, leastTrimmedBytes(this.stats()));
    if (!fresh || !movePages(this.running(), fresh, this.#settings.openTypes, this.#pageSize))
      return unchanged;
    const heldBytesAfter = fresh.memory.buffer.byteLength;
    if (heldBytesAfter >= heldBytesBefore) return unchanged;

    this.#carried = carryOver(this.#columns(), heldBytesBefore + heldBytesAfter);
    this.#adopt(fresh);
    this.#settings.applyTo(this.#exports);
    return { trimmed: true, heldBytesBefore, heldBytesAfter };
  }

  override allowWriteback(type: number, allowed: boolean): void {
    super.allowWriteback(type, allowed);
    if (allowed) this.#settings.writebackTypes.add(type);
    else this.#settings.writebackTypes.delete(type);
  }

  selectCold(most: number): readonly ColdPage[] {
    this.#check();
    return readColdPages(this.running(), this.#exports.selectCold(most));
  }

  dropCold(index: number): boolean {
    this.#check();
    return this.#exports.dropCold(index) === STATUS_OK;
  }

  compactForRetry(objects: number): number {
    this.#check();
    return this.#exports.compact(objects);
  }

  /** @returns the share of the limit; without a limit, of the largest memory there can be */
  fillLevel(): number {
    this.#check();
    const most = this.#maximumWasmPages * WASM_PAGE_SIZE;
    return this.#exports.usedBytes() / Math.max(1, Math.min(this.#settings.limitBytes, most));
  }

  /** What the pool holds; each figure by itself. */
  stats(): PoolStats {
    this.#check();
    return columnsToStats(this.#columns(), this.#pageSize, this.#settings.limitBytes);
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
    this.#settings.openTypes.clear();
  }

  #check(): void {
    if (this.#state === "running") return;
    if (this.#state === CLOSED) throw closedError();
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", "the backend was not started: call init first");
  }

  /** @returns undefined when the engine refuses the memory */
  #start(pageSize: number, limitBytes: number, expectedBytes = 0): RunningInstance | undefined {
    return startInstance(this.#createInstance, {
      pageSize,
      limitBytes,
      acceptRaw: this.#settings.acceptRaw,
      initialWasmPages: Math.min(
        1 + Math.floor(expectedBytes / WASM_PAGE_SIZE),
        this.#maximumWasmPages,
      ),
      maximumWasmPages: this.#maximumWasmPages,
    });
  }

  protected running(): RunningInstance {
    this.#check();
    return { exports: this.#exports, memory: this.#memory };
  }

  protected getWindow(): Uint8Array {
    if (this.#getView.length === 0) this.#renewViews();
    return this.#getView;
  }

  /** Every status of a put is an answer here. */
  protected settled(status: number): number {
    return status;
  }

  protected applyLongestBlock(bytes: number): void {
    this.#settings.longestBlock = bytes;
    this.#settings.applyLongestBlock(this.#exports);
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

  /** Growth detaches views, which shows in their length. */
  #renewViews(): Uint8Array {
    this.#check();
    this.#makeViews();
    return this.#putView;
  }

  #columns(): StatsColumns {
    const address = this.#exports.writeStats() >>> 0;
    return readColumns(this.#memory.buffer, address, this.#carried);
  }
}

function closedError(): ZmemError {
  return new ZmemError("ERR_ZMEM_CLOSED", "the backend was closed");
}
