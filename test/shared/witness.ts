/**
 * What a worker of the load and device tests writes down and complains about.
 *
 * What: the calls of a history, which the test orders afterwards; in mode "own" the version that
 * must be there of each key that only this seat writes; what is wrong at once: a page that is not
 * the key's, is torn, or is older than one of the same seat that was seen before.
 *
 * All of it but the history stands on the board, where it outlives the worker.
 */
import {
  ackWord,
  AT_WORK,
  AT_WORK_VERSION,
  CLOCK,
  OWN_LOST,
  SEATS,
  seatWord,
  STALE,
  VERSIONS,
  VIOLATION,
  VIOLATION_KEY,
  type HistoryEvent,
} from "./load.ts";
import { makeVersion, seatOf } from "./marked-page.ts";

export class Witness {
  /** Of mode "history". */
  readonly events: HistoryEvent[] = [];
  readonly #board: Int32Array;
  readonly #seat: number;
  readonly #keys: number;
  readonly #mode: string;
  /** By key and seat: the latest version of that seat that was got or put here. */
  readonly #seen: Int32Array;

  constructor(board: Int32Array, seat: number, keys: number, mode: string) {
    this.#board = board;
    this.#seat = seat;
    this.#keys = keys;
    this.#mode = mode;
    this.#seen = new Int32Array(keys * SEATS);
  }

  /** The next version of this seat, above those of all who had it before. */
  nextVersion(): number {
    return makeVersion(this.#seat, Atomics.add(this.#board, seatWord(this.#seat, VERSIONS), 1) + 1);
  }

  tick(): number {
    return Atomics.add(this.#board, CLOCK, 1);
  }

  /** Writes a call down that has ended just now. @param from the tick at which it began */
  record(
    verb: HistoryEvent["verb"],
    key: number,
    version: number,
    result: number,
    from: number,
  ): void {
    if (this.#mode !== "history") return;
    this.events.push({ seat: this.#seat, key, verb, version, result, from, to: this.tick() });
  }

  /** The same for an area flush, which is one call on each of its keys. */
  recordArea(firstKey: number, pages: number, from: number): void {
    const to = this.tick();
    if (this.#mode !== "history") return;
    for (let key = firstKey; key < firstKey + pages; key++) {
      this.events.push({ seat: this.#seat, key, verb: "area", version: 0, result: 0, from, to });
    }
  }

  /** Before a put or flush. @param version 0 for a flush */
  beginWork(key: number, version: number): void {
    Atomics.store(this.#board, seatWord(this.#seat, AT_WORK_VERSION), version);
    Atomics.store(this.#board, seatWord(this.#seat, AT_WORK), key + 1);
  }

  /** After it. @param version what must be there from now on; 0 for nothing */
  endWork(key: number, version: number): void {
    if (this.#mode === "own") {
      Atomics.store(this.#board, ackWord(this.#keys, this.#seat, key), version);
    }
    Atomics.store(this.#board, seatWord(this.#seat, AT_WORK), 0);
  }

  /** Complains unless a key of one's own has what must be there. */
  expectOwn(key: number, version: number): void {
    if (version !== Atomics.load(this.#board, ackWord(this.#keys, this.#seat, key))) {
      this.#complain(OWN_LOST, key);
    }
  }

  /** Judges what was got or put: a version, 0 for no page, or what is wrong with it. */
  judge(key: number, version: number): void {
    if (version < 0) this.#complain(version, key);
    if (version <= 0) return;
    // What one worker puts to a key is seen in that order.
    const at = key * SEATS + seatOf(version);
    if (version < (this.#seen[at] as number)) this.#complain(STALE, key);
    this.#seen[at] = version;
  }

  #complain(code: number, key: number): void {
    Atomics.store(this.#board, seatWord(this.#seat, VIOLATION_KEY), key);
    Atomics.store(this.#board, seatWord(this.#seat, VIOLATION), code);
  }
}
