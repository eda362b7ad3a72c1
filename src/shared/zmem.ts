/**
 * A ready-made zmem that several workers share: a shared pool with the shared front-end before it.
 *
 * What: one thread makes it; others attach with what `attachment` or `attachmentFor` gives, which
 * goes by postMessage or workerData. All then put and get directly, with no message.
 *
 * Life: `createZmem` → `swapOn` for each area, in any worker; `area` for one that is on → `detach`
 * in a worker that is done; `terminate` for one that is to be stopped; `close` ends it for all.
 *
 * Devices: storage that each worker opens a handle of its own on, see device-area.ts. Trim: refused,
 * see backends/shared.ts.
 */
import { Admission, type AdmissionOptions } from "../admission.ts";
import {
  SharedZmemBackend,
  type SharedAttachment,
  type SharedZmemOptions,
} from "../backends/shared.ts";
import { describe, ZmemError } from "../errors.ts";
import { checkSharedMemory } from "../platform/shared-memory.ts";
import type { FrontswapCounters, PoolStats } from "../types.ts";
import type { SharedSwapArea } from "./area.ts";
import { SharedAreaSet, type SharedDeviceOnOptions, type SharedSwapOnOptions } from "./area-set.ts";
import type { SharedDeviceArea, SharedDeviceOptions } from "./device-area.ts";
import { endWorker, sayAlive, sayAliveAtOnce, type EndableWorker } from "./end-worker.ts";
import type { DeviceCounter } from "./control.ts";
import { SharedFrontswap } from "./frontswap.ts";
import { Terminations } from "./terminations.ts";
import type { WorkerTicket } from "./workers.ts";
import { SharedWriteback, type SharedWritebackOptions } from "./writeback.ts";

/** How a shared zmem is made. */
export interface SharedZmemPoolOptions extends SharedZmemOptions, AreaPolicy {
  /** Bytes of a page, a power of two from 4096 to 65536; 4096 when left out. */
  readonly pageSize?: number;
}

/** What areas with a device do in all workers. The options of admission concern no other areas. */
interface AreaPolicy extends AdmissionOptions {
  /** How cold pages go to the device when the pool is full. */
  readonly writeback?: SharedWritebackOptions;
}

/** What a worker needs to take part; structured-cloneable. */
export interface ZmemAttachment extends SharedAttachment {
  /** The front-end's shared memory. */
  readonly control: WebAssembly.Memory;
  /** Names the pool among those of this origin. */
  readonly poolName: string;
  readonly policy: AreaPolicy;
  /** The id kept for one worker; without it whoever attaches gets a free one. */
  readonly ticket?: WorkerTicket;
}

