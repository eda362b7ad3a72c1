/**
 * The front-end of a pool that several workers use at once: Frontswap's calls on shared memory.
 *
 * What: types, presence bits and counters lie in a control memory (control.ts); each worker has an
 * object of this class on it, and its own handle on the same backend.
 *
 * Why so: the bit of a page and the backend's copy change together under a lock per key (4096
 * locks; keys that share one wait for each other). The other way, in which the backend sets the bit
 * inside its own critical section, would tie every backend to this front-end's layout. A put
 * compresses under that lock: it delays nobody but another put or flush of the same key.
 *
 * The bit errs on one side only: it is set before the backend is asked to keep a page and cleared
 * after the backend has dropped it. So a clear bit means that there is no page, and with a set bit
 * the backend's answer is the truth, whatever is under way. All that happens to a key happens, for
 * every observer, at the moment at which the backend's copy changes; gets take no lock at all.
 *
 * Turning types on and off is in type-switch.ts, what follows a worker's death in reaping.ts: a
 * worker notes key, count and whether there was a page before it changes anything (presence.ts).
 *
 * Invariants: backend has page ⇒ bit set; bit set and lock free ⇒ backend has page; the deltas of a
 * type add up to its set bits whenever no lock is held.
 */
import {
  checkOffset,
  checkPage,
  checkPages,
  checkPageSize,
  checkType,
  MAX_TYPES,
  MIN_PAGE_SIZE,
  ZmemError,
} from "../errors.ts";
import type { FrontswapCounters, Page } from "../types.ts";
import { BackendHandle, type SharedOps } from "./backend-handle.ts";
import {
  CLOSED_WORD,
  Control,
  COUNTERS,
  DEVICE_COUNTERS,
  keyLock,
  WORKER_REGISTERED,
  workerRecord,
  WORKERS,
  type DeviceCounter,
} from "./control.ts";
import { sumCounters, sumDeviceCounters, sumPages } from "./counts.ts";
import { backendFailure, closedError, isHeld, lostError } from "./failures.ts";
import { HeldKey } from "./held-key.ts";
import { holderOf, Locks } from "./lock.ts";
import { Members } from "./members.ts";
import { PlaceTable } from "./place-table.ts";
import { FAILED_PUTS, FLUSHES, GETS, Presence, SUCC_PUTS } from "./presence.ts";
import { reapWorkers } from "./reaping.ts";
import { FLUSHED, ON, OPEN, TypeTable, type TypeView } from "./type-table.ts";
import { TypeSwitch } from "./type-switch.ts";
import {
  claimReserved,
  claimWorker,
  isAttached,
  releaseWorker,
  reserveWorker,
  type WorkerTicket,
} from "./workers.ts";

export type { SharedOps } from "./backend-handle.ts";

export interface SharedFrontswapOptions {
  /** Bytes of a page, a power of two from 4096 to 65536; 4096 when left out. */
  readonly pageSize?: number;
  /** How long a wait for another worker may take, in milliseconds; 5000 when left out. */
  readonly lockTimeoutMs?: number;
}

export interface JoinOptions extends Pick<SharedFrontswapOptions, "lockTimeoutMs"> {
  /** From `reserveWorker`; an id of its own when left out. */
  readonly ticket?: WorkerTicket;
}

const DEFAULT_LOCK_TIMEOUT_MS = 5000;

/** Swap types with a presence bit per page, shared by workers, before a backend that they share. */
export class SharedFrontswap {
  /** Bytes of a page. */
  readonly pageSize: number;
  readonly #control: Control;
  readonly #words: Int32Array;
  readonly #ticket: WorkerTicket;
  readonly #locks: Locks;
  readonly #types: TypeTable;
  readonly #presence: Presence;
  readonly #members: Members;
  readonly #places: PlaceTable;
  readonly #backend: BackendHandle;
  readonly #switch: TypeSwitch;
  #left = false;

