/**
 * The backend of a pool that many workers share: FrontswapOps over an instance of the shared build.
 *
 * What: one worker makes the pool with `create` and `init`; `attachment` is posted to the others,
 * which join with `attach`. Each has an instance of its own on the one memory, windows of its own
 * in it, and an id. Calls go straight to the memory; no message is passed.
 *
 * A worker that ends by itself calls `detach`. One that was terminated is declared dead with
 * `reap`, after `terminate()` has settled; until then gets go on, and a call that needs a lock which
 * it held waits, up to `patienceMs`, then throws `ERR_ZMEM_HELD`: nothing has changed by then.
 *
 * Trim is refused: every attached worker would have to move to the new memory at the same moment,
 * and a memory can't tell who still reads the old one.
 *
 * Invariants: those of FrontswapOps; windows never move, so views stay valid while memory grows.
 */
import {
  checkOffset,
  checkPage,
  checkPageSize,
  describe,
  MAX_TYPES,
  ZmemError,
} from "../errors.ts";
import { copyPage } from "../platform/copy-page.ts";
import { checkSharedMemory, createSharedMemory, mayBlock } from "../platform/shared-memory.ts";
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
  COLD_RECORD_SIZE,
  EFFORTS,
  FORM_ABSENT,
  FORM_FILLED,
  FORM_FILLED_OBJECT,
  FORM_RAW,
  INSPECT_LENGTH_BITS,
  MAX_WASM_PAGES,
  OPTION_ACCEPT_RAW,
  OPTION_HIGH_EFFORT,
  REJECT_REASONS,
  STATS_COLUMNS,
  STATUS_ABSENT,
  STATUS_CORRUPT,
  STATUS_HELD,
  STATUS_LIMIT,
  STATUS_NO_WORKER,
  STATUS_OK,
  WASM_PAGE_SIZE,
  type SharedZmemExports,
  type StatsColumn,
} from "./abi.ts";
import { readClasses, type SizeClassStats } from "./class-stats.ts";
import type { CompactResult, Effort, PageInfo, RecompressResult } from "./pool-options.ts";

/** How a shared pool is made. */
export interface SharedZmemOptions {
  /** The most that linear memory may grow to, in bytes; Infinity (the default) is `maximumBytes`. */
  readonly limitBytes?: number;
  /**
   * The most that `setLimit` may ever ask for, in bytes; the limit when left out, or 4 GiB if that
   * is Infinity. Tables are laid out for it: 0.34 % of it is held from the start.
   */
  readonly maximumBytes?: number;
  /** Whether pages that don't compress are kept raw (the default) or rejected. */
  readonly acceptRaw?: boolean;
  /** How much time a put may spend on compression; "default" when left out. */
  readonly effort?: Effort;
  /**
   * Whether `recompress` can be used, and the effort be raised to "high": each worker has more
   * scratch then. True with the effort "high", else false when left out.
   */
  readonly recompression?: boolean;
  /** How long a call waits for a lock before it throws `ERR_ZMEM_HELD`; 5000 when left out. */
  readonly patienceMs?: number;
}

/** What a worker needs to take part: structured-cloneable, to be posted or passed as workerData. */
export interface SharedAttachment {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly patienceMs: number;
  readonly acceptRaw: boolean;
}

/** A page that was selected for writeback, while it may still change. */
export interface SelectedPage {
  readonly type: number;
  readonly offset: number;
}

const COMPACT_BATCH = 32;
const RECOMPRESS_BATCH = 16;
const DEFAULT_PATIENCE_MS = 5000;

/** One worker's part in a shared pool. */
export class SharedZmemBackend implements FrontswapOps, WritebackPort {
  readonly #module: WebAssembly.Module;
  readonly #options: SharedZmemOptions;
  readonly #patienceMs: number;
  #state: "new" | "running" | "closed" = "new";
  #pageSize = 0;
  #workerId = 0;
  // Set before the state is "running", and not read otherwise.
  #exports!: SharedZmemExports;
  #memory!: WebAssembly.Memory;
  #putView: Uint8Array = new Uint8Array(0);
  #getView: Uint8Array = new Uint8Array(0);
  /** Status of the last put, retry or restore. */
  #putStatus = STATUS_OK;
  /** For each page of the last `selectCold`: its record. */
  #coldRecords: number[] = [];

