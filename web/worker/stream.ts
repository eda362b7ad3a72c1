/**
 * Streams the pages of a source into a session, as many batches at a time as it has lanes.
 *
 * Why so: between two batches the worker hears of a pause or a cancel. What is under way when it
 * hears is finished or dropped, and waited for, so nothing of a run comes after its end.
 */
import { type Batch } from "./putter.ts";
import { type Program, PROGRAM_ROUNDS } from "./program.ts";
import { type Session } from "./session.ts";

const BATCH_BYTES = 1024 ** 2;

/** A part of a source, in pages. */
export interface Part {
  readonly first: number;
  readonly count: number;
}

/** What a stream tells and asks. */
export interface StreamHost {
  /** Waits while paused. @returns false when the run is over */
  mayGoOn(): Promise<boolean>;
  /** Pages were put. @param progress share of the run that is done, 0 to 1 */
  onPut(pages: Uint32Array, progress: number): void;
}

/** Keeps the lanes of a session full. */
class Lanes {
  readonly #session: Session;
  readonly #underWay = new Set<Promise<void>>();
  #failure: unknown = null;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Waits for a free lane. @throws what putting threw, once nothing is under way any more */
  async free(): Promise<void> {
    while (this.#failure === null && this.#underWay.size >= this.#session.lanes) {
      await Promise.race(this.#underWay);
    }
    if (this.#failure !== null) await this.settle();
  }

  /** @param onStored is called unless the batch was dropped */
  put(batch: Batch, onStored: () => void): void {
    const task = this.#session
      .store(batch)
      .then((isStored) => isStored && onStored())
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .then(() => void this.#underWay.delete(task));
    this.#underWay.add(task);
  }

  /** Waits for all that is under way. @throws what putting threw */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure !== null) throw this.#failure;
  }
}

/** Puts parts of a file, one after the other. @returns false when it was cancelled */
export async function streamBlob(
  session: Session,
  blob: Blob,
  parts: readonly Part[],
  host: StreamHost,
): Promise<boolean> {
  const { pageSize } = session;
  const batchPages = BATCH_BYTES / pageSize;
  const pages = parts.reduce((sum, { count }) => sum + count, 0);
  const lanes = new Lanes(session);
  let given = 0;
  let done = 0;
  for (const { first, count } of parts) {
    for (let page = first; page < first + count; page += batchPages) {
      await lanes.free();
      if (!(await host.mayGoOn())) {
        await lanes.settle();
        return false;
      }
      const size = Math.min(batchPages, first + count - page);
      const from = given;
      const numbers = Uint32Array.from({ length: size }, (_, index) => from + index);
      given += size;
      const bytes = blob.slice(page * pageSize, (page + size) * pageSize);
      lanes.put({ numbers, bytes }, () => {
        done += size;
        host.onPut(numbers, done / pages);
      });
    }
  }
  await lanes.settle();
  return host.mayGoOn();
}

/** Lets a program work, and puts its memory after each round. @returns false when cancelled */
export async function streamProgram(
  session: Session,
  program: Program,
  host: StreamHost,
): Promise<boolean> {
  const { pageSize, records } = session;
  const batchPages = BATCH_BYTES / pageSize;
  for (let round = 0; round < PROGRAM_ROUNDS; round++) {
    program.work(round);
    const memory = program.memory();
    const pages = Math.min(memory.length / pageSize, records.forms.length);
    const lanes = new Lanes(session);
    for (let first = 0; first < pages; first += batchPages) {
      await lanes.free();
      if (!(await host.mayGoOn())) {
        await lanes.settle();
        return false;
      }
      const count = Math.min(batchPages, pages - first);
      const numbers = Uint32Array.from({ length: count }, (_, index) => first + index);
      const bytes = memory.subarray(first * pageSize, (first + count) * pageSize);
      // Who takes several batches at a time takes them elsewhere: each is a copy.
      lanes.put({ numbers, bytes: session.lanes > 1 ? bytes.slice() : bytes }, () =>
        host.onPut(numbers, (round + first / pages) / PROGRAM_ROUNDS),
      );
    }
    // A page of the next round must not come before that of this one.
    await lanes.settle();
  }
  return host.mayGoOn();
}
