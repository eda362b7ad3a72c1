/**
 * A ready-made zmem that several workers share: a shared pool with the shared front-end before it.
 *
 * What: one thread makes it; others attach with what `attachment` or `attachmentFor` gives, which
 * goes by postMessage or workerData. All then put and get directly, with no message.
 *
 * Life: `createZmem` → `swapOn` for each area, in any worker; `area` for one that is on → `detach`
 * in a worker that is done; `terminate` for one that is to be stopped; `close` ends it for all.
 *
 * Devices: refused, see area.ts. Trim: refused, see backends/shared.ts.
 */
import {
  SharedZmemBackend,
  type SharedAttachment,
  type SharedZmemOptions,
} from "../backends/shared.ts";
import { MAX_TYPES, ZmemError } from "../errors.ts";
import { checkSharedMemory } from "../platform/shared-memory.ts";
import type { FrontswapCounters, PoolStats } from "../types.ts";
import { SharedSwapArea } from "./area.ts";
import { endWorker, sayAlive, type EndableWorker } from "./end-worker.ts";
import { SharedFrontswap } from "./frontswap.ts";
import { Terminations } from "./terminations.ts";
import type { WorkerTicket } from "./workers.ts";

/** How a shared zmem is made. */
export interface SharedZmemPoolOptions extends SharedZmemOptions {
  /** Bytes of a page, a power of two from 4096 to 65536; 4096 when left out. */
  readonly pageSize?: number;
}

/** What a worker needs to take part; structured-cloneable. */
export interface ZmemAttachment extends SharedAttachment {
  /** The front-end's shared memory. */
  readonly control: WebAssembly.Memory;
  /** Names the pool among those of this origin. */
  readonly poolName: string;
  /** The id kept for one worker; without it whoever attaches gets a free one. */
  readonly ticket?: WorkerTicket;
}

/** How an area of a shared pool is turned on. */
export interface SharedSwapOnOptions {
  /** How many offsets it has, 1 to 2^32; each costs a bit. */
  readonly pages: number;
  /** Its type, 0 to 1023; the lowest that is off when left out. */
  readonly type?: number;
}

/** What the pool holds and what the front-end of all workers has counted. */
export interface SharedZmemStats extends PoolStats, FrontswapCounters {
  /** Workers that take part, this one included. */
  readonly workers: number;
}

/** A compressed page store that several workers share, as one of them sees it. */
export class SharedZmem {
  /** Bytes of a page. */
  readonly pageSize: number;
  /** The front-end: types, presence bits, counters, for all workers. */
  readonly frontswap: SharedFrontswap;
  /** The backend: limits, compaction, statistics. Its verbs are for the front-end to call. */
  readonly backend: SharedZmemBackend;
  readonly #poolName: string;
  readonly #sayGone: () => void;
  readonly #tickets = new WeakMap<EndableWorker, WorkerTicket>();
  readonly #terminations = new Terminations((ids) => this.frontswap.reapAll(ids));
  #left = false;

  private constructor(
    frontswap: SharedFrontswap,
    backend: SharedZmemBackend,
    poolName: string,
    sayGone: () => void,
  ) {
    this.frontswap = frontswap;
    this.backend = backend;
    this.pageSize = frontswap.pageSize;
    this.#poolName = poolName;
    this.#sayGone = sayGone;
  }

  /**
   * Makes a pool.
   *
   * @param module the shared build, compiled
   * @throws RangeError or TypeError for bad options; ZmemError `ERR_ZMEM_UNSUPPORTED` where memory
   *   can't be shared, `ERR_ZMEM_MEMORY` when the engine refuses it
   */
  static async create(
    module: WebAssembly.Module,
    options: SharedZmemPoolOptions = {},
  ): Promise<SharedZmem> {
    checkSharedMemory();
    const { pageSize, ...rest } = options;
    const backend = SharedZmemBackend.create(module, rest);
    const frontswap = new SharedFrontswap({
      ...(pageSize === undefined ? {} : { pageSize }),
      ...(rest.patienceMs === undefined ? {} : { lockTimeoutMs: rest.patienceMs }),
    });
    const poolName = `zmem-pool-${crypto.randomUUID()}`;
    const sayGone = await sayAlive(lockName(poolName, frontswap.workerId));
    frontswap.register(backend);
    if (backend.init(frontswap.pageSize) < 0) {
      throw new ZmemError("ERR_ZMEM_MEMORY", "the engine refuses the first memory of a pool");
    }
    return new SharedZmem(frontswap, backend, poolName, sayGone);
  }

  /**
   * Takes part in a pool that another worker has made.
   *
   * @throws ZmemError `ERR_ZMEM_BUSY` when 63 workers take part, `ERR_ZMEM_CLOSED` when the pool is
   *   closed or the attachment was kept for a worker that has used it or was reaped,
   *   `ERR_ZMEM_MEMORY` when the pool's limit has no room for one more worker
   */
  static async attach(attachment: ZmemAttachment): Promise<SharedZmem> {
    checkSharedMemory();
    const { control, ticket, poolName, patienceMs } = attachment;
    const options = { lockTimeoutMs: patienceMs };
    // Whoever ends this worker waits for this lock, so it is held before anything else is.
    let sayGone = ticket && (await sayAlive(lockName(poolName, ticket.workerId)));
    const frontswap = SharedFrontswap.join(control, {
      ...options,
      ...(ticket === undefined ? {} : { ticket }),
    });
    sayGone ??= await sayAlive(lockName(poolName, frontswap.workerId));
    try {
      const backend = frontswap.registerJoining(() => SharedZmemBackend.attach(attachment));
      return new SharedZmem(frontswap, backend, poolName, sayGone);
    } catch (error) {
      frontswap.detach();
      sayGone();
      throw error;
    }
  }