  private constructor(module: WebAssembly.Module, options: SharedZmemOptions) {
    this.#module = module;
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? DEFAULT_PATIENCE_MS;
  }

  /**
   * A pool to be: `init` makes it.
   *
   * @param module the shared build, compiled
   * @throws RangeError or TypeError for options out of range
   * @throws ZmemError `ERR_ZMEM_UNSUPPORTED` where memory can't be shared, with the missing headers
   */
  static create(module: WebAssembly.Module, options: SharedZmemOptions = {}): SharedZmemBackend {
    checkBytes("limitBytes", options.limitBytes ?? Infinity);
    checkBytes("maximumBytes", options.maximumBytes ?? Infinity);
    if (!EFFORTS.includes(options.effort ?? "default")) {
      throw new RangeError(
        `effort: expected "fast", "default" or "high", got ${describe(options.effort)}`,
      );
    }
    checkSharedMemory();
    return new SharedZmemBackend(module, options);
  }

  /**
   * Joins the pool of an attachment.
   *
   * @throws ZmemError `ERR_ZMEM_MEMORY` when the pool has no room for one more worker
   */
  static attach(attachment: SharedAttachment): SharedZmemBackend {
    const { module, memory, patienceMs, acceptRaw } = attachment;
    const backend = new SharedZmemBackend(module, { patienceMs, acceptRaw });
    const exports = instantiate(module, memory);
    if (exports.isBooted() === 0) {
      throw new ZmemError("ERR_ZMEM_MEMORY", "attachment: expected the memory of a pool");
    }
    backend.#join(exports, memory);
    backend.#pageSize = exports.pageSize();
    backend.#run();
    return backend;
  }

