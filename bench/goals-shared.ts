/**
 * The goals of the shared pool's issue: what a second worker adds, and what sharing costs one alone.
 */
import { findRow, speedUp } from "./goal-lookup.ts";
import type { Goal, Outcome } from "./goals.ts";
import type { ResultFile } from "./harness/results.ts";
import { median, pairedRatios } from "./harness/statistics.ts";

const CASES = ["shared"];

/** How many times the throughput of `peer` two workers have; the median over rounds. */
function timesAsFast(
  figure: string,
  peer: string,
  least: number,
): (file: ResultFile) => Outcome | undefined {
  return (file) => {
    const two = findRow(file, { case: "shared", figure, contender: "two workers" });
    const other = findRow(file, { case: "shared", figure, contender: peer });
    if (two === undefined || other === undefined) return undefined;
    const value = median(pairedRatios(other.samples, two.samples));
    const perSecond = (ns: number): string => `${(1e6 / ns).toFixed(0)} k/s`;
    const detail = `${perSecond(two.median)} against ${perSecond(other.median)}`;
    return { value, met: value >= least, detail };
  };
}

/** Time of the shared build ÷ of the plain one, one thread, mean of the kinds. */
function costAlone(call: string, most: number): (file: ResultFile) => Outcome | undefined {
  return (file) => {
    const query = { case: "shared", figure: `${call}, alone` } as const;
    const found = speedUp(
      file,
      { ...query, contender: "plain build" },
      { ...query, contender: "shared build" },
    );
    if (found === undefined) return undefined;
    const each = found.perCorpus.map(([name, value]) => `${name} ${value.toFixed(3)}`).join(", ");
    return { value: found.mean, met: found.mean <= most, detail: each };
  };
}

function make(figure: string, goal: string, measure: Goal["measure"]): Goal {
  return { issue: 6, figure, goal, cases: CASES, measure };
}

/** Rows of the table. */
export const SHARED_GOALS: readonly Goal[] = [
  ...["put", "get"].flatMap((call) => [
    make(
      `${call}, own keys: two workers against one`,
      "≥ 1.85",
      timesAsFast(`${call}, own keys`, "one worker", 1.85),
    ),
    make(
      `${call}, own keys: two workers against two private pools`,
      "≥ 0.97",
      timesAsFast(`${call}, own keys`, "two private pools", 0.97),
    ),
    make(
      `${call}, 100,000 shared keys by Zipf's law: two workers against one`,
      "≥ 1.60",
      timesAsFast(`${call}, Zipf keys`, "one worker", 1.6),
    ),
  ]),
  make("put alone: shared build ÷ plain build, time", "≤ 1.06", costAlone("put", 1.06)),
  make("get alone: shared build ÷ plain build, time", "≤ 1.20", costAlone("get", 1.2)),
];
