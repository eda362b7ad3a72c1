/**
 * The goals of the front-end issue: the right pages in memory, and no stall where room is made.
 */
import { findRow, type RowQuery } from "./goal-lookup.ts";
import type { Goal, Outcome } from "./goals.ts";
import type { ResultFile } from "./harness/results.ts";
import { median, pairedRatios } from "./harness/statistics.ts";

const READS = { case: "writeback", figure: "device reads per get" } as const;

/** The median of one row ÷ that of another, with both in the detail. */
function quotient(above: RowQuery, below: RowQuery, most: number) {
  return (file: ResultFile): Outcome | undefined => {
    const [first, second] = [findRow(file, above), findRow(file, below)];
    if (first === undefined || second === undefined) return undefined;
    const value = first.median / second.median;
    const detail = `${first.median.toFixed(4)} ÷ ${second.median.toFixed(4)} a get`;
    return { value, met: value <= most, detail };
  };
}

function putTail(file: ResultFile): Outcome | undefined {
  const find = (figure: string): number | undefined =>
    findRow(file, { case: "writeback", figure, contender: "zmem" })?.median;
  const [middle, high, tail, slowest] = [
    find("put, median"),
    find("put, 99 %"),
    find("put, 99.9 %"),
    find("put, slowest"),
  ];
  if (!middle || !high || !tail || !slowest) return undefined;
  const detail =
    `median ${(middle / 1000).toFixed(1)} µs, 99 % ${(high / 1000).toFixed(1)} µs, ` +
    `slowest ${(slowest / 1e6).toFixed(2)} ms`;
  return { value: tail / 1e6, met: tail < 1e6, detail };
}

function recencyCost(file: ResultFile): Outcome | undefined {
  const query = { case: "recency", figure: "get" } as const;
  const tracking = findRow(file, { ...query, contender: "with recency" });
  const without = findRow(file, { ...query, contender: "without recency" });
  if (tracking === undefined || without === undefined) return undefined;
  const value = median(pairedRatios(tracking.samples, without.samples));
  const detail = `${tracking.median.toFixed(0)} ÷ ${without.median.toFixed(0)} ns`;
  return { value, met: value <= 1.03, detail };
}

function make(
  figure: string,
  goal: string,
  cases: readonly string[],
  measure: Goal["measure"],
): Goal {
  return { issue: 7, figure, goal, cases, measure, needsFull: true };
}

/** Rows of the table. */
export const WRITEBACK_GOALS: readonly Goal[] = [
  make(
    "device reads, zmem ÷ exact LRU of as many pages",
    "≤ 1.05",
    ["writeback"],
    quotient(
      { ...READS, contender: "zmem" },
      { ...READS, contender: "exact LRU, simulated" },
      1.05,
    ),
  ),
  ...["reject when full", "uncompressed LRU"].map((contender) =>
    make(
      `device reads, ${contender} ÷ zmem`,
      "printed",
      ["writeback"],
      quotient({ ...READS, contender }, { ...READS, contender: "zmem" }, Infinity),
    ),
  ),
  make("put with writeback, 99.9 %, ms", "< 1", ["writeback"], putTail),
  make("get with recency ÷ without", "≤ 1.03", ["recency"], recencyCost),
];
