/**
 * Whether a ratio can be trusted: the same comparison measured twice, from fresh stores.
 *
 * What: put and get of zmem, a Map of copies and the strongest Maps of blocks on the mix, by the
 * very function that the case "store" measures with, twice; of each peer's ratio to zmem the
 * distance between the two measurements, one row each, and the largest of all.
 *
 * Why so: a spread within a run says nothing about where the next run will lie, because stores,
 * heap and caches are laid out anew. Nothing is done here that the reported figures don't get, too.
 */
import type { BenchCase, BenchContext, Row } from "../harness/case.ts";
import { median, pairedRatios } from "../harness/statistics.ts";
import { inSweeps } from "../harness/sweeps.ts";
import { measureSteady, STEADY_SWEEPS } from "./store.ts";

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
    const first = await measureRatios(context);
    const second = await measureRatios(context);
    const shared = { unit: "ratio" } as const;
    let largest = 0;
    let where = "";
    for (const [key, { figure, contender, ratio }] of first) {
      const again = second.get(key)?.ratio ?? Number.NaN;
      const distance = Math.abs(again / ratio - 1);
      const note = `zmem ${ratio.toFixed(3)} and ${again.toFixed(3)} times as fast`;
      context.record({ ...shared, figure, contender, samples: [distance], note });
      if (distance > largest) [largest, where] = [distance, `${figure}, ${contender}: ${note}`];
    }
    const row = { figure: LARGEST_DISTANCE, contender: "harness", samples: [largest], note: where };
    context.record({ ...shared, ...row });
  },
};

interface Ratio {
  readonly figure: string;
  readonly contender: string;
  readonly ratio: number;
}

async function measureRatios(context: BenchContext): Promise<Map<string, Ratio>> {
  const corpus = context.corpora.get("mix") ?? [...context.corpora.values()][0];
  if (corpus === undefined) throw new Error("no corpus is loaded");
  const rows: Row[] = [];
  const stores = context.stores.filter(({ name }) => STORES.includes(name));
  const ours = { ...context, stores, record: (row: Row) => void rows.push(row) };
  const count = STEADY_SWEEPS[context.effort];
  await inSweeps(ours, { count }, (sweep, index) =>
    measureSteady(sweep, corpus, PAGE_SIZE, index / count),
  );
  const ratios = new Map<string, Ratio>();
  for (const { figure, contender, samples } of rows) {
    const own = rows.find((row) => row.figure === figure && row.contender === OWN);
    if (own === undefined || contender === OWN) continue;
    const ratio = median(pairedRatios(samples, own.samples));
    ratios.set(`${figure} ${contender}`, { figure, contender, ratio });
  }
  return ratios;
}
