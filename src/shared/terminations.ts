/**
 * Terminations that are under way: workers that are terminated together are reaped together.
 *
 * Why so: what one dead worker left may need a lock that another one held, who has been terminated
 * as well, but of whom it is not known yet that it has ended. To reap the first alone would wait for
 * that lock until patience ends. So whoever has ended waits for all that were told to end by then;
 * after that one reaping settles them all.
 */
export class Terminations {
  readonly #reapAll: (workerIds: readonly number[]) => readonly boolean[];
  readonly #ending = new Set<Promise<void>>();
  /** Ended: whether it took part, undefined as long as it is not reaped. */
  readonly #ended = new Map<number, boolean | undefined>();

  /** @param reapAll reaps workers in one go; says of each whether it took part */
  constructor(reapAll: (workerIds: readonly number[]) => readonly boolean[]) {
    this.#reapAll = reapAll;
  }

  /**
   * Reaps a worker once it has ended.
   *
   * @param ended resolves then
   * @returns whether it took part (still)
   * @throws what `ended` and the reaping throw
   */
  async reapAfter(workerId: number, ended: Promise<void>): Promise<boolean> {
    this.#ending.add(ended);
    try {
      await ended;
    } finally {
      this.#ending.delete(ended);
    }
    this.#ended.set(workerId, undefined);
    await Promise.allSettled(this.#ending);
    try {
      if (this.#ended.get(workerId) === undefined) this.#reapEnded();
      return this.#ended.get(workerId) === true;
    } finally {
      this.#ended.delete(workerId);
    }
  }

  #reapEnded(): void {
    const workerIds = [...this.#ended].flatMap(([id, took]) => (took === undefined ? [id] : []));
    const took = this.#reapAll(workerIds);
    workerIds.forEach((id, at) => this.#ended.set(id, took[at]));
  }
}
