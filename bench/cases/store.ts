/**
 * Pages in and out, end to end: everything that a caller pays for a put and a get.
 *
 * What: per corpus and page size, put and get in a steady state: memory touched, caches warm, every
 * put an overwrite by another page, the same order for all. On the mix also: the same page again,
 * filling a fresh store, pages cold in cache, same-filled pages, flush.
 *
 * Why so: the steady state compares what is done per page; filling adds the first touch of fresh
 * memory (about 2.5 µs for 4 KiB from the kernel), cold adds cache misses, and each is stated by
 * itself. A get counts when the caller can read the page: zmem copies it into the caller's buffer,
 * a Map of blocks hands out the array that its codec made. All contenders get every page back and
 * compare it before anything is timed.
 */
import type { Corpus } from "../corpora/corpus.ts";
import { seededRandom, shuffle } from "../corpora/random.ts";
import type { BenchCase, BenchContext } from "../harness/case.ts";
import type { MeasureOptions, Task } from "../harness/measure.ts";
import { checkPages, describeSample, fillAndCheck, samplePages } from "../harness/pages.ts";
import { inSweeps } from "../harness/sweeps.ts";
import type { Store, StoreContender } from "../peers/contender.ts";

const PAGE_SIZES = {
  quick: [4096],
  full: [4096, 65536],
  all: [4096, 8192, 16384, 32768, 65536],
} as const;
/** The working set of the steady state; every sweep has its own pages of the corpus. */
const WORKING_SET_BYTES = { quick: 1 << 19, full: 1 << 20, all: 2 << 20 } as const;
const FILLED_BYTES = { quick: 4 << 20, full: 8 << 20, all: 32 << 20 } as const;
/** Kept by each store of the cold rows; compressed still more than a shared cache. */
const COLD_BYTES = { quick: 64 << 20, full: 128 << 20, all: 256 << 20 } as const;
const COLD_STORES = [
  "zmem",
  "Map of copies",
  "Map of lz4-wasm",
  "Map of lz4-napi",
  "Map of snappy",
];
const COLD_PAGES_A_PASS = 1024;
/** What a task does before a batch, to have code and tables warm. */
const LEAD_BYTES = 256 << 10;
/** An even number of them a sweep: a drawn order and its reverse. */
const STEADY_ROUNDS = { quick: 8, full: 72, all: 96 } as const;
/**
 * … of the mix: its row stands alone in the tables, beside means over eight real corpora. It is also
 * what "repeat" measures twice, to see how far medians of ratios lie apart: of eight, the largest
 * distance was 0.038 at most in ten measurements with these rounds, alone, and 0.02 to 0.071 with a
 * quarter of them (2026-11, docs/benchmarks.md).
 */
const STEADY_MIX_ROUNDS = { quick: 8, full: 336, all: 384 } as const;
/** Sweeps that these rounds are shared out to. */
export const STEADY_SWEEPS = { quick: 1, full: 12, all: 12 } as const;
const BUDGET_SECONDS = { quick: Infinity, full: 215, all: Infinity } as const;
/** What `measureSteady` records. */
export const STEADY_FIGURES = ["put, steady", "get, steady"] as const;
/** For what can be timed but once per preparation, which takes long. */
const ONCE = { once: true, rounds: 9 } as const;
/** A flush is so short that the pages are kept several times for one batch. */
const FLUSHED_COPIES = 8;

interface Open {
  readonly contender: StoreContender;
  readonly store: Store;
}

export const storeCase: BenchCase = {
  name: "store",
  title: "put and get end to end, steady state",
  efforts: ["quick", "full", "all"],
  run: async (context) => {
    const count = STEADY_SWEEPS[context.effort];
    const budgetSeconds = BUDGET_SECONDS[context.effort];
    await inSweeps(context, { count, budgetSeconds }, async (sweep, index) => {
      for (const corpus of context.corpora.values()) {
        for (const pageSize of PAGE_SIZES[context.effort]) {
          sweep.progress(`${corpus.name}, pages of ${pageSize}`);
          await measureSteady(sweep, corpus, pageSize, index / count);
        }
      }
    });
  },
};

export const storeStatesCase: BenchCase = {
  name: "store-states",
  title: "same page again, filling, cold, same-filled, flush",
  efforts: ["quick", "full", "all"],
  run: async (context) => {
    const mix = context.corpora.get("mix") ?? [...context.corpora.values()][0];
    if (mix === undefined) throw new Error("no corpus is loaded");
    for (const pageSize of context.effort === "quick" ? [4096] : [4096, 65536]) {
      context.progress(`pages of ${pageSize}`);
      await measureRepeats(context, mix, pageSize);
      await measureFilling(context, mix, pageSize);
      context.progress(`cold, pages of ${pageSize}`);
      await measureCold(context, mix, pageSize);
    }
  },
};