/** What the pool holds and what the front-end of all workers has counted. */
export interface SharedZmemStats
  extends PoolStats, FrontswapCounters, Readonly<Record<DeviceCounter, number>> {
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
  readonly #areas: SharedAreaSet;
  readonly #policy: AreaPolicy;
  readonly #tickets = new WeakMap<EndableWorker, WorkerTicket>();
  readonly #terminations = new Terminations((tickets) => this.frontswap.reapAll(tickets));
  #left = false;

  private constructor(
    frontswap: SharedFrontswap,
    backend: SharedZmemBackend,
    poolName: string,
    sayGone: () => void,
    policy: AreaPolicy,
  ) {
    this.frontswap = frontswap;
    this.backend = backend;
    this.pageSize = frontswap.pageSize;
    this.#poolName = poolName;
    this.#sayGone = sayGone;
    const writeback = new SharedWriteback(frontswap.devices, backend, policy.writeback);
    const admission = new Admission(
      {
        // The area has tried already.
        makeRoom: () => false,
        setDemandedRatio: (ratio) => backend.setLongestBlock(this.pageSize / ratio),
        port: backend,
      },
      { count: (name) => frontswap.devices.countEvent(name as DeviceCounter) },
      policy,
    );
    this.#areas = new SharedAreaSet(frontswap, writeback, admission);
    this.#policy = policy;
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
    const { pageSize, ...withPolicy } = options;
    const { policy, rest } = splitPolicy(withPolicy);
    const backend = SharedZmemBackend.create(module, rest);
    const frontswap = new SharedFrontswap({
      ...(pageSize === undefined ? {} : { pageSize }),
      ...(rest.patienceMs === undefined ? {} : { lockTimeoutMs: rest.patienceMs }),
    });
    const poolName = `zmem-pool-${crypto.randomUUID()}`;
    const sayGone = await sayAlive(lockName(poolName, frontswap.ticket));
    try {
      frontswap.register(backend);
      if (backend.init(frontswap.pageSize) < 0) {
        throw new ZmemError("ERR_ZMEM_MEMORY", "the engine refuses the first memory of a pool");
      }
      return new SharedZmem(frontswap, backend, poolName, sayGone, policy);
    } catch (error) {
      sayGone();
      throw error;
    }
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
    const { control, ticket, poolName, patienceMs, policy } = attachment;
    // Whoever ends this worker waits for this lock, so it is held before anything else is.
    let sayGone = ticket && (await sayAliveAtOnce(lockName(poolName, ticket)));
    let frontswap: SharedFrontswap | undefined;
    let backend: SharedZmemBackend | undefined;
    try {
      frontswap = SharedFrontswap.join(control, {
        lockTimeoutMs: patienceMs,
        ...(ticket === undefined ? {} : { ticket }),
      });
      sayGone ??= await sayAlive(lockName(poolName, frontswap.ticket));
      const attach = (): SharedZmemBackend => (backend = SharedZmemBackend.attach(attachment));
      return new SharedZmem(
        frontswap,
        frontswap.registerJoining(attach),
        poolName,
        sayGone,
        policy,
      );
    } catch (error) {
      try {
        frontswap?.detach(() => backend?.detach());
      } catch {
        // A dead worker is in the way: the id stays until it is reaped.
      }
      sayGone?.();
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
    return {
      ...backend.attachment,
      control: frontswap.control,
      poolName: this.#poolName,
      policy: this.#policy,
    };
  }

  /**
   * What one worker is to attach with: an id is kept for it, so that `terminate` knows whom to reap
   * at any moment. Used once; of several for one worker the last one counts.
   *
   * @throws ZmemError `ERR_ZMEM_BUSY` when all ids are in use, or the worker takes part already
   */
  attachmentFor(worker: EndableWorker): ZmemAttachment {
    const { attachment } = this;
    const before = this.#tickets.get(worker);
    if (before !== undefined && !this.frontswap.cancelReserved(before)) {
      throw new ZmemError(
        "ERR_ZMEM_BUSY",
        `worker: expected one that takes no part, got worker ${before.workerId}`,
      );
    }
    const ticket = this.frontswap.reserveWorker();
    this.#tickets.set(worker, ticket);
    return { ...attachment, ticket };
  }

  /**
   * Turns a swap area on, for all workers. With a device, the others open it by `area`, each with a
   * handle of its own.
   *
   * @throws RangeError or TypeError for bad options, a type that is on, or a device that is no
   *   storage for several threads, too small, or another area's
   */
  swapOn(options: SharedDeviceOnOptions): SharedDeviceArea;
  swapOn(options: SharedSwapOnOptions): SharedSwapArea;
  swapOn(options: SharedSwapOnOptions & Partial<SharedDeviceOptions>): SharedSwapArea {
    this.#checkOpen();
    return this.#areas.turnOn(options);
  }

  /**
   * An area that some worker has turned on.
   *
   * @param options with this worker's handle, for an area that has a device
   * @throws ZmemError `ERR_ZMEM_TYPE_OFF`; TypeError when there is a device and no handle, or a
   *   handle and no device; RangeError for a handle on storage that is too short to be the area's
   */
  area(type: number, options: SharedDeviceOptions): SharedDeviceArea;
  area(type: number): SharedSwapArea;
  area(type: number, options?: SharedDeviceOptions): SharedSwapArea {
    return this.#areas.open(type, options);
  }

  /**
   * Moves cold pages of the areas that this worker has opened with a device out of the pool, ahead
   * of need or after the limit was lowered.
   *
   * @param most pages
   * @returns pages that left the pool; fewer than `most` when none is cold any more, or no device
   *   takes them
   * @throws RangeError for a number of pages that can't be; ZmemError `ERR_ZMEM_HELD`
   */
  writeBack(most: number): number {
    this.#checkOpen();
    if (!(typeof most === "number" && most >= 0)) {
      throw new RangeError(`most: expected 0 or more, got ${describe(most)}`);
    }
    return this.#areas.writeBack(most);
  }

  /** The figures as they stand; exact while no worker is in a call. */
  stats(): SharedZmemStats {
    this.#checkOpen();
    const workers = this.backend.countWorkers();
    const { backend, frontswap } = this;
    return { ...backend.stats(), ...frontswap.counters(), ...frontswap.deviceCounters(), workers };
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
   * @returns false when it took no part (any more), also when its id is another worker's by now
   * @throws TypeError when its id is not known, RangeError for one that is none or one's own:
   *   nothing has happened then; what the worker's own `terminate` rejects with: it is not reaped
   *   then
   */
  async terminate(worker: EndableWorker, workerId?: number): Promise<boolean> {
    const kept = this.#tickets.get(worker);
    const isKept = workerId === undefined || workerId === kept?.workerId;
    const ticket = isKept ? kept : this.frontswap.ticketOf(workerId);
    if (ticket === undefined) {
      throw new TypeError(
        "worker id: expected one, since this worker was given no attachment by attachmentFor",
      );
    }
    const ended = endWorker(worker, lockName(this.#poolName, ticket));
    return this.#terminations.reapAfter(
      ticket,
      ended.then(() => void this.#tickets.delete(worker)),
    );
  }

  /**
   * Ends this worker's part; the others go on. Every later call throws `ERR_ZMEM_CLOSED`.
   *
   * @throws ZmemError `ERR_ZMEM_HELD` when a dead worker is in the way: this one takes part still,
   *   and once that is reaped another detach goes on
   */
  detach(): void {
    this.#leave((leaveBackend) => this.frontswap.detach(leaveBackend));
  }

  /**
   * Forgets all pages, for all workers, and ends this one's part. Others are to detach.
   *
   * @throws ZmemError `ERR_ZMEM_HELD` when a dead worker is in the way
   */
  close(): void {
    this.#leave((leaveBackend) => this.frontswap.close(leaveBackend));
  }

  /** As detach: what others share is not one worker's to close. */
  [Symbol.dispose](): void {
    this.detach();
  }

  #leave(leaveFrontEnd: (leaveBackend: () => void) => void): void {
    if (this.#left) return;
    try {
      leaveFrontEnd(() => this.backend.detach());
    } finally {
      this.#left = this.frontswap.hasLeft;
      if (this.#left) this.#sayGone();
    }
  }

  #checkOpen(): void {
    if (this.#left) throw new ZmemError("ERR_ZMEM_CLOSED", "this worker has left the pool");
  }
}

/** Tells what areas do from what the backend is made with. */
function splitPolicy(options: Omit<SharedZmemPoolOptions, "pageSize">): {
  policy: AreaPolicy;
  rest: SharedZmemOptions;
} {
  const { writeback, acceptThreshold, gradedAdmission, rememberIncompressible, ...rest } = options;
  const policy = {
    ...(writeback === undefined ? {} : { writeback }),
    ...(acceptThreshold === undefined ? {} : { acceptThreshold }),
    ...(gradedAdmission === undefined ? {} : { gradedAdmission }),
    ...(rememberIncompressible === undefined ? {} : { rememberIncompressible }),
  };
  return { policy, rest };
}

/** No other worker's that gets the same id: who waits for this lock waits for nobody else. */
function lockName(poolName: string, { workerId, incarnation }: WorkerTicket): string {
  return `${poolName}-worker-${workerId}-${incarnation}`;
}
