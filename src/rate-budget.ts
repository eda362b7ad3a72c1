/**
 * A budget per second: a bucket that fills at a steady rate and is charged before the work.
 *
 * Why so: charging before, and giving back what was not done, can never overspend; zram's budget,
 * charged afterwards, underflowed. The bucket holds one second's worth, so after a pause there is
 * no burst longer than that.
 *
 * Invariant: over any t seconds at most (t + 1) × perSecond is spent.
 */

/** What may be written back per second. */
export interface BudgetOptions {
  readonly pages?: number;
  readonly bytes?: number;
}

/** @throws RangeError for a budget under a page per second, which would never allow one */
export function checkBudget(budget: BudgetOptions, pageSize: number): void {
  if ((budget.bytes ?? Infinity) >= pageSize && (budget.pages ?? 1) >= 1) return;
  throw new RangeError(
    `writeback.budget: expected a page or more per second, got ${budget.pages} pages, ${budget.bytes} bytes`,
  );
}

/** One bucket: units (bytes, pages) per second. */
export class RateBudget {
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #filledAt: number;

  /**
   * @param perSecond above 0; Infinity: no bound
   * @param now milliseconds; the clock of the platform when left out
   */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = perSecond;
    this.#filledAt = now();
  }

  /** What may be spent now. */
  available(): number {
    if (this.#perSecond === Infinity) return Infinity;
    const now = this.#now();
    const earned = (Math.max(0, now - this.#filledAt) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + earned);
    this.#filledAt = now;
    return this.#left;
  }

  /** Charges an amount that `available` has allowed. */
  charge(amount: number): void {
    if (this.#perSecond !== Infinity) this.#left -= amount;
  }

  /** Gives an amount back that was charged and not spent. */
  refund(amount: number): void {
    if (this.#perSecond === Infinity) return;
    this.#left = Math.min(this.#perSecond, this.#left + amount);
  }
}
