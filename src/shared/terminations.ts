/**
 * Terminations that are under way: workers that are terminated together are reaped together.
 *
 * Why so: what one dead worker left may need a lock that another one held, who has been terminated
 * as well, but of whom it is not known yet that it has ended. To reap the first alone would wait for
 * that lock until patience ends. So whoever has ended waits for all that were told to end by then;
 * after that one reaping settles them all.
 *
 * A worker is known by its ticket: while it ends, its id may become another worker's.
 */
import type { WorkerTicket } from "./workers.ts";

/** A worker that has ended. */
interface EndedWorker {
  readonly ticket: WorkerTicket;
  /** Undefined as long as it is not reaped. */
  tookPart: boolean | undefined;
}

export class Terminations {
  readonly #reapAll: (tickets: readonly WorkerTicket[]) => readonly boolean[];
  readonly #ending = new Set<Promise<void>>();
  readonly #ended = new Set<EndedWorker>();

  /** @param reapAll reaps workers in one go; says of each whether it took part */
  constructor(reapAll: (tickets: readonly WorkerTicket[]) => readonly boolean[]) {
    this.#reapAll = reapAll;
  }

  /**
   * Reaps a worker once it has ended.
   *
   * @param ended resolves then
   * @returns whether it took part (still)
   * @throws what `ended` and the reaping throw
   */
  async reapAfter(ticket: WorkerTicket, ended: Promise<void>): Promise<boolean> {
    this.#ending.add(ended);
    try {
      await ended;
    } finally {
      this.#ending.delete(ended);
    }
    const worker: EndedWorker = { ticket, tookPart: undefined };
    this.#ended.add(worker);
    await Promise.allSettled(this.#ending);
    try {
      if (worker.tookPart === undefined) this.#reapEnded();
      return worker.tookPart === true;
    } finally {
      this.#ended.delete(worker);
    }
  }

  #reapEnded(): void {
    const workers = [...this.#ended].filter(({ tookPart }) => tookPart === undefined);
    const tookPart = this.#reapAll(workers.map(({ ticket }) => ticket));
    workers.forEach((worker, at) => (worker.tookPart = tookPart[at]));
  }
}
