/**
 * What all workers together may write back per second: a bucket of pages and one of bytes, each
 * filling at a steady rate up to a second's worth.
 *
 * Why so: what wears is the device, however many workers write to it, so the buckets lie in the
 * control memory. A bucket is one word, the moment until which the rate is spent, and is charged by
 * a compare-and-exchange; no lock, and a worker that dies after it has charged takes no more than
 * that with it. Charged is before the write; what was not written is given back.
 *
 * Invariant: over any t seconds at most (t + 1) × the rate is spent, by all workers.
 *
 * Layout: two 64-bit words from BUDGET_WORD on, pages and bytes, in microseconds since 1970.
 */
import { checkBudget, type BudgetOptions } from "../rate-budget.ts";
import { BUDGET_WORD, type Control } from "./control.ts";

const SECOND = 1_000_000;

/** Since 1970, in milliseconds; goes on steadily, and all workers agree on it. */
function readClock(): number {
  return performance.timeOrigin + performance.now();
}

export class WriteBudget {
  readonly #pages: Bucket;
  readonly #bytes: Bucket;

  /**
   * @param now milliseconds, the same for all workers
   * @throws RangeError for a budget under a page per second
   */
  constructor(control: Control, budget: BudgetOptions, now: () => number = readClock) {
    checkBudget(budget, control.pageSize);
    const words = new BigInt64Array(control.memory.buffer, BUDGET_WORD * 4, 2);
    this.#pages = new Bucket(words, 0, budget.pages ?? Infinity, now);
    this.#bytes = new Bucket(words, 1, budget.bytes ?? Infinity, now);
  }

  /** @returns how many pages may be written, up to `most`; they are charged */
  takePages(most: number): number {
    return this.#pages.take(most);
  }

  /** @returns how many blocks of these sizes may be written, the first of them; they are charged */
  takeBlocks(sizes: readonly number[]): number {
    const wanted = sizes.reduce((sum, size) => sum + size, 0);
    let left = this.#bytes.take(wanted);
    let blocks = 0;
    for (const size of sizes) {
      if (size > left) break;
      left -= size;
      blocks += 1;
    }
    this.#bytes.giveBack(left);
    return blocks;
  }

  /** Gives pages back that were taken and not written. */
  giveBackPages(count: number): void {
    this.#pages.giveBack(count);
  }

  /** The same for bytes of blocks. */
  giveBackBytes(count: number): void {
    this.#bytes.giveBack(count);
  }
}

class Bucket {
  readonly #words: BigInt64Array;
  readonly #index: number;
  readonly #perSecond: number;
  readonly #now: () => number;

  constructor(words: BigInt64Array, index: number, perSecond: number, now: () => number) {
    this.#words = words;
    this.#index = index;
    this.#perSecond = perSecond;
    this.#now = now;
  }

  take(most: number): number {
    if (this.#perSecond === Infinity) return most;
    for (;;) {
      const spent = Atomics.load(this.#words, this.#index);
      const now = Math.floor(this.#now() * 1000);
      if (Number(spent) > now + SECOND) {
        // The clock was set back.
        Atomics.compareExchange(this.#words, this.#index, spent, BigInt(now + SECOND));
        continue;
      }
      const until = Math.max(Number(spent), now);
      const left = ((now + SECOND - until) / SECOND) * this.#perSecond;
      const taken = Math.min(most, Math.floor(left));
      if (taken < 1) return 0;
      const next = BigInt(until + Math.ceil((taken / this.#perSecond) * SECOND));
      if (Atomics.compareExchange(this.#words, this.#index, spent, next) === spent) return taken;
    }
  }

  giveBack(amount: number): void {
    if (this.#perSecond === Infinity || amount === 0) return;
    // Rounded to less than was charged.
    Atomics.sub(this.#words, this.#index, BigInt(Math.floor((amount / this.#perSecond) * SECOND)));
  }
}