  /**
   * Makes a front-end and attaches to it as its first worker.
   *
   * @throws RangeError unless the page size is a power of two from 4096 to 65536; ZmemError
   *   `ERR_ZMEM_MEMORY` when the engine refuses the shared memory
   */
  constructor(options?: SharedFrontswapOptions);
  /** As `SharedFrontswap.join`. */
  constructor(options: SharedFrontswapOptions | JoinOptions | undefined, control: Control);
  constructor(options: SharedFrontswapOptions & JoinOptions = {}, control?: Control) {
    const {
      pageSize = MIN_PAGE_SIZE,
      lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS,
      ticket = undefined,
    } = options;
    checkPageSize(pageSize);
    this.#control = control ?? Control.create(pageSize);
    this.pageSize = this.#control.pageSize;
    const { words } = this.#control;
    this.#words = words;
    if (Atomics.load(words, CLOSED_WORD) !== 0) throw closedError();
    if (ticket !== undefined) claimReserved(words, ticket);
    this.#ticket = ticket ?? claimWorker(words);
    this.#locks = new Locks(words, this.workerId, lockTimeoutMs);
    this.#types = new TypeTable(this.#control);
    this.#presence = new Presence(this.#control, this.workerId);
    this.#members = new Members(words, this.workerId, this.#locks);
    this.#backend = new BackendHandle(this.#members, this.workerId, this.pageSize);
    this.#switch = new TypeSwitch(this.#types, this.#locks, words, this.workerId, this.#backend);
    this.#places = new PlaceTable(this.#control, this.#types, this.#locks, this.workerId);
  }

  /**
   * Attaches to a front-end that another worker has made.
   *
   * @param control its `control`
   * @throws TypeError when it is none; ZmemError `ERR_ZMEM_BUSY` when 63 workers are attached,
   *   `ERR_ZMEM_CLOSED` when it is closed or the ticket was used or reaped
   */
  static join(control: WebAssembly.Memory, options: JoinOptions = {}): SharedFrontswap {
    return new SharedFrontswap(options, Control.open(control));
  }

  /** The shared memory of this front-end, to be posted to other workers. */
  get control(): WebAssembly.Memory {
    return this.#control.memory;
  }

  /** The number of this worker, 1 to 63. */
  get workerId(): number {
    return this.#ticket.workerId;
  }

