/**
 * The result file: what a run measured, with everything needed to judge and to repeat it.
 *
 * Why so: rows are flat, one per contender and condition, and keep their raw samples, so that a
 * reader can compute other statistics than ours. Times are nanoseconds per operation; throughput
 * follows from `bytesPerOperation`. Sample i of all rows of one comparison was taken in round i,
 * which lets ratios be taken round by round, where a machine's drift cancels.
 *
 * Invariant: a change of meaning of any field raises SCHEMA.
 */

/** Version of the result file. */
export const SCHEMA = 1;

/** What the samples count. */
export type Unit =
  /** Nanoseconds per operation; lower is better. */
  | "ns"
  /** Bytes per page, per logical page or in all, as the figure says; lower is better. */
  | "bytes"
  /** A share or quotient without unit; which way is better stands in `better`. */
  | "ratio"
  /** Milliseconds; lower is better. */
  | "ms";

/** One contender's figure under one condition. */
export interface Measurement {
  /** Name of the case that measured it. */
  readonly case: string;
  /** What was measured: "compress", "put, steady", "held per logical byte". */
  readonly figure: string;
  /** Who: "zmem", "lz4-wasm", "Map of copies". */
  readonly contender: string;
  /** Name of the corpus; "" where none is involved. */
  readonly corpus: string;
  /** Bytes of a page; 0 where none is involved. */
  readonly pageSize: number;
  readonly unit: Unit;
  readonly better: "lower" | "higher";
  /** Bytes of page data that one operation handles; 0 where throughput means nothing. */
  readonly bytesPerOperation: number;
  /** One per round. A null stands for a round in which a slow contender paused. */
  readonly samples: readonly (number | null)[];
  readonly median: number;
  /** Median absolute deviation from the median, times 1.4826 (a robust standard deviation). */
  readonly spread: number;
  /** A condition worth knowing: "1024 pages of 4 MiB", "16 of 256 pages same-filled". */
  readonly note?: string;
}

/** Something that should have been measured and was not. */
export interface Failure {
  readonly case: string;
  readonly contender: string;
  readonly corpus: string;
  readonly reason: string;
}

/** A corpus without its bytes. */
export interface CorpusInfo {
  readonly name: string;
  readonly kind: string;
  readonly source: string;
  readonly bytes: number;
  readonly checksum: string;
  readonly deterministic: boolean;
}

/** Where a run took place. */
export interface Machine {
  readonly platform: string;
  readonly processor: string;
  readonly processors: number;
  readonly memoryBytes: number;
  /** "Node 20.20.2 (V8 11.3)" or the browser's user agent. */
  readonly engine: string;
  /** Smallest step of the clock, nanoseconds. */
  readonly timerNs: number;
  readonly collector: boolean;
}

/** A whole run. */
export interface ResultFile {
  readonly schema: number;
  readonly project: string;
  readonly version: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly effort: string;
  /** False when the run was interrupted: what was finished is here. */
  readonly complete: boolean;
  /** How long each finished case took; absent in files before 2026-11-25. */
  readonly caseSeconds?: Readonly<Record<string, number>>;
  readonly machine: Machine;
  /** What a reader must know about the circumstances; written by whoever commits the file. */
  readonly remark?: string;
  /** Contender → version of its package. */
  readonly versions: Readonly<Record<string, string>>;
  readonly corpora: readonly CorpusInfo[];
  readonly measurements: readonly Measurement[];
  readonly failures: readonly Failure[];
}

const KEPT_DIGITS = 6;

/** The file's text: numbers to six digits, which is more than any clock here can tell. */
export function writeResults(file: ResultFile): string {
  const shorten = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value)
      ? Number(value.toPrecision(KEPT_DIGITS))
      : value;
  return `${JSON.stringify(file, shorten, 1)}\n`;
}

/** Reads a result file's text. @throws Error that says what is wrong with it */
export function parseResults(text: string, name: string): ResultFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${name}: expected a result file in JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const file = value as Partial<ResultFile> | null;
  if (file?.schema !== SCHEMA || !Array.isArray(file.measurements)) {
    throw new Error(
      `${name}: expected a result file of schema ${SCHEMA}, got schema ${String(file?.schema)}`,
    );
  }
  return file as ResultFile;
}
