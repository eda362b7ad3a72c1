/**
 * The first lines of every report: where zmem is not ahead.
 *
 * What: compares zmem's store with every compressed store end to end (put, get, memory held), per
 * corpus and page size. A peer of the LZ4 and snappy class shall be behind in all three on every real
 * corpus; no peer of any kind shall be ahead in all three at once.
 *
 * Why so: a report that opens with its best figure is an advertisement. Where memory can't be
 * measured from outside, as in a browser, what the stores themselves count stands in, and the words
 * say so: that flatters the peers.
 */
import type { Measurement, ResultFile } from "../harness/results.ts";
import { median, pairedRatios } from "../harness/statistics.ts";

const OWN = "zmem";
const BASELINE = "Map of copies";
/** What is compared: case, figure, and the words for it. */
interface Aspect {
  readonly case: string;
  readonly figure: string;
  readonly words: string;
}

const PUT: Aspect = { case: "store", figure: "put, steady", words: "put" };
const GET: Aspect = { case: "store", figure: "get, steady", words: "get" };
const HELD: Aspect = { case: "memory", figure: "held per logical byte", words: "memory held" };
const ACCOUNTED: Aspect = {
  case: "accounted",
  figure: "accounted per logical byte",
  words: "memory as counted from inside",
};

/** The first line after a Ctrl-C. */
export const INTERRUPTED_LINE = "This run was interrupted; it shows what was finished.";

const FAST_CLASS = /lz4|snappy/;
const COUNTED_FROM_INSIDE =
  "Counted from inside is all that zmem holds, but of the others only the bytes of their blocks, " +
  "not each page's entry, array and buffer: these show from outside the process, in Node.";

function memoryAspect({ measurements }: ResultFile): Aspect {
  return measurements.some((row) => row.case === HELD.case) ? HELD : ACCOUNTED;
}

/** Lines of plain text. */
export function verdictLines(file: ResultFile): string[] {
  const lines = [...fastClassLines(file), ...allThreeLines(file)];
  const hasCounted = file.measurements.some((row) => row.case === ACCOUNTED.case);
  if (hasCounted && memoryAspect(file) === ACCOUNTED) lines.push(COUNTED_FROM_INSIDE);
  if (!file.complete) lines.unshift(INTERRUPTED_LINE);
  for (const { case: name, contender, corpus, reason } of file.failures) {
    lines.push(`Not measured: ${name}, ${contender}${corpus && ` on ${corpus}`}: ${reason}`);
  }
  return lines;
}

/** How many times as much the peer takes: round by round where both were in the same rounds. */
function quotientOf(peer: Measurement, own: Measurement): number {
  const ratios = pairedRatios(peer.samples, own.samples);
  return ratios.length > 0 ? median(ratios) : peer.median / own.median;
}

function fastClassLines(file: ResultFile): string[] {
  const behind: string[] = [];
  let compared = 0;
  const words = new Set<string>();
  for (const aspect of [PUT, GET, memoryAspect(file)]) {
    for (const { own, peer } of pairs(file, aspect)) {
      if (!FAST_CLASS.test(peer.contender)) continue;
      compared += 1;
      words.add(aspect.words);
      const quotient = quotientOf(peer, own);
      if (quotient >= 1) continue;
      const where = `${own.corpus}, ${own.pageSize / 1024} KiB`;
      behind.push(`${aspect.words} on ${where}: ${quotient.toFixed(3)} times ${peer.contender}`);
    }
  }
  if (compared === 0) return [];
  if (behind.length === 0) {
    return [
      `zmem is ahead of every LZ4 and snappy store in all ${compared} comparisons ` +
        `(${[...words].join(", ")}, per real corpus and page size).`,
    ];
  }
  return [
    `zmem is NOT ahead of an LZ4 or snappy store in ${behind.length} of ${compared} comparisons ` +
      `(${[...words].join(", ")}, per real corpus and page size):`,
    ...behind.map((line) => `  ${line}`),
  ];
}

function allThreeLines(file: ResultFile): string[] {
  const aspect = memoryAspect(file);
  const [puts, gets, memory] = [PUT, GET, aspect].map((one) => pairs(file, one));
  const beats = (list: readonly Pair[] | undefined, { peer }: Pair): boolean =>
    list?.some(
      (pair) =>
        pair.peer.contender === peer.contender &&
        pair.peer.corpus === peer.corpus &&
        pair.peer.pageSize === peer.pageSize &&
        quotientOf(pair.peer, pair.own) < 1,
    ) ?? false;
  const winners = (memory ?? []).filter(
    (pair) => beats([pair], pair) && beats(puts, pair) && beats(gets, pair),
  );
  if ((memory ?? []).length === 0 || (puts ?? []).length === 0) return [];
  if (winners.length === 0)
    return [`No peer of any kind beats zmem in put, get and ${aspect.words} at once.`];
  return winners.map(
    ({ peer }) =>
      `${peer.contender} BEATS zmem in put, get and ${aspect.words} at once on ${peer.corpus}.`,
  );
}

interface Pair {
  readonly own: Measurement;
  readonly peer: Measurement;
}

/** zmem's row with each peer's, on real corpora. */
function pairs(file: ResultFile, aspect: Aspect): Pair[] {
  const real = new Set(file.corpora.filter(({ kind }) => kind === "real").map(({ name }) => name));
  const rows = file.measurements.filter(
    (row) => row.case === aspect.case && row.figure === aspect.figure && real.has(row.corpus),
  );
  return rows
    .filter(({ contender }) => contender !== OWN && contender !== BASELINE)
    .flatMap((peer) => {
      const own = rows.find(
        (row) =>
          row.contender === OWN && row.corpus === peer.corpus && row.pageSize === peer.pageSize,
      );
      return own === undefined ? [] : [{ own, peer }];
    });
}
