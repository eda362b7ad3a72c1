/**
 * The control: the same peer in the harness and in the smallest loop that a person would write.
 *
 * What: one native and one wasm peer compress and decompress the same pages through `measure` and
 * by hand, in turn; the ratio of the two is recorded, 1 meaning that the harness adds nothing.
 *
 * Why so: a harness that slows peers down more than zmem would flatter us. The loop by hand has no
 * knowledge of the harness: a clock, a loop, the peer's own function.
 */
import type { BenchCase } from "../harness/case.ts";
import { samplePages } from "../harness/pages.ts";
import { median } from "../harness/statistics.ts";

const PEERS = ["lz4-napi", "lz4-wasm"];
const PAGE_SIZE = 4096;
const PAGES = 128;
const HAND_ROUNDS = 15;
const HAND_PASSES = 12;

export const controlCase: BenchCase = {
  name: "control",
  title: "harness against a loop by hand",
  efforts: ["quick", "full", "all"],
  run: async ({ codecs, corpora, measure, record, fail, platform }) => {
    const corpus = corpora.get("mix") ?? [...corpora.values()][0];
    if (corpus === undefined) throw new Error("no corpus is loaded");
    const { pages } = samplePages(corpus, PAGE_SIZE, PAGES);
    for (const name of PEERS) {
      const contender = codecs.find((codec) => codec.name === name);
      if (contender === undefined) {
        fail(name, "this platform does not have it");
        continue;
      }
      try {
        const codec = await contender.load();
        const blocks = pages.map((page) => codec.compress(page));
        const loops = {
          compress: () => {
            for (const page of pages) codec.compress(page);
          },
          decompress: () => {
            for (const block of blocks) codec.decompress(block, PAGE_SIZE);
          },
        };
        for (const [figure, pass] of Object.entries(loops)) {
          const task = { name, operations: pages.length, pass };
          const before = byHand(pass, pages.length, platform.collect);
          const harness = (await measure([task], { rounds: HAND_ROUNDS })).get(name) ?? [];
          const after = byHand(pass, pages.length, platform.collect);
          const hand = median([...before, ...after]);
          record({
            figure: `${figure}: harness ÷ loop by hand`,
            contender: name,
            corpus: corpus.name,
            pageSize: PAGE_SIZE,
            unit: "ratio",
            samples: harness.map((sample) => (sample === null ? null : sample / hand)),
            note: `by hand ${Math.round(hand)} ns a page`,
          });
        }
      } catch (error) {
        fail(name, error, corpus.name);
      }
    }
  },
};

/** @returns nanoseconds per page, one per round, garbage of the loop included as it falls */
function byHand(
  pass: () => void,
  pages: number,
  collect: ((minor: boolean) => void) | undefined,
): number[] {
  const samples: number[] = [];
  collect?.(false);
  for (let round = 0; round < HAND_ROUNDS; round++) {
    const started = performance.now();
    for (let count = 0; count < HAND_PASSES; count++) pass();
    samples.push(((performance.now() - started) * 1e6) / (HAND_PASSES * pages));
  }
  return samples;
}
