/**
 * What tracking recency costs a get: the module as it ships against one without.
 *
 * What: every get of this bench raises a counter, which is the dearest case: pages are put anew
 * before each round and got three times, until their counters are full. Both modules do the same in
 * turn, in one process; the answer is the median ratio of rounds.
 *
 * Run: npx tsx bench/writeback/recency.ts
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { instantiator } from "../../src/platform/instantiate.ts";
import { loadCorpora } from "../corpora/index.ts";
import { median, quantile } from "../harness/statistics.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE_SIZE = 4096;
const PAGES = 4000;
const ROUNDS = 41;

/** What a get costs with recency and without. */
export interface RecencyCost {
  /** Median of the rounds' ratios, time with ÷ time without. */
  readonly ratio: number;
  /** The middle half of the ratios. */
  readonly spread: readonly [number, number];
  /** Nanoseconds per get, medians. */
  readonly withNs: number;
  readonly withoutNs: number;
}

/** Measures; compiles the variant first. */
export async function recencyCost(): Promise<RecencyCost> {
  const corpora = await loadCorpora({
    names: ["mix"],
    bytesEach: 32 << 20,
    mixBytes: 256 << 20,
    onProgress: (message) => console.error(message),
  });
  const { bytes } = corpora.get("mix") as { bytes: Uint8Array };
  const backends = [startBackend("build/zmem.wasm"), startBackend(compileVariant())] as const;
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    // Whichever comes first meets colder caches.
    for (const which of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      times[which].push(measureGets(backends[which], bytes));
    }
  }
  const ratios = times[0].map((time, round) => time / (times[1][round] as number));
  return {
    ratio: median(ratios),
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    withNs: median(times[0]),
    withoutNs: median(times[1]),
  };
}

function compileVariant(): string {
  const output = "build/zmem.no-recency.wasm";
  const asc = "node_modules/assemblyscript/bin/asc.js";
  const args = ["--config", "asconfig.json", "--use", "ZMEM_NO_RECENCY=1", "--outFile", output];
  execFileSync(process.execPath, [asc, ...args], { cwd: ROOT, stdio: "ignore" });
  return output;
}

function startBackend(path: string): ZmemBackend {
  const module = new WebAssembly.Module(readFileSync(`${ROOT}/${path}`));
  const backend = new ZmemBackend(instantiator(module));
  backend.init(PAGE_SIZE);
  backend.openType(0);
  return backend;
}

/** @returns nanoseconds per get */
function measureGets(backend: ZmemBackend, bytes: Uint8Array): number {
  for (let key = 0; key < PAGES; key++) {
    backend.putPage(0, key, bytes.subarray(key * PAGE_SIZE, (key + 1) * PAGE_SIZE));
  }
  const started = performance.now();
  for (let times = 0; times < 3; times++) {
    for (let key = 0; key < PAGES; key++) backend.viewPage(0, key);
  }
  return ((performance.now() - started) * 1e6) / (3 * PAGES);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { ratio, spread, withNs, withoutNs } = await recencyCost();
  console.log(
    `get with recency ${withNs.toFixed(0)} ns, without ${withoutNs.toFixed(0)} ns, ` +
      `ratio ${ratio.toFixed(4)} (middle half ${spread.map((value) => value.toFixed(4)).join(" to ")})` +
      `, goal at most 1.03: ${ratio <= 1.03 ? "met" : "MISSED"}`,
  );
}
