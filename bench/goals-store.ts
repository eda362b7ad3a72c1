/**
 * The goals of the benchmark issue: where zmem stands end to end, and whether the harness is fair.
 */
import type { Goal, Outcome } from "./goals.ts";
import { type Comparison, findRow, sizeRatio, speedUp } from "./goal-lookup.ts";
import { CONTROL_PEERS } from "./cases/control.ts";
import { LARGEST_DISTANCE } from "./cases/repeat.ts";
import type { Measurement, ResultFile } from "./harness/results.ts";

const FAST_CLASS = /^(?:Map|lru-cache) of (?:lz4|snappy)/;
/** Of that class, who must have been measured before anything can be said of all. */
export const EXPECTED_PEERS = [
  "Map of lz4-wasm",
  "Map of lz4-napi",
  "Map of snappy",
  "lru-cache of lz4-wasm",
];
const STORE = { case: "store", contender: "zmem" } as const;
const MEMORY = { case: "memory", contender: "zmem", figure: "held per logical byte" } as const;

/** Peers of a case whose names match, with those that are expected. */
function peersOf(file: ResultFile, name: string, pattern: RegExp): string[] {
  const rows = file.measurements.filter((row) => row.case === name);
  const peers = new Set([...EXPECTED_PEERS, ...rows.map(({ contender }) => contender)]);
  return [...peers].filter((peer) => pattern.test(peer) && peer !== STORE.contender);
}

/** The worst comparison with any of the peers; undefined when one is missing. */
function worstOf(
  comparisons: readonly (readonly [string, Comparison | undefined])[],
  isWorse: (first: number, second: number) => boolean,
): { readonly peer: string; readonly comparison: Comparison } | undefined {
  let worst: { readonly peer: string; readonly comparison: Comparison } | undefined;
  for (const [peer, comparison] of comparisons) {
    if (comparison === undefined) return undefined;
    if (worst === undefined || isWorse(comparison.worst, worst.comparison.worst)) {
      worst = { peer, comparison };
    }
  }
  return worst;
}

function fastestPeer(figure: string): (file: ResultFile) => Outcome | undefined {
  return (file) => {
    const peers = peersOf(file, "store", FAST_CLASS);
    const worst = worstOf(
      peers.map((contender) => [
        contender,
        speedUp(file, { ...STORE, figure }, { case: "store", figure, contender }),
      ]),
      (first, second) => first < second,
    );
    if (worst === undefined) return undefined;
    const { worst: value, worstCorpus } = worst.comparison;
    return { value, met: value > 1, detail: `against ${worst.peer} on ${worstCorpus}` };
  };
}

function leanestPeer(file: ResultFile): Outcome | undefined {
  const worst = worstOf(
    peersOf(file, "memory", FAST_CLASS).map((contender) => [
      contender,
      sizeRatio(file, MEMORY, { ...MEMORY, contender }),
    ]),
    (first, second) => first > second,
  );
  if (worst === undefined) return undefined;
  const { worst: value, worstCorpus } = worst.comparison;
  return { value, met: value < 1, detail: `against ${worst.peer} on ${worstCorpus}` };
}

/** Peers that are ahead in put, get and memory at once, on any corpus. */
function peersAheadInAll(file: ResultFile): Outcome | undefined {
  const winners: string[] = [];
  for (const contender of peersOf(file, "memory", /./)) {
    const memory = sizeRatio(file, MEMORY, { ...MEMORY, contender });
    const pageSize = 4096;
    const [put, get] = ["put, steady", "get, steady"].map((figure) =>
      speedUp(file, { ...STORE, figure, pageSize }, { case: "store", figure, contender, pageSize }),
    );
    if (!memory || !put || !get) return undefined;
    const puts = new Map(put.perCorpus);
    const gets = new Map(get.perCorpus);
    for (const [corpus, held] of memory.perCorpus) {
      if (held > 1 && (puts.get(corpus) ?? 1) < 1 && (gets.get(corpus) ?? 1) < 1) {
        winners.push(`${contender} on ${corpus}`);
      }
    }
  }
  return { value: winners.length, met: winners.length === 0, detail: winners.join(", ") };
}

/** The largest distance of the control's ratios from 1; undefined when one of them is missing. */
function controlDistance(file: ResultFile): Outcome | undefined {
  const rows: Measurement[] = [];
  for (const contender of CONTROL_PEERS) {
    for (const call of ["compress", "decompress"]) {
      const figure = `${call}: harness ÷ loop by hand`;
      const row = findRow(file, { case: "control", figure, contender });
      if (row === undefined) return undefined;
      rows.push(row);
    }
  }
  const distances = rows.map(({ median }) => Math.abs(median - 1));
  const value = Math.max(...distances);
  const worst = rows[distances.indexOf(value)];
  return { value, met: value <= 0.1, detail: `${worst?.contender}, ${worst?.figure}` };
}

/** Rows of the table. */
export const STORE_GOALS: readonly Goal[] = [
  {
    issue: 3,
    figure: "put, least lead over an LZ4 or snappy store",
    goal: "> 1 on every real corpus",
    cases: ["store"],
    needsFull: true,
    measure: fastestPeer("put, steady"),
  },
  {
    issue: 3,
    figure: "get, least lead over an LZ4 or snappy store",
    goal: "> 1 on every real corpus",
    cases: ["store"],
    needsFull: true,
    measure: fastestPeer("get, steady"),
  },
  {
    issue: 3,
    figure: "memory held, zmem ÷ leanest LZ4 or snappy store",
    goal: "< 1 on every real corpus",
    cases: ["memory"],
    needsFull: true,
    measure: leanestPeer,
  },
  {
    issue: 3,
    figure: "peers ahead in put, get and memory at once",
    goal: "0",
    cases: ["store", "memory"],
    needsFull: true,
    measure: peersAheadInAll,
  },
  {
    issue: 3,
    figure: "harness against a loop by hand, largest distance",
    goal: "≤ 0.10",
    cases: ["control"],
    measure: controlDistance,
  },
  {
    issue: 3,
    figure: "two measurements of one ratio, largest distance",
    goal: "≤ 0.05",
    cases: ["repeat"],
    measure: (file) => {
      const row = findRow(file, {
        case: "repeat",
        figure: LARGEST_DISTANCE,
        contender: "harness",
      });
      if (row === undefined) return undefined;
      const { median: value, note } = row;
      return { value, met: value <= 0.05, ...(note ? { detail: note } : {}) };
    },
  },
];
