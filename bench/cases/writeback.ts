/**
 * Writeback: real pages, more than the pool holds, asked for with a moving Zipf skew.
 *
 * What: 65,536 pages of the mix, Zipf(0.9) whose ranks change, 80 % reads; a pool with room for a
 * quarter of the pages compressed; a file device. Beside it zmem that rejects when it is full, an
 * uncompressed LRU of the same bytes with the same device, and a simulation of an exact LRU that
 * holds as many pages as the pool did.
 *
 * Why so: what writeback has to show is that the right pages are in memory (device reads against
 * the exact LRU) and that a put that makes room stalls nobody (its tail). All run the same trace,
 * one after the other. zmem runs it several times, for the tail of the put: another process on the
 * same machine shows there first. Device reads are the same in every run.
 */
import type { BenchCase, BenchContext } from "../harness/case.ts";
import { drive, PAGE_SIZE, pageOf, type Run, type Work } from "../writeback/drive.ts";
import { measurePool, uncompressedStore, zmemStore } from "../writeback/stores.ts";
import { makeTrace, simulateLru } from "../writeback/trace.ts";

const KEYS = { quick: 16_384, full: 65_536, all: 65_536 } as const;
const OPERATIONS = { quick: 100_000, full: 500_000, all: 1_000_000 } as const;
const RUNS = { quick: 1, full: 3, all: 3 } as const;
/** One of so many pages fits into the pool. */
const POOL_SHARE = 4;
const WARM_UP_SHARE = 4;
const TRACE = { exponent: 0.9, readShare: 0.8, seed: 20260901 } as const;
const LATENCIES = [
  ["median", 0.5],
  ["99 %", 0.99],
  ["99.9 %", 0.999],
  ["slowest", 1],
] as const;

export const writebackCase: BenchCase = {
  name: "writeback",
  title: "a full pool before a file device, requests by a moving Zipf skew",
  efforts: ["full", "all"],
  run: async (context) => {
    const { corpora, effort, progress, platform, pause, record } = context;
    const wanted = KEYS[effort] * PAGE_SIZE;
    const loaded = corpora.get("mix") ?? [...corpora.values()][0];
    const corpus =
      (loaded?.bytes.length ?? 0) < wanted
        ? ((await platform.loadCorpus?.("mix", wanted)) ?? loaded)
        : loaded;
    if (corpus === undefined) throw new Error("no corpus is loaded");
    const { bytes } = corpus;
    const keys = Math.min(KEYS[effort], Math.floor(bytes.length / PAGE_SIZE));
    const operations = OPERATIONS[effort];
    const warmUp = Math.floor(operations / WARM_UP_SHARE);
    const trace = makeTrace({ ...TRACE, keys, operations });
    const limitBytes = measurePool(someOf(bytes, keys));
    const work: Work = { bytes, keys, trace, warmUp, pause };
    const shared = {
      corpus: corpus.name,
      pageSize: PAGE_SIZE,
      note: `${keys} pages, ${operations - warmUp} operations counted, limit ${Math.round(limitBytes / 1024)} KiB`,
    };
    const recordRuns = (contender: string, runs: readonly Run[]): void => {
      recordShares(context, { ...shared, contender }, runs);
      recordLatencies(context, { ...shared, contender }, runs);
    };

    const runs: Run[] = [];
    while (runs.length < RUNS[effort]) {
      progress(`zmem, run ${runs.length + 1} of ${RUNS[effort]}`);
      runs.push(await drive(zmemStore("zmem", limitBytes, keys, true), work));
    }
    recordRuns("zmem", runs);
    progress("reject when full");
    const rejecting = zmemStore("reject when full", limitBytes, keys, false);
    recordRuns(rejecting.name, [await drive(rejecting, work)]);
    progress("uncompressed LRU");
    const uncompressed = uncompressedStore(limitBytes, PAGE_SIZE);
    recordRuns(uncompressed.name, [await drive(uncompressed, work)]);

    progress("exact LRU");
    const capacity = Math.max(
      Math.floor(keys / POOL_SHARE),
      Math.round(Math.max(...runs.map(({ pagesInMemory }) => pagesInMemory))),
    );
    const gets = trace.subarray(warmUp).reduce((sum, operation) => sum + (1 - (operation & 1)), 0);
    record({
      ...shared,
      figure: "device reads per get",
      contender: "exact LRU, simulated",
      unit: "ratio",
      samples: [simulateLru(trace, keys, capacity, warmUp) / gets],
      note: `${capacity} pages`,
    });
  },
};

interface Shared {
  readonly contender: string;
  readonly corpus: string;
  readonly pageSize: number;
  readonly note: string;
}

function recordShares({ record }: BenchContext, shared: Shared, runs: readonly Run[]): void {
  const row = (figure: string, value: (run: Run) => number, better?: "higher"): void =>
    record({
      ...shared,
      figure,
      unit: "ratio",
      ...(better === undefined ? {} : { better }),
      samples: runs.map(value),
    });
  row("device reads per get", ({ deviceReadsPerGet }) => deviceReadsPerGet);
  row("hit share", ({ deviceReadsPerGet }) => 1 - deviceReadsPerGet, "higher");
  row("device writes per operation", ({ deviceWritesPerOperation }) => deviceWritesPerOperation);
}

function recordLatencies({ record }: BenchContext, shared: Shared, runs: readonly Run[]): void {
  for (const [words, share] of LATENCIES) {
    const row = (verb: string, latencies: (run: Run) => Float64Array): void =>
      record({
        ...shared,
        figure: `${verb}, ${words}`,
        unit: "ns",
        samples: runs.map((run) => quantile(latencies(run), share)),
      });
    row("put", ({ putLatencies }) => putLatencies);
    row("get", ({ getLatencies }) => getLatencies);
  }
}

/** Every so-manieth page. */
function* someOf(bytes: Uint8Array, keys: number): Generator<Uint8Array> {
  for (let key = 0; key < keys; key += POOL_SHARE) yield pageOf(bytes, key);
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
