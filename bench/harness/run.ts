/**
 * Runs cases and gathers what they record.
 *
 * Why so: a case that throws is a failure row and the next case runs; an interruption ends the run
 * and keeps what is finished. Nothing here knows the platform.
 */
import type { Corpus } from "../corpora/corpus.ts";
import type { CodecContender, StoreContender } from "../peers/contender.ts";
import {
  type BenchCase,
  type BenchContext,
  type Effort,
  Interrupted,
  type Platform,
} from "./case.ts";
import { measureInTurn, type MeasureOptions, type Part } from "./measure.ts";
import {
  type CorpusInfo,
  type Failure,
  type Machine,
  type Measurement,
  type ResultFile,
  SCHEMA,
} from "./results.ts";
import { median, present, spread } from "./statistics.ts";

/** A run's setting. */
export interface RunOptions {
  readonly cases: readonly BenchCase[];
  readonly effort: Effort;
  readonly platform: Platform;
  readonly machine: Machine;
  readonly version: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly corpora: ReadonlyMap<string, Corpus>;
  readonly codecs: readonly CodecContender[];
  readonly stores: readonly StoreContender[];
  /** Rounds of every measurement; by effort, or what a case says, when left out. */
  readonly rounds?: number;
  readonly onProgress?: (message: string) => void;
  /** Ends the run at the next pause. */
  readonly signal?: AbortSignal;
}

const ROUNDS: Readonly<Record<Effort, number>> = { quick: 12, full: 32, all: 64 };
const BATCH_MS: Readonly<Record<Effort, number>> = { quick: 1, full: 1, all: 2 };
/** A batch lasts so many steps of the clock at least: some have steps of a millisecond. */
const CLOCK_STEPS = 64;

/** Runs the cases one after another. */
export async function runCases(options: RunOptions): Promise<ResultFile> {
  const started = Date.now();
  const measurements: Measurement[] = [];
  const failures: Failure[] = [];
  const caseSeconds: Record<string, number> = {};
  let complete = true;
  for (const [index, benchCase] of options.cases.entries()) {
    const label = `${index + 1}/${options.cases.length} ${benchCase.name}`;
    const progress = (message: string): void => options.onProgress?.(`${label}: ${message}`);
    const context = makeContext(benchCase, options, measurements, failures, progress);
    const startedMs = performance.now();
    try {
      progress(benchCase.title);
      await context.pause();
      await benchCase.run(context);
      caseSeconds[benchCase.name] = Math.round(performance.now() - startedMs) / 1000;
    } catch (error) {
      if (error instanceof Interrupted) {
        complete = false;
        break;
      }
      context.fail("all", error);
    }
  }
  return {
    schema: SCHEMA,
    project: "zmem",
    version: options.version,
    startedAt: new Date(started).toISOString(),
    seconds: Math.round((Date.now() - started) / 1000),
    effort: options.effort,
    complete,
    caseSeconds,
    machine: options.machine,
    versions: options.versions,
    corpora: [...options.corpora.values()].map(describeCorpus),
    measurements,
    failures,
  };
}

function makeContext(
  benchCase: BenchCase,
  { effort, platform, machine, corpora, codecs, stores, rounds, signal }: RunOptions,
  measurements: Measurement[],
  failures: Failure[],
  progress: (message: string) => void,
): BenchContext {
  const pause = async (): Promise<void> => {
    // A macrotask, so that signals, buttons and drawing get their turn.
    await new Promise<void>((resolve) => {
      if (typeof setImmediate === "function") setImmediate(resolve);
      else setTimeout(resolve, 0);
    });
    if (signal?.aborted) throw new Interrupted("the run was interrupted");
  };
  return {
    platform,
    effort,
    ...(rounds === undefined ? {} : { rounds }),
    corpora,
    codecs,
    stores,
    progress,
    pause,
    measure: (tasks, own = {}) => {
      const all = rounds ?? own.rounds ?? ROUNDS[effort];
      const batchMs = Math.max(BATCH_MS[effort], (CLOCK_STEPS * machine.timerNs) / 1e6);
      return measureInTurn(
        tasks,
        { batchMs, ...own, ...shareOf(all, own.part) },
        { collect: platform.collect, pause },
      );
    },
    record: ({ corpus = "", pageSize = 0, better = "lower", bytesPerOperation = 0, ...row }) => {
      const values = present(row.samples);
      measurements.push({
        case: benchCase.name,
        ...row,
        corpus,
        pageSize,
        better,
        bytesPerOperation,
        median: median(values),
        spread: spread(values),
      });
    },
    fail: (contender, error, corpus = "") => {
      const reason = error instanceof Error ? error.message : String(error);
      failures.push({ case: benchCase.name, contender, corpus, reason });
      progress(`${contender} failed: ${reason}`);
    },
  };
}

/** Which of the rounds fall to a part. */
function shareOf(
  rounds: number,
  part: Part | undefined,
): Required<Pick<MeasureOptions, "rounds" | "firstRound">> {
  if (part === undefined) return { rounds, firstRound: 0 };
  const upTo = (parts: number): number => Math.floor((rounds * parts) / part.count);
  const firstRound = upTo(part.index);
  return { rounds: upTo(part.index + 1) - firstRound, firstRound };
}

function describeCorpus({ bytes, ...info }: Corpus): CorpusInfo {
  return { ...info, bytes: bytes.length };
}
