/**
 * The writeback bench: real pages, more than the pool holds, asked for with a moving Zipf skew.
 *
 * What: 65,536 pages of the mix, Zipf(0.9) whose ranks change, 80 % reads; a pool with room for a
 * quarter of the pages compressed; a file device. Beside it zmem that rejects when it is full, an
 * uncompressed LRU of the same bytes, and a simulation of an exact LRU that holds as many pages as
 * the pool did.
 *
 * Why so: what writeback has to show is that the right pages are in memory (device reads against
 * the exact LRU) and that a put that makes room stalls nobody (its tail). All run the same trace,
 * one after the other in one process; reads are compared with what was put.
 *
 * Run: npx tsx bench/writeback/zipf.ts [operations]
 */
import { pathToFileURL } from "node:url";
import { loadCorpora } from "../corpora/index.ts";
import { makeTrace, simulateLru } from "./zipf-trace.ts";
import { measurePool, uncompressedStore, zmemStore, type TieredStore } from "./zipf-stores.ts";

/** One figure of the result. */
export interface ZipfRow {
  readonly figure: string;
  /** What it is to be; empty where nothing was demanded. */
  readonly goal: string;
  readonly measured: number;
  readonly unit: "share" | "per get" | "ratio" | "µs" | "pages" | "bytes";
  /** Whether the goal is met; null without a goal. */
  readonly met: boolean | null;
}

/** How long, over what. */
export interface ZipfOptions {
  /** Operations; the first quarter warms up and is not counted. */
  readonly operations?: number;
  /** Pages one after the other; the mix when left out. */
  readonly bytes?: Uint8Array;
}

const PAGE_SIZE = 4096;
const KEYS = 65_536;
const SEED = 20260901;
/** Longer puts are asked whether another process ran in between. */
const LONG_MS = 0.2;

interface Run {
  readonly deviceReadsPerGet: number;
  readonly hitShare: number;
  readonly deviceWrittenPages: number;
  readonly pagesInMemory: number;
  /** Microseconds, sorted. */
  readonly putLatencies: Float64Array;
  readonly getLatencies: Float64Array;
  /** Puts during which the system gave the processor to another process, their latencies. */
  readonly preemptedPuts: Float64Array;
}

/** Measures all contenders. */
export async function zipfRows(options: ZipfOptions = {}): Promise<ZipfRow[]> {
  const bytes = options.bytes ?? (await loadMix());
  const keys = Math.min(KEYS, Math.floor(bytes.length / PAGE_SIZE));
  const { operations = 1_000_000 } = options;
  const warmUp = Math.floor(operations / 4);
  const traceOptions = { keys, operations, exponent: 0.9, readShare: 0.8, seed: SEED };
  const trace = makeTrace(traceOptions);
  const limitBytes = measurePool(everyFourthPage(bytes, keys));

  const run = (store: TieredStore): Run => drive(store, bytes, keys, trace, warmUp);
  // Thrice, for the tail of the put: another process on the same machine shows there first.
  const zmemRuns = [1, 2, 3].map(() => run(zmemStore("zmem", limitBytes, keys, true)));
  const zmem = zmemRuns[0] as Run;
  const rejecting = run(zmemStore("reject when full", limitBytes, keys, false));
  const uncompressed = run(uncompressedStore(limitBytes, PAGE_SIZE));
  let gets = 0;
  for (let at = warmUp; at < trace.length; at++) if (((trace[at] as number) & 1) === 0) gets++;
  const capacity = Math.max(Math.floor(keys / 4), Math.round(zmem.pagesInMemory));
  const lru = simulateLru(trace, keys, capacity, warmUp) / gets;

  const middle = (measure: (run: Run) => number): number =>
    zmemRuns.map(measure).sort((first, second) => first - second)[1] as number;
  const put = (share: number): number => middle((one) => quantile(one.putLatencies, share));
  const get = (share: number): number => middle((one) => quantile(one.getLatencies, share));
  return [
    row("device reads per get, zmem", zmem.deviceReadsPerGet, "per get"),
    row("device reads per get, exact LRU of as many pages", lru, "per get"),
    row("device reads, zmem to exact LRU", zmem.deviceReadsPerGet / lru, "ratio", 1.05),
    row("device reads per get, reject when full", rejecting.deviceReadsPerGet, "per get"),
    row(
      "device reads, reject when full to zmem",
      rejecting.deviceReadsPerGet / zmem.deviceReadsPerGet,
      "ratio",
    ),
    row("device reads per get, uncompressed LRU", uncompressed.deviceReadsPerGet, "per get"),
    row(
      "device reads, uncompressed LRU to zmem",
      uncompressed.deviceReadsPerGet / zmem.deviceReadsPerGet,
      "ratio",
    ),
    row("hits in the pool, zmem", zmem.hitShare, "share"),
    row("hits in the pool, reject when full", rejecting.hitShare, "share"),
    row("hits in memory, uncompressed LRU", uncompressed.hitShare, "share"),
    row("put, median", put(0.5), "µs"),
    row("put, 99 %", put(0.99), "µs"),
    row("put, 99.9 %", put(0.999), "µs", 1000),
    row("put, slowest", put(1), "µs"),
    row(
      "put, 99.9 %, without those that were preempted",
      middle((one) => quantile(withoutThese(one.putLatencies, one.preemptedPuts), 0.999)),
      "µs",
      1000,
    ),
    row("put, 99.9 %, reject when full", quantile(rejecting.putLatencies, 0.999), "µs"),
    row("put, 99.9 %, uncompressed LRU", quantile(uncompressed.putLatencies, 0.999), "µs"),
    row("get, median", get(0.5), "µs"),
    row("get, 99.9 %", get(0.999), "µs"),
    row("pages written to the device, zmem", zmem.deviceWrittenPages, "pages"),
    row("pages written to the device, uncompressed LRU", uncompressed.deviceWrittenPages, "pages"),
    row("pages in the pool, mean, zmem", zmem.pagesInMemory, "pages"),
    row("pages of the exact LRU", capacity, "pages"),
    row("pool limit", limitBytes, "bytes"),
  ];
}

