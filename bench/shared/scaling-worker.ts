/**
 * One worker of the scaling bench: puts and gets for a given time, between two barriers.
 *
 * Its pool is the shared one, or a private one of the plain build, so that what the machine gives
 * two workers at all is measured in the same run.
 */
import { parentPort, workerData } from "node:worker_threads";
import { SharedZmemBackend, type SharedAttachment } from "../../src/backends/shared.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { instantiator } from "../../src/platform/instantiate.ts";

/** What a worker is told to do. */
export interface ScalingWorkerData {
  readonly attachment: SharedAttachment;
  readonly plainModule: WebAssembly.Module;
  /** Pages to put, one behind the other. */
  readonly pages: SharedArrayBuffer;
  readonly slot: number;
  /** Keys of Zipf(0.99) ranks, for all workers the same population. */
  readonly zipf: SharedArrayBuffer;
  /** Words: go (round number), then a done count. */
  readonly barrier: SharedArrayBuffer;
}

/** One round, posted. */
export interface Round {
  readonly round: number;
  readonly pool: "shared" | "private";
  readonly keys: "disjoint" | "zipf";
  readonly call: "put" | "get" | "mixed";
  readonly milliseconds: number;
}

const PAGE_SIZE = 4096;
const DISJOINT_KEYS = 4096;
const data = workerData as ScalingWorkerData;
const shared = SharedZmemBackend.attach(data.attachment);
const plain = new ZmemBackend(instantiator(data.plainModule));
plain.init(PAGE_SIZE);
plain.openType(0);
const all = new Uint8Array(data.pages);
// Private copies: a page of a program is in its own memory.
const pages = Array.from(
  { length: all.length / PAGE_SIZE },
  (_, at) => new Uint8Array(all.slice(at * PAGE_SIZE, (at + 1) * PAGE_SIZE)),
);
const ranks = new Int32Array(data.zipf);
const barrier = new Int32Array(data.barrier);
const got = new Uint8Array(PAGE_SIZE);

function offsetOf(keys: Round["keys"], at: number): number {
  if (keys === "zipf") return ranks[(at * 7 + data.slot * 100_003) % ranks.length] as number;
  return 1_000_000 * (data.slot + 1) + (at % DISJOINT_KEYS);
}

for (let at = 0; at < DISJOINT_KEYS; at++) {
  const page = pages[at % pages.length] as Uint8Array;
  shared.putPage(0, offsetOf("disjoint", at), page);
  plain.putPage(0, offsetOf("disjoint", at), page);
}

function run({ pool, keys, call, milliseconds }: Round): number {
  const backend = pool === "shared" ? shared : plain;
  let calls = 0;
  const until = performance.now() + milliseconds;
  while (performance.now() < until) {
    for (let at = 0; at < 64; at++, calls++) {
      const offset = offsetOf(keys, calls);
      if (call === "put" || (call === "mixed" && calls % 4 === 0)) {
        backend.putPage(0, offset, pages[calls % pages.length] as Uint8Array);
      } else {
        backend.getPage(0, offset, got);
      }
    }
  }
  return calls;
}

parentPort?.on("message", (round: Round | null) => {
  if (round === null) {
    shared.detach();
    parentPort?.close();
    return;
  }
  // Meet the others: busy, so that all begin in the same microseconds.
  Atomics.add(barrier, 1, 1);
  while (Atomics.load(barrier, 0) < round.round) continue;
  const started = performance.now();
  const calls = run(round);
  parentPort?.postMessage({
    slot: data.slot,
    perSecond: (calls / (performance.now() - started)) * 1000,
  });
});
parentPort?.postMessage({ slot: data.slot, ready: true });
