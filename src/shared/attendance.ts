/**
 * A worker's part in a front-end, from the id that it takes to its leaving.
 *
 * Why so: a worker may be declared dead by mistake, or go on after the front-end was closed. Its id
 * has another incarnation then, which every call looks at that is about to change something. So does
 * a get: it decodes into its worker's window, and the reaping gave that memory to the pool.
 */
import { ZmemError } from "../errors.ts";
import { CLOSED_WORD, WORKER_REGISTERED, workerRecord } from "./control.ts";
import { closedError } from "./failures.ts";
import {
  claimReserved,
  claimWorker,
  isAttached,
  releaseWorker,
  type WorkerTicket,
} from "./workers.ts";

export class Attendance {
  readonly #words: Int32Array;
  readonly #ticket: WorkerTicket;
  #left = false;

  /**
   * @param words of the control memory
   * @param ticket from `reserveWorker`; an id of its own when left out
   * @throws ZmemError `ERR_ZMEM_BUSY` when all ids are in use, `ERR_ZMEM_CLOSED` when the front-end
   *   is closed or the ticket was used or reaped
   */
  constructor(words: Int32Array, ticket?: WorkerTicket) {
    this.#words = words;
    if (Atomics.load(words, CLOSED_WORD) !== 0) throw closedError();
    if (ticket !== undefined) claimReserved(words, ticket);
    this.#ticket = ticket ?? claimWorker(words);
  }

  get ticket(): WorkerTicket {
    return this.#ticket;
  }

  /** 1 to 63. */
  get workerId(): number {
    return this.#ticket.workerId;
  }

  get hasLeft(): boolean {
    return this.#left;
  }

  /** @throws ZmemError `ERR_ZMEM_CLOSED` when the front-end is closed, or this worker has left */
  checkOpen(): void {
    if (this.#left || Atomics.load(this.#words, CLOSED_WORD) !== 0) throw closedError();
  }

  /** A worker that was declared dead must not touch anything; this catches most who do. */
  checkAttached(): void {
    if (isAttached(this.#words, this.#ticket)) return;
    throw new ZmemError("ERR_ZMEM_CLOSED", `worker ${this.workerId} was reaped or has detached`);
  }

  /** Says whether this worker has a backend that was started. */
  setRegistered(isReady: boolean): void {
    Atomics.store(this.#words, workerRecord(this.workerId) + WORKER_REGISTERED, isReady ? 1 : 0);
  }

  /**
   * Gives the id back. Nothing happens a second time.
   *
   * @param work what the worker gives up before, unless it was reaped, which gave up all of it
   * @throws what `work` throws: the worker has not left then, and may try again
   */
  leave(work: () => void): void {
    if (this.#left) return;
    if (isAttached(this.#words, this.#ticket)) {
      work();
      this.setRegistered(false);
      releaseWorker(this.#words, this.#ticket);
    }
    this.#left = true;
  }
}
