/**
 * The goals of the codec issue, for pages of 4 KiB and, as the same table, of 64 KiB.
 *
 * Rows against native liblz4 come from the case "codec-native", whose loops run inside the module
 * and inside C, and for whole puts and gets from "store-native".
 */
import {
  type Comparison,
  figureOf,
  meanWithoutBest,
  type RowQuery,
  sizeRatio,
  speedUp,
} from "./goal-lookup.ts";
import type { Goal, Outcome } from "./goals.ts";
import type { ResultFile } from "./harness/results.ts";

const NATIVE = "codec-native";

function row(figure: string, contender: string, pageSize: number): RowQuery {
  return { case: NATIVE, figure, contender, pageSize };
}

/** Judges a comparison by its mean and its worst kind. */
function judge(
  comparison: Comparison | undefined,
  isMet: (comparison: Comparison) => boolean,
  remark = "",
): Outcome | undefined {
  if (comparison === undefined) return undefined;
  const { mean, worst, worstCorpus } = comparison;
  const detail = `worst ${worst.toFixed(3)} on ${worstCorpus}${remark}`;
  return { value: mean, met: isMet(comparison), detail };
}

function goalsFor(pageSize: number): Goal[] {
  const pages = `${pageSize / 1024} KiB`;
  const faster = (figure: string, own: string, peer: string, least: number, leastOfAny = 0) => {
    return (file: ResultFile): Outcome | undefined =>
      judge(
        speedUp(file, row(figure, own, pageSize), row(figure, peer, pageSize)),
        ({ mean, worst }) => mean >= least && worst >= leastOfAny,
      );
  };
  /** Each side on the blocks that it wrote; beside it, both on the same blocks. */
  const decompress = (file: ResultFile): Outcome | undefined => {
    const [blocksOfLiblz4, blocksOfZmem] = ["decompress", "decompress blocks of zmem"] as const;
    const compare = (own: string, peer: string): Comparison | undefined =>
      speedUp(file, row(own, "zmem default", pageSize), row(peer, "liblz4", pageSize));
    const describe = (same: Comparison | undefined): string =>
      same === undefined
        ? "not measured"
        : `${same.mean.toFixed(3)} (${same.worst.toFixed(3)} on ${same.worstCorpus})`;
    return judge(
      compare(blocksOfZmem, blocksOfLiblz4),
      ({ mean, worst }) => mean >= 1.2 && worst >= 1,
      `; both on liblz4's blocks ${describe(compare(blocksOfLiblz4, blocksOfLiblz4))}` +
        `, both on zmem's ${describe(compare(blocksOfZmem, blocksOfZmem))}`,
    );
  };
  /** End to end from JavaScript, beside the native codec in the same rounds. */
  const wholeAgainstNative = (figure: string, least: number) => {
    const query = { case: "store-native", figure, pageSize };
    return (file: ResultFile): Outcome | undefined =>
      judge(
        speedUp(
          file,
          { ...query, contender: "zmem" },
          { ...query, contender: "liblz4, codec alone" },
        ),
        ({ mean }) => mean >= least,
      );
  };
  const smaller = (own: string, peer: string, most: number, mostOfAny = Infinity) => {
    return (file: ResultFile): Outcome | undefined => {
      const comparison = sizeRatio(file, row("size", own, pageSize), row("size", peer, pageSize));
      if (comparison === undefined) return undefined;
      const others = meanWithoutBest(comparison, "lowest").toFixed(3);
      return judge(
        comparison,
        ({ mean, worst }) => mean <= most && worst <= mostOfAny,
        `, without the best kind ${others}`,
      );
    };
  };
  const make = (
    figure: string,
    goal: string,
    measure: Goal["measure"],
    cases: readonly string[] = [NATIVE],
  ): Goal => ({ issue: 4, figure: `${figure}, ${pages}`, goal, cases, measure });

  return [
    make(
      "compress default against liblz4",
      "≥ 1.20, no kind below 1.05",
      faster("compress", "zmem default", "liblz4", 1.2, 1.05),
    ),
    make(
      "decompress against LZ4_decompress_safe, each side its own blocks",
      "≥ 1.20, no kind below 1.0",
      decompress,
    ),
    make(
      "size default against liblz4",
      "≤ 0.97, no kind above 1.01",
      smaller("zmem default", "liblz4", 0.97, 1.01),
    ),
    make("compress fast against liblz4", "≥ 1.6", faster("compress", "zmem fast", "liblz4", 1.6)),
    make("size fast against liblz4", "≤ 1.05", smaller("zmem fast", "liblz4", 1.05)),
    make("random pages, compress against liblz4", "≥ 1.3", (file) =>
      judge(
        speedUp(
          file,
          { ...row("compress", "zmem default", pageSize), corpus: "random" },
          { ...row("compress", "liblz4", pageSize), corpus: "random" },
        ),
        ({ mean }) => mean >= 1.3,
      ),
    ),
    make(
      "same-filled page, whole put, µs",
      "≤ 0.25",
      (file) => {
        const query = {
          case: "store-states",
          figure: "put, same-filled",
          contender: "zmem",
          pageSize,
        };
        const ns = figureOf(file, query);
        return ns === undefined ? undefined : { value: ns / 1000, met: ns <= 250 };
      },
      ["store-states"],
    ),
    make("size high against liblz4 HC 9", "≤ 1.00", smaller("zmem high", "liblz4 hc9", 1)),
    make(
      "compress high against liblz4 HC 9",
      "≥ 1.5",
      faster("compress", "zmem high", "liblz4 hc9", 1.5),
    ),
    make("whole put against the native codec alone", "≥ 1.05", wholeAgainstNative("put", 1.05), [
      "store-native",
    ]),
    make("whole get against the native codec alone", "≥ 0.90", wholeAgainstNative("get", 0.9), [
      "store-native",
    ]),
    ...["put", "get"].map((verb) => {
      const least = verb === "put" ? 1.8 : 3.2;
      const query = { case: "store", figure: `${verb}, steady`, pageSize };
      return make(
        `${verb} against lz4-wasm-nodejs in a Map`,
        `≥ ${least}`,
        (file) =>
          judge(
            speedUp(
              file,
              { ...query, contender: "zmem" },
              { ...query, contender: "Map of lz4-wasm" },
            ),
            ({ mean }) => mean >= least,
          ),
        ["store"],
      );
    }),
  ];
}

/** Rows of the table. */
export const CODEC_GOALS: readonly Goal[] = [
  ...goalsFor(4096),
  ...goalsFor(65536),
  ...["compress", "decompress"].map((figure): Goal => ({
    issue: 4,
    figure: `${figure} in Chromium ÷ in Node, same module`,
    goal: "within 0.90 to 1.10",
    cases: ["engines"],
    measure: (file) => {
      const value = figureOf(file, { case: "engines", figure, contender: "Chromium ÷ Node" });
      return value === undefined ? undefined : { value, met: value >= 0.9 && value <= 1.1 };
    },
  })),
];
