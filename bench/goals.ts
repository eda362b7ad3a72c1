/**
 * What the project has set itself: figure, goal and case, one row for each figure that an issue
 * asks for.
 *
 * Why so: a goal is no test. `npm run bench -- --goals` prints goal, measured, and met, short or not
 * measured, and ends with 0 either way. A figure that this machine can't measure (no C compiler, no
 * browser, no /proc) is "not measured", never "met"; so is one of which a part is missing, a kind of
 * data or a peer that is expected, because the run was interrupted or something failed.
 */
import { CODEC_GOALS } from "./goals-codec.ts";
import { POOL_GOALS } from "./goals-pool.ts";
import { DEMO_GOALS, ENTRY_GOALS } from "./goals-sizes.ts";
import { SHARED_GOALS } from "./goals-shared.ts";
import { STORE_GOALS } from "./goals-store.ts";
import { WRITEBACK_GOALS } from "./goals-writeback.ts";
import type { ResultFile } from "./harness/results.ts";
import { describeRun, describeTimes } from "./report/text.ts";
import { formatBeside } from "./report/format.ts";
import { tableToText } from "./report/tables.ts";
import { INTERRUPTED_LINE } from "./report/verdict.ts";

/** One measured figure against its goal. */
export interface Outcome {
  readonly value: number;
  readonly met: boolean;
  /** What the reader should know: the worst corpus, the raw figures. */
  readonly detail?: string;
}

/** A row of the table. */
export interface Goal {
  /** Number of the issue that asks for it. */
  readonly issue: number;
  readonly figure: string;
  /** "≥ 1.20, no kind below 1.05". */
  readonly goal: string;
  /** Names of the cases that measure it. */
  readonly cases: readonly string[];
  /** The condition (sizes, peers) is that of full runs; a quick run does not measure it. */
  readonly needsFull?: boolean;
  /** @returns undefined when it was not measured */
  readonly measure: (file: ResultFile) => Outcome | undefined;
}

/** All goals in the order of their issues. */
export const GOALS: readonly Goal[] = [
  ...ENTRY_GOALS,
  ...STORE_GOALS,
  ...CODEC_GOALS,
  ...POOL_GOALS,
  ...SHARED_GOALS,
  ...WRITEBACK_GOALS,
  ...DEMO_GOALS,
];

/** Names of the cases that goals need. */
export function goalCases(): ReadonlySet<string> {
  return new Set(GOALS.flatMap(({ cases }) => cases));
}

/** A goal with what was measured. */
export interface JudgedGoal {
  readonly goal: Goal;
  readonly outcome: Outcome | undefined;
  readonly verdict: "met" | "short" | "not measured";
}

/** Judges all goals by a result file. */
export function judgeGoals(file: ResultFile): JudgedGoal[] {
  return GOALS.map((goal) => {
    const isWeaker = goal.needsFull === true && file.effort === "quick";
    const outcome = isWeaker ? undefined : goal.measure(file);
    if (outcome === undefined || !Number.isFinite(outcome.value)) {
      return { goal, outcome: undefined, verdict: "not measured" };
    }
    return { goal, outcome, verdict: outcome.met ? "met" : "short" };
  });
}

/** The table for a terminal. */
export function goalsToText(file: ResultFile): string {
  const judged = judgeGoals(file);
  const count = (wanted: string): number =>
    judged.filter(({ verdict }) => verdict === wanted).length;
  const table = tableToText({
    title: `goals: ${count("met")} met, ${count("short")} short, ${count("not measured")} not measured`,
    columns: ["figure", "goal", "measured", "", "detail"],
    rows: judged.map(({ goal, outcome, verdict }) => [
      `#${goal.issue} ${goal.figure}`,
      goal.goal,
      outcome === undefined ? "–" : formatBeside(goal.goal, outcome.value),
      verdict,
      outcome?.detail ?? "",
    ]),
  });
  const failures = file.failures.map(
    ({ case: name, contender, corpus, reason }) =>
      `not measured: ${name}, ${contender}${corpus && ` on ${corpus}`}: ${reason}`,
  );
  const remark =
    file.effort === "quick" ? ["goals about sizes and all peers need a run without --quick"] : [];
  const first = file.complete ? [] : [INTERRUPTED_LINE, ""];
  const rest = [describeRun(file), describeTimes(file), ...remark, ...failures, ""];
  return [...first, table, ...rest].join("\n");
}
