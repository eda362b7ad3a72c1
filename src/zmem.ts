/**
 * Zmem: a front-end with the zmem backend registered, and the swap areas that were turned on.
 *
 * What: the composition that most programs want. Whoever wants another backend, or none of this
 * file's conveniences, joins `Frontswap`, a backend and `SwapArea` themselves.
 *
 * Why so: front-end and backend don't know each other; they meet here and in the entries.
 *
 * Life: made by `createZmem` → `swapOn` for each area → `close`, which turns all areas off and
 * releases the memory. Devices belong to whoever made them and are not closed.
 */
import { MAX_INSTANCE_BYTES, ShardedZmemBackend } from "./backends/sharded.ts";
import { ZmemBackend, type ZmemBackendOptions } from "./backends/zmem.ts";
import { MAX_TYPES, ZmemError } from "./errors.ts";
import { Frontswap } from "./frontswap.ts";
import type { CreateInstance } from "./platform/instantiate.ts";
import { SwapArea } from "./swap-area.ts";
import type { FrontswapCounters, PoolStats, SwapDevice } from "./types.ts";

/** How a pool is made. */
export interface ZmemOptions extends ZmemBackendOptions {
  /** Bytes of a page, a power of two from 4096 to 65536; 4096 when left out. */
  readonly pageSize?: number;
  /**
   * The most that one wasm memory may hold, in bytes; 4 GiB when left out. A finite limit above it
   * makes a pool over several memories.
   */
  readonly maxInstanceBytes?: number;
}

/** How an area is turned on. */
export interface SwapOnOptions {
  /** How many offsets it has, 1 to 2^32; each costs a bit in the front-end, nothing in the pool. */
  readonly pages: number;
  /** Takes pages that the pool rejects; without one a rejected page is the caller's to keep. */
  readonly device?: SwapDevice;
  /** Its type, 0 to 1023; the lowest that is off when left out. */
  readonly type?: number;
}

/** What the pool holds and what the front-end has counted, side by side. */
export interface ZmemStats extends PoolStats, FrontswapCounters {}

/** A compressed page store with its front-end. */
export class Zmem {
  /** Bytes of a page. */
  readonly pageSize: number;
  /** The front-end: types, presence bits, counters. */
  readonly frontswap: Frontswap;
  /** The backend: limits, compaction, statistics. Its verbs are for the front-end to call. */
  readonly backend: ZmemBackend | ShardedZmemBackend;
  readonly #areas = new Map<SwapArea, SwapDevice | undefined>();
  #closed = false;

  /**
   * @param createInstance starts an instance of the module
   * @throws RangeError or TypeError for bad options; ZmemError `ERR_ZMEM_MEMORY` when the engine
   *   refuses even the pool's first memory
   */
  constructor(createInstance: CreateInstance, options: ZmemOptions = {}) {
    const { pageSize, ...backendOptions } = options;
    this.frontswap = new Frontswap(pageSize === undefined ? {} : { pageSize });
    this.pageSize = this.frontswap.pageSize;
    this.backend = makeBackend(createInstance, backendOptions);
    if (this.backend.init(this.pageSize) < 0) {
      throw new ZmemError("ERR_ZMEM_MEMORY", "the engine refuses the first memory of a pool");
    }
    this.frontswap.register(this.backend);
  }

  /**
   * Turns a swap area on.
   *
   * @throws RangeError or TypeError for bad options, a type that is on, or a device that serves
   *   another area; ZmemError `ERR_ZMEM_CLOSED`
   */
  swapOn(options: SwapOnOptions): SwapArea {
    this.#checkOpen();
    const { type = this.#lowestTypeOff(), device } = options;
    for (const [area, used] of this.#areas) {
      // An area that was turned off has given its device back.
      if (!area.isOn) this.#areas.delete(area);
      else if (device !== undefined && used === device) {
        throw new RangeError(`device: expected one of its own, got that of swap type ${area.type}`);
      }
    }
    const area = new SwapArea(this.frontswap, { ...options, type });
    this.#areas.set(area, device);
    return area;
  }

  /** The figures as they stand. @throws ZmemError `ERR_ZMEM_CLOSED` */
  stats(): ZmemStats {
    this.#checkOpen();
    return { ...this.backend.stats(), ...this.frontswap.counters() };
  }

  /** Forgets all pages and releases the memory. Every later call throws `ERR_ZMEM_CLOSED`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      for (const area of this.#areas.keys()) area.off();
    } finally {
      this.#areas.clear();
      this.frontswap.close();
      this.backend.close();
    }
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
  options: Omit<ZmemOptions, "pageSize">,
): ZmemBackend | ShardedZmemBackend {
  const { maxInstanceBytes = MAX_INSTANCE_BYTES, ...rest } = options;
  const { limitBytes } = rest;
  if (limitBytes === undefined || limitBytes === Infinity || !(limitBytes > maxInstanceBytes)) {
    return new ZmemBackend(createInstance, rest);
  }
  return new ShardedZmemBackend(createInstance, { ...rest, limitBytes, maxInstanceBytes });
}