  /** The number of this worker, 1 to 63: what `reap` wants when it has died. */
  get workerId(): number {
    return this.frontswap.workerId;
  }

  /** What other workers attach with; one value for any number of them. */
  get attachment(): ZmemAttachment {
    this.#checkOpen();
    const { backend, frontswap } = this;
    return { ...backend.attachment, control: frontswap.control, poolName: this.#poolName };
  }

  /**
   * What one worker is to attach with: an id is kept for it, so that `terminate` knows whom to reap
   * at any moment. Used once.
   *
   * @throws ZmemError `ERR_ZMEM_BUSY` when all ids are in use
   */
  attachmentFor(worker: EndableWorker): ZmemAttachment {
    const ticket = this.frontswap.reserveWorker();
    this.#tickets.set(worker, ticket);
    return { ...this.attachment, ticket };
  }

  /**
   * Turns a swap area on, for all workers.
   *
   * @throws RangeError or TypeError for bad options or a type that is on; a device is refused
   */
  swapOn(options: SharedSwapOnOptions): SharedSwapArea {
    this.#checkOpen();
    if ((options as { device?: unknown }).device !== undefined) {
      throw new TypeError(
        "device: expected none, since a device belongs to one thread and this pool to several",
      );
    }
    const { pages, type = this.#lowestTypeOff() } = options;
    if (this.frontswap.isOn(type)) {
      throw new RangeError(`swap type: expected one that is off, got ${type}, which is on`);
    }
    this.frontswap.typeOn(type, pages);
    return new SharedSwapArea(this.frontswap, type, pages);
  }

  /** An area that some worker has turned on. @throws ZmemError `ERR_ZMEM_TYPE_OFF` */
  area(type: number): SharedSwapArea {
    return new SharedSwapArea(this.frontswap, type, this.frontswap.pagesOf(type));
  }

  /** The figures as they stand; exact while no worker is in a call. */
  stats(): SharedZmemStats {
    this.#checkOpen();
    const workers = this.backend.countWorkers();
    return { ...this.backend.stats(), ...this.frontswap.counters(), workers };
  }

  /**
   * Declares a worker dead that certainly runs no more: what it held is released, and the page that
   * it was putting is old, new or absent.
   *
   * @param moreDead others that died as well: each may hold what the reaping of the others needs
   * @returns false when one of them was no worker (any more)
   * @throws RangeError for an id that is none or one's own; ZmemError `ERR_ZMEM_HELD` when yet
   *   another dead worker holds what is needed: reap them together
   */
  reap(workerId: number, ...moreDead: number[]): boolean {
    return this.frontswap.reap(workerId, ...moreDead);
  }

  /**
   * Terminates a worker, waits until it runs no more, and reaps it, together with others that were
   * told to end meanwhile.
   *
   * @param workerId its id, unless it was given an attachment by `attachmentFor`
   * @returns false when it took no part (any more)
   * @throws TypeError when its id is not known: nothing has happened then
   */
  async terminate(worker: EndableWorker, workerId?: number): Promise<boolean> {
    const id = workerId ?? this.#tickets.get(worker)?.workerId;
    if (id === undefined) {
      throw new TypeError(
        "worker id: expected one, since this worker was given no attachment by attachmentFor",
      );
    }
    const ended = endWorker(worker, lockName(this.#poolName, id));
    return this.#terminations.reapAfter(
      id,
      ended.then(() => void this.#tickets.delete(worker)),
    );
  }

  /** Ends this worker's part; the others go on. Every later call throws `ERR_ZMEM_CLOSED`. */
  detach(): void {
    if (this.#left) return;
    this.#left = true;
    this.frontswap.detach(() => this.backend.detach());
    this.#sayGone();
  }

  /** Forgets all pages, for all workers, and ends this one's part. Others are to detach. */
  close(): void {
    if (this.#left) return;
    this.#left = true;
    this.frontswap.close(() => this.backend.detach());
    this.#sayGone();
  }

  /** As detach: what others share is not one worker's to close. */
  [Symbol.dispose](): void {
    this.detach();
  }

  #checkOpen(): void {
    if (this.#left) throw new ZmemError("ERR_ZMEM_CLOSED", "this worker has left the pool");
  }

  #lowestTypeOff(): number {
    for (let type = 0; type < MAX_TYPES; type++) {
      if (!this.frontswap.isOn(type)) return type;
    }
    throw new RangeError(`swap type: expected fewer than ${MAX_TYPES} to be on`);
  }
}

function lockName(poolName: string, workerId: number): string {
  return `${poolName}-worker-${workerId}`;
}
