/**
 * What areas with a device do to pages beside puts and gets: they lock a key and change page and
 * place together, and look for pages that the backend has not.
 *
 * Why so: such an area changes a page in several steps that only it knows. It is lent the lock of
 * the key and, in a HeldKey, the means to change bit and backend together.
 */
import { checkOffset } from "../errors.ts";
import type { BudgetOptions } from "../rate-budget.ts";
import type { Attendance } from "./attendance.ts";
import { keyLock, type Control, type DeviceCounter } from "./control.ts";
import { HeldKey } from "./held-key.ts";
import { holderOf, type Locks } from "./lock.ts";
import type { FrontEndParts } from "./parts.ts";
import type { PlaceTable } from "./place-table.ts";
import type { Presence } from "./presence.ts";
import { FAILED_PUTS, FLUSHES, SUCC_PUTS, type Tally } from "./tally.ts";
import type { TypeGate } from "./type-gate.ts";
import { FLUSHED, ON, OPEN, type TypeTable, type TypeView } from "./type-table.ts";
import { WriteBudget } from "./write-budget.ts";

export class DevicePort {
  /** Bytes of a page. */
  readonly pageSize: number;
  /** Where pages are that are not in the backend. */
  readonly places: PlaceTable;
  readonly #control: Control;
  readonly #words: Int32Array;
  readonly #attendance: Attendance;
  readonly #locks: Locks;
  readonly #types: TypeTable;
  readonly #gate: TypeGate;
  readonly #presence: Presence;
  readonly #tally: Tally;

  constructor(parts: FrontEndParts, gate: TypeGate) {
    this.pageSize = parts.control.pageSize;
    this.places = parts.places;
    this.#control = parts.control;
    this.#words = parts.control.words;
    this.#attendance = parts.attendance;
    this.#locks = parts.locks;
    this.#types = parts.types;
    this.#gate = gate;
    this.#presence = parts.presence;
    this.#tally = parts.tally;
  }

  /** The type as it is now. @throws ZmemError `ERR_ZMEM_TYPE_OFF` */
  viewOf(type: number): TypeView {
    return this.#gate.view(type);
  }

  /**
   * Does something with a page while nobody else changes it.
   *
   * @param serial of the area that it is of
   * @returns what `work` does; undefined when the type is flushed
   * @throws as putPage; what `work` throws
   */
  withKey<T>(
    type: number,
    offset: number,
    serial: number,
    work: (key: HeldKey) => T,
  ): T | undefined {
    for (;;) {
      const view = this.#gate.view(type, serial);
      checkOffset(offset, view.pages);
      if ((view.word & FLUSHED) !== 0) return undefined;
      if ((view.word & OPEN) === 0 && this.#gate.openForPut(type, offset)) continue;
      const lock = keyLock(type, offset);
      this.#attendance.checkAttached();
      this.#locks.acquire(lock);
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
   * @throws ZmemError `ERR_ZMEM_HELD`
   */
  tryKey(type: number, offset: number): HeldKey | null {
    this.#attendance.checkAttached();
    const lock = keyLock(type, offset);
    if (!this.#locks.tryAcquire(lock)) return null;
    let key: HeldKey | null = null;
    try {
      const view = this.#types.view(type);
      const isOn = (view.word & (ON | FLUSHED)) === ON && offset < view.pages;
      if (isOn) key = this.#hold(type, offset, view);
      return key;
    } finally {
      if (key === null) this.#locks.release(lock);
    }
  }

  releaseKey(key: HeldKey): void {
    this.#locks.release(keyLock(key.type, key.offset));
  }

  /**
   * Whether a page is in the backend or on the device, without a lock.
   *
   * @param serial of the area that it is of
   * @returns undefined while somebody is at work on it, or on one that shares its lock
   */
  lookFor(type: number, offset: number, serial: number): boolean | undefined {
    const view = this.#gate.view(type, serial);
    checkOffset(offset, view.pages);
    if ((view.word & FLUSHED) !== 0) return false;
    const lock = keyLock(type, offset);
    const before = Atomics.load(this.#words, lock);
    if (holderOf(before) !== 0) return undefined;
    const isThere = this.#presence.has(view, offset) || this.places.has(view, offset);
    const isQuiet = Atomics.load(this.#words, lock) === before;
    return isQuiet && this.#types.isCurrent(type, view) ? isThere : undefined;
  }

  /** Pages on the device of an area, or about to be; 0 when its type is another's by now. */
  countPlaces(type: number, serial: number): number {
    return this.#types.view(type).serial === serial ? this.places.count(type) : 0;
  }

  /** The budget of writeback that all workers share, by its figures. @throws as WriteBudget */
  createBudget(budget: BudgetOptions): WriteBudget {
    return new WriteBudget(this.#control, budget);
  }

  /** Moves a counter of areas. */
  countEvent(name: DeviceCounter, by = 1): void {
    this.#tally.countEvent(name, by);
  }

  /** Counts a put. @param kept whether by the backend */
  countPut(kept: boolean): void {
    this.#tally.count(kept ? SUCC_PUTS : FAILED_PUTS);
  }

  /** Counts the flush of a page that the area had. */
  countFlush(): void {
    this.#tally.count(FLUSHES);
  }

  /** The page of a key that was locked just now. */
  #hold(type: number, offset: number, view: TypeView): HeldKey {
    const key = new HeldKey(this.#presence, type, offset, view);
    // Left by a worker that died or found one in the way: what the backend has is newer, or the same.
    if (key.isKept && this.places.has(view, offset)) this.places.discard(type, view, offset);
    return key;
  }
}
