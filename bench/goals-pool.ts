/**
 * The goals of the allocator issue: density, what memory is held, and that it comes back.
 */
import { figureOf, findRow, type RowQuery } from "./goal-lookup.ts";
import type { Goal, Outcome } from "./goals.ts";
import type { ResultFile } from "./harness/results.ts";

function bounded(
  query: RowQuery,
  bound: { readonly least?: number; readonly most?: number },
): (file: ResultFile) => Outcome | undefined {
  return (file) => {
    const value = figureOf(file, query);
    if (value === undefined) return undefined;
    const { least = -Infinity, most = Infinity } = bound;
    const note = findRow(file, query)?.note;
    return { value, met: value >= least && value <= most, ...(note ? { detail: note } : {}) };
  };
}

function pool(figure: string, corpus = "mix", contender = "zmem"): RowQuery {
  return { case: "pool", figure, contender, corpus };
}

function make(
  figure: string,
  goal: string,
  cases: readonly string[],
  measure: Goal["measure"],
): Goal {
  return { issue: 5, figure, goal, cases, measure, needsFull: cases !== ALLOCATOR };
}

/** Nanoseconds of a pair ÷ of a put. */
function pairShare(file: ResultFile): Outcome | undefined {
  const find = (contender: string): number | undefined =>
    figureOf(file, { case: "allocator", figure: "allocator", contender });
  const pair = find("allocate and free");
  const put = find("whole put");
  if (pair === undefined || put === undefined) return undefined;
  return {
    value: pair / put,
    met: pair / put < 0.08,
    detail: `${pair.toFixed(0)} of ${put.toFixed(0)} ns`,
  };
}

function compactionSpeed(file: ResultFile): Outcome | undefined {
  const found = findRow(file, pool("compaction, per object"));
  if (found === undefined) return undefined;
  const value = found.bytesPerOperation / found.median;
  return { value, met: value >= 1, ...(found.note ? { detail: found.note } : {}) };
}

/** What a trim takes, and what the machine alone takes of that. */
function trimTime(file: ResultFile): Outcome | undefined {
  const value = figureOf(file, pool("trim, per live GiB"));
  if (value === undefined) return undefined;
  const floor = figureOf(file, pool("trim, first touch of its fresh memory alone, per live GiB"));
  return {
    value,
    met: value <= 1000,
    ...(floor === undefined
      ? {}
      : { detail: `of it ${floor.toFixed(0)} for the first touch of the fresh memory` }),
  };
}

/** Held ÷ logical on heap pages, beside what these pages compress to. */
function heapShare(figure: string, most: number): (file: ResultFile) => Outcome | undefined {
  return (file) => {
    const value = figureOf(file, pool(figure, "jsheap"));
    if (value === undefined) return undefined;
    const find = (heapFigure: string, contender: string): number | undefined =>
      figureOf(file, { case: "pool-heap", figure: heapFigure, contender });
    const native = find("block bytes ÷ logical", "liblz4");
    const high = find("held ÷ logical, effort high", "zmem high");
    const details = [
      native === undefined
        ? ""
        : `liblz4's blocks alone ${native.toFixed(3)}, ${(1 / native).toFixed(2)} : 1`,
      high === undefined ? "" : `effort high ${high.toFixed(3)}`,
    ].filter((text) => text !== "");
    return {
      value,
      met: value <= most,
      ...(details.length > 0 ? { detail: details.join("; ") } : {}),
    };
  };
}

const ALLOCATOR = ["allocator"];
const POOL = ["pool"];
const HEAP = ["pool", "pool-heap"];
const PROCESS = ["process"];

/** Rows of the table. */
export const POOL_GOALS: readonly Goal[] = [
  make(
    "efficiency after filling",
    "≥ 0.965",
    POOL,
    bounded(pool("efficiency after filling"), { least: 0.965 }),
  ),
  make(
    "efficiency after ten rounds of churn",
    "≥ 0.93",
    POOL,
    bounded(pool("efficiency after churn"), { least: 0.93 }),
  ),
  make(
    "efficiency after flush of 80 %, compaction, trim",
    "≥ 0.95",
    POOL,
    bounded(pool("efficiency after flush of 80 %, compaction and trim"), { least: 0.95 }),
  ),
  make(
    "held ÷ logical, mix",
    "≤ 0.47",
    POOL,
    bounded(pool("held ÷ logical after filling"), { most: 0.47 }),
  ),
  make(
    "held ÷ logical, JavaScript heap",
    "≤ 0.355",
    HEAP,
    heapShare("held ÷ logical after filling", 0.355),
  ),
  make(
    "held ÷ logical after churn, mix",
    "≤ 0.49",
    POOL,
    bounded(pool("held ÷ logical after churn"), { most: 0.49 }),
  ),
  make(
    "held ÷ logical after churn, JavaScript heap",
    "≤ 0.37",
    HEAP,
    heapShare("held ÷ logical after churn", 0.37),
  ),
  make(
    "held ÷ logical, mix, effort high",
    "≤ 0.43",
    POOL,
    bounded(pool("held ÷ logical after filling", "mix", "zmem high"), { most: 0.43 }),
  ),
  make(
    "index and headers per page, dense, bytes",
    "≤ 20",
    POOL,
    bounded(pool("index and headers per page, dense"), { most: 20 }),
  ),
  make(
    "index and headers per page, random offsets, bytes",
    "≤ 64",
    POOL,
    bounded(
      { case: "pool", figure: "index and headers per page, random offsets", contender: "zmem" },
      { most: 64 },
    ),
  ),
  make("allocate and free ÷ whole put", "< 0.08", ALLOCATOR, pairShare),
  make("compaction, GB/s of payload", "≥ 1", POOL, compactionSpeed),
  make(
    "compaction, longest step, ms",
    "< 1",
    POOL,
    bounded(pool("compaction, longest step"), { most: 1 }),
  ),
  make("trim, ms per live GiB", "≤ 1000", POOL, trimTime),
  make(
    "trim, extra peak ÷ stated peak",
    "≤ 1",
    POOL,
    bounded(pool("trim, extra peak ÷ stated peak"), { most: 1 }),
  ),
  make(
    "resident growth ÷ held by statistics, 1 GiB logical",
    "within 0.98 to 1.02",
    PROCESS,
    (file) => {
      const query = {
        case: "process",
        figure: "resident growth ÷ held by statistics",
        contender: "zmem",
      };
      return bounded(query, { least: 0.98, most: 1.02 })(file);
    },
  ),
  make(
    "share of freed memory that left the process after a trim",
    "≥ 0.90",
    PROCESS,
    bounded(
      { case: "process", figure: "share of freed memory that left the process", contender: "zmem" },
      { least: 0.9 },
    ),
  ),
  make(
    "until 90 % of freed memory had left, ms",
    "≤ 10000",
    PROCESS,
    bounded(
      { case: "process", figure: "until 90 % of freed memory had left", contender: "zmem" },
      { most: 10_000 },
    ),
  ),
  make(
    "6 GiB in one process, resident ÷ logical (only with --all)",
    "read back",
    PROCESS,
    (file) => {
      const query = {
        case: "process",
        figure: "resident growth ÷ logical",
        contender: "zmem, instances of 1 GiB",
      };
      const value = figureOf(file, query);
      // The case fails unless every page was read back as it was put.
      return value === undefined ? undefined : { value, met: true, detail: "every page compared" };
    },
  ),
];
