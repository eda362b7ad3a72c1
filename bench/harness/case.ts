/**
 * What a bench case is: a name, and a function that measures contenders and records rows.
 *
 * Why so: a case knows neither Node nor the browser. Whatever differs between them (corpora,
 * contenders, the collector, child processes) is in its context, so the same file runs everywhere;
 * a case that needs what a platform lacks asks for it and records a failure that says so.
 *
 * Names: contenders of cases are called as in their reports; zmem's own are "zmem" and, where an
 * effort is meant, "zmem fast", "zmem default", "zmem high". Native liblz4 is "liblz4" and
 * "liblz4 hc9". Goals (goals.ts) look rows up by case, figure and contender.
 */
import type { Corpus } from "../corpora/corpus.ts";
import type { CodecContender, StoreContender } from "../peers/contender.ts";
import type { MeasureOptions, Task } from "./measure.ts";
import type { Unit } from "./results.ts";

/** How much time a run may take: under a minute, under ten, or as long as it needs. */
export type Effort = "quick" | "full" | "all";

/** A row to record; median and spread are computed from the samples. */
export interface Row {
  readonly figure: string;
  readonly contender: string;
  readonly corpus?: string;
  readonly pageSize?: number;
  readonly unit: Unit;
  /** "lower" when left out. */
  readonly better?: "lower" | "higher";
  readonly bytesPerOperation?: number;
  readonly samples: readonly (number | null)[];
  readonly note?: string;
}

/** What the platform can do beyond running JavaScript. */
export interface Platform {
  readonly kind: "node" | "browser";
  /** Collects garbage; absent when the engine doesn't expose it. `minor`: young objects only. */
  readonly collect?: (minor: boolean) => void;
  /** Loads a corpus in another size; absent where all corpora are fixed. */
  readonly loadCorpus?: (name: "mix" | "jsheap", bytes: number) => Promise<Corpus>;
  /** Gives zmem's codec module by itself (assembly/codec/testing.ts). */
  readonly compileCodec?: () => Promise<WebAssembly.Module>;
  /** Runs a store in a process of its own and measures that from outside; Node on Linux only. */
  readonly probeMemory?: (request: ProbeRequest) => Promise<ProbeResult>;
}

/** What a child process shall do with a store while its parent watches its memory. */
export interface ProbeRequest {
  /** Name of a store contender. */
  readonly store: string;
  readonly corpus: string;
  readonly pageSize: number;
  /** Bytes of pages that the store is filled with; the corpus is gone through repeatedly. */
  readonly logicalBytes: number;
  /** Rounds that each overwrite a random half of the pages. */
  readonly churnRounds: number;
  /** Share of pages to flush before a compaction and a trim; 0 for none. */
  readonly flushShare: number;
}

/** Resident memory of a child, in bytes over what it had before the first put. */
export interface ProbeResult {
  readonly filledBytes: number;
  readonly churnedBytes?: number;
  readonly trimmedBytes?: number;
  /** Seconds from the end of the trim until 90 % of what was freed had left the process … */
  readonly trimSeconds?: number;
  /** … or until nobody waited any longer: it had not left by then. */
  readonly isTrimLate?: boolean;
  /** What the store itself said that it held, where it says so: filled, churned, trimmed. */
  readonly statedBytes: readonly number[];
  /** What the trim freed by the store's statistics. */
  readonly freedBytes?: number;
  /** How it was measured: "Rss of /proc/PID/smaps_rollup". */
  readonly method: string;
}

/** Everything a case works with. */
export interface BenchContext {
  readonly platform: Platform;
  readonly effort: Effort;
  /** Samples per figure that the user has asked for. */
  readonly rounds?: number;
  readonly corpora: ReadonlyMap<string, Corpus>;
  readonly codecs: readonly CodecContender[];
  readonly stores: readonly StoreContender[];
  /** Measures tasks in turn; see measure.ts. */
  measure(tasks: readonly Task[], options?: MeasureOptions): Promise<Map<string, Samples>>;
  record(row: Row): void;
  /** Reports what could not be measured. */
  fail(contender: string, error: unknown, corpus?: string): void;
  /** One line on what is going on, for the person who waits. */
  progress(message: string): void;
  /** Lets events happen; throws `Interrupted` once the user has asked to stop. */
  pause(): Promise<void>;
}

/** Nanoseconds per operation, one per round, null where a slow contender paused. */
export type Samples = readonly (number | null)[];

/** A case. */
export interface BenchCase {
  /** Short, for --filter: "codec", "store", "memory". */
  readonly name: string;
  /** One line for reports. */
  readonly title: string;
  /** It makes its own data: a run of such cases only loads no corpora. */
  readonly withoutCorpora?: boolean;
  /** Efforts in which it runs without being asked for by name. */
  readonly efforts: readonly Effort[];
  run(context: BenchContext): Promise<void>;
}

/** Thrown out of a case when the user has interrupted the run. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