  init(pageSize: number): number {
    if (this.#state === "closed") throw closedError();
    if (this.#state === "running") {
      if (pageSize === this.#pageSize) return 0;
      throw new RangeError(
        `page size: expected ${this.#pageSize}, as at the first init, got ${describe(pageSize)}`,
      );
    }
    checkPageSize(pageSize);
    const { limitBytes = Infinity, effort = "default" } = this.#options;
    const { recompression = effort === "high" } = this.#options;
    const maximumBytes = this.#options.maximumBytes ?? limitBytes;
    const maximumWasmPages = Math.min(Math.floor(maximumBytes / WASM_PAGE_SIZE), MAX_WASM_PAGES);
    let memory;
    try {
      memory = createSharedMemory(Math.max(maximumWasmPages, 1));
    } catch (error) {
      if (error instanceof RangeError) return -1;
      throw error;
    }
    const exports = instantiate(this.#module, memory);
    const options =
      (this.#acceptRaw ? OPTION_ACCEPT_RAW : 0) | (recompression ? OPTION_HIGH_EFFORT : 0);
    const status = exports.bootShared(pageSize, limitBytes, options, maximumWasmPages);
    if (status === STATUS_LIMIT) {
      throw new RangeError(
        `limitBytes: expected room for the pool's fixed part, got ${limitBytes}`,
      );
    }
    if (status !== STATUS_OK) return -1;
    exports.setEffort(EFFORTS.indexOf(effort));
    this.#join(exports, memory);
    this.#pageSize = pageSize;
    this.#run();
    return 0;
  }

  get pageSize(): number {
    return this.#pageSize;
  }

  /** This worker's id, 1 to 63: what `reap` wants when it has died. */
  get workerId(): number {
    this.#check();
    return this.#workerId;
  }

  /** What other workers attach with. */
  get attachment(): SharedAttachment {
    this.#check();
    return {
      module: this.#module,
      memory: this.#memory,
      patienceMs: this.#patienceMs,
      acceptRaw: this.#acceptRaw,
    };
  }

  openType(type: number): boolean {
    this.#check();
    if (type >>> 0 !== type || type >= MAX_TYPES) {
      throw new RangeError(
        `type: expected an integer from 0 to ${MAX_TYPES - 1}, got ${describe(type)}`,
      );
    }
    return this.#settled(this.#exports.openType(type)) === STATUS_OK;
  }

  putPage(type: number, offset: number, page: Page): boolean {
    const view = this.#putView;
    if (view.length === 0) this.#check();
    if (offset >>> 0 !== offset) checkOffset(offset);
    if (!(page instanceof Uint8Array) || page.length !== view.length) {
      checkPage(page, this.#pageSize);
    }
    copyPage(view, page);
    const status = this.#exports.putPage(type, offset);
    this.#putStatus = status;
    return status === STATUS_OK || this.#settled(status) === STATUS_OK;
  }

  getPage(type: number, offset: number, page: Page): boolean {
    if (!(page instanceof Uint8Array) || page.length !== this.#pageSize) {
      this.#check();
      checkPage(page, this.#pageSize);
    }
    const view = this.viewPage(type, offset);
    if (view === undefined) return false;
    copyPage(page, view);
    return true;
  }

  /** The put window of this worker: a program that builds its page here saves a copy. */
  get putWindow(): Uint8Array {
    this.#check();
    return this.#putView;
  }

  /** Puts the page that was built in `putWindow`. */
  putWindowPage(type: number, offset: number): boolean {
    this.#check();
    if (offset >>> 0 !== offset) checkOffset(offset);
    return this.#settledPut(this.#exports.putPage(type, offset));
  }

  /**
   * The page under (type, offset), to be read in place, in this worker's own window.
   *
   * @returns valid until this worker's next call; undefined when there is none
   * @throws ZmemError `ERR_ZMEM_CORRUPT` when the stored block is damaged
   */
  viewPage(type: number, offset: number): Uint8Array | undefined {
    if (this.#getView.length === 0) this.#check();
    if (offset >>> 0 !== offset) checkOffset(offset);
    const status = this.#exports.getPage(type, offset);
    if (status === STATUS_OK) return this.#getView;
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
    return this.#settled(this.#exports.flushPage(type, offset)) !== STATUS_ABSENT;
  }

  flushArea(type: number): void {
    this.#check();
    this.#settled(this.#exports.flushArea(type));
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

  /** Raises or lowers the limit of the pool, for all workers; `maximumBytes` at most. */
  setLimit(limitBytes: number): void {
    this.#check();
    checkBytes("limitBytes", limitBytes);
    this.#exports.setLimit(limitBytes);
  }

  /** While disabled every worker's puts are rejected and drop the older copy. */
  setEnabled(enabled: boolean): void {
    this.#check();
    this.#exports.setEnabled(enabled ? 1 : 0);
  }

  /**
   * Sets the effort of all workers' puts.
   *
   * @returns false for "high" in a pool that was not made with it: its workers lack the scratch
   */
  setEffort(effort: Effort): boolean {
    this.#check();
    if (!EFFORTS.includes(effort)) {
      throw new RangeError(`effort: expected "fast", "default" or "high", got ${describe(effort)}`);
    }
    return this.#exports.setEffort(EFFORTS.indexOf(effort)) === STATUS_OK;
  }

  /**
   * Moves objects from the emptiest zspages into the fullest, and then zspages together, while the
   * others go on. One worker at a time: a second one moves nothing.
   *
   * @param budget at most so many objects, and about so many microseconds; without: to the end
   */
  compact(
    budget: { readonly objects?: number; readonly microseconds?: number } = {},
  ): CompactResult {
    this.#check();
    const { objects = Infinity, microseconds } = budget;
    const until = microseconds === undefined ? Infinity : performance.now() + microseconds / 1000;
    let movedObjects = 0;
    let done = false;
    while (!done && movedObjects < objects && performance.now() < until) {
      const batch = Math.min(COMPACT_BATCH, objects - movedObjects);
      const moved = this.#exports.compact(batch);
      movedObjects += moved;
      done = this.#exports.isCompacted() !== 0;
    }
    return { movedObjects, done };
  }

  /**
   * Compresses pages with the effort "high" that were put with less, in the order of the index,
   * while the others go on. Several workers may do it: they share the work.
   *
   * @param budget at most so many pages, and about so many microseconds; without: once round
   * @throws ZmemError `ERR_ZMEM_UNSUPPORTED` in a pool made without `recompression`
   */
  recompress(
    budget: { readonly pages?: number; readonly microseconds?: number } = {},
  ): RecompressResult {
    this.#check();
    const { pages = Infinity, microseconds } = budget;
    if (this.#exports.canRecompress() === 0) {
      throw new ZmemError(
        "ERR_ZMEM_UNSUPPORTED",
        "recompress needs a shared pool made with `recompression: true`: its workers lack the scratch",
      );
    }
    const until = microseconds === undefined ? Infinity : performance.now() + microseconds / 1000;
    const before = this.stats().payloadBytes;
    let triedPages = 0;
    let done = false;
    while (!done && triedPages < pages && performance.now() < until) {
      const batch = Math.min(RECOMPRESS_BATCH, pages - triedPages);
      const tried = this.#exports.recompress(batch);
      triedPages += tried;
      done = tried < batch;
    }
    return { triedPages, savedBytes: before - this.stats().payloadBytes, done };
  }

  /** Why this worker's last put, retry or restore was rejected; null when it was kept. */
  get lastReject(): RejectReason | null {
    return REJECT_REASONS[this.#putStatus] ?? null;
  }

  /** Lets this worker write pages of a type back, or not (the default). Others are not concerned. */
  allowWriteback(type: number, allowed: boolean): void {
    this.#check();
    this.#exports.setWriteback(type, allowed ? 1 : 0);
  }

  selectCold(most: number): readonly ColdPage[] {
    const pages: ColdPage[] = [];
    const records: number[] = [];
    for (const [record, { type, offset }] of this.listCold(most).entries()) {
      const copied = this.copyCold(record);
      if (copied === null) continue;
      pages.push({ type, offset, form: copied.form, block: copied.block.slice() });
      records.push(record);
    }
    this.#coldRecords = records;
    return pages;
  }

  /**
   * The first half of `selectCold`: which pages are cold. `copyCold` is the other.
   *
   * @returns at most `most`, and 64; their indices are those of `copyCold` and `dropCold`
   */
  listCold(most: number): readonly SelectedPage[] {
    this.#check();
    const count = this.#exports.selectCold(most);
    const records = new Uint32Array(this.#buffer(), this.#exports.coldRecords() >>> 0);
    this.#coldRecords = Array.from({ length: count }, (_, index) => index);
    return this.#coldRecords.map((index) => {
      const at = (index * COLD_RECORD_SIZE) / 4;
      return { type: records[at] as number, offset: records[at + 1] as number };
    });
  }

  /**
   * The block of a listed page, as long as it is the one that was listed.
   *
   * @returns a view that is valid until the next call; null when the page has changed or is being
   *   changed just now
   */
  copyCold(index: number): FormedBlock | null {
    this.#check();
    const length = this.#exports.copyCold(index);
    if (length === 0) return null;
    const record = (this.#exports.coldRecords() >>> 0) + index * COLD_RECORD_SIZE;
    const packed = new Uint32Array(this.#buffer(), record, 3)[2] as number;
    return { form: packed >>> INSPECT_LENGTH_BITS, block: this.#getView.subarray(0, length) };
  }

  dropCold(index: number): boolean {
    this.#check();
    const record = this.#coldRecords[index];
    if (record === undefined) return false;
    return this.#settled(this.#exports.dropCold(record)) === STATUS_OK;
  }

  /** @returns 0 also when another worker compacts just now */
  compactForRetry(objects: number): number {
    this.#check();
    return this.#exports.compact(objects);
  }

  retryPut(type: number, offset: number): boolean {
    this.#check();
    return this.#settledPut(this.#exports.retryPut(type, offset));
  }

  rejectedBlock(type: number, offset: number): FormedBlock | null {
    this.#check();
    const address = this.#exports.pendingBlock(type, offset) >>> 0;
    if (address === 0) return null;
    const packed = this.#exports.pendingInfo() >>> 0;
    const length = packed & ((1 << INSPECT_LENGTH_BITS) - 1);
    return {
      form: packed >>> INSPECT_LENGTH_BITS,
      block: new Uint8Array(this.#buffer(), address, length),
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
      new Uint8Array(this.#buffer(), at, block.length).set(block);
      status = this.#exports.decodeBlock(form, block.length);
    }
    if (status !== STATUS_OK) {
      throw new ZmemError(
        "ERR_ZMEM_CORRUPT",
        `a block of ${block.length} bytes and form ${form} does not decode to ${this.#pageSize} bytes`,
      );
    }
    page.set(this.#getView);
  }

  restorePage(type: number, offset: number, form: number, block: Uint8Array, page: Page): boolean {
    this.decodeBlock(form, block, page);
    return this.#settledPut(this.#exports.keepBlock(type, offset, form, block.length));
  }

  fillLevel(): number {
    this.#check();
    return this.#exports.usedBytes() / Math.max(1, this.#exports.usableBytes());
  }

  findFullest(): number {
    return this.fillLevel();
  }

  /** As in WritebackPort, for all workers. */
  setLongestBlock(bytes: number): void {
    this.#check();
    if (!(bytes > 0)) throw new RangeError(`bytes: expected 1 or more, got ${describe(bytes)}`);
    const longest = bytes >= this.#pageSize ? 0 : Math.floor(bytes);
    const acceptRaw = this.#acceptRaw && longest === 0;
    this.#exports.setWorthLength(longest, acceptRaw ? 1 : 0);
  }

  /** @throws ZmemError always: see the head of this file */
  trim(): never {
    throw new ZmemError(
      "ERR_ZMEM_SHARED",
      "a shared pool can't be trimmed: every attached worker would have to move to the new memory at the same moment; compact it, or flush it and make a new one",
    );
  }

  /**
   * Declares a worker dead: frees its locks, undoes or finishes what it was doing, and takes back
   * its windows. Call it when the worker is known not to run any more.
   *
   * @param moreDead others that died before this one was declared dead: each may hold what the
   *   others' recovery needs, so all are settled in one go
   * @returns false when no worker has one of these ids (it had detached, or was declared dead)
   * @throws ZmemError `ERR_ZMEM_HELD` when yet another worker, dead too, holds what is needed
   */
  reap(workerId: number, ...moreDead: number[]): boolean {
    this.#check();
    const dead = new Set([workerId, ...moreDead]);
    for (const id of dead) {
      if (Number.isInteger(id) && id !== this.#workerId) continue;
      throw new RangeError(`worker id: expected another worker's, got ${describe(id)}`);
    }
    // First all are declared, for what one of them left may need what another one held.
    for (const id of dead) this.#exports.declareDead(id);
    let known = true;
    for (const id of dead) {
      if (this.#settled(this.#exports.reap(id)) === STATUS_NO_WORKER) known = false;
    }
    return known;
  }

  /** Workers that take part. */
  countWorkers(): number {
    this.#check();
    return this.#exports.countWorkers();
  }

  /** Ends this worker's part; every later call throws `ERR_ZMEM_CLOSED`. */
  detach(): void {
    if (this.#state !== "running") return;
    this.#settled(this.#exports.detach());
    this.#state = "closed";
    const gone = undefined as unknown;
    this.#memory = gone as WebAssembly.Memory;
    this.#exports = gone as SharedZmemExports;
    this.#putView = new Uint8Array(0);
    this.#getView = new Uint8Array(0);
  }

  /** The same as `detach`: the pool is gone when its last worker is. */
  close(): void {
    this.detach();
  }

  /** What the pool holds. Exact while no other worker is in a call. */
  stats(): PoolStats {
    this.#check();
    const address = this.#exports.writeStats() >>> 0;
    const columns = new Float64Array(this.#buffer(), address, STATS_COLUMNS.length);
    const column = (name: StatsColumn): number => columns[STATS_COLUMNS.indexOf(name)] ?? 0;
    const pages = column("pages");
    const sameFilledPages = column("sameFilledPages");
    const rawPages = column("rawPages");
    return {
      pageSize: this.#pageSize,
      limitBytes: this.#exports.limitBytes(),
      pages,
      logicalBytes: pages * this.#pageSize,
      sameFilledPages,
      rawPages,
      compressedPages: pages - sameFilledPages - rawPages,
      payloadBytes: column("payloadBytes"),
      objectBytes: column("objectBytes"),
      zspageBytes: column("zspageBytes"),
      indexBytes: column("indexBytes"),
      fixedBytes: column("fixedBytes"),
      freeBytes: column("freeBytes"),
      heldBytes: column("heldBytes"),
      peakHeldBytes: column("peakHeldBytes"),
      movedObjects: column("movedObjects"),
      instances: 1,
      rejects: {
        closedType: column("closedType"),
        disabled: column("disabled"),
        limit: column("limit"),
        growth: column("growth"),
        incompressible: column("incompressible"),
      },
    };
  }

  /** The columns that zsmalloc shows per size class; classes without zspages are left out. */
  classStats(): readonly SizeClassStats[] {
    this.#check();
    return readClasses(this.#exports);
  }

  /** What tests reach behind: the raw exports and the memory. */
  get instance(): { readonly exports: SharedZmemExports; readonly memory: WebAssembly.Memory } {
    this.#check();
    return { exports: this.#exports, memory: this.#memory };
  }

  #check(): void {
    if (this.#state === "running") return;
    if (this.#state === "closed") throw closedError();
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", "the backend was not started: call init first");
  }

  /** Passes a status on, unless a lock could not be had. */
  #settled(status: number): number {
    if (status !== STATUS_HELD) return status;
    throw new ZmemError(
      "ERR_ZMEM_HELD",
      `a lock was held for ${this.#patienceMs} ms by worker ${this.#exports.lockHolder()}: if it was terminated, declare it dead with reap`,
    );
  }

  /** The same for a put, whose status is kept. @returns whether the page is kept */
  #settledPut(status: number): boolean {
    this.#putStatus = status;
    return this.#settled(status) === STATUS_OK;
  }

  get #acceptRaw(): boolean {
    return this.#options.acceptRaw ?? true;
  }

  #join(exports: SharedZmemExports, memory: WebAssembly.Memory): void {
    exports.setPatience(this.#patienceMs);
    this.#exports = exports;
    const status = this.#settled(exports.attach(mayBlock() ? 1 : 0));
    if (status !== STATUS_OK) {
      throw new ZmemError(
        "ERR_ZMEM_MEMORY",
        status === STATUS_NO_WORKER
          ? "the pool has 63 workers, the most that there can be"
          : "the pool's limit has no room for the windows of one more worker",
      );
    }
    this.#memory = memory;
    this.#workerId = exports.workerId();
  }

  #run(): void {
    const buffer = this.#buffer();
    this.#putView = new Uint8Array(buffer, this.#exports.putWindow() >>> 0, this.#pageSize);
    this.#getView = new Uint8Array(buffer, this.#exports.getWindow() >>> 0, this.#pageSize);
    this.#state = "running";
  }

  /** The memory's buffer, as long as the memory is now: others may have grown it. */
  #buffer(): ArrayBufferLike {
    this.#memory.grow(0);
    return this.#memory.buffer;
  }
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): SharedZmemExports {
  // `abort` is imported by the testing build alone, which asserts.
  const abort = (): never => {
    throw new WebAssembly.RuntimeError("the module aborted");
  };
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
  return instance.exports as unknown as SharedZmemExports;
}

function checkBytes(name: string, value: unknown): void {
  if (typeof value !== "number") {
    throw new TypeError(`${name}: expected a number of bytes, got ${describe(value)}`);
  }
  if (!(value >= 0)) {
    throw new RangeError(`${name}: expected 0 or more, or Infinity, got ${describe(value)}`);
  }
}

function closedError(): ZmemError {
  return new ZmemError("ERR_ZMEM_CLOSED", "the backend was detached");
}