function contendersOf({ stores, effort }: BenchContext): StoreContender[] {
  return stores.filter(({ slow }) => effort !== "quick" || !slow);
}

/** Opens stores, fills them with pages 0 to n - 1, and checks that all come back. */
async function openFilled(
  context: BenchContext,
  contenders: readonly StoreContender[],
  pages: readonly Uint8Array[],
  pageSize: number,
  corpus: string,
): Promise<Open[]> {
  const open: Open[] = [];
  for (const contender of contenders) {
    try {
      const store = await contender.open(pageSize);
      fillAndCheck(pages, store.put, store.get);
      open.push({ contender, store });
    } catch (error) {
      context.fail(contender.name, error, corpus);
    }
    await context.pause();
  }
  return open;
}

function fill(store: Store, pages: readonly Uint8Array[]): void {
  for (let key = 0; key < pages.length; key++) {
    if (!store.put(key, pages[key] as Uint8Array)) throw new Error("a page was rejected");
  }
}

async function recordAll(
  context: BenchContext,
  figure: string,
  tasks: readonly Task[],
  shared: { readonly corpus: string; readonly pageSize: number; readonly note: string },
  options?: MeasureOptions,
): Promise<void> {
  for (const [contender, samples] of await context.measure(tasks, options)) {
    const bytesPerOperation = shared.pageSize;
    context.record({ ...shared, figure, contender, unit: "ns", bytesPerOperation, samples });
  }
}

/** A pass that puts every key with a page that another key had before. */
function shiftingPuts({ contender, store }: Open, pages: readonly Uint8Array[]): Task {
  let shift = 0;
  const putFirst = (keys: number): void => {
    shift = (shift + 1) % pages.length;
    for (let key = 0, at = shift; key < keys; key++) {
      store.put(key, pages[at] as Uint8Array);
      at = at + 1 === pages.length ? 0 : at + 1;
    }
  };
  return {
    name: contender.name,
    operations: pages.length,
    lead: () => putFirst(leadOf(pages)),
    pass: () => putFirst(pages.length),
  };
}

function leadOf(pages: readonly Uint8Array[]): number {
  return Math.min(pages.length, Math.ceil(LEAD_BYTES / (pages[0]?.length ?? 1)));
}

/** A pass that gets every key. */
function gets({ contender, store }: Open, pages: readonly Uint8Array[]): Task {
  let into = new Uint8Array(pages[0]?.length ?? 0);
  let found: Uint8Array | undefined;
  const getFirst = (keys: number): void => {
    for (let key = 0; key < keys; key++) found = store.get(key, into);
    if (found === undefined) throw new Error("a page is missing");
  };
  return {
    name: contender.name,
    operations: pages.length,
    // Elsewhere in every round: a copy to some places takes 20 times as long (docs/benchmarks.md).
    prepare: () => void (into = new Uint8Array(into.length)),
    lead: () => getFirst(leadOf(pages)),
    pass: () => getFirst(pages.length),
  };
}

/** Put and get of the steady state. @param phase which pages of the corpus, 0 to 1 */
export async function measureSteady(
  context: BenchContext,
  corpus: Corpus,
  pageSize: number,
  phase: number,
): Promise<void> {
  const most = WORKING_SET_BYTES[context.effort] / pageSize;
  const sample = samplePages(corpus, pageSize, most, false, phase);
  const { pages } = sample;
  if (pages.length < 2) return context.fail("all", "the corpus has too few pages", corpus.name);
  const name = corpus.name;
  const open = await openFilled(context, contendersOf(context), pages, pageSize, name);
  const shared = { corpus: name, pageSize, note: `${describeSample(sample)} at a time` };
  const rounds = corpus.kind === "mix" ? STEADY_MIX_ROUNDS : STEADY_ROUNDS;
  const options = { rounds: rounds[context.effort] };
  const puts = open.map((one) => shiftingPuts(one, pages));
  const [put, get] = STEADY_FIGURES;
  await recordAll(context, put, puts, shared, options);
  const reads = open.map((one) => gets(one, pages));
  await recordAll(context, get, reads, shared, options);
  for (const { store } of open) store.close();
}

