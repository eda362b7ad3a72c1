/**
 * Whether a ratio can be trusted: the same comparison measured twice, from fresh stores.
 *
 * What: put and get of zmem, a Map of copies and the strongest Maps of blocks on the mix, by the
 * very function that the case "store" measures with, twice; of each peer's ratio to zmem the
 * distance between the two measurements, one row each, and the largest of all.
 *
 * Why so: a spread within a run says nothing about where the next run will lie, because stores,
 * heap and caches are laid out anew. The two draw different orders, so that they don't share their
 * luck. It speaks of the mix alone, which has the rounds here that its rows have in "store"; there a
 * single real corpus has 72 for 336, and a mean over eight real corpora 576.
 */
import type { Corpus } from "../corpora/corpus.ts";
import type { BenchCase, BenchContext, Row } from "../harness/case.ts";
import { median, pairedRatios } from "../harness/statistics.ts";
import { inSweeps } from "../harness/sweeps.ts";
import { measureSteady, STEADY_FIGURES, STEADY_SWEEPS } from "./store.ts";

const OWN = "zmem";
const STORES = [OWN, "Map of copies", "Map of lz4-wasm", "Map of lz4-napi", "Map of snappy"];
const PAGE_SIZE = 4096;

/** The largest distance, as goals look it up. */
export const LARGEST_DISTANCE = "largest distance of a ratio between two measurements";

export const repeatCase: BenchCase = {
  name: "repeat",
  title: "the same comparison twice",
  efforts: ["full", "all"],
  run: async (context) => {
    const corpus = context.corpora.get("mix") ?? [...context.corpora.values()][0];
    if (corpus === undefined) throw new Error("no corpus is loaded");
    const stores = context.stores.filter(({ name }) => STORES.includes(name));
    const first = await measureRatios({ ...context, stores }, corpus, 1);
    const second = await measureRatios({ ...context, stores }, corpus, 2);
    const shared = { corpus: corpus.name, pageSize: PAGE_SIZE, unit: "ratio" } as const;
    let largest = -1;
    let where = "";
    let missing = 0;
    for (const figure of STEADY_FIGURES) {
      for (const { name: contender } of stores) {
        if (contender === OWN) continue;
        const key = `${figure} ${contender}`;
        const [ratio = Number.NaN, again = Number.NaN] = [first.get(key), second.get(key)];
        const distance = Math.abs(again / ratio - 1);
        if (Number.isNaN(distance)) {
          missing += 1;
          context.fail(contender, `${figure}: not measured twice`, corpus.name);
          continue;
        }
        const note = `zmem ${ratio.toFixed(3)} and ${again.toFixed(3)} times as fast`;
        context.record({ ...shared, figure, contender, samples: [distance], note });
        if (distance > largest) [largest, where] = [distance, `${figure}, ${contender}: ${note}`];
      }
    }
    // The largest of those that there are would be a goal met by what failed.
    if (missing > 0 || largest < 0) {
      context.fail("harness", "expected a ratio of every store, twice; got less", corpus.name);
      return;
    }
    const row = { figure: LARGEST_DISTANCE, contender: "harness", samples: [largest], note: where };
    context.record({ ...shared, ...row });
  },
};

/** @returns how many times as fast zmem is, by "figure contender" */
async function measureRatios(
  context: BenchContext,
  corpus: Corpus,
  orderSeed: number,
): Promise<Map<string, number>> {
  const rows: Row[] = [];
  const ours: BenchContext = {
    ...context,
    measure: (tasks, options) => context.measure(tasks, { ...options, orderSeed }),
    record: (row) => void rows.push(row),
  };
  const count = STEADY_SWEEPS[context.effort];
  await inSweeps(ours, { count }, (sweep, index) =>
    measureSteady(sweep, corpus, PAGE_SIZE, index / count),
  );
  const ratios = new Map<string, number>();
  for (const { figure, contender, samples } of rows) {
    const own = rows.find((row) => row.figure === figure && row.contender === OWN);
    if (own === undefined || contender === OWN) continue;
    ratios.set(`${figure} ${contender}`, median(pairedRatios(samples, own.samples)));
  }
  return ratios;
}
