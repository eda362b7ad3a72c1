/**
 * `npm run bench:compare -- BEFORE AFTER`: two result files side by side.
 *
 * What: for each row that both have, the ratio of medians (above 1 is better in AFTER, whichever way
 * the figure goes) with its 95 % bootstrap interval; a change counts when the interval does not hold
 * 1 and the change is larger than 5 %. Fewer than three samples have no interval, and figures of other
 * bytes under the same name (by the corpora's checksums) are no comparison: their ratio is printed
 * without a verdict. Then what only one file has.
 *
 * Why so: samples of one run share that run's luck (memory layout, frequency), which no interval of
 * samples shows; with --against NAME figures are taken relative to that contender of the same run
 * first, where the machine's state cancels, and a line says how far the two files agree in these
 * ratios. What shows here is to be looked at, not to be trusted: of two runs of the same code some
 * rows differ by more than that (see LEAST_CHANGE), so the exit code says nothing of them.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Measurement, parseResults, type ResultFile } from "./harness/results.ts";
import {
  type Interval,
  median,
  pairedRatios,
  present,
  ratioInterval,
} from "./harness/statistics.ts";
import { formatPageSize } from "./report/format.ts";
import { tableToText } from "./report/tables.ts";
import { describeRun } from "./report/text.ts";

/**
 * Changes smaller than this are not called changes, however certain. Of 2,028 rows of two full runs
 * of the same code, one after the other on an idle machine, 20 % differed by more than 2 %, 10 % by
 * more than 5 % and 3 % by more than 10 %, with intervals that did not hold 1 (2026-11).
 */
const LEAST_CHANGE = 0.05;

/** How far apart the ratios of two files are, by rows that are times. */
export interface Agreement {
  /** The contender to which they are relative. */
  readonly against: string;
  readonly rows: number;
  /** The median over rows of larger ratio ÷ smaller ratio - 1. */
  readonly medianDistance: number;
  /** Rows whose distance is at most LEAST_CHANGE. */
  readonly close: number;
}

/** One row of the comparison. */
export interface Change {
  readonly key: string;
  /** Above 1 is better in the second file. */
  readonly ratio: Interval;
  readonly verdict: Verdict;
  /** Whether both files measured it on the same bytes. */
  readonly sameData: boolean;
  /** Whether it is relative to another contender of the same run. */
  readonly isRelative: boolean;
}

/** The last two are none: measured on different bytes, or not often enough. */
export type Verdict = "better" | "worse" | "same" | "other data" | "too few samples";

