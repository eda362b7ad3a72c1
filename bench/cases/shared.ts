/**
 * The pool that workers share: what it costs one of them over the plain build, and what a second one
 * adds.
 *
 * What: alone, put and get of both builds in turn, per corpus; then two workers against one and
 * against two private pools, on keys of their own and on keys that both ask for by Zipf's law; four
 * and eight workers on more threads than processors.
 *
 * Why so: a pool that locks could be slower alone, or faster with nobody else. bench/shared/scaling.ts
 * has how windows of a millisecond are taken in turn.
 */
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { instantiator } from "../../src/platform/instantiate.ts";
import type { FrontswapOps } from "../../src/types.ts";
import type { Corpus } from "../corpora/corpus.ts";
import type { BenchCase, BenchContext } from "../harness/case.ts";
import type { Task } from "../harness/measure.ts";
import { describeSample, fillAndCheck, samplePages } from "../harness/pages.ts";
import { compileModule, type Round, ScalingCrew } from "../shared/scaling.ts";

const PAGE_SIZE = 4096;
const PAGES = 256;
const ALONE = { rounds: 41, batchMs: 2 };
const ROUNDS = { quick: 200, full: 400, all: 1600 } as const;
const WINDOW_MS = 1;
const WARM_UP = { rounds: 150, windowMs: 2 };
/** More workers than processors: a window must be long against a turn of the scheduler. */
const CROWD = { rounds: 7, windowMs: 80 };
const CROWDS = [4, 8];
const CALLS = ["put", "get", "mixed"] as const;

export const sharedCase: BenchCase = {
  name: "shared",
  title: "a pool that workers share: alone, and two workers against one",
  efforts: ["full", "all"],
  run: async (context) => {
    for (const corpus of context.corpora.values()) {
      context.progress(`alone, ${corpus.name}`);
      await measureAlone(context, corpus);
    }
    const mix = context.corpora.get("mix") ?? [...context.corpora.values()][0];
    if (mix === undefined) throw new Error("no corpus is loaded");
    const crew = new ScalingCrew(joinPages(samplePages(mix, PAGE_SIZE, PAGES).pages));
    try {
      await measureScaling(context, crew);
    } finally {
      crew.end();
    }
  },
};

function joinPages(pages: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pages.length * PAGE_SIZE);
  pages.forEach((page, at) => joined.set(page, at * PAGE_SIZE));
  return joined;
}

async function measureAlone({ measure, record }: BenchContext, corpus: Corpus): Promise<void> {
  const sample = samplePages(corpus, PAGE_SIZE, PAGES);
  const { pages } = sample;
  if (pages.length === 0) return;
  const builds: Record<string, FrontswapOps> = {
    plain: new ZmemBackend(instantiator(compileModule("zmem.wasm"))),
    shared: SharedZmemBackend.create(compileModule("zmem.shared.wasm"), {
      maximumBytes: 2 ** 26,
    }),
  };
  let got: Uint8Array;
  // Elsewhere in every round: a copy to some places takes 20 times as long (docs/benchmarks.md).
  const renew = (): void => void (got = new Uint8Array(PAGE_SIZE));
  renew();
  const tasks: Task[] = [];
  for (const [name, ops] of Object.entries(builds)) {
    ops.init(PAGE_SIZE);
    ops.openType(0);
    let turn = 0;
    const put = (): void => {
      // Every put an overwrite by another page.
      turn += 1;
      for (let at = 0; at < pages.length; at++) {
        ops.putPage(0, at, pages[(at + turn) % pages.length] as Uint8Array);
      }
    };
    const get = (): void => {
      for (let at = 0; at < pages.length; at++) ops.getPage(0, at, got);
    };
    fillAndCheck(
      pages,
      (at, page) => ops.putPage(0, at, page),
      (at, page) => (ops.getPage(0, at, page) ? page : undefined),
    );
    tasks.push({ name: `${name} put`, operations: pages.length, pass: put });
    tasks.push({ name: `${name} get`, operations: pages.length, pass: get, prepare: renew });
  }
  const samples = await measure(tasks, ALONE);
  for (const name of Object.keys(builds)) {
    for (const call of ["put", "get"] as const) {
      record({
        figure: `${call}, alone`,
        contender: `${name} build`,
        corpus: corpus.name,
        pageSize: PAGE_SIZE,
        unit: "ns",
        bytesPerOperation: PAGE_SIZE,
        samples: samples.get(`${name} ${call}`) ?? [],
        note: describeSample(sample),
      });
    }
  }
}

async function measureScaling(
  { record, progress, effort, pause }: BenchContext,
  crew: ScalingCrew,
): Promise<void> {
  const take = async (figure: string, round: Round, crowded = false): Promise<void> => {
    progress(figure);
    if (!crowded) await crew.measure(round, WARM_UP.rounds, WARM_UP.windowMs);
    const samples = crowded
      ? await crew.measure(round, CROWD.rounds, CROWD.windowMs)
      : await crew.measure(round, ROUNDS[effort], WINDOW_MS);
    for (const [contender, values] of Object.entries(samples)) {
      record({
        figure,
        contender,
        corpus: "mix",
        pageSize: PAGE_SIZE,
        unit: "ns",
        bytesPerOperation: PAGE_SIZE,
        samples: values,
        note: "of all workers together",
      });
    }
    await pause();
  };
  await crew.grow(2);
  for (const call of CALLS) {
    const own = { pool: "shared", keys: "disjoint", call } as const;
    await take(`${call}, own keys`, {
      "one worker": { ...own, workers: 1 },
      "two workers": { ...own, workers: 2 },
      "two private pools": { ...own, pool: "private", workers: 2 },
      "two private pools of the plain build": { ...own, pool: "plain", workers: 2 },
    });
    const zipf = { pool: "shared", keys: "zipf", call } as const;
    await take(`${call}, Zipf keys`, {
      "one worker": { ...zipf, workers: 1 },
      "two workers": { ...zipf, workers: 2 },
    });
  }
  for (const workers of CROWDS) {
    await crew.grow(workers);
    const zipf = { pool: "shared", keys: "zipf", call: "mixed" } as const;
    await take(
      `mixed, Zipf keys, ${workers} threads`,
      { "two workers": { ...zipf, workers: 2 }, [`${workers} workers`]: { ...zipf, workers } },
      true,
    );
  }
}
