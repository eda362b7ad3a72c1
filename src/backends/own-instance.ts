/**
 * The instance that a backend has for itself: its start, its windows, its exchange by a trim, its end.
 *
 * Why so: linear memory can't shrink, so a trim moves what lives into a fresh instance (trim.ts) and
 * drops the old one; the backend stays the same object to its users. What is to hold on in the fresh
 * instance is in the settings, and what the old ones have counted is carried over.
 *
 * Invariants: this file alone makes views on linear memory that last, and makes them anew when growth
 * has detached them, which shows in their length; before `init` and after `close` they are empty.
 */
import { checkPageSize, checkSamePageSize, ZmemError } from "../errors.ts";
import type { CreateInstance } from "../platform/instantiate.ts";
import type { PoolStats } from "../types.ts";
import {
  EFFORTS,
  MAX_WASM_PAGES,
  STATUS_LIMIT,
  STATUS_OK,
  WASM_PAGE_SIZE,
  type ZmemExports,
} from "./abi.ts";
import { startInstance, type RunningInstance } from "./instance.ts";
import {
  checkEffort,
  checkWasmPages,
  type Effort,
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
import { WritebackBackend } from "./writeback-port.ts";

/** A backend with one instance at a time. */
export abstract class OwnInstance extends WritebackBackend {
  readonly #createInstance: CreateInstance;
  readonly #maximumWasmPages: number;
  protected readonly settings: PoolSettings;
  #pageSize = 0;
  #state: "new" | "running" | "closed" = "new";
  // Set by init; never read before, since every verb checks the state through the views' length.
  protected exports!: ZmemExports;
  protected memory!: WebAssembly.Memory;
  protected putView: Uint8Array = new Uint8Array(0);
  protected getView: Uint8Array = new Uint8Array(0);
  /** Rejects and moves counted by instances that a trim has dropped. */
  #carried: CarriedColumns = {};

  /**
   * @param createInstance starts an instance of the module (src/platform)
   * @throws RangeError or TypeError for a limit, effort, codec or maximum that is none
   */
  constructor(createInstance: CreateInstance, options: ZmemBackendOptions = {}) {
    super();
    this.#createInstance = createInstance;
    const { maximumWasmPages = MAX_WASM_PAGES } = options;
    checkWasmPages(maximumWasmPages);
    this.#maximumWasmPages = maximumWasmPages;
    this.settings = new PoolSettings(options);
  }

  /**
   * @throws RangeError for a page size that is none, for another one than at the first call, or
   *   when the limit has no room for the pool's fixed part, the workspace of its effort included
   */
  init(pageSize: number): number {
    if (this.#state === "closed") throw closedError();
    if (this.#state === "running") {
      checkSamePageSize(pageSize, this.#pageSize);
      return 0;
    }
    checkPageSize(pageSize);
    const { limitBytes, effort } = this.settings;
    const started = this.#start(pageSize, limitBytes);
    if (!started) return -1;
    // Without the workspace of "high" it would go on with another effort than it says.
    const status = started.exports.setEffort(EFFORTS.indexOf(effort));
    if (status === STATUS_LIMIT) {
      throw new RangeError(
        `limitBytes: expected room for the workspace of the effort "${effort}" as well, got ${limitBytes}`,
      );
    }
    if (status !== STATUS_OK) return -1;
    this.#pageSize = pageSize;
    this.#adopt(started);
    this.#state = "running";
    return 0;
  }

  get pageSize(): number {
    return this.#pageSize;
  }

  /** The effort of puts. */
  get effort(): Effort {
    return this.settings.effort;
  }

  /**
   * Sets the effort of puts from now on.
   *
   * @returns false when the workspace of "high" can't be had: the effort stays as it was
   */
  setEffort(effort: Effort): boolean {
    this.check();
    checkEffort(effort);
    if (this.exports.setEffort(EFFORTS.indexOf(effort)) !== STATUS_OK) return false;
    this.settings.effort = effort;
    return true;
  }

  /** Bytes of memory that a trim needs beside what is held, until it is done: at most so many. */
  trimPeakBytes(): number {
    return mostTrimmedBytes(this.exports, this.stats());
  }

  /**
   * Gives memory back: moves all pages into a fresh instance whose memory is just large enough.
   * The old memory is released when the engine collects it, within seconds. Until then both exist:
   * see `trimPeakBytes`.
   */
  trim(): TrimResult {
    this.check();
    const heldBytesBefore = this.memory.buffer.byteLength;
    const unchanged = (reason: "growth" | "noGain"): TrimResult => ({
      trimmed: false,
      reason,
      heldBytesBefore,
      heldBytesAfter: heldBytesBefore,
    });
    // The live pages may need more than a limit that was lowered; it holds again afterwards.
    // Growth costs the engine a millisecond a time, so what is needed at least is there at once.
    const fresh = this.#start(this.#pageSize, Infinity, leastTrimmedBytes(this.stats()));
    if (!fresh || !movePages(this.running(), fresh, this.settings.openTypes, this.#pageSize))
      return unchanged("growth");
    // The workspace of the effort is part of what is held then.
    this.settings.applyTo(fresh.exports);
    const heldBytesAfter = fresh.memory.buffer.byteLength;
    if (heldBytesAfter >= heldBytesBefore) return unchanged("noGain");

    this.#carried = carryOver(this.columns(), heldBytesBefore + heldBytesAfter);
    this.#adopt(fresh);
    return { trimmed: true, reason: null, heldBytesBefore, heldBytesAfter };
  }

  /** What the pool holds; each figure by itself. */
  stats(): PoolStats {
    this.check();
    return columnsToStats(this.columns(), this.#pageSize, this.settings.limitBytes);
  }

  /** @returns the share of the limit; without a limit, of the largest memory there can be */
  fillLevel(): number {
    this.check();
    const most = this.#maximumWasmPages * WASM_PAGE_SIZE;
    return this.exports.usedBytes() / Math.max(1, Math.min(this.settings.limitBytes, most));
  }

  /** Releases the memory; every later call throws `ERR_ZMEM_CLOSED`. */
  close(): void {
    this.#state = "closed";
    const gone = undefined as unknown;
    this.memory = gone as WebAssembly.Memory;
    this.exports = gone as ZmemExports;
    this.putView = new Uint8Array(0);
    this.getView = new Uint8Array(0);
    this.settings.openTypes.clear();
  }

  /** @throws ZmemError when no instance runs */
  protected check(): void {
    if (this.#state === "running") return;
    if (this.#state === "closed") throw closedError();
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", "the backend was not started: call init first");
  }

  /** @returns undefined when the engine refuses the memory */
  #start(pageSize: number, limitBytes: number, expectedBytes = 0): RunningInstance | undefined {
    return startInstance(this.#createInstance, {
      pageSize,
      limitBytes,
      acceptRaw: this.settings.acceptRaw,
      codec: this.settings.codec,
      initialWasmPages: Math.min(
        1 + Math.floor(expectedBytes / WASM_PAGE_SIZE),
        this.#maximumWasmPages,
      ),
      maximumWasmPages: this.#maximumWasmPages,
    });
  }

  protected running(): RunningInstance {
    return { exports: this.runningExports(), memory: this.memory };
  }

  protected runningExports(): ZmemExports {
    this.check();
    return this.exports;
  }

  protected getWindow(): Uint8Array {
    if (this.getView.length === 0) this.renewViews();
    return this.getView;
  }

  /** Every status of a put is an answer here. */
  protected settled(status: number): number {
    return status;
  }

  protected applyLongestBlock(bytes: number): void {
    this.settings.longestBlock = bytes;
    this.settings.applyLongestBlock(this.exports);
  }

  #adopt({ exports, memory }: RunningInstance): void {
    this.exports = exports;
    this.memory = memory;
    this.#makeViews();
  }

  #makeViews(): void {
    const { buffer } = this.memory;
    this.putView = new Uint8Array(buffer, this.exports.putWindow() >>> 0, this.#pageSize);
    this.getView = new Uint8Array(buffer, this.exports.getWindow() >>> 0, this.#pageSize);
  }

  /** Growth detaches views, which shows in their length. */
  protected renewViews(): Uint8Array {
    this.check();
    this.#makeViews();
    return this.putView;
  }

  protected columns(): StatsColumns {
    const address = this.exports.writeStats() >>> 0;
    return readColumns(this.memory.buffer, address, this.#carried);
  }
}

function closedError(): ZmemError {
  return new ZmemError("ERR_ZMEM_CLOSED", "the backend was closed");
}
