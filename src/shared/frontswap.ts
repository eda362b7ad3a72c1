/**
 * The front-end of a pool that several workers use at once: Frontswap's calls on shared memory.
 *
 * What: types, presence bits and counters lie in a control memory (control.ts); each worker has an
 * object of this class on it, and its own handle on the same backend.
 *
 * Why so: the bit of a page and the backend's copy change together under a lock per key (4096
 * locks; keys that share one wait for each other). The other way, in which the backend sets the bit
 * inside its own critical section, would tie every backend to this front-end's layout.
 *
 * The bit errs on one side only: it is set before the backend is asked to keep a page and cleared
 * after the backend has dropped it. So a clear bit means that there is no page, and with a set bit
 * the backend's answer is the truth, whatever is under way. All that happens to a key happens, for
 * every observer, at the moment at which the backend's copy changes; gets take no lock at all.
 *
 * This file gives the calls their names. Those of pages are in page-calls.ts, what areas with a
 * device need beside them in device-port.ts, turning types on and off in type-switch.ts, what follows
 * a worker's death in reaping.ts: a worker notes key, count and whether there was a page before it
 * changes anything (presence.ts).
 *
 * Invariants: backend has page ⇒ bit set; bit set and lock free ⇒ backend has page; the deltas of a
 * type add up to its set bits whenever no lock is held.
 */
import { checkPages, checkPageSize, checkPatience, checkType, MIN_PAGE_SIZE } from "../errors.ts";
import type { FrontswapCounters, Page } from "../types.ts";
import type { SharedOps } from "./backend-handle.ts";
import { CLOSED_WORD, Control, type DeviceCounter } from "./control.ts";
import { sumCounters, sumDeviceCounters } from "./counts.ts";
import { DevicePort } from "./device-port.ts";
import { PageCalls } from "./page-calls.ts";
import { createParts, type FrontEndParts } from "./parts.ts";
import { reapWorkers } from "./reaping.ts";
import { Registration } from "./registration.ts";
import { TypeGate } from "./type-gate.ts";
import { FLUSHED, ON } from "./type-table.ts";
import {
  cancelReserved,
  checkReapable,
  reserveWorker,
  ticketOf,
  type DeadWorker,
  type WorkerTicket,
} from "./workers.ts";

export type { SharedOps } from "./backend-handle.ts";

export interface SharedFrontswapOptions {
  /** Bytes of a page, a power of two from 4096 to 65536; 4096 when left out. */
  readonly pageSize?: number;
  /** How long a wait for another worker may take, in milliseconds, 1 or more; 5000 when left out. */
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
  /** What areas with a device need beside puts and gets. */
  readonly devices: DevicePort;
  readonly #parts: FrontEndParts;
  readonly #gate: TypeGate;
  readonly #calls: PageCalls;
  readonly #registration: Registration;

  /**
   * Makes a front-end and attaches to it as its first worker.
   *
   * @throws RangeError unless the page size is a power of two from 4096 to 65536 and the timeout 1 or
   *   more; ZmemError `ERR_ZMEM_MEMORY` when the engine refuses the shared memory
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
    const timeoutMs = checkPatience("lockTimeoutMs", lockTimeoutMs);
    this.#parts = createParts(control ?? Control.create(pageSize), timeoutMs, ticket);
    this.pageSize = this.#parts.control.pageSize;
    this.#gate = new TypeGate(this.#parts);
    this.#calls = new PageCalls(this.#parts, this.#gate);
    this.#registration = new Registration(this.#parts);
    this.devices = new DevicePort(this.#parts, this.#gate);
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
    return this.#parts.control.memory;
  }

  /** Whether this worker has detached, or closed the front-end. */
  get hasLeft(): boolean {
    return this.#parts.attendance.hasLeft;
  }

  /** The number of this worker, 1 to 63. */
  get workerId(): number {
    return this.#parts.attendance.workerId;
  }

  /** What tells this worker from others that had or get its number. */
  get ticket(): WorkerTicket {
    return this.#parts.attendance.ticket;
  }

