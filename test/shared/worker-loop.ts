/**
 * The life of a worker of the load and device tests: it steps until the board says stop, and rests
 * while the board says so.
 *
 * What a worker has done stands on the board, where it outlives the worker; a test that finds all
 * seats quiet finds nobody in a call.
 */
import { parentPort } from "node:worker_threads";
import { CALLS, PAUSE, QUIET, seatWord, STOP, type HistoryEvent } from "./load.ts";

export interface WorkerLife {
  readonly board: Int32Array;
  readonly seat: number;
  /** Steps after which it ends; 0 for none. */
  readonly calls: number;
  /** What it has recorded, to be posted at the end; none is asked for when left out. */
  readonly events?: readonly HistoryEvent[] | undefined;
  step(): void;
  /** Leaves the pool. */
  end(): void;
}

export function runWorker({ board, seat, calls, events, step, end }: WorkerLife): void {
  const setQuiet = (isQuiet: boolean): void => {
    Atomics.store(board, seatWord(seat, QUIET), isQuiet ? 1 : 0);
  };
  parentPort?.postMessage({ ready: true });
  setQuiet(false);
  const last = calls === 0 ? Infinity : calls;
  for (let call = 0; call < last; call++) {
    if (Atomics.load(board, STOP) !== 0) break;
    // Again after a rest: the next pause may have begun meanwhile.
    while (Atomics.load(board, PAUSE) !== 0) {
      setQuiet(true);
      while (Atomics.load(board, PAUSE) !== 0) Atomics.wait(board, PAUSE, 1, 100);
      setQuiet(false);
    }
    step();
    Atomics.add(board, seatWord(seat, CALLS), 1);
  }
  if (events !== undefined) parentPort?.postMessage({ events });
  end();
  setQuiet(true);
}
