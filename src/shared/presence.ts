/**
 * Presence bits and counts as one worker changes them, and how they are put right when the worker
 * dies in between.
 *
 * What: the bit errs on one side only, and a note in the worker's record says what it is about to
 * change. `frontswap.ts` says why.
 *
 * Steps of a change, all under the lock of the key: `begin` writes the note (key, count, then op:
 * whether there was a page) → the backend is called, with the bit set → `end` sets bit and count to
 * what the backend said and clears the op. Dead before op is written: nothing has changed. Dead
 * before op is cleared: `repair` asks the backend. Dead after: all is right.
 *
 * Invariant: op set ⇒ the worker holds the lock of the key in the note.
 */
import {
  deltaWord,
  keyLock,
  WORKER_BASE,
  WORKER_OFFSET,
  WORKER_OP,
  WORKER_TYPE,
  workerRecord,
  type Control,
} from "./control.ts";
import { holderOf } from "./lock.ts";
import type { TypeTable, TypeView } from "./type-table.ts";

const OP_NONE = 0;
const OP_CHANGE_ABSENT = 1;
const OP_CHANGE_PRESENT = 2;

export class Presence {
  readonly #control: Control;
  readonly #words: Int32Array;
  readonly #workerId: number;
  readonly #record: number;

  constructor(control: Control, workerId: number) {
    this.#control = control;
    this.#words = control.words;
    this.#workerId = workerId;
    this.#record = workerRecord(workerId);
  }

  has(view: TypeView, offset: number): boolean {
    const word = Atomics.load(this.#control.bits, view.firstWord + (offset >>> 5));
    return (word & (1 << (offset & 31))) !== 0;
  }

  /** Before a change of a key whose lock is held. @param had whether its bit is set */
  begin(view: TypeView, type: number, offset: number, had: boolean): void {
    const words = this.#words;
    words[this.#record + WORKER_TYPE] = type;
    words[this.#record + WORKER_OFFSET] = offset;
    words[this.#record + WORKER_BASE] = words[deltaWord(this.#workerId, type)] as number;
    Atomics.store(words, this.#record + WORKER_OP, had ? OP_CHANGE_PRESENT : OP_CHANGE_ABSENT);
    if (!had) this.#set(view, offset);
  }

  /** After it. @param has whether the backend has the page now */
  end(view: TypeView, type: number, offset: number, had: boolean, has: boolean): void {
    if (!has) this.#clear(view, offset);
    if (has !== had) Atomics.add(this.#words, deltaWord(this.#workerId, type), has ? 1 : -1);
    Atomics.store(this.#words, this.#record + WORKER_OP, OP_NONE);
  }

  /**
   * Ends what a dead worker has begun. Can be done again from any point.
   *
   * @param backendHas asks the backend whether it has a page
   */
  repair(
    dead: number,
    types: TypeTable,
    backendHas: (type: number, offset: number) => boolean,
  ): void {
    const words = this.#words;
    const record = workerRecord(dead);
    const op = Atomics.load(words, record + WORKER_OP);
    const type = words[record + WORKER_TYPE] as number;
    const offset = (words[record + WORKER_OFFSET] as number) >>> 0;
    if (op === OP_NONE || holderOf(Atomics.load(words, keyLock(type, offset))) !== dead) return;
    const view = types.view(type);
    const has = backendHas(type, offset);
    if (has) this.#set(view, offset);
    else this.#clear(view, offset);
    const change = (has ? 1 : 0) - (op === OP_CHANGE_PRESENT ? 1 : 0);
    Atomics.store(words, deltaWord(dead, type), (words[record + WORKER_BASE] as number) + change);
    Atomics.store(words, record + WORKER_OP, OP_NONE);
  }

  #set(view: TypeView, offset: number): void {
    Atomics.or(this.#control.bits, view.firstWord + (offset >>> 5), 1 << (offset & 31));
  }

  #clear(view: TypeView, offset: number): void {
    Atomics.and(this.#control.bits, view.firstWord + (offset >>> 5), ~(1 << (offset & 31)));
  }
}