async function measureRepeats(
  context: BenchContext,
  corpus: Corpus,
  pageSize: number,
): Promise<void> {
  const sample = samplePages(corpus, pageSize, WORKING_SET_BYTES[context.effort] / pageSize);
  const { pages } = sample;
  const wanted = contendersOf(context).filter(({ slow }) => context.effort === "all" || !slow);
  const open = await openFilled(context, wanted, pages, pageSize, corpus.name);
  const shared = { corpus: corpus.name, pageSize, note: describeSample(sample) };
  const again = open.map(({ contender, store }): Task => ({
    name: contender.name,
    operations: pages.length,
    pass: () => fill(store, pages),
  }));
  await recordAll(context, "put, same page again", again, shared);

  const zeros = new Uint8Array(pageSize);
  const same = open.map(({ contender, store }): Task => ({
    name: contender.name,
    operations: pages.length,
    pass: () => {
      for (let key = 0; key < pages.length; key++) store.put(key, zeros);
    },
  }));
  await recordAll(context, "put, same-filled", same, { ...shared, note: "pages of zeros" });

  const flushes = open.map(({ contender, store }): Task => ({
    name: contender.name,
    operations: pages.length * FLUSHED_COPIES,
    prepare: () => {
      for (let key = 0; key < pages.length * FLUSHED_COPIES; key++) {
        store.put(key, pages[key % pages.length] as Uint8Array);
      }
    },
    pass: () => {
      for (let key = 0; key < pages.length * FLUSHED_COPIES; key++) store.flush(key);
    },
  }));
  await recordAll(context, "flush", flushes, { ...shared, note: "" }, ONCE);
  for (const { store } of open) store.close();
}

async function measureFilling(
  context: BenchContext,
  corpus: Corpus,
  pageSize: number,
): Promise<void> {
  const count = FILLED_BYTES[context.effort] / pageSize;
  const sample = samplePages(corpus, pageSize, count);
  const { pages } = sample;
  const tasks: Task[] = [];
  const stores = new Map<string, Store>();
  for (const contender of contendersOf(context)) {
    if (contender.slow) continue;
    tasks.push({
      name: contender.name,
      operations: pages.length,
      prepare: async () => {
        stores.get(contender.name)?.close();
        stores.set(contender.name, await contender.open(pageSize));
      },
      pass: () => fill(stores.get(contender.name) as Store, pages),
    });
  }
  const note = `${describeSample(sample)} into a fresh store`;
  const shared = { corpus: corpus.name, pageSize, note };
  await recordAll(context, "put, filling", tasks, shared, ONCE);
  for (const [name, store] of stores) {
    try {
      checkPages(pages, store.get);
    } catch (error) {
      context.fail(name, error, corpus.name);
    }
    store.close();
  }
}

async function measureCold(context: BenchContext, corpus: Corpus, pageSize: number): Promise<void> {
  const kept = Math.min(COLD_BYTES[context.effort], corpus.bytes.length) / pageSize;
  const { pages } = samplePages(corpus, pageSize, kept);
  const wanted = contendersOf(context).filter(({ name }) => COLD_STORES.includes(name));
  const open = await openFilled(context, wanted, pages, pageSize, corpus.name);
  const logical = `${Math.round((pages.length * pageSize) / (1 << 20))} MiB kept`;
  const shared = { corpus: corpus.name, pageSize, note: `random keys, ${logical}` };
  // Every task goes through the same random order, so each touches what none has warmed for it.
  const order = shuffle(
    Uint32Array.from({ length: pages.length }, (_, key) => key),
    seededRandom(31),
  );
  const into = new Uint8Array(pageSize);
  const operations = Math.min(COLD_PAGES_A_PASS, pages.length >> 2);
  const walk = (name: string, visit: (key: number, at: number) => void): Task => {
    let at = 0;
    return {
      name,
      operations,
      pass: () => {
        for (let count = 0; count < operations; count++) {
          visit(order[at] as number, at);
          at = at + 1 === order.length ? 0 : at + 1;
        }
      },
    };
  };
  const reads = open.map(({ contender, store }) =>
    walk(contender.name, (key) => void store.get(key, into)),
  );
  await recordAll(context, "get, cold", reads, shared, ONCE);
  const writes = open.map(({ contender, store }) =>
    walk(contender.name, (key, at) => {
      store.put(key, pages[order[(at + 1) % order.length] as number] as Uint8Array);
    }),
  );
  await recordAll(context, "put, cold", writes, shared, ONCE);
  for (const { store } of open) store.close();
}
