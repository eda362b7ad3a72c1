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
  checkKey,
  checkPage,
  checkPageSize,
  checkPatience,
  checkSamePageSize,
  checkType,
  ZmemError,
} from "../errors.ts";
import { copyPage } from "../platform/copy-page.ts";
import type { ColdPage, FormedBlock, FrontswapOps, Page, PoolStats } from "../types.ts";
import {
  EFFORTS,
  STATUS_ABSENT,
  STATUS_CORRUPT,
  STATUS_OK,
  type SharedZmemExports,
} from "./abi.ts";
import { corruptError, packedToInfo, toLocation } from "./blocks.ts";
import { readClasses, type SizeClassStats } from "./class-stats.ts";
import { HeldLocks } from "./held.ts";
import {
  checkEffort,
  checkLimit,
  type CompactResult,
  type Effort,
  type PageBlock,
  type PageInfo,
  type PageLocation,
  type RecompressResult,
} from "./pool-options.ts";
import { columnsToStats, readColumns } from "./pool-stats.ts";
import { ColdPages, type SelectedPage } from "./shared-cold.ts";
import { currentBuffer, openShared, startShared, type SharedInstance } from "./shared-instance.ts";
import { joinPool, reapDead } from "./shared-membership.ts";
import {
  checkSharedOptions,
  type SharedAttachment,
  type SharedZmemOptions,
} from "./shared-options.ts";
import { compactShared, recompressShared } from "./shared-upkeep.ts";
import { WritebackBackend, type PortInstance } from "./writeback-port.ts";

export type { SharedAttachment, SharedZmemOptions } from "./shared-options.ts";

const DEFAULT_PATIENCE_MS = 5000;

/** One worker's part in a shared pool. */
export class SharedZmemBackend extends WritebackBackend implements FrontswapOps {
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
  #locks!: HeldLocks;
  #cold!: ColdPages;

  private constructor(module: WebAssembly.Module, options: SharedZmemOptions) {
    super();
    this.#module = module;
    this.#options = options;
    this.#patienceMs = checkPatience("patienceMs", options.patienceMs ?? DEFAULT_PATIENCE_MS);
  }

  /**
   * A pool to be: `init` makes it.
   *
   * @param module the shared build, compiled
   * @throws RangeError or TypeError for options out of range
   * @throws ZmemError `ERR_ZMEM_UNSUPPORTED` where memory can't be shared, with the missing headers
   */
  static create(module: WebAssembly.Module, options: SharedZmemOptions = {}): SharedZmemBackend {
    checkSharedOptions(options);
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
    backend.#join(openShared(module, memory));
    backend.#pageSize = backend.#exports.pageSize();
    backend.#run();
    return backend;
  }

