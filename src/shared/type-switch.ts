/**
 * Turning types on and off, under the types lock.
 *
 * Why so: flushArea and typeOff change the type's state first; a put checks it once it has its key's
 * lock. Then every lock is waited for once: what began before has ended, and what comes now sees the
 * new state. Only then bits and backend are emptied, so nothing survives.
 */
import { MAX_TYPES } from "../errors.ts";
import type { Attendance } from "./attendance.ts";
import { keyLockRange, TYPE_DEVICE_LOCK, typeRecord, TYPES_LOCK } from "./control.ts";
import { flushBackend, type BackendHandle, type SharedOps } from "./backend-handle.ts";
import { isHeld, noRoomError } from "./failures.ts";
import type { Locks } from "./lock.ts";
import { deviceWords } from "./place-table.ts";
import { CLEANING, FLAGS, FLUSHED, ON, OPEN, type TypeTable, type TypeView } from "./type-table.ts";

const LEFTOVER_TIMEOUT_MS = 20;

export class TypeSwitch {
  readonly #types: TypeTable;
  readonly #locks: Locks;
  readonly #attendance: Attendance;
  readonly #backend: BackendHandle;

  constructor(types: TypeTable, locks: Locks, attendance: Attendance, backend: BackendHandle) {
    this.#types = types;
    this.#locks = locks;
    this.#attendance = attendance;
    this.#backend = backend;
  }

  /** As SharedFrontswap.typeOn. */
  turnOn(type: number, pages: number): void {
    this.#locked(() => {
      const view = this.#cleaned(type);
      if ((view.word & ON) === 0) {
        this.#place(type, pages, 0);
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

  /** As SharedFrontswap.typeOnAnew. */
  turnOnAnew(type: number, pages: number, deviceMost: number): number {
    return this.#locked(() => {
      if ((this.#cleaned(type).word & ON) !== 0) return 0;
      this.#place(type, pages, deviceMost);
      this.#start();
      this.#open(type);
      return this.#types.view(type).serial;
    });
  }

  /** @param serial of the area that is to be turned off; 0 for any */
  turnOff(type: number, serial: number): void {
    this.#locked(() => {
      if (serial === 0 || this.#types.view(type).serial === serial) this.#turnOff(type);
    });
  }

  turnAllOff(): void {
    this.#locked(() => {
      for (let type = 0; type < MAX_TYPES; type++) this.#turnOff(type);
    });
  }

  /** Forgets the pages of a type that is on, and closes it. */
  flush(type: number): void {
    this.#locked(() => {
      const { word } = this.#types.view(type);
      if ((word & (ON | FLUSHED)) === ON) {
        this.#types.setFlags(type, ON | FLUSHED | CLEANING | (word & OPEN));
      }
      if ((this.#types.view(type).word & CLEANING) !== 0) this.#clean(type);
    });
  }

  /** Opens a type that is on and not open, if it can be. */
  open(type: number): void {
    this.#locked(() => this.#open(type));
  }

  /**
   * Opens the types that are on in a backend that is about to be registered.
   *
   * @param replaced the backend whose place it takes alone: it is emptied
   */
  openAll(ops: SharedOps | null, isReady: boolean, replaced: SharedOps | null): void {
    this.#locked(() => {
      for (let type = 0; type < MAX_TYPES; type++) {
        let { word } = this.#types.view(type);
        const isOn = (word & (ON | FLUSHED)) === ON;
        const mustOpen = isOn && (replaced !== null || (word & OPEN) === 0);
        const opened = mustOpen && ops !== null && isReady && ops.openType(type);
        if (replaced !== null && (word & OPEN) !== 0) {
          flushBackend(replaced, type);
          word &= ~OPEN;
        }
        if (opened) word |= OPEN;
        if (word !== this.#types.view(type).word) this.#types.setFlags(type, word & FLAGS);
      }
    });
  }

  /** Completes what dead workers have begun, unless somebody else is about to. */
  cleanLeftovers(): void {
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

  #locked<T>(work: () => T): T {
    this.#locks.acquire(TYPES_LOCK);
    try {
      return work();
    } finally {
      this.#locks.release(TYPES_LOCK);
    }
  }

  /** A type as it is once nothing is left to be done of what turned it off or flushed it. */
  #cleaned(type: number): TypeView {
    if ((this.#types.view(type).word & CLEANING) !== 0) this.#clean(type);
    return this.#types.view(type);
  }

  #place(type: number, pages: number, deviceMost: number): void {
    const words = deviceMost === 0 ? 0 : deviceWords(pages, deviceMost);
    if (!this.#types.place(type, pages, deviceMost, words)) throw noRoomError(pages);
    this.#types.setFlags(type, ON);
  }

  /** Starts a backend whose init has failed so far, and opens the types that are on. */
  #start(): void {
    const { registered, isReady } = this.#backend;
    if (registered === null || isReady) return;
    const poolId = this.#backend.start(registered);
    this.#backend.set(registered, poolId);
    if (poolId < 0) return;
    this.#attendance.setRegistered(true);
    for (let type = 0; type < MAX_TYPES; type++) this.#open(type);
  }

  /** Opens a type in the backend if it is to be open. */
  #open(type: number): void {
    const { word } = this.#types.view(type);
    if (!this.#backend.isReady || (word & FLAGS) !== ON) return;
    if (this.#backend.ops.openType(type)) this.#types.setFlags(type, ON | OPEN);
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
    const { word, deviceMost } = this.#types.view(type);
    if ((word & OPEN) !== 0) this.#backend.flush(type);
    const lock = typeRecord(type) + TYPE_DEVICE_LOCK;
    if (deviceMost > 0) this.#locks.acquire(lock, timeoutMs);
    try {
      this.#types.clear(type);
    } finally {
      if (deviceMost > 0) this.#locks.release(lock);
    }
    this.#types.setFlags(type, word & FLAGS & ~(OPEN | CLEANING));
  }
}
