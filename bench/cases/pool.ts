/**
 * The allocator: how much of the memory held is payload, after filling, through churn, and after
 * most pages have gone.
 *
 * What: fills a pool with the mix (256 MiB in full runs), no page twice; ten rounds that each
 * replace a random half of the pages by others, with a step of compaction (32 objects) every 64 puts
 * and one to the end after each round; flushes 80 % at random, compacts,
 * trims. The kernel's geometry is simulated on the same block lengths. The same for heap pages, and
 * the mix again with effort `high`.
 *
 * Why so: pool efficiency alone would reward bad compression, so memory held ÷ logical is printed
 * beside it. Pages of later rounds are cut from the same data at other byte offsets: their lengths
 * are as real, and no page comes twice.
 */
import {
  createZmem,
  type PoolStats,
  type ShardedZmemBackend,
  type ZmemBackend,
} from "../../src/index.ts";
import { kernelGeometry, simulateKernelPool } from "../allocator/kernel-geometry.ts";
import type { Corpus } from "../corpora/corpus.ts";
import { type Random, seededRandom, shuffle } from "../corpora/random.ts";
import type { BenchCase, BenchContext } from "../harness/case.ts";
import { isEqual } from "../harness/pages.ts";

const PAGE_SIZE = 4096;
const LOGICAL_BYTES = { quick: 64 << 20, full: 256 << 20, all: 256 << 20 } as const;
const ROUNDS = { quick: 3, full: 10, all: 10 } as const;
const FLUSHED_SHARE = 0.8;
/** Pages of round r begin r times this far into the data; heaps are aligned to 8 bytes. */
const ROUND_OFFSET = 8 * 45;
/** Objects between two looks at the clock, as in ZmemBackend.compact. */
const STEP_OBJECTS = 32;
/** Compaction is on during churn: a step after so many puts, and one to the end after a round. */
const PUTS_PER_COMPACTION = 64;
const TYPE = 0;
const PAUSE_PAGES = 2000;
const SPARSE_PAGES = { quick: 100_000, full: 1_000_000, all: 1_000_000 } as const;
const OBJECT_HEADER_BYTES = 4;
const WASM_PAGE_BYTES = 65536;

type Backend = ZmemBackend | ShardedZmemBackend;

export const poolCase: BenchCase = {
  name: "pool",
  title: "pool efficiency after filling, churn, flush and trim",
  efforts: ["quick", "full", "all"],
  run: async (context) => {
    const { effort, platform, corpora, progress } = context;
    const bytes = LOGICAL_BYTES[effort];
    const mix = (await platform.loadCorpus?.("mix", bytes)) ?? corpora.get("mix");
    if (mix === undefined) throw new Error("the corpus mix is missing");
    progress("filling and churning the mix");
    await measureLife(context, mix);
    if (effort !== "quick") {
      const heap = (await platform.loadCorpus?.("jsheap", bytes)) ?? corpora.get("jsheap");
      progress("filling and churning JavaScript heap");
      if (heap === undefined) context.fail("zmem", "the corpus jsheap is missing", "jsheap");
      else await measureLife(context, heap);
      progress("filling the mix at effort high");
      await measureHigh(context, mix);
    }
    progress("offsets drawn at random");
    await measureSparseIndex(context);
  },
};

async function openBackend(effort: "default" | "high"): Promise<Backend> {
  const { backend } = await createZmem({ pageSize: PAGE_SIZE, effort });
  backend.openType(TYPE);
  return backend;
}

/** Records rows about one corpus. */
function recorder({ record }: BenchContext, corpus: Corpus, note: string) {
  return (figure: string, value: number | readonly number[], options: object = {}): void =>
    record({
      figure,
      contender: "zmem",
      corpus: corpus.name,
      pageSize: PAGE_SIZE,
      unit: "ratio",
      better: "higher",
      note,
      samples: typeof value === "number" ? [value] : value,
      ...options,
    });
}

const efficiency = ({ payloadBytes, heldBytes }: PoolStats): number => payloadBytes / heldBytes;
const heldShare = ({ heldBytes, logicalBytes }: PoolStats): number => heldBytes / logicalBytes;
const overhead = (stats: PoolStats): number => {
  const objects = stats.pages - stats.sameFilledPages;
  return (stats.indexBytes + objects * OBJECT_HEADER_BYTES) / stats.pages;
};

