/**
 * Which worker ids are in use, and by which incarnation.
 *
 * Why so: an id is what a lock says of its holder, so it must not be given to another worker before
 * all that the last one held is released. An id is also given before its worker runs (reserved), so
 * that whoever starts a worker knows what to reap if it dies before it could say anything.
 *
 * ```
 * free ── claim ───────────────► attached ── leave ──► free
 *      └─ reserve ─► reserved ─► attached
 * reserved, attached ── startReaping ─► reaping ── endReaping ─► free
 * ```
 * State word: `incarnation:20 │ reaper:8 │ state:4`; the incarnation rises whenever the id becomes
 * free.
 */
import { describe, ZmemError } from "../errors.ts";
import { WORKER_STATE, WORKERS, workerRecord } from "./control.ts";

const FREE = 0;
const RESERVED = 1;
const ATTACHED = 2;
const REAPING = 3;
const STATE_MASK = 15;
const REAPER_SHIFT = 4;
const REAPER_MASK = 0xff;
const INCARNATION_SHIFT = 12;
const INCARNATION_MASK = 0xf_ffff;

/** A worker id and whose it is. Structured-cloneable. */
export interface WorkerTicket {
  /** 1 to 63. */
  readonly workerId: number;
  readonly incarnation: number;
}

/** A worker that is to be reaped: whoever has an id now, or one incarnation and no other. */
export type DeadWorker = Pick<WorkerTicket, "workerId"> & Partial<WorkerTicket>;

function stateWord(workerId: number): number {
  return workerRecord(workerId) + WORKER_STATE;
}

/** @throws ZmemError `ERR_ZMEM_BUSY` when all ids are in use */
function allot(words: Int32Array, state: number): WorkerTicket {
  for (let workerId = 1; workerId < WORKERS; workerId++) {
    const index = stateWord(workerId);
    const word = Atomics.load(words, index);
    if ((word & STATE_MASK) !== FREE) continue;
    if (Atomics.compareExchange(words, index, word, word | state) !== word) continue;
    return { workerId, incarnation: word >>> INCARNATION_SHIFT };
  }
  throw new ZmemError(
    "ERR_ZMEM_BUSY",
    `all ${WORKERS - 1} worker ids are in use: detach or reap a worker first`,
  );
}

/** Takes an id for this worker. @throws ZmemError `ERR_ZMEM_BUSY` when all are in use */
export function claimWorker(words: Int32Array): WorkerTicket {
  return allot(words, ATTACHED);
}

/** Keeps an id for a worker that is yet to attach. @throws as claimWorker */
export function reserveWorker(words: Int32Array): WorkerTicket {
  return allot(words, RESERVED);
}

/** Takes a reserved id. @throws ZmemError `ERR_ZMEM_CLOSED` when it was taken or reaped */
export function claimReserved(words: Int32Array, ticket: WorkerTicket): void {
  const word = ticket.incarnation << INCARNATION_SHIFT;
  const index = stateWord(ticket.workerId);
  const old = Atomics.compareExchange(words, index, word | RESERVED, word | ATTACHED);
  if (old === (word | RESERVED)) return;
  throw new ZmemError(
    "ERR_ZMEM_CLOSED",
    `the attachment of worker ${ticket.workerId} was used before, or the worker was reaped`,
  );
}

/** Gives a kept id back. @returns false when its worker takes part: nothing has changed then */
export function cancelReserved(words: Int32Array, ticket: WorkerTicket): boolean {
  const free = ticket.incarnation << INCARNATION_SHIFT;
  const index = stateWord(ticket.workerId);
  return (
    Atomics.compareExchange(words, index, free | RESERVED, nextFree(free)) !== (free | ATTACHED)
  );
}

/** Whose an id is; of a free one, whose it was last. */
export function ticketOf(words: Int32Array, workerId: number): WorkerTicket {
  const word = Atomics.load(words, stateWord(workerId));
  const incarnation = (word >>> INCARNATION_SHIFT) - ((word & STATE_MASK) === FREE ? 1 : 0);
  return { workerId, incarnation: incarnation & INCARNATION_MASK };
}

/** Whether a worker is attached still. */
export function isAttached(words: Int32Array, ticket: WorkerTicket): boolean {
  const word = (ticket.incarnation << INCARNATION_SHIFT) | ATTACHED;
  return Atomics.load(words, stateWord(ticket.workerId)) === word;
}

/** Gives a worker's own id back. Nothing happens when it was reaped before. */
export function releaseWorker(words: Int32Array, ticket: WorkerTicket): void {
  const word = (ticket.incarnation << INCARNATION_SHIFT) | ATTACHED;
  Atomics.compareExchange(words, stateWord(ticket.workerId), word, nextFree(word));
}

/** @throws RangeError for an id that is none, or the reaper's own */
export function checkReapable(workerId: number, reaper: number): void {
  if (Number.isInteger(workerId) && workerId >= 1 && workerId < WORKERS && workerId !== reaper)
    return;
  throw new RangeError(
    `worker id: expected one from 1 to ${WORKERS - 1} other than one's own, got ${describe(workerId)}`,
  );
}

/**
 * Makes this worker the one that reaps a dead one.
 *
 * @returns false when the id is free, or another incarnation's: there is nothing to reap
 * @throws as checkReapable; ZmemError `ERR_ZMEM_BUSY` while another live worker reaps it
 */
export function startReaping(words: Int32Array, worker: DeadWorker, reaper: number): boolean {
  const { workerId: dead, incarnation: wanted } = worker;
  checkReapable(dead, reaper);
  const index = stateWord(dead);
  for (;;) {
    const word = Atomics.load(words, index);
    const state = word & STATE_MASK;
    if (state === FREE) return false;
    if (wanted !== undefined && word >>> INCARNATION_SHIFT !== wanted) return false;
    if (state === REAPING) {
      // Whoever began may have died too; it is attached no longer once it was reaped itself.
      const other = (word >>> REAPER_SHIFT) & REAPER_MASK;
      const isAlive = (Atomics.load(words, stateWord(other)) & STATE_MASK) === ATTACHED;
      if (other !== reaper && isAlive) {
        throw new ZmemError("ERR_ZMEM_BUSY", `worker ${other} is reaping worker ${dead}`);
      }
    }
    const incarnation = (word >>> INCARNATION_SHIFT) << INCARNATION_SHIFT;
    const reaping = incarnation | (reaper << REAPER_SHIFT) | REAPING;
    if (Atomics.compareExchange(words, index, word, reaping) === word) return true;
  }
}

/** The workers that a worker, or anybody when it is left out, is reaping, or was when it died. */
export function reapedBy(words: Int32Array, reaper?: number): readonly number[] {
  const found: number[] = [];
  for (let workerId = 1; workerId < WORKERS; workerId++) {
    const word = Atomics.load(words, stateWord(workerId));
    const isReaping = (word & STATE_MASK) === REAPING;
    const isWanted = reaper === undefined || ((word >>> REAPER_SHIFT) & REAPER_MASK) === reaper;
    if (isReaping && isWanted) found.push(workerId);
  }
  return found;
}

/** Gives a dead worker's id back, once all that it held is released. */
export function endReaping(words: Int32Array, dead: number): void {
  const index = stateWord(dead);
  Atomics.store(words, index, nextFree(Atomics.load(words, index)));
}

function nextFree(word: number): number {
  return ((word >>> INCARNATION_SHIFT) + 1) << INCARNATION_SHIFT;
}
