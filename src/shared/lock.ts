/**
 * Locks in shared memory that know who holds them.
 *
 * Why so: a worker can be terminated while it holds a lock, and nothing frees it then. The word of
 * a lock names its holder, so that whoever declares a worker dead can find and release what it
 * held; and a wait that takes too long ends with an error that names the holder.
 *
 * Word: `version:24 │ some wait:1 │ unused:1 │ holder:6`; holder 0 is free. Each release raises the
 * version, so two equal loads of a free lock mean that nobody held it in between.
 *
 * Waiting: a short spin, then Atomics.wait where the thread may block. A browser's main thread may
 * not; it goes on spinning. Source: U. Drepper, "Futexes Are Tricky", mutex 3, with holder and
 * version added.
 */
import { ZmemError } from "../errors.ts";
import { mayBlock } from "../platform/shared-memory.ts";

const HOLDER_MASK = 0x3f;
const WAITERS = 0x80;
const VERSION_SHIFT = 8;
/** Loads before blocking: some microseconds, about a put. Not tuned. */
const SPINS = 2000;
const SPINS_BETWEEN_CLOCKS = 1024;
/** One wait; only a lost wake-up would ever need its end. */
const WAIT_MS = 100;

/** Who holds a lock, by its word; 0 for nobody. */
export function holderOf(word: number): number {
  return word & HOLDER_MASK;
}

/** The locks among some words, as one worker takes them. */
export class Locks {
  readonly #words: Int32Array;
  readonly #workerId: number;
  readonly #timeoutMs: number;
  readonly #mayBlock = mayBlock();

  /** @param timeoutMs a wait longer than this fails */
  constructor(words: Int32Array, workerId: number, timeoutMs: number) {
    this.#words = words;
    this.#workerId = workerId;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws ZmemError `ERR_ZMEM_HELD` when another holds it for too long: it is not taken then */
  acquire(index: number, timeoutMs = this.#timeoutMs): void {
    const word = Atomics.load(this.#words, index);
    if (holderOf(word) !== 0 || !this.#take(index, word, this.#workerId))
      this.#wait(index, timeoutMs);
  }

  /** Takes a lock if it is free. */
  tryAcquire(index: number): boolean {
    const word = Atomics.load(this.#words, index);
    return holderOf(word) === 0 && this.#take(index, word, this.#workerId);
  }

  release(index: number): void {
    const words = this.#words;
    const version = (Atomics.load(words, index) >>> VERSION_SHIFT) + 1;
    const old = Atomics.exchange(words, index, version << VERSION_SHIFT);
    if ((old & WAITERS) !== 0) Atomics.notify(words, index, 1);
  }

  /** Waits until nobody has it who had it at the call. @throws as acquire */
  pass(index: number, timeoutMs?: number): void {
    if (holderOf(Atomics.load(this.#words, index)) === 0) return;
    this.acquire(index, timeoutMs);
    this.release(index);
  }

  /** Releases a lock if a dead worker holds it. */
  releaseFor(dead: number, index: number): void {
    if (holderOf(Atomics.load(this.#words, index)) === dead) this.release(index);
  }

  /** Makes a lock that a dead worker holds this worker's; it is not released in between. */
  takeOver(dead: number, index: number): void {
    for (;;) {
      const word = Atomics.load(this.#words, index);
      if (holderOf(word) !== dead) throw new Error(`worker ${dead} does not hold the lock`);
      const mine = (word & ~HOLDER_MASK) | this.#workerId;
      if (Atomics.compareExchange(this.#words, index, word, mine) === word) return;
    }
  }

  #take(index: number, word: number, holder: number): boolean {
    return Atomics.compareExchange(this.#words, index, word, word | holder) === word;
  }

  #wait(index: number, timeoutMs: number): void {
    const words = this.#words;
    const until = performance.now() + timeoutMs;
    let holder = this.#workerId;
    for (let spins = 1; ; spins++) {
      const word = Atomics.load(words, index);
      const holding = holderOf(word);
      if (holding === 0) {
        if (this.#take(index, word, holder)) return;
        continue;
      }
      if (holding === this.#workerId) {
        throw new ZmemError("ERR_ZMEM_HELD", "a backend called the front-end that called it");
      }
      if (this.#mayBlock && spins > SPINS) {
        const waited = word | WAITERS;
        if (word !== waited && Atomics.compareExchange(words, index, word, waited) !== word) {
          continue;
        }
        Atomics.wait(words, index, waited, Math.min(WAIT_MS, timeoutMs));
        // Others may still wait: whoever has waited releases as if they did.
        holder = this.#workerId | WAITERS;
      } else if (spins % SPINS_BETWEEN_CLOCKS !== 0) continue;
      if (performance.now() > until) throw heldError(holding, timeoutMs);
    }
  }
}

function heldError(holder: number, timeoutMs: number): ZmemError {
  return new ZmemError(
    "ERR_ZMEM_HELD",
    `worker ${holder} has held a lock for more than ${timeoutMs} ms: if it is dead, reap it`,
  );
}