async function measureLife(context: BenchContext, corpus: Corpus): Promise<void> {
  const backend = await openBackend("default");
  const pageCount = Math.min(
    Math.floor(corpus.bytes.length / PAGE_SIZE),
    LOGICAL_BYTES[context.effort] / PAGE_SIZE,
  );
  const note = `${Math.round((pageCount * PAGE_SIZE) / (1 << 20))} MiB logical, no page twice`;
  const row = recorder(context, corpus, note);
  const lower = { better: "lower" };

  await fillPool(context, backend, corpus, pageCount);
  let stats = backend.stats();
  row("efficiency after filling", efficiency(stats));
  row("held ÷ logical after filling", heldShare(stats), lower);
  row("index and headers per page, dense", overhead(stats), { ...lower, unit: "bytes" });
  recordKernel(context, corpus, blockLengths(backend, pageCount), note);

  const random = seededRandom(41);
  /** Where in the corpus the page of each key begins. */
  const starts = Float64Array.from({ length: pageCount }, (_, key) => key * PAGE_SIZE);
  const course = [efficiency(stats)];
  for (let round = 1; round <= ROUNDS[context.effort]; round++) {
    await churn(context, backend, corpus, starts, round, random);
    backend.compact();
    stats = backend.stats();
    course.push(efficiency(stats));
  }
  row("efficiency over churn", course);
  row("efficiency after churn", efficiency(stats));
  row("held ÷ logical after churn", heldShare(stats), lower);

  for (let key = 0; key < pageCount; key++) {
    if (random.fraction() >= FLUSHED_SHARE) continue;
    backend.flushPage(TYPE, key);
    starts[key] = -1;
  }
  await context.pause();
  await measureCompaction(context, backend, corpus, note);
  measureTrim(context, backend, corpus, note);
  row("efficiency after flush of 80 %, compaction and trim", efficiency(backend.stats()));
  verify(backend, corpus, starts);
  backend.close();
}

async function fillPool(
  { pause }: BenchContext,
  backend: Backend,
  corpus: Corpus,
  pageCount: number,
): Promise<void> {
  for (let key = 0; key < pageCount; key++) {
    putAt(backend, corpus, key, key * PAGE_SIZE);
    if (key % PAUSE_PAGES === 0) await pause();
  }
}

function putAt(backend: Backend, corpus: Corpus, key: number, start: number): void {
  if (!backend.putPage(TYPE, key, corpus.bytes.subarray(start, start + PAGE_SIZE))) {
    throw new Error(`page ${key} was rejected`);
  }
}

/** Replaces a random half of the pages by pages that begin at offsets of this round. */
async function churn(
  { pause }: BenchContext,
  backend: Backend,
  corpus: Corpus,
  starts: Float64Array,
  round: number,
  random: Random,
): Promise<void> {
  const places = Math.floor(corpus.bytes.length / PAGE_SIZE) - 1;
  const order = shuffle(
    Uint32Array.from({ length: places }, (_, place) => place),
    random,
  );
  for (let key = 0, at = 0; key < starts.length; key++) {
    if (random.below(2) === 0 || at >= places) continue;
    const start = (order[at++] as number) * PAGE_SIZE + ((round * ROUND_OFFSET) % PAGE_SIZE);
    putAt(backend, corpus, key, start);
    starts[key] = start;
    if (at % PUTS_PER_COMPACTION === 0) backend.compact({ objects: STEP_OBJECTS });
    if (at % PAUSE_PAGES === 0) await pause();
  }
}

function blockLengths(backend: Backend, pageCount: number): number[] {
  const lengths: number[] = [];
  for (let key = 0; key < pageCount; key++) {
    const bytes = backend.inspectPage(TYPE, key)?.payloadBytes ?? 0;
    if (bytes > 0) lengths.push(bytes);
  }
  return lengths;
}

function recordKernel(
  { record }: BenchContext,
  corpus: Corpus,
  lengths: readonly number[],
  note: string,
): void {
  for (const chain of [4, 8]) {
    const pool = simulateKernelPool(kernelGeometry(chain, "absolute"), lengths);
    const { payloadBytes, zspageBytes, handleBytes } = pool;
    record({
      figure: "efficiency after filling",
      contender: `kernel geometry, chain ${chain} (simulated)`,
      corpus: corpus.name,
      pageSize: PAGE_SIZE,
      unit: "ratio",
      better: "higher",
      samples: [payloadBytes / (zspageBytes + handleBytes)],
      note: `${note}; handle words counted, index not`,
    });
  }
}

