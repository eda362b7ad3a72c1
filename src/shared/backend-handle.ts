/**
 * A worker's own handle on the backend that all workers share.
 *
 * Why so: a backend may fail to start for want of memory, and is tried again whenever a type is
 * turned on; until then this worker's puts are rejected.
 */
import { backendFailure } from "../backend-failures.ts";
import { ZmemError } from "../errors.ts";
import type { FrontswapOps } from "../types.ts";
import type { Members } from "./members.ts";

/** A backend of which every worker has a handle. What one opens or keeps is there for all. */
export interface SharedOps extends FrontswapOps {
  /** This handle's number at the backend after init, 1 to 63; the front-end's when left out. */
  readonly workerId?: number;
  /**
   * Releases what a dead worker held and completes or undoes what it was doing. Harmless for a
   * number that no worker has.
   *
   * @param moreDead other dead workers, to be settled in the same go
   */
  reap?(workerId: number, ...moreDead: number[]): unknown;
}

/** No backend, or one whose init failed. */
const NO_POOL = -1;

export class BackendHandle {
  readonly #members: Members;
  readonly #workerId: number;
  readonly #pageSize: number;
  #ops: SharedOps | null = null;
  #poolId = NO_POOL;
  /** For asking whether the backend has a page. */
  #scratch: Uint8Array | undefined;

  constructor(members: Members, workerId: number, pageSize: number) {
    this.#members = members;
    this.#workerId = workerId;
    this.#pageSize = pageSize;
  }

  /** What is registered; null for nothing. */
  get registered(): SharedOps | null {
    return this.#ops;
  }

  /** Whether it is there and was started. */
  get isReady(): boolean {
    return this.#poolId >= 0;
  }

  /** @throws ZmemError `ERR_ZMEM_BACKEND` when there is none */
  get ops(): SharedOps {
    if (this.#ops !== null) return this.#ops;
    throw new ZmemError("ERR_ZMEM_BACKEND", "this worker has registered no backend");
  }

  /** @throws ZmemError `ERR_ZMEM_BACKEND` when there is none that was started */
  checkReady(): void {
    if (this.isReady) return;
    throw new ZmemError(
      "ERR_ZMEM_BACKEND",
      "this worker has registered no backend that could be started, and another keeps the page",
    );
  }

  /** Starts a backend, which `set` makes this worker's. @returns its number; below 0: it failed */
  start(ops: SharedOps | null): number {
    let poolId = NO_POOL;
    this.#members.join(() => {
      if (ops !== null) poolId = ops.init(this.#pageSize);
      return poolId < 0 ? 0 : (ops?.workerId ?? this.#workerId);
    });
    return poolId;
  }

  set(ops: SharedOps | null, poolId: number): void {
    this.#ops = ops;
    this.#poolId = poolId;
  }

  clear(): void {
    this.set(null, NO_POOL);
  }

  /** Whether the backend has a page, by getting it. @throws ZmemError */
  has(type: number, offset: number): boolean {
    this.#scratch ??= new Uint8Array(this.#pageSize);
    try {
      return this.ops.getPage(type, offset, this.#scratch);
    } catch (error) {
      // A damaged page is there; whoever gets it is told.
      if (error instanceof ZmemError && error.code === "ERR_ZMEM_CORRUPT") return true;
      throw backendFailure(type, offset, error);
    }
  }

  /** Reaps dead workers by their numbers there. */
  reap([first = 0, ...rest]: readonly number[]): void {
    this.#ops?.reap?.(first, ...rest);
  }

  /** Empties a type. */
  flush(type: number): void {
    if (this.#ops !== null) flushBackend(this.#ops, type);
  }
}

/** A backend that its owner has closed already keeps nothing. */
export function flushBackend(ops: SharedOps, type: number): void {
  try {
    ops.flushArea(type);
  } catch (error) {
    if (!(error instanceof ZmemError && error.code === "ERR_ZMEM_CLOSED")) throw error;
  }
}
