/**
 * The process that probe.ts watches: fills a store, churns it, trims it, and waits after each.
 *
 * Why so: everything else that takes memory (corpus, codec, compiled code) happens before the phase
 * "base", on a store that is thrown away, so that what comes later is the store's. Every page is
 * read back and compared at the end.
 */
import { createInterface } from "node:readline";
import { loadCorpora } from "./corpora/index.ts";
import { seededRandom } from "./corpora/random.ts";
import type { ProbeRequest } from "./harness/case.ts";
import type { Store } from "./peers/contender.ts";
import { nodeStores } from "./peers/node-stores.ts";
import { shardedZmemStore } from "./peers/stores.ts";
import type { ProbeCorpora } from "./probe.ts";

const WARM_UP_PUTS = 2000;
/** Few keys: what the warm-up leaves in the allocator's free lists would be counted as saved. */
const WARM_UP_KEYS = 8;
const SETTLE_MS = 200;
/** A step that is prime to any number of pages of a corpus, so all of its pages come by. */
const CHURN_STEP = 7919;

const { request, corpora } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly request: ProbeRequest;
  readonly corpora: ProbeCorpora;
};
const contender = [...nodeStores(), shardedZmemStore()].find(({ name }) => name === request.store);
if (contender === undefined) throw new Error(`there is no store called ${request.store}`);
const names = [request.corpus] as never[];
const isOwn = corpora.paths.length > 0;
const loaded = await loadCorpora(isOwn ? corpora : { ...corpora, names });
const corpus = loaded.get(request.corpus);
if (corpus === undefined) throw new Error(`there is no corpus called ${request.corpus}`);

const { pageSize } = request;
const pageCount = Math.floor(request.logicalBytes / pageSize);
const corpusPages = Math.floor(corpus.bytes.length / pageSize);
const pageAt = (index: number): Uint8Array => {
  const start = (index % corpusPages) * pageSize;
  return corpus.bytes.subarray(start, start + pageSize);
};
const replies = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function reach(phase: string, store?: Store): Promise<void> {
  const endedAtMs = Date.now();
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  globalThis.gc?.();
  const statedBytes = store?.heldBytes?.();
  process.stdout.write(`${JSON.stringify({ phase, statedBytes, endedAtMs })}\n`);
  await replies.next();
}

const page = new Uint8Array(pageSize);
const warm = await contender.open(pageSize);
for (let count = 0; count < WARM_UP_PUTS; count++) {
  warm.put(count % WARM_UP_KEYS, pageAt(count));
  warm.get(count % WARM_UP_KEYS, page);
  // Garbage of one page after the other would leave a heap of holes to be filled later.
  if (count % 100 === 0) globalThis.gc?.();
}
warm.close();

const store = await contender.open(pageSize);
await reach("base");

/** Which page of the corpus each key holds; -1 for none. */
const contents = new Int32Array(pageCount);
for (let key = 0; key < pageCount; key++) put(key, key);
await reach("filled", store);

if (request.churnRounds > 0) {
  const random = seededRandom(17);
  for (let round = 1; round <= request.churnRounds; round++) {
    for (let key = 0; key < pageCount; key++) {
      if (random.below(2) === 0) put(key, key + round * CHURN_STEP);
    }
    store.compact?.();
  }
  await reach("churned", store);
}

if (request.flushShare > 0) {
  const random = seededRandom(18);
  for (let key = 0; key < pageCount; key++) {
    if (random.fraction() >= request.flushShare) continue;
    store.flush(key);
    contents[key] = -1;
  }
  store.compact?.();
  store.trim?.();
  await reach("trimmed", store);
}

for (let key = 0; key < pageCount; key++) {
  const index = contents[key] as number;
  const found = store.get(key, page);
  const isRight = found !== undefined && Buffer.compare(found, pageAt(index)) === 0;
  if (index < 0 ? found !== undefined : !isRight) {
    throw new Error(`page ${key} did not come back as it was put`);
  }
}
process.exit(0);

function put(key: number, index: number): void {
  if (!store.put(key, pageAt(index))) throw new Error(`page ${key} was rejected`);
  contents[key] = index;
}
