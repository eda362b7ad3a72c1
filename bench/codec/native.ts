/**
 * The case "codec-native" by itself, printed: `npx tsx bench/codec/native.ts [--page-size 4096]
 * [--rounds 16] [--corpora jsheap,text]`.
 *
 * Why so: for work on the codec, where one corpus in seconds is wanted. It is not the goals table:
 * corpora are of 16 MiB, not 32, and the engine is kept from its first, slow code, which a run of all
 * cases has long left behind. Ratios are medians of the ratios of each round, as there.
 *
 * Ratios above 1 mean that zmem is faster; sizes below 1 that it is smaller. Means are geometric,
 * over the real kinds; random and mix are printed but not in the means. Decompression is compared
 * with LZ4_decompress_safe three times: each side on the blocks that it wrote, and both on the same.
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { measureCodecAgainstNative } from "../cases/codec-native.ts";
import { CORPUS_NAMES, type CorpusName, loadCorpora } from "../corpora/index.ts";
import type { Row } from "../harness/case.ts";
import { measureInTurn } from "../harness/measure.ts";
import { geometricMean, median, pairedRatios, present } from "../harness/statistics.ts";
import { buildModule } from "../peers/codec-module.ts";

const { values } = parseArgs({
  options: {
    "page-size": { type: "string", default: "4096" },
    rounds: { type: "string", default: "16" },
    corpora: { type: "string" },
  },
});
const pageSize = Number(values["page-size"]);
const rounds = Number(values.rounds);
if (![4096, 8192, 16384, 32768, 65536].includes(pageSize)) {
  throw new RangeError(`--page-size: expected 4096 to 65536, got ${values["page-size"]}`);
}
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new RangeError(`--rounds: expected a number from 1, got ${values.rounds}`);
}
const names = (values.corpora?.split(",") ?? [...CORPUS_NAMES]) as CorpusName[];
for (const name of names) {
  if (!CORPUS_NAMES.includes(name)) {
    throw new RangeError(`--corpora: expected some of ${CORPUS_NAMES.join(", ")}, got ${name}`);
  }
}

// The engine's first, slow code for a module would be measured beside C at its best.
setFlagsFromString("--no-liftoff");
const corpora = await loadCorpora({ names });
const module = await WebAssembly.compile(await buildModule("codec"));
const rows: Row[] = [];
const { native } = await measureCodecAgainstNative({
  ...{ module, corpora, pageSize, rounds },
  measure: (tasks, setting) =>
    measureInTurn(tasks, { batchMs: 1, ...setting }, { collect: undefined, pause: async () => {} }),
  record: (row) => void rows.push(row),
});

function find(corpus: string, figure: string, contender: string): Row["samples"] {
  const row = rows.find(
    (candidate: Row) =>
      candidate.corpus === corpus &&
      candidate.figure === figure &&
      candidate.contender === contender,
  );
  return row?.samples ?? [];
}

const COMPRESS = "compress";
/** The blocks of liblz4, and those of zmem's effort default. */
const FROM_LIBLZ4 = "decompress";
const FROM_ZMEM = "decompress blocks of zmem";

/** Label, ours, theirs (figure and contender), and whether more is better. */
const COMPARISONS = [
  ["compress default / liblz4", COMPRESS, "zmem default", COMPRESS, "liblz4", true],
  ["compress fast / liblz4", COMPRESS, "zmem fast", COMPRESS, "liblz4", true],
  ["compress high / liblz4 hc9", COMPRESS, "zmem high", COMPRESS, "liblz4 hc9", true],
  ["decompress, each its own blocks", FROM_ZMEM, "zmem default", FROM_LIBLZ4, "liblz4", true],
  ["decompress, both liblz4's blocks", FROM_LIBLZ4, "zmem default", FROM_LIBLZ4, "liblz4", true],
  ["decompress, both zmem's blocks", FROM_ZMEM, "zmem default", FROM_ZMEM, "liblz4", true],
  ["size default / liblz4", "size", "zmem default", "size", "liblz4", false],
  ["compress adaptive / liblz4", COMPRESS, "zmem adaptive", COMPRESS, "liblz4", true],
  [
    "decompress adaptive, its own",
    "decompress blocks of zmem adaptive",
    "zmem adaptive",
    FROM_LIBLZ4,
    "liblz4",
    true,
  ],
  ["size adaptive / liblz4", "size", "zmem adaptive", "size", "liblz4", false],
  ["size fast / liblz4", "size", "zmem fast", "size", "liblz4", false],
  ["size high / liblz4 hc9", "size", "zmem high", "size", "liblz4 hc9", false],
] as const;

console.log(`pages of ${pageSize} bytes; ${native}; ${process.version}; ${rounds} rounds in turn`);
console.log(
  `${"".padEnd(34)}${[...corpora.keys()].map((name) => name.padStart(9)).join("")}     mean    worst`,
);
for (const [label, figure, own, peerFigure, peer, isSpeed] of COMPARISONS) {
  const ratios = [...corpora.keys()].map((corpus) => {
    const mine = find(corpus, figure, own);
    const theirs = find(corpus, peerFigure, peer);
    return median(isSpeed ? pairedRatios(theirs, mine) : pairedRatios(mine, theirs));
  });
  const real = ratios.filter(
    (ratio, index) => [...corpora.values()][index]?.kind === "real" && !Number.isNaN(ratio),
  );
  const mean = geometricMean(real);
  const worst = isSpeed ? Math.min(...real) : Math.max(...real);
  const show = (value: number): string =>
    (Number.isFinite(value) ? value.toFixed(3) : "–").padStart(9);
  console.log(`${label.padEnd(34)}${[...ratios, mean, worst].map(show).join("")}`);
}
console.log(`\nMB/s${"".padEnd(30)}`);
for (const [figure, contender] of [
  ["compress", "liblz4"],
  ["compress", "zmem default"],
  ["compress", "zmem fast"],
  ["compress", "liblz4 hc9"],
  ["compress", "zmem high"],
  [FROM_LIBLZ4, "liblz4"],
  [FROM_ZMEM, "zmem default"],
] as const) {
  const speeds = [...corpora.keys()].map(
    (corpus) => (pageSize * 1e3) / median(present(find(corpus, figure, contender))),
  );
  console.log(
    `${`${figure}, ${contender}`.padEnd(34)}${speeds.map((speed) => (Number.isNaN(speed) ? "–" : speed.toFixed(0)).padStart(9)).join("")}`,
  );
}
