/**
 * The control: the same peer in the harness and in the smallest loop that a person would write.
 *
 * What: one native and one wasm peer compress and decompress the same pages through `measure` and
 * by hand, in turn; the ratio of the two is taken round by round, 1 meaning that the harness adds
 * nothing. A second row compares with a loop that goes on for long and leaves its garbage to the
 * engine.
 *
 * Why so: a harness that slows peers down more than zmem would flatter us. The loop by hand knows
 * nothing of the harness: a clock, a loop, the peer's own function, from a heap without garbage. It
 * runs before the harness in one round and after it in the next, so that a machine that changes its
 * speed takes no side: with all of the loops by hand around all of the harness one run said 1.57
 * (2026-11). The long loop touches ever new memory; a peer that returns a new array per page is some
 * 20 % slower in it than we show it, and a zmem that copies into the caller's page is not.
 */
import { type BenchCase, type BenchContext, Interrupted, type Samples } from "../harness/case.ts";
import { samplePages } from "../harness/pages.ts";
import type { BatchSize, Task } from "../harness/measure.ts";
import { median, pairedRatios } from "../harness/statistics.ts";

/** One native codec and one in wasm. */
export const CONTROL_PEERS = ["lz4-napi", "lz4-wasm"];
const PAGE_SIZE = 4096;
const PAGES = 128;
const ROUNDS = { quick: 15, full: 41, all: 41 } as const;
/** 2 MiB of new pages, some milliseconds. */
const HAND_PASSES = 4;
const LONG_ROUNDS = { quick: 3, full: 7, all: 15 } as const;
const LONG_MS = 100;

/** A loop around a task. @returns nanoseconds per page */
type Loop = (task: Task) => number;

export const controlCase: BenchCase = {
  name: "control",
  title: "harness against a loop by hand",
  efforts: ["quick", "full", "all"],
  run: async ({ codecs, corpora, effort, measure, record, fail, platform }) => {
    const corpus = corpora.get("mix") ?? [...corpora.values()][0];
    if (corpus === undefined) throw new Error("no corpus is loaded");
    const { pages } = samplePages(corpus, PAGE_SIZE, PAGES);
    for (const name of CONTROL_PEERS) {
      const contender = codecs.find((codec) => codec.name === name);
      if (contender === undefined) {
        fail(name, "this platform does not have it");
        continue;
      }
      try {
        const codec = await contender.load();
        const blocks = pages.map((page) => codec.compress(page));
        const passes = {
          compress: () => {
            for (const page of pages) codec.compress(page);
          },
          decompress: () => {
            for (const block of blocks) codec.decompress(block, PAGE_SIZE);
          },
        };
        for (const [figure, pass] of Object.entries(passes)) {
          const task = { name, operations: pages.length, pass };
          const loops = {
            "loop by hand": { loop: loopByHand(platform.collect), rounds: ROUNDS[effort] },
            "long loop that leaves its garbage": { loop: loopOn, rounds: LONG_ROUNDS[effort] },
          };
          for (const [what, { loop, rounds }] of Object.entries(loops)) {
            const { own, harness } = await measureBoth(measure, task, loop, rounds);
            record({
              figure: `${figure}: harness ÷ ${what}`,
              contender: name,
              corpus: corpus.name,
              pageSize: PAGE_SIZE,
              unit: "ratio",
              samples: pairedRatios(harness, own),
              note: `in the loop ${Math.round(median(own))} ns a page`,
            });
          }
        }
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        fail(name, error, corpus.name);
      }
    }
  },
};

/** Nanoseconds per page, one per round, by a loop and by the harness. */
async function measureBoth(
  measure: BenchContext["measure"],
  task: Task,
  loop: Loop,
  count: number,
): Promise<{ readonly own: number[]; readonly harness: Samples }> {
  const own: number[] = [];
  const harness: (number | null)[] = [];
  const sizes = new Map<string, BatchSize>();
  for (let index = 0; index < count; index++) {
    const isLoopFirst = index % 2 === 0;
    if (isLoopFirst) own.push(loop(task));
    const measured = await measure([task], { rounds: count, part: { index, count, sizes } });
    harness.push(measured.get(task.name)?.[0] ?? null);
    if (!isLoopFirst) own.push(loop(task));
  }
  return { own, harness };
}

/** A few passes, after one that warms caches. */
function loopByHand(collect: BenchContext["platform"]["collect"]): Loop {
  return ({ pass, operations }) => {
    collect?.(false);
    pass();
    collect?.(true);
    // Waits until the collector's threads have freed what it found.
    collect?.(true);
    const started = performance.now();
    for (let count = 0; count < HAND_PASSES; count++) pass();
    return ((performance.now() - started) * 1e6) / (HAND_PASSES * operations);
  };
}

const loopOn: Loop = ({ pass, operations }) => {
  const started = performance.now();
  let passes = 0;
  for (; performance.now() - started < LONG_MS; passes++) pass();
  return ((performance.now() - started) * 1e6) / (passes * operations);
};
