/**
 * The stopwatch: measures contenders in turn, so that what disturbs one disturbs all.
 *
 * What: each contender is warmed up until it no longer gets faster; a round of all in turn follows
 * that nobody counts. Then come many short rounds, in each of which every contender runs one batch.
 * The order is drawn anew for every other round, and the round after it runs it backwards, also where
 * the rounds are shared out to sweeps.
 *
 * Why so: engines compile in the first tens of milliseconds, and once more when a shared loop meets
 * the second kind of contender. The machine's speed drifts within seconds and jumps within
 * milliseconds, so a ratio is taken within a round, where both sides meet the same drift; what is
 * left over is noise from batch to batch, 6 to 17 % of a ratio on a virtual machine, nearly the same
 * for batches of 1 ms and of 5 ms. So many short rounds tell more in the same time than few long
 * ones: the median of 15 ratios was off by up to 10 %, that of 60 by up to 4 % (2026-11). An order
 * that merely rotates would always run the same contender before the same other, and leave it its
 * caches.
 *
 * Garbage: what a batch has made is collected after it and charged to it (the young generation, in
 * the timed part), less the time of a collection that finds nothing, 0.1 to 0.2 ms, which a program
 * does not pay per millisecond. What it promoted is collected before every other round, untimed: it would
 * otherwise be paid by whoever runs when the collector fires. A lead goes before the timed passes,
 * because caches are another contender's: without it a batch of 10 ms took 1.35 times as long for
 * zmem and 1.7 times for a Map of copies, with twice the spread.
 *
 * Invariant: samples of all contenders have the same length, and index i is round i.
 */
import { seededRandom, shuffle } from "../corpora/random.ts";
import { median } from "./statistics.ts";
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
  /**
   * Takes part in every so-manieth round; what the warm-up finds when left out. Slow tasks that are
   * compared with each other say it, for only rounds that both took part in make a ratio.
   */
  readonly every?: number;
}

/** How long to measure. */
export interface MeasureOptions {
  readonly rounds?: number;
  /** A batch lasts about so long, and one pass at least. */
  readonly batchMs?: number;
  /** One pass per batch, no warm-up, no pass before it: for what happens once, such as filling. */
  readonly once?: boolean;
  /** One of several calls that share the rounds among them. */
  readonly part?: Part;
  /** How many rounds earlier parts had: orders and pauses go on from there. */
  readonly firstRound?: number;
  /** Draws other orders: for a second measurement that shall not repeat the luck of the first. */
  readonly orderSeed?: number;
}

/** One of several calls about the same tasks. */
export interface Part {
  /** 0 to `count` - 1. */
  readonly index: number;
  readonly count: number;
  /** What earlier parts found out: who is in here by name needs no warm-up. */
  readonly sizes: Map<string, BatchSize>;
}

/** How a contender takes part. */
export interface BatchSize {
  /** Passes per batch. */
  readonly passes: number;
  /** Takes part in every so-manieth round. */
  readonly every: number;
}

/** A warm-up's batches last so long, the last ones of a contender that settles … */
const WARM_UP_MS = 8;
/** … or so long where several sweeps follow, and what the first one measures is a small part … */
const SWEPT_WARM_UP_MS = 4;
/** … which it has when so many batches in a row … */
const SETTLED_BATCHES = 3;
/** … were not faster than the one before them by more than this share; or … */
const SETTLED_SHARE = 0.03;
/** … after so many batches in all. */
const MOST_WARM_UP_BATCHES = 10;
const MOST_PASSES = 1 << 24;
/** A contender whose pass takes longer than so many batches pauses in some rounds … */
const SLOW_BATCHES = 6;
/** … so that it takes so many batches a round, on average, … */
const SLOW_SHARE = 2;
/** … but takes part in every so-manieth at least. */
const MOST_PAUSES = 8;
/** So long no event is let through. */
const PAUSE_MS = 20;
/** Collections that found nothing, the latest ones, whose median is taken off. */
const EMPTY_COLLECTIONS = 9;
const ORDER_SEED = 1729;
/** More than any measurement has. */
const MOST_ROUNDS = 1 << 16;

/** What `measureInTurn` needs of its surroundings. */
export type Surroundings = Pick<BenchContext, "pause"> & {
  readonly collect: ((minor: boolean) => void) | undefined;
  /** Milliseconds that pass; performance.now unless a test brings its own clock. */
  readonly now?: () => number;
};

