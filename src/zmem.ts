/**
 * Zmem: a front-end with the zmem backend registered, writeback and admission between them, and the
 * swap areas that were turned on.
 *
 * What: the composition that most programs want. Whoever wants another backend, or none of this
 * file's conveniences, joins `Frontswap`, a backend and `SwapArea` themselves.
 *
 * Why so: front-end and backend don't know each other; they meet here and in the entries.
 *
 * Life: made by `createZmem` → `swapOn` for each area → `close`, which turns all areas off and
 * releases the memory. Devices belong to whoever made them and are not closed.
 */
import { Admission, type AdmissionOptions } from "./admission.ts";
import { AreaSet, type ShrinkResult, type SwapEntry } from "./area-set.ts";
import { AsyncSwapArea } from "./async-swap-area.ts";
import { BackgroundWriteback, type BackgroundOptions } from "./background-writeback.ts";
import { checkInstanceBytes, MAX_INSTANCE_BYTES, ShardedZmemBackend } from "./backends/sharded.ts";
import type { ZmemBackendOptions } from "./backends/pool-options.ts";
import { ZmemBackend } from "./backends/zmem.ts";
import type { AsyncSwapDevice, SwapDevice } from "./devices/device.ts";
import { describe, MAX_TYPES, ZmemError } from "./errors.ts";
import { Frontswap } from "./frontswap.ts";
import type { CreateInstance } from "./platform/instantiate.ts";
import { SwapArea } from "./swap-area.ts";
import { SwapLog, type SwapCounters, type SwapEvent } from "./swap-log.ts";
import type { FrontswapCounters, Page, PoolStats } from "./types.ts";
import { Writeback, type WritebackOptions } from "./writeback.ts";

/** How a pool is made. */
export interface ZmemOptions extends ZmemBackendOptions, AdmissionOptions {
  /** Bytes of a page, a power of two from 4096 to 65536; 4096 when left out. */
  readonly pageSize?: number;
  /**
   * The most that one wasm memory may hold, in bytes; 4 GiB when left out. A finite limit above it
   * makes a pool over several memories.
   */
  readonly maxInstanceBytes?: number;
  /** How cold pages go to the areas' devices when the pool is full. */
  readonly writeback?: WritebackOptions;
  /** When `background` works ahead of need. */
  readonly background?: BackgroundOptions;
  /**
   * Called for every move of a counter of `SwapCounters`, while the call that moved it goes on. It
   * must not call back into this zmem.
   */
  readonly onEvent?: (event: SwapEvent) => void;
}

/** What every kind of area is turned on with. */
interface AreaOptions {
  /** How many offsets it has, 1 to 2^32; each costs a bit or two, nothing in the pool. */
  readonly pages: number;
  /** Its type, 0 to 1023; the lowest that is off when left out. */
  readonly type?: number;
  /** The area of the highest priority takes the pages of `swapOut` first; 0 when left out. */
  readonly priority?: number;
  /** Whether a page got from the device goes back into the pool; true when left out. */
  readonly promote?: boolean;
}

/** How an area is turned on. */
export interface SwapOnOptions extends AreaOptions {
  /**
   * Takes what the pool rejects and the area's cold pages. Without one the area is compressed
   * memory alone, and a rejected page is the caller's to keep.
   */
  readonly device?: SwapDevice;
  /** Whether cold pages may go to the device; true when left out. */
  readonly evict?: boolean;
  /** Whether the device is written at each put, kept by the pool or not; false when left out. */
  readonly writeThrough?: boolean;
  /** Whether a get takes the page out; false when left out. */
  readonly exclusiveGet?: boolean;
}

/** How an area with an asynchronous device is turned on. */
export interface AsyncSwapOnOptions extends AreaOptions {
  /** Takes what the pool rejects; `swapOutAsync` and `getAsync` reach it. */
  readonly asyncDevice: AsyncSwapDevice;
}

/** What the pool holds and what front-end and areas have counted, side by side. */
export interface ZmemStats extends PoolStats, FrontswapCounters, SwapCounters {}

/** A compressed page store with its front-end. */
export class Zmem {
  /** Bytes of a page. */
  readonly pageSize: number;
  /** The front-end: types, presence bits, counters. */
  readonly frontswap: Frontswap;
  /** The backend: limits, compaction, statistics. Its verbs are for the front-end to call. */
  readonly backend: ZmemBackend | ShardedZmemBackend;
  /** Writeback ahead of need: `start` it, or call its `step`. */
  readonly background: BackgroundWriteback;
  readonly #log: SwapLog;
  readonly #writeback: Writeback;
  readonly #areas: AreaSet;
  #closed = false;

