/**
 * How one shared pool scales with workers: `node --import tsx bench/shared/scaling.ts`.
 *
 * Prints, as medians of rounds in turn: two workers against one, against two private pools, and on
 * Zipf(0.99)-shared keys; 4 and 8 workers; and what a call costs alone, shared build over plain.
 */
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { instantiator } from "../../src/platform/instantiate.ts";
import { makePage } from "../../test/conformance/pages.ts";
import { bundleWorker } from "../../test/shared/bundle.ts";
import type { Round, ScalingWorkerData } from "./scaling-worker.ts";

const PAGE_SIZE = 4096;
const ZIPF_KEYS = 100_000;
const SAMPLES = 1 << 20;
const ROUND_MS = Number(process.env.ZMEM_ROUND_MS ?? 60);
const ROUNDS = Number(process.env.ZMEM_ROUNDS ?? 9);

function compile(name: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL(`../../build/${name}`, import.meta.url)));
}

/** Samples of ranks by the inverse of the cumulated weights; mulberry32, seed 1. */
function zipfRanks(): SharedArrayBuffer {
  const cumulated = new Float64Array(ZIPF_KEYS);
  let sum = 0;
  for (let rank = 0; rank < ZIPF_KEYS; rank++) {
    sum += 1 / (rank + 1) ** 0.99;
    cumulated[rank] = sum;
  }
  const buffer = new SharedArrayBuffer(SAMPLES * 4);
  const ranks = new Int32Array(buffer);
  let state = 1;
  for (let at = 0; at < SAMPLES; at++) {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const wanted = (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * sum;
    let low = 0;
    let high = ZIPF_KEYS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulated[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    ranks[at] = low;
  }
  return buffer;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function benchPages(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(PAGE_SIZE * 64);
  const bytes = new Uint8Array(buffer);
  for (let at = 0; at < 64; at++) {
    // Half text, half pages whose words are partly random: blocks of many sizes.
    const page = makePage("text", at, PAGE_SIZE);
    const random = makePage("random", at, PAGE_SIZE);
    for (let byte = 0; byte < PAGE_SIZE; byte += 64) {
      if (at % 2 === 1 && (byte / 64) % 8 < at / 8)
        page.set(random.subarray(byte, byte + 64), byte);
    }
    bytes.set(page, at * PAGE_SIZE);
  }
  return buffer;
}

const sharedModule = compile("zmem.shared.wasm");
const plainModule = compile("zmem.wasm");
const backend = SharedZmemBackend.create(sharedModule, { maximumBytes: 2 ** 30 });
backend.init(PAGE_SIZE);
backend.openType(0);
const pages = benchPages();
const zipf = zipfRanks();
const filler = new Uint8Array(new Uint8Array(pages).slice());
for (let key = 0; key < ZIPF_KEYS; key++) {
  const at = (key % 64) * PAGE_SIZE;
  backend.putPage(0, key, filler.subarray(at, at + PAGE_SIZE));
}
const barrier = new SharedArrayBuffer(8);
const words = new Int32Array(barrier);
const code = bundleWorker("../../bench/shared/scaling-worker.ts");
const workers: Worker[] = [];
let roundNumber = 0;

async function addWorker(): Promise<void> {
  const data: ScalingWorkerData = {
    attachment: backend.attachment,
    plainModule,
    pages,
    slot: workers.length,
    zipf,
    barrier,
  };
  const worker = new Worker(code, { eval: true, workerData: data });
  worker.on("error", (error) => {
    throw error;
  });
  await new Promise((resolve) => worker.once("message", resolve));
  workers.push(worker);
}

/** @returns calls a second of all workers together */
async function round(count: number, what: Omit<Round, "round" | "milliseconds">): Promise<number> {
  const number = ++roundNumber;
  Atomics.store(words, 1, 0);
  const answers = workers.slice(0, count).map(
    (worker) =>
      new Promise<number>((resolve) => {
        worker.once("message", ({ perSecond }: { perSecond: number }) => resolve(perSecond));
        worker.postMessage({ ...what, round: number, milliseconds: ROUND_MS } satisfies Round);
      }),
  );
  while (Atomics.load(words, 1) < count) await new Promise((resolve) => setTimeout(resolve, 1));
  Atomics.store(words, 0, number);
  return (await Promise.all(answers)).reduce((sum, value) => sum + value, 0);
}

async function scaling(call: Round["call"]): Promise<void> {
  const one: number[] = [];
  const two: number[] = [];
  const apart: number[] = [];
  const zipfOne: number[] = [];
  const zipfTwo: number[] = [];
  for (let at = 0; at < ROUNDS; at++) {
    one.push(await round(1, { pool: "shared", keys: "disjoint", call }));
    two.push(await round(2, { pool: "shared", keys: "disjoint", call }));
    apart.push(await round(2, { pool: "private", keys: "disjoint", call }));
    zipfOne.push(await round(1, { pool: "shared", keys: "zipf", call }));
    zipfTwo.push(await round(2, { pool: "shared", keys: "zipf", call }));
  }
  const k = (values: number[]): string => `${(median(values) / 1000).toFixed(0)} k/s`;
  const ratio = (above: number[], below: number[]): string =>
    median(above.map((value, at) => value / (below[at] as number))).toFixed(2);
  console.log(
    `${call}: one ${k(one)}, two ${k(two)} (${ratio(two, one)}x), two private pools ${k(apart)} ` +
      `(${ratio(two, apart)} of them); Zipf one ${k(zipfOne)}, two ${k(zipfTwo)} (${ratio(zipfTwo, zipfOne)}x)`,
  );
}

/** One thread, the same pages, in turn. */
function alone(): void {
  const plain = new ZmemBackend(instantiator(plainModule));
  const shared = SharedZmemBackend.create(sharedModule, { maximumBytes: 2 ** 28 });
  for (const each of [plain, shared]) {
    each.init(PAGE_SIZE);
    each.openType(0);
  }
  const got = new Uint8Array(PAGE_SIZE);
  const ratios = { put: [] as number[], get: [] as number[] };
  for (const kind of ["text", "mixed"] as const) {
    const own = Array.from({ length: 32 }, (_, at) =>
      filler.slice((at * 2 + (kind === "mixed" ? 1 : 0)) * PAGE_SIZE).subarray(0, PAGE_SIZE),
    );
    for (const call of ["put", "get"] as const) {
      const times: Record<"plain" | "shared", number[]> = { plain: [], shared: [] };
      for (let turn = 0; turn < 15; turn++) {
        for (const [name, each] of [
          ["plain", plain],
          ["shared", shared],
        ] as const) {
          const started = performance.now();
          for (let at = 0; at < 4096; at++) {
            if (call === "put") each.putPage(0, at & 1023, own[at & 31] as Uint8Array);
            else each.getPage(0, at & 1023, got);
          }
          times[name].push(((performance.now() - started) / 4096) * 1e6);
        }
      }
      const [plainNs, sharedNs] = [Math.min(...times.plain), Math.min(...times.shared)];
      ratios[call].push(sharedNs / plainNs);
      console.log(
        `alone, ${call} ${kind}: plain ${plainNs.toFixed(0)} ns, shared ${sharedNs.toFixed(0)} ns, ` +
          `${(sharedNs / plainNs).toFixed(2)}x (best of 15 in turn)`,
      );
    }
  }
  for (const call of ["put", "get"] as const) {
    const product = ratios[call].reduce((sum, value) => sum * value, 1);
    console.log(
      `alone, ${call}, geometric mean: ${(product ** (1 / ratios[call].length)).toFixed(3)}x`,
    );
  }
}

alone();
for (let count = 0; count < 2; count++) await addWorker();
for (const call of ["put", "get", "mixed"] as const) await scaling(call);
for (const count of [4, 8]) {
  while (workers.length < count) await addWorker();
  const rates: number[] = [];
  for (let at = 0; at < 3; at++) {
    rates.push(await round(count, { pool: "shared", keys: "zipf", call: "mixed" }));
  }
  console.log(`mixed, Zipf, ${count} workers: ${(median(rates) / 1000).toFixed(0)} k/s`);
}
for (const worker of workers) worker.postMessage(null);