/** @returns samples by task name */
export async function measureInTurn(
  tasks: readonly Task[],
  { rounds = 9, batchMs = 20, once = false, part, firstRound = 0, orderSeed = 0 }: MeasureOptions,
  { collect, pause, now = () => performance.now() }: Surroundings,
): Promise<Map<string, Samples>> {
  const watch = new Stopwatch(collect, now);
  let paused = now();
  const breathe = async (): Promise<void> => {
    if (now() - paused < PAUSE_MS) return;
    await pause();
    paused = now();
  };
  const plans: Plan[] = [];
  for (const task of tasks) {
    const known = once ? { passes: 1, every: 1 } : part?.sizes.get(task.name);
    const found = known ?? (await warmUp(task, batchMs, part ? SWEPT_WARM_UP_MS : WARM_UP_MS, now));
    const size = { ...found, every: task.every ?? found.every };
    part?.sizes.set(task.name, size);
    plans.push({ task, ...size });
    await breathe();
  }
  const runPlan = async ({ task, passes, every }: Plan): Promise<number> => {
    await task.prepare?.();
    if (once) collect?.(false);
    // A batch of one long pass warms itself.
    else if (every === 1) (task.lead ?? task.pass)();
    const elapsedMs = watch.time(task, passes);
    await breathe();
    return (elapsedMs * 1e6) / (passes * task.operations);
  };
  if (!once) {
    collect?.(false);
    for (const plan of plans) if (plan.every === 1) await runPlan(plan);
  }
  const samples = new Map<string, (number | null)[]>(tasks.map(({ name }) => [name, []]));
  for (let round = firstRound; round < firstRound + rounds; round++) {
    if (!once && (round - firstRound) % 2 === 0) collect?.(false);
    for (const plan of orderOf(plans, round, orderSeed)) {
      const own = samples.get(plan.task.name) as (number | null)[];
      own.push(round % plan.every === 0 ? await runPlan(plan) : null);
    }
  }
  await pause();
  return samples;
}

/** Each drawn order is followed by its reverse, so that a drift takes no side. */
function orderOf(plans: readonly Plan[], round: number, seed: number): Plan[] {
  const random = seededRandom(ORDER_SEED + seed * MOST_ROUNDS + (round >> 1));
  const order = shuffle([...plans], random);
  return round % 2 === 0 ? order : order.map((_, at) => order.at(-1 - at) as Plan);
}

interface Plan extends BatchSize {
  readonly task: Task;
}

/** Lets a task settle, and finds how many passes make a batch. */
async function warmUp(
  task: Task,
  batchMs: number,
  leastMs: number,
  now: () => number,
): Promise<BatchSize> {
  const warmUpMs = Math.max(batchMs, leastMs);
  let passes = 1;
  let fastestMs = Infinity;
  let settlingMs = Infinity;
  for (let batches = 0, settled = 0; settled < SETTLED_BATCHES;) {
    await task.prepare?.();
    const elapsedMs = runPasses(task, passes, now);
    if (elapsedMs < warmUpMs && passes < MOST_PASSES) {
      const factor = elapsedMs > 0 ? (warmUpMs * 1.1) / elapsedMs : 16;
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
    if (batches === 2 && passes === 1 && fastestMs > warmUpMs * 4) break;
  }
  const passMs = fastestMs / passes;
  const isSlow = passMs > batchMs * SLOW_BATCHES;
  const every = isSlow ? Math.round(passMs / (batchMs * SLOW_SHARE)) : 1;
  return {
    passes: passMs > 0 ? Math.ceil(batchMs / passMs) : MOST_PASSES,
    every: Math.min(MOST_PAUSES, every),
  };
}

/** Times batches, the garbage that each has made included. */
class Stopwatch {
  readonly #collect: ((minor: boolean) => void) | undefined;
  readonly #now: () => number;
  readonly #emptyMs: number[] = [];

  constructor(collect: ((minor: boolean) => void) | undefined, now: () => number) {
    this.#collect = collect;
    this.#now = now;
  }

  /** @returns milliseconds */
  time(task: Task, passes: number): number {
    // The second collection waits until the first has freed what it found, in other threads; it
    // finds nothing, which shows the price of one.
    this.#collect?.(true);
    this.#emptyMs.push(this.#collectMs());
    if (this.#emptyMs.length > EMPTY_COLLECTIONS) this.#emptyMs.shift();
    const elapsedMs = runPasses(task, passes, this.#now);
    return elapsedMs + Math.max(0, this.#collectMs() - median(this.#emptyMs));
  }

  #collectMs(): number {
    if (this.#collect === undefined) return 0;
    const started = this.#now();
    this.#collect(true);
    return this.#now() - started;
  }
}

function runPasses({ pass }: Task, passes: number, now: () => number): number {
  const started = now();
  for (let count = 0; count < passes; count++) pass();
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
