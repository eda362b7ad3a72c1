/**
 * The stopwatch: measures contenders in turn, so that what disturbs one disturbs all.
 *
 * What: each contender is warmed up until it no longer gets faster and its batch is long against
 * the clock's step; a round of all in turn follows that nobody counts. Then come rounds, in each of
 * which every contender runs one batch, and the order rotates by one from round to round.
 *
 * Why so: engines compile in the first tens of milliseconds, and once more when a shared loop meets
 * the second kind of contender. A frequency step or a neighbour on the machine lasts longer than a
 * batch, so contenders are compared within a round. Garbage that a batch has made is collected after
 * it and charged to it (the young generation, in the timed part); what it promoted is collected
 * before the next contender starts, untimed: it would otherwise be paid by whoever runs when the
 * collector fires. That collection leaves cold caches, so a lead goes before the timed passes: without
 * it a batch of 10 ms took 1.35 times as long for zmem and 1.7 times for a Map of copies, with twice
 * the spread (2026-11).
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
  /** The first part of a pass, a millisecond or less: warms caches, untimed; else a whole pass. */
  readonly lead?: () => void;
}

/** How long to measure. */
export interface MeasureOptions {
  readonly rounds?: number;
  /** A batch lasts at least so long. */
  readonly batchMs?: number;
  /** One pass per batch, no warm-up, no pass before it: for what happens once, such as filling. */
  readonly once?: boolean;
}

/** A contender is warm when so many batches in a row … */
const SETTLED_BATCHES = 3;
/** … were not faster than the one before them by more than this share; or … */
const SETTLED_SHARE = 0.03;
/** … after so many batches in all. */
const MOST_WARM_UP_BATCHES = 20;
const MOST_PASSES = 1 << 24;
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
  const runPlan = async ({ task, passes }: Plan): Promise<number> => {
    await task.prepare?.();
    collect?.(false);
    // A batch of one long pass warms itself.
    if (task.lead) task.lead();
    else if (passes > 1) task.pass();
    const elapsedMs = runBatch(task, passes, collect, now);
    await pause();
    return (elapsedMs * 1e6) / (passes * task.operations);
  };
  if (!once) for (const plan of plans) if (plan.passes > 1) await runPlan(plan);
  const samples = new Map<string, (number | null)[]>(tasks.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < plans.length; place++) {
      const plan = plans[(place + round) % plans.length] as Plan;
      const own = samples.get(plan.task.name) as (number | null)[];
      own.push(round % plan.every === 0 ? await runPlan(plan) : null);
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
  let fastestMs = Infinity;
  let settlingMs = Infinity;
  for (let batches = 0, settled = 0; settled < SETTLED_BATCHES;) {
    await task.prepare?.();
    const elapsedMs = runBatch(task, passes, undefined, now);
    if (elapsedMs < batchMs && passes < MOST_PASSES) {
      const factor = elapsedMs > 0 ? (batchMs * 1.1) / elapsedMs : 16;
      passes = Math.ceil(passes * Math.min(16, Math.max(1.1, factor)));
      fastestMs = settlingMs = Infinity;
      settled = 0;
    } else {
      batches += 1;
      fastestMs = Math.min(fastestMs, elapsedMs);
      settled += 1;
      if (elapsedMs < settlingMs * (1 - SETTLED_SHARE)) {
        settlingMs = elapsedMs;
        settled = 0;
      }
    }
    if (batches === MOST_WARM_UP_BATCHES) break;
    // What takes so long in one pass is compiled by the end of the first.
    if (batches === 2 && passes === 1 && fastestMs > batchMs * SLOW_FACTOR * 2) break;
    await pause();
  }
  const every = passes > 1 ? 1 : Math.round(fastestMs / (batchMs * SLOW_FACTOR));
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
