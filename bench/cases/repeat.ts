/**
 * Whether a ratio can be trusted: the same comparison measured twice, from fresh stores.
 *
 * What: put and get of zmem, a Map of copies and the strongest Maps of blocks on the mix, twice; of
 * each peer's ratio to zmem the distance between the two measurements, and of those the largest.
 */
import type { BenchCase, BenchContext, Samples } from "../harness/case.ts";
import type { Task } from "../harness/measure.ts";
import { samplePages } from "../harness/pages.ts";
import { median, pairedRatios } from "../harness/statistics.ts";

const STORES = ["zmem", "Map of copies", "Map of lz4-wasm", "Map of lz4-napi", "Map of snappy"];
const PAGE_SIZE = 4096;
const PAGES = 512;

export const repeatCase: BenchCase = {
  name: "repeat",
  title: "the same comparison twice",
  efforts: ["full", "all"],
  run: async (context) => {
    const first = await measureRatios(context);
    const second = await measureRatios(context);
    let largest = 0;
    let where = "";
    for (const [name, ratio] of first) {
      const distance = Math.abs((second.get(name) ?? Number.NaN) / ratio - 1);
      if (distance > largest) [largest, where] = [distance, name];
    }
    context.record({
      figure: "largest distance of a ratio between two measurements",
      contender: "harness",
      unit: "ratio",
      samples: [largest],
      note: where,
    });
  },
};

async function measureRatios(context: BenchContext): Promise<Map<string, number>> {
  const corpus = context.corpora.get("mix") ?? [...context.corpora.values()][0];
  if (corpus === undefined) throw new Error("no corpus is loaded");
  const { pages } = samplePages(corpus, PAGE_SIZE, PAGES);
  const into = new Uint8Array(PAGE_SIZE);
  const tasks = { put: [] as Task[], get: [] as Task[] };
  const close: (() => void)[] = [];
  for (const contender of context.stores.filter(({ name }) => STORES.includes(name))) {
    const store = await contender.open(PAGE_SIZE);
    close.push(() => store.close());
    const shared = { name: contender.name, operations: pages.length };
    const put = (): void => pages.forEach((page, key) => store.put(key, page));
    put();
    tasks.put.push({ ...shared, pass: put });
    tasks.get.push({ ...shared, pass: () => pages.forEach((_, key) => store.get(key, into)) });
  }
  const ratios = new Map<string, number>();
  for (const [verb, list] of Object.entries(tasks)) {
    const samples = await context.measure(list);
    const own: Samples = samples.get("zmem") ?? [];
    for (const [name, peer] of samples) {
      if (name !== "zmem") ratios.set(`${verb}, ${name}`, median(pairedRatios(peer, own)));
    }
  }
  for (const closeStore of close) closeStore();
  return ratios;
}