  init(pageSize: number): number {
    if (this.#state === "closed") throw closedError();
    if (this.#state === "running") {
      checkSamePageSize(pageSize, this.#pageSize);
      return 0;
    }
    checkPageSize(pageSize);
    const started = startShared(this.#module, pageSize, this.#options);
    if (started === undefined) return -1;
    this.#join(started);
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
    checkType(type);
    return this.settled(this.#exports.openType(type)) === STATUS_OK;
  }

  putPage(type: number, offset: number, page: Page): boolean {
    const view = this.#putView;
    if (view.length === 0) this.#check();
    if (type >>> 0 !== type || offset >>> 0 !== offset) checkKey(type, offset);
    if (!(page instanceof Uint8Array) || page.length !== view.length) {
      checkPage(page, this.#pageSize);
    }
    copyPage(view, page);
    const status = this.#exports.putPage(type, offset);
    this.putStatus = status;
    return status === STATUS_OK || this.settled(status) === STATUS_OK;
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
    if (type >>> 0 !== type || offset >>> 0 !== offset) checkKey(type, offset);
    return this.settledPut(this.#exports.putPage(type, offset));
  }

  /**
   * The page under (type, offset), to be read in place, in this worker's own window.
   *
   * @returns valid until this worker's next call; undefined when there is none
   * @throws ZmemError `ERR_ZMEM_CORRUPT` when the stored block is damaged
   */
  viewPage(type: number, offset: number): Uint8Array | undefined {
    if (this.#getView.length === 0) this.#check();
    if (type >>> 0 !== type || offset >>> 0 !== offset) checkKey(type, offset);
    const status = this.#exports.getPage(type, offset);
    if (status === STATUS_OK) return this.#getView;
    if (status === STATUS_CORRUPT) throw corruptError(type, offset, this.#pageSize);
    return undefined;
  }

  flushPage(type: number, offset: number): boolean {
    this.#check();
    checkKey(type, offset);
    return this.settled(this.#exports.flushPage(type, offset)) !== STATUS_ABSENT;
  }

  flushArea(type: number): void {
    this.#check();
    checkType(type);
    this.settled(this.#exports.flushArea(type));
  }

  countPages(type: number): number {
    this.#check();
    checkType(type);
    return this.#exports.countPages(type) >>> 0;
  }

  /** How a page is kept; undefined when it isn't. */
  inspectPage(type: number, offset: number): PageInfo | undefined {
    this.#check();
    checkKey(type, offset);
    return packedToInfo(this.#exports.inspectPage(type, offset) >>> 0);
  }

  /**
   * What is stored of a page, copied: a block of its codec, a raw page, or the repeated word. Takes no
   * lock and does not count as a get.
   *
   * @returns undefined for a page that is absent or held by its index entry alone
   */
  readBlock(type: number, offset: number): PageBlock | undefined {
    this.#check();
    checkKey(type, offset);
    const info = packedToInfo(this.#exports.copyStored(type, offset) >>> 0);
    return info && { ...info, block: this.#getView.slice(0, info.payloadBytes) };
  }

  /**
   * Where the object of a page lay at some moment of the call; other workers may move it at the next.
   *
   * @returns undefined as for `readBlock`
   */
  locatePage(type: number, offset: number): PageLocation | undefined {
    this.#check();
    checkKey(type, offset);
    const location = this.#exports.storedLocation(type, offset) >>> 0;
    return location === 0 ? undefined : toLocation(location, this.#exports.locatedAddress());
  }

  /** Raises or lowers the limit of the pool, for all workers; `maximumBytes` at most. */
  setLimit(limitBytes: number): void {
    this.#check();
    checkLimit(limitBytes);
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
    checkEffort(effort);
    return this.#exports.setEffort(EFFORTS.indexOf(effort)) === STATUS_OK;
  }

  /**
   * Moves objects from the emptiest zspages into the fullest, and then zspages together, while the
   * others go on. One worker at a time: a second one moves nothing.
   *
   * @param budget at most so many objects, and about so many microseconds; without: to the end
   * @throws ZmemError `ERR_ZMEM_HELD` at the first lock that stays held; what was moved stays moved
   */
  compact(
    budget: { readonly objects?: number; readonly microseconds?: number } = {},
  ): CompactResult {
    this.#check();
    const { count, done } = compactShared(this.#exports, this.#locks, budget);
    return { movedObjects: count, done };
  }

  /**
   * Compresses pages with the effort "high" that were put with less, in the order of the index,
   * while the others go on. Several workers may do it: they share the work.
   *
   * @param budget at most so many pages, and about so many microseconds; without: once round
   * @throws ZmemError `ERR_ZMEM_UNSUPPORTED` in a pool made without `recompression`,
   *   `ERR_ZMEM_HELD` as compact
   */
  recompress(
    budget: { readonly pages?: number; readonly microseconds?: number } = {},
  ): RecompressResult {
    this.#check();
    if (this.#exports.canRecompress() === 0) {
      throw new ZmemError(
        "ERR_ZMEM_UNSUPPORTED",
        "recompress needs a shared pool made with `recompression: true`: its workers lack the scratch",
      );
    }
    const before = this.stats().payloadBytes;
    const { count, done } = recompressShared(this.#exports, this.#locks, budget);
    return { triedPages: count, savedBytes: before - this.stats().payloadBytes, done };
  }

  selectCold(most: number): readonly ColdPage[] {
    this.#check();
    return this.#cold.select(most);
  }

  /**
   * The first half of `selectCold`: which pages are cold. `copyCold` is the other.
   *
   * @returns at most `most`, and 64; their indices are those of `copyCold` and `dropCold`
   */
  listCold(most: number): readonly SelectedPage[] {
    this.#check();
    return this.#cold.list(most);
  }

  /**
   * The block of a listed page, as long as it is the one that was listed.
   *
   * @returns a view that is valid until the next call; null when the page has changed or is being
   *   changed just now
   */
  copyCold(index: number): FormedBlock | null {
    this.#check();
    return this.#cold.copy(index);
  }

  dropCold(index: number): boolean {
    this.#check();
    return this.settled(this.#cold.drop(index)) === STATUS_OK;
  }

  /** @returns 0 also when another worker compacts just now @throws ZmemError `ERR_ZMEM_HELD` */
  compactForRetry(objects: number): number {
    this.#check();
    return this.#exports.compact(objects) || this.#locks.unlessHeld(0);
  }

  fillLevel(): number {
    this.#check();
    return this.#exports.usedBytes() / Math.max(1, this.#exports.usableBytes());
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
    return reapDead(this.#exports, this.#locks, this.#workerId, [workerId, ...moreDead]);
  }

  /** Workers that take part. */
  countWorkers(): number {
    this.#check();
    return this.#exports.countWorkers();
  }

  /** Ends this worker's part; every later call throws `ERR_ZMEM_CLOSED`. */
  detach(): void {
    if (this.#state !== "running") return;
    this.settled(this.#exports.detach());
    this.#state = "closed";
    const gone = undefined as unknown;
    this.#memory = gone as WebAssembly.Memory;
    this.#exports = gone as SharedZmemExports;
    this.#cold = gone as ColdPages;
    this.#locks = gone as HeldLocks;
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
    const columns = readColumns(currentBuffer(this.#memory), address, {});
    return columnsToStats(columns, this.#pageSize, this.#exports.limitBytes());
  }

  /** The columns that zsmalloc shows per size class; classes without zspages are left out. */
  classStats(): readonly SizeClassStats[] {
    this.#check();
    return readClasses(this.#exports);
  }

  /** What tests reach behind: the raw exports and the memory. */
  get instance(): SharedInstance {
    this.#check();
    return { exports: this.#exports, memory: this.#memory };
  }

  #check(): void {
    if (this.#state === "running") return;
    if (this.#state === "closed") throw closedError();
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", "the backend was not started: call init first");
  }

  /** Passes a status on, unless a lock could not be had. */
  protected settled(status: number): number {
    return this.#locks.settled(status);
  }

  get #acceptRaw(): boolean {
    return this.#options.acceptRaw ?? true;
  }

  #join({ exports, memory }: SharedInstance): void {
    const locks = new HeldLocks(exports, this.#patienceMs);
    this.#workerId = joinPool(exports, locks, this.#patienceMs);
    this.#exports = exports;
    this.#memory = memory;
    this.#locks = locks;
  }

  #run(): void {
    const buffer = currentBuffer(this.#memory);
    this.#putView = new Uint8Array(buffer, this.#exports.putWindow() >>> 0, this.#pageSize);
    this.#getView = new Uint8Array(buffer, this.#exports.getWindow() >>> 0, this.#pageSize);
    this.#cold = new ColdPages({ exports: this.#exports, memory: this.#memory }, this.#getView);
    this.#state = "running";
  }

  /** Others may have grown the memory. */
  protected running(): PortInstance {
    return {
      exports: this.runningExports(),
      memory: { buffer: currentBuffer(this.#memory) },
    };
  }

  protected runningExports(): PortInstance["exports"] {
    this.#check();
    return this.#exports;
  }

  protected getWindow(): Uint8Array {
    return this.#getView;
  }

  /** For all workers. */
  protected applyLongestBlock(bytes: number): void {
    const acceptRaw = this.#acceptRaw && bytes === 0;
    this.#exports.setWorthLength(bytes, acceptRaw ? 1 : 0);
  }
}

function closedError(): ZmemError {
  return new ZmemError("ERR_ZMEM_CLOSED", "the backend was detached");
}
