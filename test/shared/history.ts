/**
 * What all workers of a stress run know together: when each put and flush of a key began and ended.
 *
 * Why so: a page that says who wrote it and when is enough to see that a get was torn, foreign or
 * stale, and that a page went missing, while everything runs. Times are ticks of one shared counter.
 *
 * Rules that a get is held to, all from ticks that were stored before it began:
 * - stale: the page's put had ended before another put or flush of its key began, which has ended.
 * - lost: absent, although a put has ended that began after every flush of its key had ended, and
 *   no flush has begun meanwhile.
 *
 * Layout, in 32-bit words of one SharedArrayBuffer:
 * ```
 * clock │ stop │ pause │ … │ slots of 16: worker id, current key + 1, paused, calls, in a call │
 * keys of 8: begin of the last ended change │ begin of the last ended put │ end of the last flush │
 * slots × keys: flushes begun, flushes ended │ keys × 256: end of a put, by the tick it began at
 * ```
 */

export const SLOTS = 8;
const SLOT_WORDS = 16;
const KEY_WORDS = 4;
const ENDS = 256;
const HEAD = 16;
const CLOCK = 0;
const STOP = 1;
const PAUSE = 2;

const SLOT_WORKER = 0;
const SLOT_KEY = 1;
const SLOT_PAUSED = 2;
const SLOT_CALLS = 3;

const KEY_CHANGE = 0;
const KEY_PUT = 1;
const KEY_FLUSH_END = 2;

/** What was known before a get. */
export interface Before {
  changed: number;
  put: number;
  flushEnd: number;
  begun: number;
  calm: boolean;
}

/** Views on the shared history. */
export class History {
  readonly buffer: SharedArrayBuffer;
  readonly keys: number;
  readonly #words: Int32Array;

  constructor(keys: number, buffer?: SharedArrayBuffer) {
    const words = HEAD + SLOTS * SLOT_WORDS + keys * (KEY_WORDS + SLOTS * 2 + ENDS * 2);
    this.buffer = buffer ?? new SharedArrayBuffer(words * 4);
    this.keys = keys;
    this.#words = new Int32Array(this.buffer);
  }

