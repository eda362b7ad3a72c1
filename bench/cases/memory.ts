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
import type { BenchCase } from "../harness/case.ts";

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
    for (const corpus of names) {
      for (const { name: store } of chosen) {
        progress(`${store} with ${corpus}`);
        await pause();
        const isChurned = CHURNED_STORES.includes(store) && CHURNED_CORPORA.includes(corpus);
        const churnRounds = isChurned ? CHURN_ROUNDS[effort] : 0;
        const logicalBytes = churnRounds > 0 ? CHURNED_BYTES : LOGICAL_BYTES[effort];
        const request = {
          store,
          corpus,
          pageSize: PAGE_SIZE,
          logicalBytes,
          churnRounds,
          flushShare: 0,
        };
        try {
          const result = await probeMemory(request);
          const shared = {
            contender: store,
            corpus,
            pageSize: PAGE_SIZE,
            unit: "ratio",
            note: `${logicalBytes / (1 << 20)} MiB logical; ${result.method}`,
          } as const;
          const filled = result.filledBytes / logicalBytes;
          record({ ...shared, figure: "held per logical byte", samples: [filled] });
          if (result.churnedBytes !== undefined) {
            const churned = result.churnedBytes / logicalBytes;
            record({
              ...shared,
              figure: `held after ${churnRounds} rounds of churn`,
              samples: [churned],
            });
          }
        } catch (error) {
          fail(store, error, corpus);
        }
      }
    }
  },
};
