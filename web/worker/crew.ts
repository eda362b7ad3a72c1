/**
 * Workers that put batches into one shared pool, each reading its own part of the source.
 *
 * Why so: a batch is an address in a file, not bytes: the worker that puts it reads it, so the bytes
 * cross no border but that of the pool. Each has two batches, so that one is read while the other is
 * put.
 *
 * A worker that stops (its script did not load, the browser ended it) is terminated and reaped, and
 * what it had not finished is put by the others: a page may be put twice, which changes nothing. So is
 * one that hangs when it is to let go; what it was at is dropped then.
 *
 * Invariants: a batch is settled once. Two batches of one run hold no page in common while both are
 * under way; whoever gives them sees to that.
 */
import { type SharedZmem } from "../../src/index.shared.ts";
import { type CrewAnswer } from "./crew-messages.ts";
import { HiredWorker } from "./hired-worker.ts";
import { type Batch, type PutOutcome, type Putting } from "./putter.ts";
import { type SharedAreaLink } from "./shared-slots.ts";

const BATCHES_EACH = 2;
/** How long a worker may take to let go before it is terminated, milliseconds. */
const PATIENCE_MS = 1500;

interface Task {
  readonly number: number;
  readonly batch: Batch;
  settle(outcome: PutOutcome | null): void;
  fail(error: Error): void;
}

interface Member {
  readonly worker: HiredWorker;
  readonly tasks: Map<number, Task>;
  /** It has left the pool by itself. */
  onLeft: () => void;
}

/** How a crew is made up. */
export interface CrewPlan {
  readonly area: SharedAreaLink;
  readonly groupPages: number;
  readonly workers: number;
  /** A worker was lost, or took no part; in plain words. */
  readonly onTrouble: (words: string) => void;
}

export class Crew implements Putting {
  readonly #zmem: SharedZmem;
  readonly #plan: CrewPlan;
  readonly #members = new Set<Member>();
  #tasks = 0;
  #lastRefusal = "The workers could not be started.";

  private constructor(zmem: SharedZmem, plan: CrewPlan) {
    this.#zmem = zmem;
    this.#plan = plan;
  }

  /** @throws Error in plain words when not one worker could take part */
  static async open(zmem: SharedZmem, plan: CrewPlan): Promise<Crew> {
    const crew = new Crew(zmem, plan);
    const joined = await Promise.all(
      Array.from({ length: plan.workers }, async () => crew.#recruit()),
    );
    const missing = joined.filter((is) => !is).length;
    if (missing === plan.workers) throw new Error(crew.#lastRefusal);
    if (missing > 0) {
      plan.onTrouble(
        `${missing} of ${plan.workers} workers take no part: ${crew.#lastRefusal} The others do.`,
      );
    }
    return crew;
  }

  get lanes(): number {
    return this.#members.size * BATCHES_EACH;
  }

  get workers(): number {
    return this.#members.size;
  }

  async put(batch: Batch): Promise<PutOutcome | null> {
    return new Promise((settle, fail) => {
      this.#hand({ number: this.#tasks++, batch, settle, fail });
    });
  }

  drop(): void {
    for (const member of this.#members) {
      member.worker.send({ kind: "drop" });
      const held = [...member.tasks.keys()];
      setTimeout(() => {
        if (held.some((task) => member.tasks.has(task))) void this.#lose(member, false);
      }, PATIENCE_MS);
    }
  }

  /** Each leaves the pool by itself; who doesn't in time is terminated and reaped. */
  async close(): Promise<void> {
    const members = [...this.#members];
    this.#members.clear();
    await Promise.all(members.map(async (member) => this.#dismiss(member)));
  }

  async #dismiss(member: Member): Promise<void> {
    const hasLeft = await new Promise<boolean>((resolve) => {
      member.onLeft = () => resolve(true);
      setTimeout(resolve, PATIENCE_MS, false);
      member.worker.send({ kind: "leave" });
    });
    if (hasLeft) await member.worker.terminate();
    else await this.#zmem.terminate(member.worker);
    for (const task of member.tasks.values()) task.settle(null);
  }

  /** Starts a worker. @returns whether it takes part */
  async #recruit(): Promise<boolean> {
    const { area, groupPages } = this.#plan;
    const { member, takesPart } = this.#hire();
    const attachment = this.#zmem.attachmentFor(member.worker);
    member.worker.start({ attachment, area, groupPages });
    if (await takesPart) this.#members.add(member);
    else await this.#zmem.terminate(member.worker);
    return takesPart;
  }

  /** @returns one that was not started yet, and whether it will take part */
  #hire(): { readonly member: Member; readonly takesPart: Promise<boolean> } {
    let decide: (takesPart: boolean) => void;
    const takesPart = new Promise<boolean>((resolve) => (decide = resolve));
    const worker = new HiredWorker({
      onAnswer: (answer) => {
        if (answer.kind === "joined") decide(true);
        else if (answer.kind === "refused") {
          this.#lastRefusal = answer.message;
          decide(false);
        } else this.#take(member, answer);
      },
      onStopped: () => {
        decide(false);
        void this.#lose(member, true);
      },
    });
    const member: Member = { worker, tasks: new Map(), onLeft: () => undefined };
    return { member, takesPart };
  }

  #take(member: Member, answer: Exclude<CrewAnswer, { kind: "joined" | "refused" }>): void {
    if (answer.kind === "left") {
      member.onLeft();
      return;
    }
    const task = member.tasks.get(answer.task);
    member.tasks.delete(answer.task);
    if (answer.kind === "done") task?.settle(answer.outcome);
    else if (answer.kind === "dropped") task?.settle(null);
    else task?.fail(new Error(answer.message));
  }

  /** To who has the least to do. */
  #hand(task: Task): void {
    let idlest: Member | undefined;
    for (const member of this.#members) {
      if (idlest === undefined || member.tasks.size < idlest.tasks.size) idlest = member;
    }
    if (idlest === undefined) {
      task.fail(new Error("Every worker has stopped. Run again, or choose one worker."));
      return;
    }
    idlest.tasks.set(task.number, task);
    idlest.worker.send({ kind: "put", task: task.number, batch: task.batch });
  }

  /**
   * A worker has stopped, or hangs: what it held in the pool is released.
   *
   * @param again whether the others put what it had not finished; otherwise that is dropped
   */
  async #lose(member: Member, again: boolean): Promise<void> {
    if (!this.#members.delete(member)) return;
    const left = this.#members.size;
    this.#plan.onTrouble(
      again
        ? `A worker has stopped. ${left} ${left === 1 ? "goes" : "go"} on, and put again what it had not finished.`
        : "A worker did not stop in time and was ended. What it was at is not stored.",
    );
    const tasks = [...member.tasks.values()];
    member.tasks.clear();
    try {
      await this.#zmem.terminate(member.worker);
    } catch (error) {
      for (const task of tasks)
        task.fail(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    for (const task of tasks) {
      if (again) this.#hand(task);
      else task.settle(null);
    }
  }
}
