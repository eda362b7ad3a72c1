/**
 * Puts, gets, flushes and tests of pages that the backend keeps or nobody does.
 *
 * Why so: a put compresses under the lock of its key: it delays nobody but another put or flush of
 * that key. A get takes no lock: with a set bit the backend's answer is the truth (frontswap.ts).
 * A put allocates nothing.
 */
import { backendFailure, lostError } from "../backend-failures.ts";
import { checkOffset, checkPage } from "../errors.ts";
import type { Page } from "../types.ts";
import type { Attendance } from "./attendance.ts";
import type { BackendHandle } from "./backend-handle.ts";
import { keyLock } from "./control.ts";
import { isHeld } from "./failures.ts";
import { holderOf, type Locks } from "./lock.ts";
import type { FrontEndParts } from "./parts.ts";
import type { Presence } from "./presence.ts";
import { FAILED_PUTS, FLUSHES, GETS, SUCC_PUTS, type Tally } from "./tally.ts";
import type { TypeGate } from "./type-gate.ts";
import { FLUSHED, OPEN, type TypeTable, type TypeView } from "./type-table.ts";

export class PageCalls {
  readonly #pageSize: number;
  readonly #words: Int32Array;
  readonly #attendance: Attendance;
  readonly #locks: Locks;
  readonly #types: TypeTable;
  readonly #gate: TypeGate;
  readonly #presence: Presence;
  readonly #tally: Tally;
  readonly #backend: BackendHandle;

  constructor(parts: FrontEndParts, gate: TypeGate) {
    this.#pageSize = parts.control.pageSize;
    this.#words = parts.control.words;
    this.#attendance = parts.attendance;
    this.#locks = parts.locks;
    this.#types = parts.types;
    this.#gate = gate;
    this.#presence = parts.presence;
    this.#tally = parts.tally;
    this.#backend = parts.backend;
  }

  /** As SharedFrontswap.putPage. */
  put(type: number, offset: number, page: Page, serial: number): boolean {
    for (;;) {
      const view = this.#gate.view(type, serial);
      checkOffset(offset, view.pages);
      checkPage(page, this.#pageSize);
      if (!this.#backend.isReady) return this.#rejectUnready(view, offset);
      if ((view.word & FLUSHED) !== 0) {
        this.#tally.count(FAILED_PUTS);
        return false;
      }
      if ((view.word & OPEN) === 0 && this.#gate.openForPut(type, offset)) continue;
      const lock = keyLock(type, offset);
      this.#acquireKey(lock);
      try {
        if (this.#types.isCurrent(type, view)) return this.#putLocked(type, offset, page, view);
      } finally {
        this.#locks.release(lock);
      }
    }
  }

  /** As SharedFrontswap.getPage. */
  get(type: number, offset: number, page: Page, serial: number): boolean {
    let before: number | undefined;
    for (;;) {
      const view = this.#gate.view(type, serial);
      checkOffset(offset, view.pages);
      checkPage(page, this.#pageSize);
      if ((view.word & FLUSHED) !== 0 || !this.#presence.has(view, offset)) return false;
      this.#attendance.checkAttached();
      let found;
      try {
        found = this.#backend.ops.getPage(type, offset, page);
      } catch (error) {
        throw backendFailure(type, offset, error);
      }
      if (found) {
        // Else it may be a page of the next area of this type.
        if (!this.#types.isCurrent(type, view)) continue;
        this.#tally.count(GETS);
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

  /** As SharedFrontswap.flushPage. */
  flush(type: number, offset: number, serial: number): boolean {
    for (;;) {
      const view = this.#gate.view(type, serial);
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

  /** As SharedFrontswap.testPage. */
  test(type: number, offset: number, serial: number): boolean {
    for (;;) {
      const view = this.#gate.view(type, serial);
      checkOffset(offset, view.pages);
      if ((view.word & FLUSHED) !== 0 || !this.#presence.has(view, offset)) return false;
      const lock = keyLock(type, offset);
      const before = Atomics.load(this.#words, lock);
      const isBusy = holderOf(before) !== 0;
      if (isBusy) this.#attendance.checkAttached();
      const isSet = isBusy ? this.#backend.has(type, offset) : this.#presence.has(view, offset);
      const isTrue = isBusy || Atomics.load(this.#words, lock) === before;
      if (isTrue && this.#types.isCurrent(type, view)) return isSet;
    }
  }

  /** What others keep under the key can't be dropped from here. */
  #rejectUnready(view: TypeView, offset: number): false {
    if ((view.word & FLUSHED) === 0 && this.#presence.has(view, offset)) {
      this.#backend.checkReady();
    }
    return false;
  }

  #acquireKey(lock: number): void {
    this.#attendance.checkAttached();
    this.#locks.acquire(lock);
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
    if (!changesNothing) this.#tally.count(kept ? SUCC_PUTS : FAILED_PUTS);
    this.#presence.end(view, type, offset, had, has);
    if (failure !== undefined) throw backendFailure(type, offset, failure);
    return kept;
  }

  #flushLocked(type: number, offset: number, view: TypeView): void {
    this.#backend.checkReady();
    this.#presence.begin(view, type, offset, true);
    let failure: unknown;
    try {
      this.#backend.ops.flushPage(type, offset);
    } catch (error) {
      failure = error;
    }
    const changesNothing = isHeld(failure);
    if (!changesNothing) this.#tally.count(FLUSHES);
    this.#presence.end(view, type, offset, true, changesNothing);
    if (failure !== undefined) throw backendFailure(type, offset, failure);
  }
}
