/**
 * A cache under a limit: many pages, few of them popular, memory for a part.
 *
 * What: pages of the mix are asked for by Zipf's law (exponent 0.99, as in YCSB); a page that is not
 * in the cache is put into it, and what was used longest ago makes room. All caches get the same
 * limit on memory; a Map can't know its memory, so the count for one is its blocks and what an entry
 * was measured to cost from outside.
 *
 * Why so: this is what a smaller form and honest accounting are for: more pages fit under the limit,
 * so more requests are hits. What a miss costs beyond the put depends on where the page would come
 * from, so it is not counted; hit rate and time per request are printed side by side.
 */
import { type Random, seededRandom, shuffle } from "../corpora/random.ts";
import { zipfDraws } from "../corpora/zipf.ts";
import { type BenchCase, Interrupted } from "../harness/case.ts";
import { isEqual } from "../harness/pages.ts";
import type { Store } from "../peers/contender.ts";

const PAGE_SIZE = 4096;
const PAGES = { quick: 4096, full: 16384, all: 49152 } as const;
const REQUESTS = { quick: 30_000, full: 150_000, all: 600_000 } as const;
/** Bytes of limit for each byte of pages. */
const LIMIT_SHARE = 0.2;
const EXPONENT = 0.99;
const PAUSE_REQUESTS = 5000;

export const zipfCase: BenchCase = {
  name: "zipf",
  title: "cache under a limit, requests by Zipf's law",
  efforts: ["quick", "full", "all"],
  run: async ({ corpora, stores, effort, record, fail, progress, pause, platform }) => {
    const corpus = corpora.get("mix") ?? [...corpora.values()][0];
    if (corpus === undefined) throw new Error("no corpus is loaded");
    const pageCount = Math.min(PAGES[effort], Math.floor(corpus.bytes.length / PAGE_SIZE));
    const limitBytes = Math.floor(pageCount * PAGE_SIZE * LIMIT_SHARE);
    const requests = zipfRequests(REQUESTS[effort], pageCount, seededRandom(51));
    for (const contender of stores) {
      if (contender.slow) continue;
      progress(contender.name);
      try {
        const store = await contender.open(PAGE_SIZE, limitBytes);
        platform.collect?.(false);
        let hits = 0;
        let elapsedMs = 0;
        const cache = new BoundedCache(store);
        const pageAt = (key: number): Uint8Array =>
          corpus.bytes.subarray(key * PAGE_SIZE, (key + 1) * PAGE_SIZE);
        // The first half fills the cache; the second is counted.
        for (let at = 0; at < requests.length;) {
          const started = performance.now();
          const end = Math.min(requests.length, at + PAUSE_REQUESTS);
          let found = 0;
          for (; at < end; at++) {
            if (cache.request(requests[at] as number, pageAt)) found += 1;
          }
          if (at > requests.length / 2) {
            elapsedMs += performance.now() - started;
            hits += found;
          } else {
            hits = 0;
          }
          await pause();
        }
        // Every page that is left has the bytes that it came with.
        const into = new Uint8Array(PAGE_SIZE);
        for (let key = 0; key < pageCount; key++) {
          const found = store.get(key, into);
          if (found !== undefined && !isEqual(found, pageAt(key))) {
            throw new Error(`page ${key} came back with other bytes`);
          }
        }
        const counted = requests.length - countedFrom(requests.length);
        const shared = {
          contender: contender.name,
          corpus: corpus.name,
          pageSize: PAGE_SIZE,
          note: `${pageCount} pages, limit ${LIMIT_SHARE * 100} % of their bytes, ${counted} requests`,
        };
        record({
          ...shared,
          figure: "hit rate",
          unit: "ratio",
          better: "higher",
          samples: [hits / counted],
        });
        record({
          ...shared,
          figure: "request",
          unit: "ns",
          samples: [(elapsedMs * 1e6) / counted],
        });
        store.close();
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        fail(contender.name, error, corpus.name);
      }
    }
  },
};

/** The first request that is counted: the first whole batch that ends in the second half. */
function countedFrom(length: number): number {
  return Math.floor(length / 2 / PAUSE_REQUESTS) * PAUSE_REQUESTS;
}

/** A cache over a store: a Map's order says what was used longest ago. */
class BoundedCache {
  readonly #store: Store;
  readonly #recency = new Map<number, true>();
  readonly #page = new Uint8Array(PAGE_SIZE);

  constructor(store: Store) {
    this.#store = store;
  }

  /** @returns whether it was a hit; a miss puts the page, making room as long as it takes */
  request(key: number, pageAt: (key: number) => Uint8Array): boolean {
    if (this.#store.get(key, this.#page) !== undefined) {
      this.#recency.delete(key);
      this.#recency.set(key, true);
      return true;
    }
    this.#recency.delete(key);
    const page = pageAt(key);
    while (!this.#store.put(key, page)) {
      const oldest = this.#recency.keys().next();
      if (oldest.done) break;
      this.#recency.delete(oldest.value);
      this.#store.flush(oldest.value);
    }
    this.#recency.set(key, true);
    return false;
  }
}

/** Keys of which the i-th most popular comes with a weight of 1 / i^EXPONENT, in random places. */
function zipfRequests(count: number, keys: number, random: Random): Uint32Array {
  const keyOfRank = shuffle(
    Uint32Array.from({ length: keys }, (_, key) => key),
    random,
  );
  const draw = zipfDraws(keys, EXPONENT, random);
  return Uint32Array.from({ length: count }, () => keyOfRank[draw()] as number);
}
