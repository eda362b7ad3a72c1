/**
 * The shared memory of a front-end that several workers use: its layout.
 *
 * What: types, presence bits, locks, counters and a record of each worker, in one shared
 * WebAssembly.Memory that holds no module. It is structured-cloneable, so it is what a worker is
 * given to take part.
 *
 * Why so: a WebAssembly.Memory, unlike a SharedArrayBuffer, grows in place in every engine that has
 * threads, and its addresses cost nothing until something is written: the bits of an area of 2^32
 * pages take half a GiB of addresses. Views on it never detach; a view that is too short for a
 * type that another worker turned on is made anew.
 *
 * Layout, in 32-bit words (fixed part, then bits to the end):
 * ```
 *      0  magic │ page size │ closed │ types lock │ budget of writeback, 4 words, 16 members lock
 *     64  64 worker records of 64: state │ registered │ op │ type │ offset │ base │ id at the backend
 *                                  7..10 the room on a device that it has reserved (place-table.ts)
 *                                  16.. Float64 counters, written by their worker alone
 *   4160  1024 type records of 10: state │ pages - 1 │ first word of bits │ words of its range
 *                                  │ device: lock │ most pages │ pages │ unit to look at next
 *                                  │ times that it was turned on │ unused
 *  14400  4096 key locks
 *  18496  64 × 1024 page deltas: what each worker has added to the pages of each type
 *  98304  ranges of types: presence bits, then the tables of a device (place-table.ts)
 * ```
 * A worker's counters and deltas go on under the next worker with its id, so nothing has to be
 * folded when one leaves, and sums are exact. The pages of a type are the sum of its deltas modulo
 * 2^32.
 *
 * Lock order: members lock → the backend's own; types lock → key locks → a device's lock, and
 * → the backend's own. Who has a key lock waits for no other: more of them are only tried.
 */
import { MAX_TYPES, ZmemError } from "../errors.ts";

/** Worker ids are 1 to WORKERS - 1; 0 is nobody. */
export const WORKERS = 64;
export const KEY_LOCKS = 4096;
const KEY_LOCK_SHIFT = 20;

const MAGIC = 0x7a6d6601;
const MAGIC_WORD = 0;
const PAGE_SIZE_WORD = 1;
export const CLOSED_WORD = 2;
export const TYPES_LOCK = 3;
/** Even: the budget is of 64-bit words (write-budget.ts). */
export const BUDGET_WORD = 4;
export const MEMBERS_LOCK = 16;

const WORKER_RECORDS = 64;
const WORKER_WORDS = 64;
/** In a worker record. */
export const WORKER_STATE = 0;
export const WORKER_REGISTERED = 1;
export const WORKER_OP = 2;
export const WORKER_TYPE = 3;
export const WORKER_OFFSET = 4;
export const WORKER_BASE = 5;
export const WORKER_BACKEND_ID = 6;
/** 1 + the type whose device it has reserved room on; 0 for none. */
export const WORKER_RUN_TYPE = 7;
export const WORKER_RUN_FIRST = 8;
export const WORKER_RUN_UNITS = 9;
export const WORKER_RUN_PAGES = 10;
const WORKER_COUNTERS = 16;

/** The order of the counters in a worker record. */
export const COUNTERS = ["succPuts", "failedPuts", "gets", "flushes"] as const;
/** Behind them: what areas with a device count (swap-log.ts says when each moves). */
export const DEVICE_COUNTERS = [
  "poolLimitHits",
  "roomMade",
  "writtenBackPages",
  "promotedPages",
  "rejectedFull",
  "rejectedIncompressible",
  "skippedIncompressible",
  "skippedFull",
  "deviceReads",
  "deviceWrites",
  "deviceWrittenPages",
  "deviceFull",
  "deviceErrors",
  "budgetStops",
] as const;

/** A counter of areas with a device. */
export type DeviceCounter = (typeof DEVICE_COUNTERS)[number];

const TYPE_RECORDS = WORKER_RECORDS + WORKERS * WORKER_WORDS;
const TYPE_WORDS = 10;
/** In a type record. */
export const TYPE_STATE = 0;
export const TYPE_LAST_OFFSET = 1;
export const TYPE_FIRST_WORD = 2;
export const TYPE_WORD_COUNT = 3;
export const TYPE_DEVICE_LOCK = 4;
/** The most pages on its device; 0 without one. */
export const TYPE_DEVICE_MOST = 5;
/** Pages on it, or about to be. */
export const TYPE_DEVICE_PAGES = 6;
/** The unit of the device at which the search for room goes on. */
export const TYPE_DEVICE_CURSOR = 7;
/** How often the type was turned on: tells its area from the one before. */
export const TYPE_SERIAL = 8;

const KEY_LOCK_WORDS = TYPE_RECORDS + MAX_TYPES * TYPE_WORDS;
const DELTA_WORDS = KEY_LOCK_WORDS + KEY_LOCKS;

