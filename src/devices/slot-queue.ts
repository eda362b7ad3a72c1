/**
 * Calls that concern the same slot take effect in the order in which they were made.
 *
 * Why so: an asynchronous device is called again before its last call has ended. Without an order
 * a read could overtake the write before it, and two writes could leave the older block. Calls on
 * different slots don't wait for each other, so they share round trips and transactions.
 *
 * Invariant: a slot is in the map exactly while a call on it is under way; then its value never
 * rejects and settles after the last such call.
 */

/** Runs calls, those on one slot after each other. */
export class SlotQueue {
  readonly #tails = new Map<number, Promise<void>>();

  /**
   * Runs a call when all earlier calls on its slots have settled; at once when there are none.
   *
   * @param slots those that the call concerns, each once
   */
  run<Result>(slots: readonly number[], call: () => Promise<Result>): Promise<Result> {
    const earlier: Promise<void>[] = [];
    for (const slot of slots) {
      const tail = this.#tails.get(slot);
      if (tail !== undefined) earlier.push(tail);
    }
    const result = earlier.length === 0 ? call() : Promise.all(earlier).then(call);
    const tail: Promise<void> = result.then(
      () => this.#leave(slots, tail),
      () => this.#leave(slots, tail),
    );
    for (const slot of slots) this.#tails.set(slot, tail);
    return result;
  }

  /** Resolves when all calls made so far have settled. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values());
  }

  #leave(slots: readonly number[], tail: Promise<void>): void {
    for (const slot of slots) if (this.#tails.get(slot) === tail) this.#tails.delete(slot);
  }
}