/** A comparison of two files. */
export interface FileComparison {
  readonly changes: readonly Change[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  /** Of rows relative to another contender; undefined when there are none. */
  readonly agreement: Agreement | undefined;
}

function keyOf({ case: name, figure, contender, corpus, pageSize }: Measurement): string {
  return [name, figure, contender, corpus, formatPageSize(pageSize)].filter(Boolean).join(" · ");
}

/**
 * @param against a contender to take figures relative to, in rows where both files have it
 * @throws Error when none of the files has it
 */
export function compareFiles(
  before: ResultFile,
  after: ResultFile,
  against?: string,
): FileComparison {
  const all = [...before.measurements, ...after.measurements];
  if (against !== undefined && !all.some(({ contender }) => contender === against)) {
    throw new Error(`--against: expected a contender of these files, got ${against}`);
  }
  const old = new Map(before.measurements.map((row) => [keyOf(row), row]));
  const fresh = new Map(after.measurements.map((row) => [keyOf(row), row]));
  const others = corporaOfOtherBytes(before, after);
  const changes: Change[] = [];
  const distances: number[] = [];
  for (const [key, row] of fresh) {
    const older = old.get(key);
    if (older === undefined) continue;
    const baseKey = against === undefined ? key : keyOf({ ...row, contender: against });
    const [oldBase, freshBase] = [old.get(baseKey), fresh.get(baseKey)];
    const isRelative = baseKey !== key && oldBase !== undefined && freshBase !== undefined;
    const then = isRelative ? pairedRatios(older.samples, oldBase.samples) : present(older.samples);
    const now = isRelative ? pairedRatios(row.samples, freshBase.samples) : present(row.samples);
    const ratio = row.better === "higher" ? ratioInterval(now, then) : ratioInterval(then, now);
    const sameData = !others.has(row.corpus);
    const verdict = sameData ? judge(ratio) : "other data";
    changes.push({ key, ratio, verdict, sameData, isRelative });
    const { middle } = ratio;
    if (isRelative && sameData && row.unit === "ns" && middle > 0) {
      distances.push(Math.max(middle, 1 / middle) - 1);
    }
  }
  return {
    changes,
    onlyBefore: [...old.keys()].filter((key) => !fresh.has(key)),
    onlyAfter: [...fresh.keys()].filter((key) => !old.has(key)),
    agreement: agreementOf(distances, against),
  };
}

/** Names that both files have for different bytes. */
function corporaOfOtherBytes(before: ResultFile, after: ResultFile): ReadonlySet<string> {
  const checksums = new Map(before.corpora.map(({ name, checksum }) => [name, checksum]));
  const isOther = ({ name, checksum }: ResultFile["corpora"][number]): boolean =>
    checksums.has(name) && checksums.get(name) !== checksum;
  return new Set(after.corpora.filter(isOther).map(({ name }) => name));
}

function agreementOf(
  distances: readonly number[],
  against: string | undefined,
): Agreement | undefined {
  if (against === undefined || distances.length === 0) return undefined;
  const close = distances.filter((distance) => distance <= LEAST_CHANGE).length;
  return { against, rows: distances.length, medianDistance: median(distances), close };
}

function agreementToText({ against, rows, medianDistance, close }: Agreement): string {
  const distance = (medianDistance * 100).toFixed(1);
  const bound = `${LEAST_CHANGE * 100} %`;
  return `ratios to ${against} in ${rows} rows: median distance ${distance} %, ${close} within ${bound}`;
}

function judge({ low, middle, high }: Interval): Verdict {
  if (Number.isNaN(low) || Number.isNaN(high)) return "too few samples";
  if (low > 1 && middle > 1 + LEAST_CHANGE) return "better";
  if (high < 1 && middle < 1 - LEAST_CHANGE) return "worse";
  return "same";
}

function countVerdicts(changes: readonly Change[]): string {
  const count = (wanted: Verdict): number =>
    changes.filter(({ verdict }) => verdict === wanted).length;
  const unjudged = count("other data") + count("too few samples");
  const words = `${count("worse")} worse, ${count("better")} better, ${count("same")} the same`;
  return unjudged === 0 ? words : `${words}, ${unjudged} not judged`;
}

/** The comparison for a terminal. @param against what figures are relative to */
export function comparisonToText(
  before: ResultFile,
  after: ResultFile,
  { changes, onlyBefore, onlyAfter, agreement }: FileComparison,
  against?: string,
): string {
  const absolute = changes.filter(({ isRelative }) => against !== undefined && !isRelative);
  const counts = countVerdicts(changes.filter((change) => !absolute.includes(change)));
  const table = tableToText({
    title:
      absolute.length === 0
        ? counts
        : `relative to ${against}: ${counts}; not relative: ${countVerdicts(absolute)}`,
    columns: ["figure (ratio above 1: better)", "ratio", "95 % interval", ""],
    rows: changes.map(({ key, ratio: { low, middle, high }, verdict, isRelative }) => [
      against === undefined || isRelative ? key : `${key} (not relative)`,
      middle.toFixed(3),
      Number.isNaN(low) ? "–" : `${low.toFixed(3)} – ${high.toFixed(3)}`,
      verdict === "same" ? "" : verdict,
    ]),
  });
  const lists = [
    ...onlyBefore.map((key) => `only in the first file: ${key}`),
    ...onlyAfter.map((key) => `only in the second file: ${key}`),
  ];
  return [
    `first:  ${describeRun(before)}`,
    `second: ${describeRun(after)}`,
    ...(agreement === undefined ? [] : [agreementToText(agreement)]),
    "",
    table,
    ...lists,
    "",
  ].join("\n");
}

const USAGE = "npm run bench:compare -- BEFORE.json AFTER.json [--against CONTENDER]";

function main(words: readonly string[]): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: { against: { type: "string" } },
      allowPositionals: true,
    });
    const [first, second] = positionals;
    if (first === undefined || second === undefined || positionals.length > 2) {
      throw new Error(`expected two result files, got ${positionals.length}`);
    }
    const [before, after] = [first, second].map((path) =>
      parseResults(readFileSync(path, "utf8"), path),
    ) as [ResultFile, ResultFile];
    const comparison = compareFiles(before, after, values.against);
    process.stdout.write(comparisonToText(before, after, comparison, values.against));
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
    return 2;
  }
}

if (process.argv[1]?.endsWith("compare.ts")) process.exitCode = main(process.argv.slice(2));
