/**
 * Finds and combines rows of a result file for goals.
 *
 * Why so: most goals are of the form "so many times the peer's speed, on average and on the worst
 * kind of data". Ratios are taken round by round and their median used, since both sides were
 * measured in turn; kinds of data are averaged geometrically. Corpora of the user and the ends of
 * the scale take no part. All real corpora of the run do: where one has no row, as after an
 * interruption or a failure, there is no comparison, for what is missing might be the worst.
 */
import type { Measurement, ResultFile } from "./harness/results.ts";
import { geometricMean, median, pairedRatios } from "./harness/statistics.ts";

/** Which rows are meant. */
export interface RowQuery {
  readonly case: string;
  readonly figure: string;
  readonly contender: string;
  /** Any when left out. */
  readonly corpus?: string;
  readonly pageSize?: number;
}

/** What a comparison over several corpora gave. */
export interface Comparison {
  readonly mean: number;
  /** The corpus where it is worst for us, and the figure there. */
  readonly worst: number;
  readonly worstCorpus: string;
  /** Each corpus with its figure, in the file's order. */
  readonly perCorpus: readonly (readonly [string, number])[];
}

/** @returns the only row, undefined when there is none */
export function findRow(file: ResultFile, query: RowQuery): Measurement | undefined {
  return findRows(file, query)[0];
}

/** The median of a row; undefined when it was not measured. */
export function figureOf(file: ResultFile, query: RowQuery): number | undefined {
  return findRow(file, query)?.median;
}

function findRows(file: ResultFile, query: RowQuery): Measurement[] {
  return file.measurements.filter(
    (row) =>
      row.case === query.case &&
      row.figure === query.figure &&
      row.contender === query.contender &&
      (query.corpus === undefined || row.corpus === query.corpus) &&
      (query.pageSize === undefined || row.pageSize === query.pageSize),
  );
}

/** Names of the corpora of a kind. */
function corporaOf(file: ResultFile, kind: string): Set<string> {
  return new Set(file.corpora.filter((corpus) => corpus.kind === kind).map(({ name }) => name));
}

/**
 * How many times as fast `own` is as `peer`, per real corpus.
 *
 * @returns undefined unless both sides were measured on every real corpus
 */
export function speedUp(file: ResultFile, own: RowQuery, peer: RowQuery): Comparison | undefined {
  return compare(file, own, peer, Math.min, (ours, theirs) => {
    const sameRounds = own.case === peer.case;
    const ratios = sameRounds ? pairedRatios(theirs.samples, ours.samples) : [];
    return ratios.length > 0 ? median(ratios) : theirs.median / ours.median;
  });
}

/** How large `own` is in terms of `peer` (sizes, memory), per real corpus. */
export function sizeRatio(file: ResultFile, own: RowQuery, peer: RowQuery): Comparison | undefined {
  return compare(file, own, peer, Math.max, (ours, theirs) => ours.median / theirs.median);
}

function compare(
  file: ResultFile,
  own: RowQuery,
  peer: RowQuery,
  worstOf: (...values: number[]) => number,
  figure: (ours: Measurement, theirs: Measurement) => number,
): Comparison | undefined {
  const wanted = own.corpus === undefined ? corporaOf(file, "real") : new Set([own.corpus]);
  const rows = findRows(file, own).filter(({ corpus }) => wanted.has(corpus));
  const perCorpus: [string, number][] = [];
  for (const pageSize of new Set(rows.map((row) => row.pageSize))) {
    for (const corpus of wanted) {
      const ours = rows.find((row) => row.corpus === corpus && row.pageSize === pageSize);
      const theirs = findRow(file, { ...peer, corpus, pageSize });
      if (ours === undefined || theirs === undefined) return undefined;
      perCorpus.push([corpus, figure(ours, theirs)]);
    }
  }
  if (perCorpus.length === 0) return undefined;
  const values = perCorpus.map(([, value]) => value);
  const worst = worstOf(...values);
  const worstCorpus = perCorpus.find(([, value]) => value === worst)?.[0] ?? "";
  return { mean: geometricMean(values), worst, worstCorpus, perCorpus };
}

/** The mean without the corpus where it is best for us. */
export function meanWithoutBest({ perCorpus }: Comparison, bestOf: "lowest" | "highest"): number {
  const values = perCorpus.map(([, value]) => value).sort((first, second) => first - second);
  return geometricMean(bestOf === "lowest" ? values.slice(1) : values.slice(0, -1));
}
