/**
 * Memory held per logical byte, measured from outside the process.
 *
 * What: each store in a process of its own is filled with pages of a corpus; what the process has
 * grown by is divided by the bytes that were put. In full runs the strongest stores are also churned:
 * rounds that each overwrite a random half of the pages, compaction on where there is one.
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
    const jobs = names.flatMap((corpus) => chosen.map(({ name: store }) => ({ store, corpus })));
    const rows: Row[][] = jobs.map(() => []);
    const measureAll = inLanes(LANES, jobs, async ({ store, corpus }, index) => {
      progress(`${store} with ${corpus}`);
      await pause();
      const isChurned = CHURNED_STORES.includes(store) && CHURNED_CORPORA.includes(corpus);
      const churnRounds = isChurned ? CHURN_ROUNDS[effort] : 0;
      const logicalBytes = churnRounds > 0 ? CHURNED_BYTES : LOGICAL_BYTES[effort];
      const size = { pageSize: PAGE_SIZE, logicalBytes, churnRounds, flushShare: 0 };
      try {
        const result = await probeMemory({ store, corpus, ...size });
        const shared = {
          contender: store,
          corpus,
          pageSize: PAGE_SIZE,
          unit: "ratio",
          note: `${logicalBytes / (1 << 20)} MiB logical; ${result.method}`,
        } as const;
        const filled = result.filledBytes / logicalBytes;
        rows[index]?.push({ ...shared, figure: "held per logical byte", samples: [filled] });
        if (result.churnedBytes !== undefined) {
          const churned = result.churnedBytes / logicalBytes;
          const figure = `held after ${churnRounds} rounds of churn`;
          rows[index]?.push({ ...shared, figure, samples: [churned] });
        }
      } catch (error) {
        fail(store, error, corpus);
      }
    });
    // In the order of the jobs, whoever was ready first.
    await measureAll.finally(() => rows.flat().forEach(record));
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
