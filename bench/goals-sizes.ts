/**
 * The goals for what a user downloads: of the end-to-end issue, and of the demo.
 */
import { figureOf } from "./goal-lookup.ts";
import type { Goal } from "./goals.ts";

const KIB = 1024;

function make(issue: number, what: string, file: string, goal: string, mostBytes: number): Goal {
  return {
    issue,
    figure: `${what}, KiB`,
    goal,
    cases: ["sizes"],
    measure: (results) => {
      const bytes = figureOf(results, { case: "sizes", figure: file, contender: "zmem" });
      if (bytes === undefined) return undefined;
      return { value: bytes / KIB, met: bytes < mostBytes, detail: `${bytes} bytes` };
    },
  };
}

/** Rows of the first issue: 24 KiB were the module's limit at its end, 48 are for what came later. */
export const ENTRY_GOALS: readonly Goal[] = [
  make(2, "module", "dist/zmem.wasm", "< 48", 48 * KIB),
  make(2, "default entry, gzipped", "dist/index.js, gzipped", "< 40", 40 * KIB),
];

/** Rows of the demo's issue, whose 150 KB are 150,000 bytes: 146.5 KiB. */
export const DEMO_GOALS: readonly Goal[] = [
  make(8, "demo page when it opens, gzipped", "demo page, gzipped", "< 150", 150 * 1000),
];
