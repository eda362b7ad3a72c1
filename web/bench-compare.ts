/**
 * The run of this browser beside the reference run that the build ships; fetched when it is wanted.
 *
 * Why so: the comparison is that of `npm run bench:compare`, so that page and command line never
 * judge differently. A page without Node's corpora makes its own under the same names, so figures
 * are told apart by the checksums of what they were measured on: only on the same bytes is a ratio a
 * verdict.
 */
import { compareFiles, type Change } from "../bench/compare.ts";
import { type Measurement, parseResults, type ResultFile } from "../bench/harness/results.ts";
import { describeRun } from "../bench/report/text.ts";

/** The reference run, and what to say of it in one line. */
export interface Reference {
  readonly file: ResultFile;
  readonly about: string;
}

/** One figure of both runs. */
export interface ComparedFigure extends Change {
  /** Whether both runs measured it on the same bytes. */
  readonly sameData: boolean;
}

/** Two runs side by side. */
export interface BenchComparison {
  readonly figures: readonly ComparedFigure[];
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
  const checksums = new Map(reference.corpora.map(({ name, checksum }) => [name, checksum]));
  const others = new Set(
    here.corpora
      .filter(({ name, checksum }) => checksums.has(name) && checksums.get(name) !== checksum)
      .map(({ name }) => name),
  );
  const part = (file: ResultFile, sameData: boolean): ResultFile => ({
    ...file,
    measurements: file.measurements.filter(
      ({ corpus }: Measurement) => others.has(corpus) !== sameData,
    ),
  });
  const parts = [true, false].map((sameData) => ({
    sameData,
    ...compareFiles(part(reference, sameData), part(here, sameData)),
  }));
  return {
    figures: parts.flatMap(({ sameData, changes }) =>
      changes.map((change) => ({ ...change, sameData })),
    ),
    onlyReference: parts.reduce((sum, { onlyBefore }) => sum + onlyBefore.length, 0),
    onlyHere: parts.reduce((sum, { onlyAfter }) => sum + onlyAfter.length, 0),
  };
}