function row(figure: string, measured: number, unit: ZipfRow["unit"], atMost?: number): ZipfRow {
  if (atMost === undefined) return { figure, goal: "", measured, unit, met: null };
  return { figure, goal: `at most ${atMost}`, measured, unit, met: measured <= atMost };
}

async function loadMix(): Promise<Uint8Array> {
  const corpora = await loadCorpora({
    names: ["mix"],
    bytesEach: 32 << 20,
    mixBytes: 256 << 20,
    onProgress: (message) => console.error(message),
  });
  return (corpora.get("mix") as { bytes: Uint8Array }).bytes;
}

function* everyFourthPage(bytes: Uint8Array, keys: number): Generator<Uint8Array> {
  for (let key = 0; key < keys; key += 4) yield pageOf(bytes, key);
}

function pageOf(bytes: Uint8Array, key: number): Uint8Array {
  return bytes.subarray(key * PAGE_SIZE, (key + 1) * PAGE_SIZE);
}

function drive(
  store: TieredStore,
  bytes: Uint8Array,
  keys: number,
  trace: Uint32Array,
  warmUp: number,
): Run {
  const versions = new Uint32Array(keys);
  const filled = Uint8Array.from({ length: keys }, (_, key) => Number(isFilled(bytes, key)));
  const page = new Uint8Array(PAGE_SIZE);
  const words = new Uint32Array(page.buffer);
  const expected = new Uint32Array(PAGE_SIZE / 4);
  /** The page as it was put last: a program changes a word here and there. */
  const make = (key: number, into: Uint32Array): void => {
    new Uint8Array(into.buffer).set(pageOf(bytes, key));
    if (filled[key] === 0) into[key % into.length] = versions[key] as number;
  };
  const latencies = [new Float64Array(trace.length), new Float64Array(trace.length)] as const;
  const preempted: number[] = [];
  const counts: [number, number] = [0, 0];
  let readsBefore = 0;
  let writtenBefore = 0;
  let pagesInMemory = 0;
  let samples = 0;
  try {
    for (let key = 0; key < keys; key++) {
      make(key, words);
      store.put(key, page);
    }
    for (let at = 0; at < trace.length; at++) {
      if (at === warmUp) {
        readsBefore = store.deviceReads();
        writtenBefore = store.deviceWrittenPages();
      }
      const operation = trace[at] as number;
      const key = operation >>> 1;
      const isPut = operation & 1;
      if (isPut) {
        versions[key] = ((versions[key] as number) + 1) >>> 0;
        make(key, words);
      }
      const switches = isPut ? process.resourceUsage().involuntaryContextSwitches : 0;
      const started = performance.now();
      if (isPut) store.put(key, page);
      else store.get(key, page);
      const elapsed = performance.now() - started;
      if (at >= warmUp) {
        const kind = isPut === 0 ? 0 : 1;
        latencies[kind][counts[kind]] = elapsed * 1000;
        counts[kind] += 1;
        if (
          isPut &&
          elapsed > LONG_MS &&
          process.resourceUsage().involuntaryContextSwitches > switches
        ) {
          preempted.push(elapsed * 1000);
        }
      }
      if (!isPut) {
        make(key, expected);
        for (let word = at & 7; word < expected.length; word += 8) {
          if (words[word] !== expected[word])
            throw new Error(`${store.name}: page ${key} is wrong`);
        }
      }
      if (at >= warmUp && at % 1000 === 0) {
        pagesInMemory += store.pagesInMemory();
        samples += 1;
      }
    }
    const deviceReadsPerGet = (store.deviceReads() - readsBefore) / counts[0];
    return {
      deviceReadsPerGet,
      hitShare: 1 - deviceReadsPerGet,
      deviceWrittenPages: store.deviceWrittenPages() - writtenBefore,
      pagesInMemory: pagesInMemory / samples,
      getLatencies: latencies[0].slice(0, counts[0]).sort(),
      preemptedPuts: Float64Array.from(preempted),
      putLatencies: latencies[1].slice(0, counts[1]).sort(),
    };
  } finally {
    store.close();
  }
}

function isFilled(bytes: Uint8Array, key: number): boolean {
  const page = pageOf(bytes, key);
  return page.every((byte, at) => byte === page[at & 7]);
}

/** A sorted array without some of its values. */
function withoutThese(sorted: Float64Array, values: Float64Array): Float64Array {
  const left = new Map<number, number>();
  for (const value of values) left.set(value, (left.get(value) ?? 0) + 1);
  return sorted.filter((value) => {
    const count = left.get(value) ?? 0;
    if (count > 0) left.set(value, count - 1);
    return count === 0;
  });
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const operations = Number(process.argv[2] ?? 1_000_000);
  for (const { figure, goal, measured, unit, met } of await zipfRows({ operations })) {
    const verdict = met === null ? "" : `  ${met ? "met" : "MISSED"} (${goal})`;
    console.log(`${figure.padEnd(52)} ${measured.toPrecision(5).padStart(12)} ${unit}${verdict}`);
  }
}
