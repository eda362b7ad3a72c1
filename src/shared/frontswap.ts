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
 * flushArea and typeOff change the type's state first; a put checks it once it has its key's lock.
 * Then every lock is waited for once: what began before has ended, and what comes now sees the new
 * state. Only then bits and backend are emptied, so nothing survives.
 *
 * Death: a worker notes key, count and whether there was a page before it changes anything (op last,
 * and it is cleared before the lock is released). `reap` asks the backend whether it has the page;
 * bit and count follow from that.
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
  describe,
  MAX_TYPES,
  MIN_PAGE_SIZE,
  ZmemError,
} from "../errors.ts";
import type { FrontswapCounters, FrontswapOps, Page } from "../types.ts";
import {
  CLOSED_WORD,
  Control,
  COUNTERS,
  DEVICE_COUNTERS,
  keyLock,
  keyLockRange,
  TYPES_LOCK,
  WORKER_REGISTERED,
  workerCounters,
  workerRecord,
  WORKERS,
  type DeviceCounter,
} from "./control.ts";
import { HeldKey } from "./held-key.ts";
import { holderOf, Locks } from "./lock.ts";
import { Members } from "./members.ts";
import { deviceWords, PlaceTable } from "./place-table.ts";
import { FAILED_PUTS, FLUSHES, GETS, Presence, SUCC_PUTS } from "./presence.ts";
import { CLEANING, FLAGS, FLUSHED, ON, OPEN, TypeTable, type TypeView } from "./type-table.ts";
import {
  claimReserved,
  claimWorker,
  endReaping,
  isAttached,
  reapedBy,
  releaseWorker,
  reserveWorker,
  startReaping,
  type WorkerTicket,
} from "./workers.ts";

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
const LEFTOVER_TIMEOUT_MS = 20;
/** No backend, or one whose init failed. */
const NO_POOL = -1;

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
  #ops: SharedOps | null = null;
  #poolId = NO_POOL;
  #left = false;
  /** For asking the backend whether it has a page. */
  #scratch: Uint8Array | undefined;

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
    const previous = this.#ops;
    if (ops === previous) return previous;
    const isAlone = !this.#othersAreRegistered();
    if (previous !== null) this.#checkReplaceable(ops, isAlone);
    const isReplacing = previous !== null && isAlone;
    const poolId = this.#init(ops);
    this.#withTypesLock(() => {
      for (let type = 0; type < MAX_TYPES; type++) {
        let { word } = this.#types.view(type);
        const isOn = (word & (ON | FLUSHED)) === ON;
        const mustOpen = isOn && (isReplacing || (word & OPEN) === 0);
        const opened = mustOpen && ops !== null && poolId >= 0 && ops.openType(type);
        if (isReplacing && (word & OPEN) !== 0) {
          flushBackend(previous, type);
          word &= ~OPEN;
        }
        if (opened) word |= OPEN;
        if (word !== this.#types.view(type).word) this.#types.setFlags(type, word & FLAGS);
      }
    });
    this.#ops = ops;
    this.#poolId = poolId;
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
    const words = deviceMost === 0 ? 0 : deviceWords(pages, deviceMost);
    this.#withTypesLock(() => {
      if ((this.#types.view(type).word & CLEANING) !== 0) this.#clean(type);
      const view = this.#types.view(type);
      if ((view.word & ON) === 0) {
        if (!this.#types.place(type, pages, deviceMost, words)) throw noRoomError(pages);
        this.#types.setFlags(type, ON);
      } else if (view.pages !== pages) {
        throw new RangeError(
          `swap type ${type} is on with ${view.pages} pages: turn it off before giving it ${pages}`,
        );
      } else if ((view.word & FLUSHED) !== 0) {
        this.#types.setFlags(type, ON);
      }
      this.#start();
      this.#open(type);
    });
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
    this.#withTypesLock(() => this.#turnOff(type));
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
      if (this.#poolId < 0) return false;
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
        found = this.#backend().getPage(type, offset, page);
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
    this.#withTypesLock(() => {
      const { word } = this.#types.view(type);
      if ((word & (ON | FLUSHED)) === ON) {
        this.#types.setFlags(type, ON | FLUSHED | CLEANING | (word & OPEN));
      }
      if ((this.#types.view(type).word & CLEANING) !== 0) this.#clean(type);
    });
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
      if (holderOf(before) !== 0) return this.#backendHas(type, offset);
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
    const sums = COUNTERS.map((_, index) => this.#sumCounter(index));
    const [succPuts, failedPuts, gets, flushes] = sums as [number, number, number, number];
    return { currPages: this.#sumPages(), succPuts, failedPuts, gets, flushes };
  }

  /** What areas with a device have counted. */
  deviceCounters(): Record<DeviceCounter, number> {
    this.#checkOpen();
    const sums = DEVICE_COUNTERS.map((name, index) => [
      name,
      this.#sumCounter(COUNTERS.length + index),
    ]);
    return Object.fromEntries(sums) as Record<DeviceCounter, number>;
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
    const tookPart = workerIds.map((id) => startReaping(this.#words, id, this.workerId));
    // With those whose reaping could not be completed before: what they needed may be free now.
    const dead = reapedBy(this.#words, this.workerId);
    for (const id of dead) this.#reapOne(id);
    if (dead.length > 0) this.#cleanLeftovers();
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
    this.#ops = null;
    this.#poolId = NO_POOL;
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
      this.#withTypesLock(() => {
        for (let type = 0; type < MAX_TYPES; type++) this.#turnOff(type);
      });
    } finally {
      this.detach(leaveBackend);
    }
  }

  // ── the state of types, under the types lock ──

  #withTypesLock(work: () => void): void {
    this.#checkAttached();
    this.#locks.acquire(TYPES_LOCK);
    try {
      work();
    } finally {
      this.#locks.release(TYPES_LOCK);
    }
  }

  /** Starts a backend handle and notes its number. */
  #init(ops: SharedOps | null): number {
    let poolId = NO_POOL;
    this.#members.join(() => {
      if (ops !== null) poolId = ops.init(this.pageSize);
      return poolId < 0 ? 0 : (ops?.workerId ?? this.workerId);
    });
    return poolId;
  }

  /** Initialises a backend whose init has failed so far, and opens the types that are on. */
  #start(): void {
    if (this.#ops === null || this.#poolId >= 0) return;
    this.#poolId = this.#init(this.#ops);
    if (this.#poolId < 0) return;
    Atomics.store(this.#words, workerRecord(this.workerId) + WORKER_REGISTERED, 1);
    for (let type = 0; type < MAX_TYPES; type++) this.#open(type);
  }

  /** Opens a type in the backend if it is to be open. */
  #open(type: number): void {
    const { word } = this.#types.view(type);
    if (this.#poolId < 0 || (word & FLAGS) !== ON) return;
    if (this.#backend().openType(type)) this.#types.setFlags(type, ON | OPEN);
  }

  #turnOff(type: number): void {
    const { word } = this.#types.view(type);
    if ((word & ON) !== 0) this.#types.setFlags(type, CLEANING | (word & OPEN));
    if ((this.#types.view(type).word & CLEANING) !== 0) this.#clean(type);
  }

  /** Empties a type whose state lets nobody in any more. Each step can be done again. */
  #clean(type: number, timeoutMs?: number): void {
    const [first, end] = keyLockRange();
    for (let lock = first; lock < end; lock++) this.#locks.pass(lock, timeoutMs);
    const { word } = this.#types.view(type);
    if ((word & OPEN) !== 0 && this.#ops !== null) flushBackend(this.#ops, type);
    this.#types.clear(type);
    this.#types.setFlags(type, word & FLAGS & ~(OPEN | CLEANING));
  }

  /** Completes what dead workers have begun, unless somebody else is about to. */
  #cleanLeftovers(): void {
    if (!this.#locks.tryAcquire(TYPES_LOCK)) return;
    try {
      for (let type = 0; type < MAX_TYPES; type++) {
        if ((this.#types.view(type).word & CLEANING) !== 0) this.#clean(type, LEFTOVER_TIMEOUT_MS);
      }
    } catch (error) {
      // One more worker is dead: whoever reaps it completes this.
      if (!isHeld(error)) throw error;
    } finally {
      this.#locks.release(TYPES_LOCK);
    }
  }

  #reapOne(dead: number): void {
    this.#members.reap(dead, (backendId, ...moreDead) => this.#ops?.reap?.(backendId, ...moreDead));
    this.#places.reap(dead);
    this.#presence.repair(dead, this.#types, (type, offset) => this.#settle(type, offset));
    const [first, end] = keyLockRange();
    for (let lock = first; lock < end; lock++) this.#locks.releaseFor(dead, lock);
    this.#locks.releaseFor(dead, TYPES_LOCK);
    Atomics.store(this.#words, workerRecord(dead) + WORKER_REGISTERED, 0);
    endReaping(this.#words, dead);
  }

  /** @returns whether the backend has a page that a dead worker was at work on */
  #settle(type: number, offset: number): boolean {
    const has = this.#backendHas(type, offset);
    const view = this.#types.view(type);
    // What the backend has is there: a place beside it is older, or the same.
    if (has && view.deviceMost > 0) this.#places.discard(type, view, offset);
    return has;
  }

  #othersAreRegistered(): boolean {
    for (let workerId = 1; workerId < WORKERS; workerId++) {
      const index = workerRecord(workerId) + WORKER_REGISTERED;
      if (workerId !== this.workerId && Atomics.load(this.#words, index) !== 0) return true;
    }
    return false;
  }

  #checkReplaceable(ops: SharedOps | null, isAlone: boolean): void {
    const pages = this.#sumPages();
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
      this.#withTypesLock(() => this.#open(type));
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
      kept = this.#backend().putPage(type, offset, page);
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
      this.#backend().flushPage(type, offset);
    } catch (error) {
      failure = error;
    }
    const changesNothing = isHeld(failure);
    if (!changesNothing) this.#presence.count(FLUSHES);
    this.#presence.end(view, type, offset, true, changesNothing);
    if (failure !== undefined) throw backendFailure(type, offset, failure);
  }

  #backendHas(type: number, offset: number): boolean {
    this.#scratch ??= new Uint8Array(this.pageSize);
    try {
      return this.#backend().getPage(type, offset, this.#scratch);
    } catch (error) {
      // A damaged page is there; whoever gets it is told.
      if (error instanceof ZmemError && error.code === "ERR_ZMEM_CORRUPT") return true;
      throw backendFailure(type, offset, error);
    }
  }

  #sumCounter(index: number): number {
    let sum = 0;
    for (let workerId = 0; workerId < WORKERS; workerId++) {
      sum += this.#control.counters[workerCounters(workerId) + index] as number;
    }
    return sum;
  }

  #sumPages(): number {
    let sum = 0;
    for (let type = 0; type < MAX_TYPES; type++) {
      const { word } = this.#types.view(type);
      if ((word & (ON | FLUSHED)) === ON) sum += this.#types.countPages(type);
    }
    return sum;
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

  #backend(): SharedOps {
    if (this.#ops !== null) return this.#ops;
    throw new ZmemError("ERR_ZMEM_BACKEND", "this worker has registered no backend");
  }
}

/** A backend that its owner has closed already keeps nothing. */
function flushBackend(ops: SharedOps, type: number): void {
  try {
    ops.flushArea(type);
  } catch (error) {
    if (!(error instanceof ZmemError && error.code === "ERR_ZMEM_CLOSED")) throw error;
  }
}

function isHeld(error: unknown): boolean {
  return error instanceof ZmemError && error.code === "ERR_ZMEM_HELD";
}

function closedError(): ZmemError {
  return new ZmemError("ERR_ZMEM_CLOSED", "the front-end is closed, or this worker has left it");
}

function noRoomError(pages: number): RangeError {
  return new RangeError(`pages: no memory for the presence bits of ${pages} pages`);
}

function lostError(type: number, offset: number): ZmemError {
  return new ZmemError(
    "ERR_ZMEM_LOST",
    `${keyToText(type, offset)}: the backend has no page, though it had accepted one`,
  );
}

/** What a backend threw, as a ZmemError, so that a caller can tell it from its own bad argument. */
function backendFailure(type: number, offset: number, error: unknown): ZmemError {
  if (error instanceof ZmemError) return error;
  const what = error instanceof Error ? error.message : describe(error);
  return new ZmemError(
    "ERR_ZMEM_BACKEND",
    `${keyToText(type, offset)}: the backend failed: ${what}`,
    { cause: error },
  );
}

function keyToText(type: number, offset: number): string {
  return `swap type ${type}, offset ${offset}`;
}
