/**
 * The stopwatch: measures contenders in turn, so that what disturbs one disturbs all.
 *
 * What: each contender is warmed up until its time per pass has settled and its batch is long
 * against the clock's step; then come rounds, in each of which every contender runs one batch, and
 * the order rotates by one from round to round.
 *
 * Why so: engines compile in the first tens of milliseconds; a frequency step or a neighbour on the
 * machine lasts longer than a batch, so contenders are compared within a round. Garbage that a
 * batch has made is collected after it and charged to it (the young generation, in the timed part);
 * what it promoted is collected before the next contender starts, untimed: it would otherwise be
 * paid by whoever runs when the collector fires.
 *
 * Invariant: samples of all contenders have the same length, and index i is round i.
 */
import type { BenchContext, Samples } from "./case.ts";

/** Something to time. */
export interface Task {
  readonly name: string;
  /** Does all operations once. A result that is not used otherwise goes into a field. */
  readonly pass: () => void;
  /** How many operations one pass does. */
  readonly operations: number;
  /** Runs before every batch, untimed. */
  readonly prepare?: () => void | Promise<void>;
}

/** How long to measure. */
export interface MeasureOptions {
  readonly rounds?: number;
  /** A batch lasts at least so long. */
  readonly batchMs?: number;
  /** One pass per batch and no warm-up: for what happens once, such as filling. */
  readonly once?: boolean;
}

const WARM_UP_BATCHES = 3;
/** A contender that takes longer than this many target batches pauses in some rounds … */
const SLOW_FACTOR = 2;
/** … but takes part in every third at least. */
const MOST_PAUSES = 3;

/** What `measureInTurn` needs of its surroundings. */
export type Surroundings = Pick<BenchContext, "pause"> & {
  readonly collect: ((minor: boolean) => void) | undefined;
  /** Milliseconds that pass; performance.now unless a test brings its own clock. */
  readonly now?: () => number;
};

/** @returns samples by task name */
export async function measureInTurn(
  tasks: readonly Task[],
  { rounds = 9, batchMs = 20, once = false }: MeasureOptions,
  { collect, pause, now = () => performance.now() }: Surroundings,
): Promise<Map<string, Samples>> {
  const plans: Plan[] = [];
  for (const task of tasks) {
    plans.push(once ? { task, passes: 1, every: 1 } : await warmUp(task, batchMs, pause, now));
  }
  const samples = new Map<string, (number | null)[]>(tasks.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < plans.length; place++) {
      const { task, passes, every } = plans[(place + round) % plans.length] as Plan;
      const own = samples.get(task.name) as (number | null)[];
      if (round % every !== 0) {
        own.push(null);
        continue;
      }
      await task.prepare?.();
      collect?.(false);
      const elapsedMs = runBatch(task, passes, collect, now);
      own.push((elapsedMs * 1e6) / (passes * task.operations));
      await pause();
    }
  }
  return samples;
}

interface Plan {
  readonly task: Task;
  /** Passes per batch. */
  readonly passes: number;
  /** Takes part in every so-manieth round. */
  readonly every: number;
}

async function warmUp(
  task: Task,
  batchMs: number,
  pause: () => Promise<void>,
  now: () => number,
): Promise<Plan> {
  let passes = 1;
  let elapsedMs = 0;
  for (let batch = 0; batch < WARM_UP_BATCHES;) {
    await task.prepare?.();
    elapsedMs = runBatch(task, passes, undefined, now);
    if (elapsedMs < batchMs && passes < 1 << 24) {
      const factor = elapsedMs > 0 ? (batchMs * 1.1) / elapsedMs : 16;
      passes = Math.ceil(passes * Math.min(16, Math.max(1.1, factor)));
    } else {
      batch += 1;
      // What takes long is compiled by the end of its first batch.
      if (elapsedMs > batchMs * SLOW_FACTOR) break;
    }
    await pause();
  }
  const every = Math.round(elapsedMs / (batchMs * SLOW_FACTOR));
  return { task, passes, every: Math.min(MOST_PAUSES, Math.max(1, every)) };
}

function runBatch(
  { pass }: Task,
  passes: number,
  collect: ((minor: boolean) => void) | undefined,
  now: () => number,
): number {
  const started = now();
  for (let count = 0; count < passes; count++) pass();
  collect?.(true);
  return now() - started;
}

/** The smallest step that the clock was seen to make, nanoseconds. */
export function timerStepNs(): number {
  let smallest = Infinity;
  for (let tries = 0; tries < 20; tries++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    smallest = Math.min(smallest, now - start);
  }
  return Math.round(smallest * 1e6);
}