  tick(): number {
    return Atomics.add(this.#words, CLOCK, 1) + 1;
  }

  set stop(value: boolean) {
    Atomics.store(this.#words, STOP, value ? 1 : 0);
  }

  get stop(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Makes the workers stand still between calls, until it is unset. */
  set pause(value: boolean) {
    Atomics.store(this.#words, PAUSE, value ? 1 : 0);
    if (!value) Atomics.notify(this.#words, PAUSE);
  }

  /** To be called between calls. */
  standStill(slot: number): void {
    if (Atomics.load(this.#words, PAUSE) === 0) return;
    Atomics.store(this.#words, this.#slot(slot) + SLOT_PAUSED, 1);
    while (Atomics.load(this.#words, PAUSE) === 1) Atomics.wait(this.#words, PAUSE, 1, 100);
    Atomics.store(this.#words, this.#slot(slot) + SLOT_PAUSED, 0);
  }

  isPaused(slot: number): boolean {
    return Atomics.load(this.#words, this.#slot(slot) + SLOT_PAUSED) === 1;
  }

  setWorker(slot: number, workerId: number): void {
    Atomics.store(this.#words, this.#slot(slot) + SLOT_PAUSED, 0);
    Atomics.store(this.#words, this.#slot(slot) + SLOT_WORKER, workerId);
  }

  worker(slot: number): number {
    return Atomics.load(this.#words, this.#slot(slot) + SLOT_WORKER);
  }

  countCalls(slot: number, calls: number): void {
    Atomics.add(this.#words, this.#slot(slot) + SLOT_CALLS, calls);
  }

  calls(): number {
    let calls = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      calls += Atomics.load(this.#words, this.#slot(slot) + SLOT_CALLS);
    }
    return calls;
  }

  callsOf(slot: number): number {
    return Atomics.load(this.#words, this.#slot(slot) + SLOT_CALLS);
  }

  /** Says which key this slot is about to change, -1 for none. */
  setKey(slot: number, key: number): void {
    Atomics.store(this.#words, this.#slot(slot) + SLOT_KEY, key + 1);
  }

  key(slot: number): number {
    return Atomics.load(this.#words, this.#slot(slot) + SLOT_KEY) - 1;
  }

  /** A flush, or a put that may be rejected, begins. */
  beginFlush(slot: number, key: number): void {
    Atomics.add(this.#words, this.#flushes(slot, key), 1);
  }

  /** It has ended. @param began the tick before it */
  endFlush(slot: number, key: number, began: number): void {
    this.#raise(this.#key(key) + KEY_CHANGE, began);
    this.#raise(this.#key(key) + KEY_FLUSH_END, this.tick());
    Atomics.add(this.#words, this.#flushes(slot, key) + 1, 1);
  }

  /** A put has ended that keeps its page. @param began the tick before it, which the page carries */
  endPut(key: number, began: number): void {
    const ended = this.tick();
    const at = this.#end(key, began);
    Atomics.store(this.#words, at, 0);
    Atomics.store(this.#words, at + 1, ended);
    Atomics.store(this.#words, at, began);
    this.#raise(this.#key(key) + KEY_CHANGE, began);
    this.#raise(this.#key(key) + KEY_PUT, began);
  }

  /** After a worker was declared dead: nothing of it is on its way any more. */
  bury(slot: number): void {
    for (let key = 0; key < this.keys; key++) {
      const at = this.#flushes(slot, key);
      const begun = Atomics.load(this.#words, at);
      const unfinished = begun !== Atomics.load(this.#words, at + 1);
      // What it was changing may be old, new or absent.
      if (unfinished || key === this.key(slot)) {
        this.#raise(this.#key(key) + KEY_FLUSH_END, this.tick());
      }
      Atomics.store(this.#words, at + 1, begun);
    }
    this.setKey(slot, -1);
    this.setWorker(slot, 0);
  }

  before(key: number, into: Before): void {
    const at = this.#key(key);
    into.begun = 0;
    let ended = 0;
    for (let slot = 0; slot < SLOTS; slot++) ended += this.#load(this.#flushes(slot, key) + 1);
    into.changed = this.#load(at + KEY_CHANGE);
    into.put = this.#load(at + KEY_PUT);
    into.flushEnd = this.#load(at + KEY_FLUSH_END);
    into.begun = this.#begun(key);
    into.calm = into.begun === ended;
  }

  /** @returns what is wrong with having found the page that was put at a tick, or undefined */
  judgeFound(key: number, began: number, before: Before): string | undefined {
    const at = this.#end(key, began);
    if (this.#load(at) !== began) return undefined;
    const ended = this.#load(at + 1);
    if (this.#load(at) !== began) return undefined;
    return ended < before.changed
      ? `stale: put at ${began}, ended at ${ended}, changed at ${before.changed}`
      : undefined;
  }

  /** @returns what is wrong with having found nothing */
  judgeAbsent(key: number, before: Before): string | undefined {
    if (!before.calm || before.put <= before.flushEnd) return undefined;
    // Both after the get: a flush that has begun meanwhile, or a worker that was buried.
    if (this.#begun(key) !== before.begun) return undefined;
    if (this.#load(this.#key(key) + KEY_FLUSH_END) !== before.flushEnd) return undefined;
    return `lost: put at ${before.put}, last flush ended at ${before.flushEnd}`;
  }

  #begun(key: number): number {
    let begun = 0;
    for (let slot = 0; slot < SLOTS; slot++) begun += this.#load(this.#flushes(slot, key));
    return begun;
  }

  #raise(at: number, value: number): void {
    let current = this.#load(at);
    while (current < value) {
      const seen = Atomics.compareExchange(this.#words, at, current, value);
      if (seen === current) return;
      current = seen;
    }
  }

  #load(at: number): number {
    return Atomics.load(this.#words, at);
  }

  #slot(slot: number): number {
    return HEAD + slot * SLOT_WORDS;
  }

  #key(key: number): number {
    return HEAD + SLOTS * SLOT_WORDS + key * KEY_WORDS;
  }

  #flushes(slot: number, key: number): number {
    const start = HEAD + SLOTS * SLOT_WORDS + this.keys * KEY_WORDS;
    return start + (key * SLOTS + slot) * 2;
  }

  #end(key: number, began: number): number {
    const start = HEAD + SLOTS * SLOT_WORDS + this.keys * (KEY_WORDS + SLOTS * 2);
    return start + (key * ENDS + (began & (ENDS - 1))) * 2;
  }
}