  /**
   * @param createInstance starts an instance of the module
   * @throws RangeError or TypeError for bad options; ZmemError `ERR_ZMEM_MEMORY` when the engine
   *   refuses even the pool's first memory
   */
  constructor(createInstance: CreateInstance, options: ZmemOptions = {}) {
    const { pageSize, writeback, background, onEvent, ...backendOptions } = options;
    this.frontswap = new Frontswap(pageSize === undefined ? {} : { pageSize });
    this.pageSize = this.frontswap.pageSize;
    this.backend = makeBackend(createInstance, backendOptions);
    this.#log = new SwapLog(onEvent);
    this.#writeback = new Writeback(this.frontswap, this.backend, this.#log, writeback);
    this.#areas = new AreaSet(this.frontswap, this.#writeback);
    this.background = new BackgroundWriteback(this.#writeback, background);
    const admission = new Admission(this.#writeback, this.#log, options);
    if (this.backend.init(this.pageSize) < 0) {
      throw new ZmemError("ERR_ZMEM_MEMORY", "the engine refuses the first memory of a pool");
    }
    this.frontswap.register(this.backend);
    this.frontswap.setHook(admission);
  }

  /**
   * Turns a swap area on.
   *
   * @throws RangeError or TypeError for bad options, a type that is on, or a device that serves
   *   another area; ZmemError `ERR_ZMEM_CLOSED`
   */
  swapOn(options: AsyncSwapOnOptions): AsyncSwapArea;
  swapOn(options: SwapOnOptions): SwapArea;
  swapOn(options: SwapOnOptions | AsyncSwapOnOptions): SwapArea | AsyncSwapArea {
    this.#checkOpen();
    const { type = this.#lowestTypeOff(), priority = 0 } = options;
    if (typeof priority !== "number" || Number.isNaN(priority)) {
      throw new TypeError(`priority: expected a number, got ${describe(priority)}`);
    }
    const common = { ...options, type, writeback: this.#writeback, log: this.#log };
    // Absent or undefined, both mean none.
    const { device, asyncDevice } = options as Partial<SwapOnOptions & AsyncSwapOnOptions>;
    if (asyncDevice !== undefined && device !== undefined) {
      throw new RangeError("device: expected none beside an asyncDevice");
    }
    this.#areas.checkDevice(device ?? asyncDevice);
    const area =
      asyncDevice === undefined
        ? new SwapArea(this.frontswap, common)
        : new AsyncSwapArea(this.frontswap, { ...common, asyncDevice });
    this.#areas.add(area, device ?? asyncDevice, priority);
    return area;
  }

  /** @see AreaSet.swapOut */
  swapOut(page: Page): SwapEntry | null {
    this.#checkOpen();
    return this.#areas.swapOut(page);
  }

  /** @see AreaSet.shrink */
  shrink(
    targetPages: number,
    onPage?: (area: SwapArea, offset: number, page: Page) => boolean,
  ): ShrinkResult {
    this.#checkOpen();
    if (!(typeof targetPages === "number" && targetPages >= 0)) {
      throw new RangeError(`targetPages: expected 0 or more, got ${describe(targetPages)}`);
    }
    return this.#areas.shrink(targetPages, onPage);
  }

  /** The figures as they stand. @throws ZmemError `ERR_ZMEM_CLOSED` */
  stats(): ZmemStats {
    this.#checkOpen();
    return { ...this.backend.stats(), ...this.frontswap.counters(), ...this.#log.counters() };
  }

  /** Forgets all pages and releases the memory. Every later call throws `ERR_ZMEM_CLOSED`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.background.stop();
    let failure: unknown;
    for (const area of this.#areas.areas) {
      try {
        // An asynchronous device is told in its own time; what it fails at is counted.
        void area.off()?.catch(() => {});
      } catch (error) {
        failure ??= error;
      }
    }
    this.frontswap.close();
    this.backend.close();
    if (failure !== undefined) throw failure;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new ZmemError("ERR_ZMEM_CLOSED", "this zmem is closed");
  }

  #lowestTypeOff(): number {
    for (let type = 0; type < MAX_TYPES; type++) {
      if (!this.frontswap.isOn(type)) return type;
    }
    throw new RangeError(`swap type: expected fewer than ${MAX_TYPES} to be on`);
  }
}

function makeBackend(
  createInstance: CreateInstance,
  options: Omit<ZmemOptions, "pageSize" | "writeback" | "background" | "onEvent">,
): ZmemBackend | ShardedZmemBackend {
  const { maxInstanceBytes = MAX_INSTANCE_BYTES, ...rest } = options;
  const { limitBytes } = rest;
  checkInstanceBytes(maxInstanceBytes);
  if (limitBytes === undefined || limitBytes === Infinity || !(limitBytes > maxInstanceBytes)) {
    return new ZmemBackend(createInstance, rest);
  }
  return new ShardedZmemBackend(createInstance, { ...rest, limitBytes, maxInstanceBytes });
}