/** Compacts in steps as the default budget does, and times each. */
async function measureCompaction(
  context: BenchContext,
  backend: Backend,
  corpus: Corpus,
  note: string,
): Promise<void> {
  const before = backend.stats();
  const objects = before.pages - before.sameFilledPages;
  const objectBytes = objects > 0 ? before.payloadBytes / objects : 0;
  let moved = 0;
  let totalMs = 0;
  let longestMs = 0;
  for (let done = false; !done;) {
    const started = performance.now();
    const result = backend.compact({ objects: STEP_OBJECTS });
    const elapsedMs = performance.now() - started;
    done = result.done;
    moved += result.movedObjects;
    totalMs += elapsedMs;
    longestMs = Math.max(longestMs, elapsedMs);
    if (moved % (STEP_OBJECTS * 64) === 0) await context.pause();
  }
  const shared = {
    contender: "zmem",
    corpus: corpus.name,
    pageSize: PAGE_SIZE,
    note: `${moved} objects moved after a flush of 80 %; ${note}`,
  };
  context.record({
    ...shared,
    figure: "compaction, longest step",
    unit: "ms",
    samples: [longestMs],
  });
  if (moved === 0) return;
  context.record({
    ...shared,
    figure: "compaction, per object",
    unit: "ns",
    bytesPerOperation: objectBytes,
    samples: [(totalMs * 1e6) / moved],
  });
}

function measureTrim(
  { record, fail }: BenchContext,
  backend: Backend,
  corpus: Corpus,
  note: string,
): void {
  const before = backend.stats();
  const stated = backend.trimPeakBytes();
  const started = performance.now();
  const { trimmed, heldBytesAfter } = backend.trim();
  const elapsedMs = performance.now() - started;
  if (!trimmed) return fail("zmem", "the trim did not take place", corpus.name);
  const shared = { contender: "zmem", corpus: corpus.name, pageSize: PAGE_SIZE, note };
  const liveGib = (before.payloadBytes + before.indexBytes) / (1 << 30);
  record({ ...shared, figure: "trim, per live GiB", unit: "ms", samples: [elapsedMs / liveGib] });
  record({
    ...shared,
    figure: "trim, first touch of its fresh memory alone, per live GiB",
    unit: "ms",
    samples: [firstTouchMs(heldBytesAfter) / liveGib],
  });
  record({
    ...shared,
    figure: "trim, extra peak ÷ stated peak",
    unit: "ratio",
    samples: [heldBytesAfter / stated],
  });
}

/** What no trim can do without: the engine's and the system's part of fresh memory. */
function firstTouchMs(bytes: number): number {
  const started = performance.now();
  const memory = new WebAssembly.Memory({ initial: bytes / WASM_PAGE_BYTES });
  const view = new Uint8Array(memory.buffer);
  for (let address = 0; address < bytes; address += PAGE_SIZE) view[address] = 1;
  return performance.now() - started;
}

function verify(backend: Backend, corpus: Corpus, starts: Float64Array): void {
  const page = new Uint8Array(PAGE_SIZE);
  starts.forEach((start, key) => {
    const found = backend.getPage(TYPE, key, page);
    const expected = start < 0 ? undefined : corpus.bytes.subarray(start, start + PAGE_SIZE);
    if (expected === undefined ? found : !found || !isEqual(page, expected)) {
      throw new Error(`page ${key} did not come back as it was put`);
    }
  });
}

async function measureHigh(context: BenchContext, corpus: Corpus): Promise<void> {
  const backend = await openBackend("high");
  const pageCount = Math.floor(corpus.bytes.length / PAGE_SIZE);
  await fillPool(context, backend, corpus, pageCount);
  const row = recorder(context, corpus, "effort high");
  const stats = backend.stats();
  row("held ÷ logical after filling", heldShare(stats), {
    better: "lower",
    contender: "zmem high",
  });
  row("efficiency after filling", efficiency(stats), { contender: "zmem high" });
  backend.close();
}

/** What the index costs when offsets are spread over the whole u32 range. */
async function measureSparseIndex(context: BenchContext): Promise<void> {
  const backend = await openBackend("default");
  const random = seededRandom(43);
  const count = SPARSE_PAGES[context.effort];
  const page = new Uint8Array(PAGE_SIZE).fill(7, 100, 110);
  const course: number[] = [];
  for (let put = 1; put <= count; put++) {
    if (!backend.putPage(TYPE, random.bits(), page)) throw new Error(`page ${put} was rejected`);
    if (put % (count / 20) !== 0) continue;
    course.push(overhead(backend.stats()));
    await context.pause();
  }
  context.record({
    figure: "index and headers per page, random offsets",
    contender: "zmem",
    pageSize: PAGE_SIZE,
    unit: "bytes",
    samples: [course.at(-1) ?? Number.NaN],
    note: `${count} offsets over the whole u32 range; at most ${Math.max(...course).toFixed(1)} while growing`,
  });
  backend.close();
}