  /** Keeps an id for a worker that is yet to join. @throws ZmemError `ERR_ZMEM_BUSY` */
  reserveWorker(): WorkerTicket {
    this.#checkOpen();
    return reserveWorker(this.#words);
  }

  /**
   * Makes a backend the one that keeps the pages, as in Frontswap. Every worker registers its own
   * handle on the same pool; types that no worker has opened yet are opened.
   *
   * @param ops null to go without
   * @returns this worker's backend before this one, null for none
   * @throws ZmemError `ERR_ZMEM_BUSY` while the one before still keeps pages, or is to be replaced
   *   while other workers use it; nothing changes then. What `init` throws.
   */
  register(ops: SharedOps | null): SharedOps | null {
    this.#checkOpen();
    const previous = this.#backend.registered;
    if (ops === previous) return previous;
    const isAlone = !this.#othersAreRegistered();
    if (previous !== null) this.#checkReplaceable(ops, isAlone);
    const poolId = this.#backend.start(ops);
    this.#checkAttached();
    this.#switch.openAll(ops, poolId >= 0, isAlone ? previous : null);
    this.#backend.set(ops, poolId);
    Atomics.store(
      this.#words,
      workerRecord(this.workerId) + WORKER_REGISTERED,
      poolId >= 0 ? 1 : 0,
    );
    return previous;
  }

  /**
   * Registers a handle that is made by joining a pool, as one step: a worker that is terminated in
   * between leaves no part of itself behind at the backend.
   *
   * @param attach joins the pool
   * @throws as register; what `attach` throws
   */
  registerJoining<Ops extends SharedOps>(attach: () => Ops): Ops {
    this.#checkOpen();
    let ops: Ops | undefined;
    this.#members.join(() => {
      ops = attach();
      return ops.workerId ?? this.workerId;
    });
    const joined = ops as Ops;
    this.register(joined);
    return joined;
  }

  /**
   * As Frontswap: turns a type on, for all workers.
   *
   * @param deviceMost the most pages on its device, for an area that has one: it is put and got
   *   through the area alone then
   */
  typeOn(type: number, pages: number, deviceMost = 0): void {
    this.#checkOpen();
    checkType(type);
    checkPages(pages);
    this.#checkAttached();
    this.#switch.turnOn(type, pages, deviceMost);
  }

  /**
   * Forgets all pages of a type, and the type, for all workers. A type that is off is no error.
   *
   * @throws ZmemError `ERR_ZMEM_HELD` when a worker has been at work on a page for too long: the
   *   type is off, and what is left to do is done when that worker is reaped
   */
  typeOff(type: number): void {
    this.#checkOpen();
    checkType(type);
    this.#checkAttached();
    this.#switch.turnOff(type);
  }

  /** Whether a type is on. */
  isOn(type: number): boolean {
    this.#checkOpen();
    checkType(type);
    return (this.#types.view(type).word & ON) !== 0;
  }

  /**
   * Copies a page into the backend, replacing an older copy.
   *
   * @returns as Frontswap
   * @throws as Frontswap; ZmemError `ERR_ZMEM_HELD` when another worker holds for too long what the
   *   put needs: nothing has changed then
   */
  putPage(type: number, offset: number, page: Page): boolean {
    for (;;) {
      const view = this.#typeThatIsOn(type);
      checkOffset(offset, view.pages);
      checkPage(page, this.pageSize);
      if (!this.#backend.isReady) return false;
      if ((view.word & FLUSHED) !== 0) {
        this.#presence.count(FAILED_PUTS);
        return false;
      }
      if ((view.word & OPEN) === 0 && this.#openForPut(type, offset)) continue;
      const lock = keyLock(type, offset);
      this.#acquireKey(lock);
      try {
        if (this.#types.isCurrent(type, view)) return this.#putLocked(type, offset, page, view);
      } finally {
        this.#locks.release(lock);
      }
    }
  }

  /**
   * Copies a page out of the backend, which keeps it. Takes no lock.
   *
   * @returns as Frontswap
   * @throws as Frontswap
   */
  getPage(type: number, offset: number, page: Page): boolean {
    let before: number | undefined;
    for (;;) {
      const view = this.#typeThatIsOn(type);
      checkOffset(offset, view.pages);
      checkPage(page, this.pageSize);
      if ((view.word & FLUSHED) !== 0 || !this.#presence.has(view, offset)) return false;
      let found;
      try {
        found = this.#backend.ops.getPage(type, offset, page);
      } catch (error) {
        throw backendFailure(type, offset, error);
      }
      if (found) {
        this.#presence.count(GETS);
        return true;
      }
      // Absent although the bit is set: somebody is at work on the key, or has just been, or the
      // backend has lost the page. That is certain when nobody came between two looks at the lock.
      const now = Atomics.load(this.#words, keyLock(type, offset));
      if (holderOf(now) !== 0) return false;
      if (now === before && this.#types.isCurrent(type, view)) throw lostError(type, offset);
      before = now;
    }
  }

  /** Forgets a page. @returns whether there was one @throws as putPage */
  flushPage(type: number, offset: number): boolean {
    for (;;) {
      const view = this.#typeThatIsOn(type);
      checkOffset(offset, view.pages);
      if ((view.word & FLUSHED) !== 0 || !this.#presence.has(view, offset)) return false;
      const lock = keyLock(type, offset);
      this.#acquireKey(lock);
      try {
        if (!this.#types.isCurrent(type, view)) continue;
        if (!this.#presence.has(view, offset)) return false;
        this.#flushLocked(type, offset, view);
        return true;
      } finally {
        this.#locks.release(lock);
      }
    }
  }

  /**
   * Forgets all pages of a type; puts for it are rejected until it is turned on again. No page
   * whose put began before survives. A type that is off is no error.
   *
   * @throws as typeOff
   */
  flushArea(type: number): void {
    this.#checkOpen();
    checkType(type);
    this.#checkAttached();
    this.#switch.flush(type);
  }

  /**
   * Whether the backend keeps a page. A clear bit takes one load; while a worker is at work on the
   * key the backend is asked, so the answer is exact. @throws as getPage
   */
  testPage(type: number, offset: number): boolean {
    for (;;) {
      const view = this.#typeThatIsOn(type);
      checkOffset(offset, view.pages);
      if ((view.word & FLUSHED) !== 0 || !this.#presence.has(view, offset)) return false;
      const lock = keyLock(type, offset);
      const before = Atomics.load(this.#words, lock);
      if (holderOf(before) !== 0) return this.#backend.has(type, offset);
      const isSet = this.#presence.has(view, offset);
      const isQuiet = Atomics.load(this.#words, lock) === before;
      if (isQuiet && this.#types.isCurrent(type, view)) return isSet;
    }
  }

  // ── for areas with a device ──

  /** Where pages are that are not in the backend. */
  get places(): PlaceTable {
    return this.#places;
  }

  /** Moves a counter of areas. */
  countEvent(name: DeviceCounter, count = 1): void {
    this.#presence.count(COUNTERS.length + DEVICE_COUNTERS.indexOf(name), count);
  }

  /** Counts a put of an area with a device. @param kept whether by the backend */
  countPut(kept: boolean): void {
    this.#presence.count(kept ? SUCC_PUTS : FAILED_PUTS);
  }

  /** Counts the flush of a page that such an area had. */
  countFlush(): void {
    this.#presence.count(FLUSHES);
  }

  /** The type as it is now. @throws ZmemError `ERR_ZMEM_TYPE_OFF` */
  viewOf(type: number): TypeView {
    return this.#typeThatIsOn(type);
  }

  /**
   * Does something with a page while nobody else changes it.
   *
   * @returns what `work` does; undefined when the type is flushed
   * @throws as putPage; what `work` throws
   */
  withKey<T>(type: number, offset: number, work: (key: HeldKey) => T): T | undefined {
    for (;;) {
      const view = this.#typeThatIsOn(type);
      checkOffset(offset, view.pages);
      if ((view.word & FLUSHED) !== 0) return undefined;
      if ((view.word & OPEN) === 0 && this.#openForPut(type, offset)) continue;
      const lock = keyLock(type, offset);
      this.#acquireKey(lock);
      try {
        if (this.#types.isCurrent(type, view)) return work(this.#hold(type, offset, view));
      } finally {
        this.#locks.release(lock);
      }
    }
  }

  /**
   * The same for one of several pages: the lock is taken if it is free.
   *
   * @returns null when it is not, or the type is off or flushed; else `releaseKey` is to follow
   */
  tryKey(type: number, offset: number): HeldKey | null {
    this.#checkAttached();
    const lock = keyLock(type, offset);
    if (!this.#locks.tryAcquire(lock)) return null;
    const view = this.#types.view(type);
    const isOn = (view.word & (ON | FLUSHED)) === ON && offset < view.pages;
    if (isOn) return this.#hold(type, offset, view);
    this.#locks.release(lock);
    return null;
  }

  releaseKey(key: HeldKey): void {
    this.#locks.release(keyLock(key.type, key.offset));
  }

  /**
   * Whether a page is in the backend or on the device, without a lock.
   *
   * @returns undefined while somebody is at work on it, or on one that shares its lock
   */
  lookFor(type: number, offset: number): boolean | undefined {
    const view = this.#typeThatIsOn(type);
    checkOffset(offset, view.pages);
    if ((view.word & FLUSHED) !== 0) return false;
    const lock = keyLock(type, offset);
    const before = Atomics.load(this.#words, lock);
    if (holderOf(before) !== 0) return undefined;
    const isThere = this.#presence.has(view, offset) || this.#places.has(view, offset);
    const isQuiet = Atomics.load(this.#words, lock) === before;
    return isQuiet && this.#types.isCurrent(type, view) ? isThere : undefined;
  }

  /** Pages of a type that the backend keeps. @throws ZmemError `ERR_ZMEM_TYPE_OFF` */
  countPages(type: number): number {
    const { word } = this.#typeThatIsOn(type);
    return (word & FLUSHED) !== 0 ? 0 : this.#types.countPages(type);
  }

  /** How many offsets a type has. @throws ZmemError `ERR_ZMEM_TYPE_OFF` */
  pagesOf(type: number): number {
    return this.#typeThatIsOn(type).pages;
  }

  /** The counters of all workers together, exact while no call is under way. */
  counters(): FrontswapCounters {
    this.#checkOpen();
    return sumCounters(this.#control, this.#types);
  }

  /** What areas with a device have counted. */
  deviceCounters(): Record<DeviceCounter, number> {
    this.#checkOpen();
    return sumDeviceCounters(this.#control);
  }

  /**
   * Declares a worker dead that was terminated: what it held is released, and the key that it was
   * at work on holds its old page, its new page or nothing. The worker must not run any more.
   *
   * @param moreDead others that died as well: each may hold what the reaping of the others needs
   * @returns false when one of them was no worker (any more)
   * @throws RangeError for an id that is none or this worker's own; ZmemError `ERR_ZMEM_BUSY` while
   *   another worker reaps it, `ERR_ZMEM_HELD` when yet another dead worker holds what is needed:
   *   reap them together
   */
  reap(workerId: number, ...moreDead: number[]): boolean {
    return this.reapAll([workerId, ...moreDead]).every((tookPart) => tookPart);
  }

  /** As reap. @returns of each whether it was a worker (still) */
  reapAll(workerIds: readonly number[]): readonly boolean[] {
    this.#checkOpen();
    const parts = {
      control: this.#control,
      locks: this.#locks,
      members: this.#members,
      places: this.#places,
      presence: this.#presence,
      types: this.#types,
    };
    const tookPart = reapWorkers(workerIds, this.workerId, parts, this.#backend);
    this.#switch.cleanLeftovers();
    return tookPart;
  }

  /**
   * Leaves: the other workers go on. Every later call here throws `ERR_ZMEM_CLOSED`.
   *
   * @param leaveBackend gives up this worker's handle on the backend
   */
  detach(leaveBackend: () => void = () => undefined): void {
    if (this.#left) return;
    this.#left = true;
    this.#backend.clear();
    if (!isAttached(this.#words, this.#ticket)) return;
    this.#members.leave(leaveBackend);
    Atomics.store(this.#words, workerRecord(this.workerId) + WORKER_REGISTERED, 0);
    releaseWorker(this.#words, this.#ticket);
  }

  /**
   * Turns all types off, for all workers, and lets the backend go, without closing it. Every later
   * call of any worker throws `ERR_ZMEM_CLOSED`; a second close does nothing.
   */
  close(leaveBackend?: () => void): void {
    if (this.#left) return;
    try {
      if (Atomics.exchange(this.#words, CLOSED_WORD, 1) !== 0) return;
      this.#checkAttached();
      this.#switch.turnAllOff();
    } finally {
      this.detach(leaveBackend);
    }
  }

  // ── registering ──

  #othersAreRegistered(): boolean {
    for (let workerId = 1; workerId < WORKERS; workerId++) {
      const index = workerRecord(workerId) + WORKER_REGISTERED;
      if (workerId !== this.workerId && Atomics.load(this.#words, index) !== 0) return true;
    }
    return false;
  }

  #checkReplaceable(ops: SharedOps | null, isAlone: boolean): void {
    const pages = sumPages(this.#types);
    if (pages > 0) {
      throw new ZmemError(
        "ERR_ZMEM_BUSY",
        `the registered backend still keeps ${pages} pages: flush them before another takes over`,
      );
    }
    if (isAlone || ops === null) return;
    throw new ZmemError("ERR_ZMEM_BUSY", "the registered backend is used by other workers");
  }

  /** For a put of a type that is not open. @returns whether the type has changed */
  #openForPut(type: number, offset: number): boolean {
    const before = this.#types.view(type);
    try {
      this.#checkAttached();
      this.#switch.open(type);
    } catch (error) {
      if (isHeld(error)) throw error;
      this.#presence.count(FAILED_PUTS);
      throw backendFailure(type, offset, error);
    }
    return !this.#types.isCurrent(type, before);
  }

  // ── one key, under its lock ──

  #acquireKey(lock: number): void {
    this.#checkAttached();
    this.#locks.acquire(lock);
  }

  /** The page of a key that was locked just now. */
  #hold(type: number, offset: number, view: TypeView): HeldKey {
    const key = new HeldKey(this.#presence, type, offset, view);
    // Left by a worker that died: what the backend has is newer, or the same.
    if (key.isKept && this.#places.has(view, offset)) this.#places.discard(type, view, offset);
    return key;
  }

  #putLocked(type: number, offset: number, page: Page, view: TypeView): boolean {
    const had = this.#presence.has(view, offset);
    this.#presence.begin(view, type, offset, had);
    let kept = false;
    let failure: unknown;
    try {
      kept = this.#backend.ops.putPage(type, offset, page);
    } catch (error) {
      failure = error;
    }
    const changesNothing = isHeld(failure);
    const has = changesNothing ? had : kept;
    if (!changesNothing) this.#presence.count(kept ? SUCC_PUTS : FAILED_PUTS);
    this.#presence.end(view, type, offset, had, has);
    if (failure !== undefined) throw backendFailure(type, offset, failure);
    return kept;
  }

  #flushLocked(type: number, offset: number, view: TypeView): void {
    this.#presence.begin(view, type, offset, true);
    let failure: unknown;
    try {
      this.#backend.ops.flushPage(type, offset);
    } catch (error) {
      failure = error;
    }
    const changesNothing = isHeld(failure);
    if (!changesNothing) this.#presence.count(FLUSHES);
    this.#presence.end(view, type, offset, true, changesNothing);
    if (failure !== undefined) throw backendFailure(type, offset, failure);
  }

  // ── checks ──

  #typeThatIsOn(type: number): TypeView {
    if (type >>> 0 === type && type < MAX_TYPES && !this.#left) {
      const view = this.#types.view(type);
      if ((view.word & ON) !== 0) return view;
    }
    return this.#refuseType(type);
  }

  #refuseType(type: number): never {
    this.#checkOpen();
    checkType(type);
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", `swap type ${type} is off: turn it on first`);
  }

  #checkOpen(): void {
    if (this.#left || Atomics.load(this.#words, CLOSED_WORD) !== 0) throw closedError();
  }

  /** A worker that was declared dead must not touch anything; this catches most who do. */
  #checkAttached(): void {
    if (isAttached(this.#words, this.#ticket)) return;
    throw new ZmemError("ERR_ZMEM_CLOSED", `worker ${this.workerId} was reaped or has detached`);
  }
}
