/**
 * The run of this browser beside the reference run that the build ships; fetched when it is wanted.
 *
 * Why so: the comparison is that of `npm run bench:compare`, so that page and command line never
 * judge differently. A page without Node's corpora makes its own under the same names: the comparison
 * tells by their checksums, and only on the same bytes is a ratio a verdict.
 */
import { compareFiles, type Change } from "../bench/compare.ts";
import { parseResults, type ResultFile } from "../bench/harness/results.ts";
import { describeRun } from "../bench/report/text.ts";

/** The reference run, and what to say of it in one line. */
export interface Reference {
  readonly file: ResultFile;
  readonly about: string;
}

/** Two runs side by side. */
export interface BenchComparison {
  /** Those of the same bytes first. */
  readonly figures: readonly Change[];
  /** How many figures only one of them has. */
  readonly onlyReference: number;
  readonly onlyHere: number;
}

/** @returns null when this build has no reference run @throws Error that says what is wrong */
export function readReference(text: string): Reference | null {
  if (text.trim() === "null") return null;
  const file = parseResults(text, "the reference run");
  return { file, about: describeRun(file) };
}

/** @returns the figures that both have, ratio above 1 where this browser is better */
export function compareWithReference(reference: ResultFile, here: ResultFile): BenchComparison {
  const { changes, onlyBefore, onlyAfter } = compareFiles(reference, here);
  return {
    figures: [...changes].sort((first, second) => Number(second.sameData) - Number(first.sameData)),
    onlyReference: onlyBefore.length,
    onlyHere: onlyAfter.length,
  };
}
