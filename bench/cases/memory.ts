/**
 * Memory held per logical byte, measured from outside the process.
 *
 * What: each store in a process of its own is filled with pages of a corpus; what the process has
 * grown by is divided by the bytes that were put. In full runs the strongest stores are also churned,
 * in another process with more pages, so that a figure is of one size for all: rounds that each
 * overwrite a random half of the pages, compaction on where there is one.
 *
 * Why so: a user pays for resident memory, not for what a library counts. Same-filled pages take
 * part here: they are part of real data.
 */
import type { BenchCase, Row } from "../harness/case.ts";

const LOGICAL_BYTES = { quick: 64 << 20, full: 64 << 20, all: 256 << 20 } as const;
/** Churn is measured on more: how much garbage a collector lets lie hardly grows with the heap. */
const CHURNED_BYTES = 256 << 20;
const QUICK_STORES = ["zmem", "Map of copies", "Map of lz4-wasm", "Map of snappy"];
const CHURNED_STORES = ["zmem", "Map of copies", "Map of lz4-wasm", "Map of snappy"];
const CHURN_ROUNDS = { quick: 0, full: 5, all: 10 } as const;
const QUICK_CORPORA = ["jsheap", "mix"];
const CHURNED_CORPORA = ["jsheap", "mix"];
/** Left out: without an interest for memory, or so slow that they would take minutes. */
const NOT_IN_FULL = ["Map of lz4js", "Map of snappyjs"];
const PAGE_SIZE = 4096;
/** Processes at a time: what one holds does not depend on another, and each waits now and then. */
const LANES = 3;

export const memoryCase: BenchCase = {
  name: "memory",
  title: "memory held per logical byte, seen from outside the process",
  efforts: ["quick", "full", "all"],
  run: async ({ platform, effort, stores, corpora, record, fail, progress, pause }) => {
    const { probeMemory } = platform;
    if (probeMemory === undefined) {
      fail("all", "needs Node on Linux, where a process can be measured from outside");
      return;
    }
    const chosen = stores.filter(({ name }) => {
      if (effort === "quick") return QUICK_STORES.includes(name);
      return effort === "all" || !NOT_IN_FULL.includes(name);
    });
    const names = [...corpora.values()]
      .filter(({ name, kind }) =>
        effort === "quick" ? QUICK_CORPORA.includes(name) || kind === "user" : name !== "random",
      )
      .map(({ name }) => name);
    const filled = { churnRounds: 0, logicalBytes: LOGICAL_BYTES[effort] };
    const churned = { churnRounds: CHURN_ROUNDS[effort], logicalBytes: CHURNED_BYTES };
    const pairs = names.flatMap((corpus) => chosen.map(({ name: store }) => ({ store, corpus })));
    const jobs = [
      ...pairs.map((pair) => ({ ...pair, ...filled })),
      ...pairs
        .filter(
          ({ store, corpus }) => CHURNED_STORES.includes(store) && CHURNED_CORPORA.includes(corpus),
        )
        .filter(() => churned.churnRounds > 0)
        .map((pair) => ({ ...pair, ...churned })),
    ];
    const rows: (Row | undefined)[] = jobs.map(() => undefined);
    const measureAll = inLanes(LANES, jobs, async (job, index) => {
      const { store, corpus, churnRounds, logicalBytes } = job;
      progress(`${store} with ${corpus}`);
      await pause();
      const size = { pageSize: PAGE_SIZE, logicalBytes, churnRounds, flushShare: 0 };
      try {
        const result = await probeMemory({ store, corpus, ...size });
        const held = churnRounds > 0 ? result.churnedBytes : result.filledBytes;
        if (held === undefined) throw new Error("nothing was read after the churn");
        rows[index] = {
          figure:
            churnRounds > 0 ? `held after ${churnRounds} rounds of churn` : "held per logical byte",
          contender: store,
          corpus,
          pageSize: PAGE_SIZE,
          unit: "ratio",
          samples: [held / logicalBytes],
          note: `${logicalBytes / (1 << 20)} MiB logical; ${result.method}`,
        };
      } catch (error) {
        fail(store, error, corpus);
      }
    });
    // In the order of the jobs, whoever was ready first.
    await measureAll.finally(() => rows.filter((row) => row !== undefined).forEach(record));
  },
};

/** Does jobs in their order, some at a time; ends when all that were begun have ended. */
async function inLanes<T>(
  lanes: number,
  jobs: readonly T[],
  work: (job: T, index: number) => Promise<void>,
): Promise<void> {
  const queue = [...jobs.entries()];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, job] = next;
      await work(job, index).catch((error: unknown) => {
        queue.length = 0;
        throw error;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
