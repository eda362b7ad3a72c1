/**
 * The types of a shared front-end: which are on, in what state, and where their presence bits lie.
 *
 * State word: `generation:28 │ cleaning │ flushed │ open │ on`. Every change raises the generation,
 * so a worker that remembers a record needs one load to know whether it still holds, and a put that
 * has its key's lock sees any change that was made before it took the lock.
 *
 * Cleaning: what `flushArea` and `typeOff` leave to be done once no put is under way. It is a flag
 * in the record, so that anybody can complete it when the worker that began has died: each step
 * can be done again.
 *
 * Invariants: records change under the types lock only; a type with a flag set owns its range of
 * bits; bits in no range are zero.
 */
import { MAX_TYPES } from "../errors.ts";
import {
  deltaWord,
  TYPE_DEVICE_CURSOR,
  TYPE_DEVICE_MOST,
  TYPE_DEVICE_PAGES,
  TYPE_FIRST_WORD,
  TYPE_LAST_OFFSET,
  TYPE_SERIAL,
  TYPE_STATE,
  TYPE_WORD_COUNT,
  typeRecord,
  WORKER_RUN_TYPE,
  workerRecord,
  WORKERS,
  type Control,
} from "./control.ts";

export const ON = 1;
/** The backend has opened it. */
export const OPEN = 2;
/** By flushArea: closed until it is turned on again. */
export const FLUSHED = 4;
/** Its pages are forgotten, but bits and backend are not emptied yet. */
export const CLEANING = 8;
/** All of them. */
export const FLAGS = 15;
const GENERATION = 16;

const WORD_BITS = 32;

/** Words of the presence bits of so many pages. */
export function bitWords(pages: number): number {
  return Math.ceil(pages / WORD_BITS);
}

/** What a worker remembers of a type while its state word is `word`. */
export interface TypeView {
  readonly word: number;
  /** Offsets are below this. */
  readonly pages: number;
  /** Where its bits lie, in words of the control memory. */
  readonly firstWord: number;
  /** With the tables of its device. */
  readonly wordCount: number;
  /** The most pages on its device; 0 without one. */
  readonly deviceMost: number;
  /** How often it was turned on, from 1: tells its area from the one before. */
  readonly serial: number;
}

/** The types as one worker sees them. */
export class TypeTable {
  readonly #control: Control;
  readonly #views: (TypeView | undefined)[] = [];

  constructor(control: Control) {
    this.#control = control;
  }

  /** A type as it is now. @param type 0 to 1023 */
  view(type: number): TypeView {
    const word = Atomics.load(this.#control.words, typeRecord(type) + TYPE_STATE);
    const view = this.#views[type];
    return view !== undefined && view.word === word ? view : this.#read(type);
  }

  /** Whether nothing has changed since a view was taken. */
  isCurrent(type: number, view: TypeView): boolean {
    return Atomics.load(this.#control.words, typeRecord(type) + TYPE_STATE) === view.word;
  }

  /** Sets the flags of a type; the caller holds the types lock. */
  setFlags(type: number, flags: number): void {
    const index = typeRecord(type) + TYPE_STATE;
    const old = Atomics.load(this.#control.words, index);
    const generation = (old & ~FLAGS) + GENERATION;
    Atomics.store(this.#control.words, index, generation | flags);
  }

  /**
   * Gives a type without flags its range; it is zero. The caller holds the types lock.
   *
   * @param deviceMost the most pages on its device; 0 without one
   * @param deviceWords words of the device's tables
   * @returns false when there is no memory for them
   */
  place(type: number, pages: number, deviceMost = 0, deviceWords = 0): boolean {
    const { words } = this.#control;
    const used: [number, number][] = [];
    for (let other = 0; other < MAX_TYPES; other++) {
      const view = this.view(other);
      if ((view.word & FLAGS) !== 0) used.push([view.firstWord, view.wordCount]);
    }
    const wordCount = bitWords(pages) + deviceWords;
    const firstWord = this.#control.allocate(wordCount, used);
    if (firstWord < 0) return false;
    const record = typeRecord(type);
    Atomics.store(words, record + TYPE_LAST_OFFSET, pages - 1);
    Atomics.store(words, record + TYPE_FIRST_WORD, firstWord);
    Atomics.store(words, record + TYPE_WORD_COUNT, wordCount);
    Atomics.store(words, record + TYPE_DEVICE_MOST, deviceMost);
    Atomics.add(words, record + TYPE_SERIAL, 1);
    return true;
  }

  /** Pages of a type: the sum of what each worker has added. Exact while no call is under way. */
  countPages(type: number): number {
    const { words } = this.#control;
    let sum = 0;
    for (let workerId = 0; workerId < WORKERS; workerId++) {
      sum = (sum + Atomics.load(words, deltaWord(workerId, type))) | 0;
    }
    return sum >>> 0;
  }

  /**
   * Clears bits and counts of a type that nobody works on, and what workers could not give back of
   * its device, whose lock is held. Can be done again from any point.
   */
  clear(type: number): void {
    const { words } = this.#control;
    const { firstWord, wordCount, deviceMost } = this.view(type);
    // The bits first: as long as one is set the counts say that there is something to clear.
    if (this.countPages(type) !== 0 || deviceMost > 0) {
      const { bits } = this.#control;
      for (let at = firstWord; at < firstWord + wordCount; at++) {
        if (bits[at] !== 0) Atomics.store(bits, at, 0);
      }
    }
    Atomics.store(words, typeRecord(type) + TYPE_DEVICE_PAGES, 0);
    Atomics.store(words, typeRecord(type) + TYPE_DEVICE_CURSOR, 0);
    for (let workerId = 0; workerId < WORKERS; workerId++) {
      Atomics.store(words, deltaWord(workerId, type), 0);
      const noted = workerRecord(workerId) + WORKER_RUN_TYPE;
      if (Atomics.load(words, noted) === type + 1) Atomics.store(words, noted, 0);
    }
  }

  #read(type: number): TypeView {
    const { words } = this.#control;
    const record = typeRecord(type);
    for (;;) {
      const word = Atomics.load(words, record + TYPE_STATE);
      const pages = (Atomics.load(words, record + TYPE_LAST_OFFSET) >>> 0) + 1;
      const firstWord = Atomics.load(words, record + TYPE_FIRST_WORD);
      const wordCount = Atomics.load(words, record + TYPE_WORD_COUNT);
      const deviceMost = Atomics.load(words, record + TYPE_DEVICE_MOST) >>> 0;
      const serial = Atomics.load(words, record + TYPE_SERIAL);
      if (Atomics.load(words, record + TYPE_STATE) !== word) continue;
      if ((word & FLAGS) !== 0) this.#control.reach(firstWord + wordCount);
      const view = { word, pages, firstWord, wordCount, deviceMost, serial };
      this.#views[type] = view;
      return view;
    }
  }
}