  /**
   * Whose the number of another worker is; of a free one, whose it was last.
   *
   * @throws RangeError for a number that is none, or this worker's own
   */
  ticketOf(workerId: number): WorkerTicket {
    checkReapable(workerId, this.workerId);
    return ticketOf(this.#parts.control.words, workerId);
  }

  /** Keeps an id for a worker that is yet to join. @throws ZmemError `ERR_ZMEM_BUSY` */
  reserveWorker(): WorkerTicket {
    this.#parts.attendance.checkOpen();
    return reserveWorker(this.#parts.control.words);
  }

  /** Gives a kept id back. @returns false when its worker takes part: nothing has changed then */
  cancelReserved(ticket: WorkerTicket): boolean {
    return cancelReserved(this.#parts.control.words, ticket);
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
    return this.#registration.register(ops);
  }

  /**
   * Registers a handle that is made by joining a pool, as one step: a worker that is terminated in
   * between leaves no part of itself behind at the backend.
   *
   * @param attach joins the pool
   * @throws as register; what `attach` throws
   */
  registerJoining<Ops extends SharedOps>(attach: () => Ops): Ops {
    return this.#registration.registerJoining(attach);
  }

  /** As Frontswap: turns a type on, for all workers. */
  typeOn(type: number, pages: number): void {
    this.#parts.attendance.checkOpen();
    checkType(type);
    checkPages(pages);
    this.#parts.attendance.checkAttached();
    this.#parts.typeSwitch.turnOn(type, pages);
  }

  /**
   * Turns a type on that is off: of several workers that do so at once one succeeds.
   *
   * @param deviceMost the most pages on its device, for an area that has one: it is put and got
   *   through the area alone then
   * @returns the serial of its area, from 1; 0 when it is on
   */
  typeOnAnew(type: number, pages: number, deviceMost = 0): number {
    this.#parts.attendance.checkOpen();
    checkType(type);
    checkPages(pages);
    this.#parts.attendance.checkAttached();
    return this.#parts.typeSwitch.turnOnAnew(type, pages, deviceMost);
  }

  /**
   * Forgets all pages of a type, and the type, for all workers. A type that is off is no error.
   *
   * @param serial of the area that is meant: nothing happens when the type is another's by now
   * @throws ZmemError `ERR_ZMEM_HELD` when a worker has been at work on a page for too long: the
   *   type is off, and what is left to do is done when that worker is reaped
   */
  typeOff(type: number, serial = 0): void {
    this.#parts.attendance.checkOpen();
    checkType(type);
    this.#parts.attendance.checkAttached();
    this.#parts.typeSwitch.turnOff(type, serial);
  }

  /** Whether a type is on, as the area with a serial. */
  isOn(type: number, serial = 0): boolean {
    this.#parts.attendance.checkOpen();
    checkType(type);
    const view = this.#parts.types.view(type);
    return (view.word & ON) !== 0 && (serial === 0 || view.serial === serial);
  }

  /**
   * Copies a page into the backend, replacing an older copy.
   *
   * @param serial of the area that the page is of: `ERR_ZMEM_TYPE_OFF` when the type is another's by
   *   now
   * @returns as Frontswap
   * @throws as Frontswap; ZmemError `ERR_ZMEM_BACKEND` when others keep the page and this worker has
   *   no backend, `ERR_ZMEM_HELD` when another worker holds for too long what the put needs: nothing
   *   has changed then
   */
  putPage(type: number, offset: number, page: Page, serial = 0): boolean {
    return this.#calls.put(type, offset, page, serial);
  }

  /**
   * Copies a page out of the backend, which keeps it. Takes no lock.
   *
   * @param serial as putPage
   * @returns as Frontswap
   * @throws as Frontswap
   */
  getPage(type: number, offset: number, page: Page, serial = 0): boolean {
    return this.#calls.get(type, offset, page, serial);
  }

  /** Forgets a page. @param serial as putPage @returns whether there was one @throws as putPage */
  flushPage(type: number, offset: number, serial = 0): boolean {
    return this.#calls.flush(type, offset, serial);
  }

  /**
   * Forgets all pages of a type; puts for it are rejected until it is turned on again. No page
   * whose put began before survives. A type that is off is no error.
   *
   * @throws as typeOff
   */
  flushArea(type: number): void {
    this.#parts.attendance.checkOpen();
    checkType(type);
    this.#parts.attendance.checkAttached();
    this.#parts.typeSwitch.flush(type);
  }

  /**
   * Whether the backend keeps a page. A clear bit takes one load; while a worker is at work on the
   * key the backend is asked, so the answer is exact. @param serial as putPage @throws as getPage
   */
  testPage(type: number, offset: number, serial = 0): boolean {
    return this.#calls.test(type, offset, serial);
  }

  /** Pages of a type that the backend keeps. @throws ZmemError `ERR_ZMEM_TYPE_OFF` */
  countPages(type: number): number {
    const { word } = this.#gate.view(type);
    return (word & FLUSHED) !== 0 ? 0 : this.#parts.types.countPages(type);
  }

  /** How many offsets a type has. @throws ZmemError `ERR_ZMEM_TYPE_OFF` */
  pagesOf(type: number): number {
    return this.#gate.view(type).pages;
  }

  /** The counters of all workers together, exact while no call is under way. */
  counters(): FrontswapCounters {
    this.#parts.attendance.checkOpen();
    return sumCounters(this.#parts.control, this.#parts.types);
  }

  /** What areas with a device have counted. */
  deviceCounters(): Record<DeviceCounter, number> {
    this.#parts.attendance.checkOpen();
    return sumDeviceCounters(this.#parts.control);
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
    const workers = [workerId, ...moreDead].map((id) => ({ workerId: id }));
    return this.reapAll(workers).every((tookPart) => tookPart);
  }

  /**
   * As reap; one that is given with its incarnation is left alone when its id is another's by now.
   *
   * @returns of each whether it was a worker (still)
   */
  reapAll(workers: readonly DeadWorker[]): readonly boolean[] {
    this.#parts.attendance.checkOpen();
    const tookPart = reapWorkers(workers, this.workerId, this.#parts, this.#parts.backend);
    this.#parts.typeSwitch.cleanLeftovers();
    return tookPart;
  }

  /**
   * Leaves: the other workers go on. Every later call here throws `ERR_ZMEM_CLOSED`.
   *
   * @param leaveBackend gives up this worker's handle on the backend
   * @throws what that throws; ZmemError `ERR_ZMEM_HELD`: this worker has not left then, and another
   *   detach goes on with it
   */
  detach(leaveBackend: () => void = () => undefined): void {
    const { attendance, backend, members } = this.#parts;
    if (attendance.hasLeft) return;
    attendance.leave(() => members.leave(leaveBackend));
    backend.clear();
  }

  /**
   * Turns all types off, for all workers, and lets the backend go, without closing it. Every later
   * call of any worker throws `ERR_ZMEM_CLOSED`; a second close does nothing.
   */
  close(leaveBackend?: () => void): void {
    const { attendance, control, typeSwitch } = this.#parts;
    if (attendance.hasLeft) return;
    try {
      if (Atomics.exchange(control.words, CLOSED_WORD, 1) !== 0) return;
      attendance.checkAttached();
      typeSwitch.turnAllOff();
    } finally {
      this.detach(leaveBackend);
    }
  }
}
