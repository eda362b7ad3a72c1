/**
 * Memory per logical byte as it can be counted from inside, in any engine.
 *
 * What: each store is filled with pages of a corpus, none twice, and asked for its bytes: zmem for
 * all memory that it holds, a Map or a cache for the lengths of what it keeps.
 *
 * Why so: a page in a browser can't look at its own process, and a plot of speed against memory is
 * wanted there, too. It flatters Maps: an entry, an array and a buffer cost 290 to 780 bytes a page on
 * top in Node, deflate's 1280 (case "memory", which measures from outside and is the one that counts).
 */
import { type BenchCase, Interrupted } from "../harness/case.ts";
import { samplePages } from "../harness/pages.ts";

const PAGE_SIZE = 4096;
const MOST_BYTES = { quick: 8 << 20, full: 8 << 20, all: 32 << 20 } as const;
const PAUSE_PAGES = 500;

export const accountedCase: BenchCase = {
  name: "accounted",
  title: "memory per logical byte, counted from inside",
  efforts: ["quick", "full", "all"],
  run: async ({ corpora, stores, effort, record, fail, progress, pause }) => {
    for (const corpus of corpora.values()) {
      progress(corpus.name);
      // Same-filled pages take part: they are part of real data.
      const { pages } = samplePages(corpus, PAGE_SIZE, MOST_BYTES[effort] / PAGE_SIZE, true);
      for (const contender of stores) {
        if (effort === "quick" && contender.slow) continue;
        try {
          const store = await contender.open(PAGE_SIZE);
          for (const [key, page] of pages.entries()) {
            if (!store.put(key, page)) throw new Error("a page was rejected");
            if (key % PAUSE_PAGES === 0) await pause();
          }
          const logicalBytes = pages.length * PAGE_SIZE;
          record({
            figure: "accounted per logical byte",
            contender: contender.name,
            corpus: corpus.name,
            pageSize: PAGE_SIZE,
            unit: "ratio",
            samples: [store.accountedBytes() / logicalBytes],
            note: `${Math.round(logicalBytes / 2 ** 20)} MiB logical; all of zmem, the data alone of others`,
          });
          store.close();
        } catch (error) {
          if (error instanceof Interrupted) throw error;
          fail(contender.name, error, corpus.name);
        }
      }
    }
  },
};