const WASM_PAGE_WORDS = 16384;
const FIXED_WASM_PAGES = Math.ceil((DELTA_WORDS + WORKERS * MAX_TYPES) / WASM_PAGE_WORDS);
const BITS_START = FIXED_WASM_PAGES * WASM_PAGE_WORDS;
/** 1 GiB of addresses: room for the bits of an area of 2^32 pages and as much again. */
const MAXIMUM_WASM_PAGES = 16384;
/** 64 MiB: less than this many addresses is no engine to run on. */
const LEAST_MAXIMUM_WASM_PAGES = 1024;

/** The first word of a worker's record. */
export function workerRecord(workerId: number): number {
  return WORKER_RECORDS + workerId * WORKER_WORDS;
}

/** The first of a worker's counters, in Float64s. */
export function workerCounters(workerId: number): number {
  return (workerRecord(workerId) + WORKER_COUNTERS) / 2;
}

/** The first word of a type's record. */
export function typeRecord(type: number): number {
  return TYPE_RECORDS + type * TYPE_WORDS;
}

/** The word in which a worker counts what it has added to a type. */
export function deltaWord(workerId: number, type: number): number {
  return DELTA_WORDS + workerId * MAX_TYPES + type;
}

/** The word of the lock of a key, which some other keys share. */
export function keyLock(type: number, offset: number): number {
  const mixed = Math.imul(offset ^ Math.imul(type, 0x85eb_ca6b), 0x9e37_79b1);
  return KEY_LOCK_WORDS + (mixed >>> KEY_LOCK_SHIFT);
}

/** The words of all key locks: from, to (exclusive). */
export function keyLockRange(): readonly [number, number] {
  return [KEY_LOCK_WORDS, KEY_LOCK_WORDS + KEY_LOCKS];
}

/** Views on the shared memory of a front-end. */
export class Control {
  readonly memory: WebAssembly.Memory;
  readonly pageSize: number;
  /** The fixed part; stays valid when the memory grows. */
  readonly words: Int32Array;
  /** The same as Float64s, for counters. */
  readonly counters: Float64Array;
  /** All words, bits included, as far as this worker knows of. Made anew by `reach`. */
  bits: Int32Array;

  private constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.words = new Int32Array(memory.buffer, 0, BITS_START);
    this.counters = new Float64Array(memory.buffer, 0, BITS_START / 2);
    this.bits = new Int32Array(memory.buffer);
    this.pageSize = Atomics.load(this.words, PAGE_SIZE_WORD);
  }

  /** @throws ZmemError `ERR_ZMEM_MEMORY` when the engine refuses the memory */
  static create(pageSize: number): Control {
    const memory = createMemory();
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, PAGE_SIZE_WORD, pageSize);
    Atomics.store(words, MAGIC_WORD, MAGIC);
    return new Control(memory);
  }

  /** @throws TypeError unless `memory` is one that `create` made, here or in another worker */
  static open(memory: WebAssembly.Memory): Control {
    const buffer: unknown = memory instanceof WebAssembly.Memory ? memory.buffer : undefined;
    if (buffer instanceof SharedArrayBuffer && buffer.byteLength >= BITS_START * 4) {
      const control = new Control(memory);
      if (Atomics.load(control.words, MAGIC_WORD) === MAGIC) return control;
    }
    throw new TypeError("control: expected the shared memory of a front-end of this version");
  }

  /** Sees to it that `bits` has all words below `end`, which somebody has allocated. */
  reach(end: number): void {
    if (this.bits.length >= end) return;
    // Growth by nothing makes the engine look at what other workers have grown it to.
    this.memory.grow(0);
    this.bits = new Int32Array(this.memory.buffer);
  }

  /**
   * Finds room for the bits of a type, lowest first. The caller holds the types lock.
   *
   * @param used ranges in use: first word and number of words
   * @returns the first word; -1 when there is no room. The words are zero.
   */
  allocate(count: number, used: (readonly [number, number])[]): number {
    let first = BITS_START;
    for (const [start, length] of used.sort((a, b) => a[0] - b[0])) {
      if (start - first >= count) break;
      first = Math.max(first, start + length);
    }
    const missing = Math.ceil((first + count) / WASM_PAGE_WORDS) - this.memory.grow(0);
    try {
      if (missing > 0) this.memory.grow(missing);
    } catch {
      return -1;
    }
    this.reach(first + count);
    return first;
  }
}

function createMemory(): WebAssembly.Memory {
  for (let maximum = MAXIMUM_WASM_PAGES; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: FIXED_WASM_PAGES, maximum, shared: true });
    } catch (error) {
      if (maximum > LEAST_MAXIMUM_WASM_PAGES) continue;
      throw new ZmemError("ERR_ZMEM_MEMORY", "the engine refuses the front-end's shared memory", {
        cause: error,
      });
    }
  }
}
