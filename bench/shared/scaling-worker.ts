/**
 * One worker of the scaling bench: goes through windows of a few milliseconds in step with the
 * others, and makes calls in those that are its own.
 *
 * Its pool is the shared one, or a private one of the same build, so that what the machine gives two
 * workers at all is measured in the same run; or a private one of the plain build.
 */
import { parentPort, workerData } from "node:worker_threads";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { instantiator } from "../../src/platform/instantiate.ts";
import { fillAndCheck } from "../harness/pages.ts";
import { DISJOINT_KEYS, type Plan, type ScalingWorkerData, type Window } from "./scaling-plan.ts";

const PRIVATE_BYTES = 2 ** 26;
const CALLS_BETWEEN_CLOCKS = 4;
/** Loads of the barrier before sleeping: longer than another worker takes to wake up. */
const SPINS = 100_000;

const data = workerData as ScalingWorkerData;
const { slot, pageSize } = data;
const shared = SharedZmemBackend.attach(data.own);
const zipfPool = SharedZmemBackend.attach(data.zipfPool);
const pools = {
  shared,
  private: SharedZmemBackend.create(data.own.module, { maximumBytes: PRIVATE_BYTES }),
  plain: new ZmemBackend(instantiator(data.plainModule)),
};
for (const pool of [pools.private, pools.plain]) {
  pool.init(pageSize);
  pool.openType(0);
}
// Private copies: a page of a program is in its own memory.
const all = new Uint8Array(data.pages).slice();
const pages = Array.from({ length: all.length / pageSize }, (_, at) =>
  all.slice(at * pageSize, (at + 1) * pageSize),
);
const ranks = new Int32Array(data.zipf);
const words = new Int32Array(data.barrier);
let got = new Uint8Array(pageSize);
let made = 0;

function ownOffset(owner: number, at: number): number {
  return 1_000_000 * (owner + 1) + (at % DISJOINT_KEYS);
}

function offsetOf(keys: Window["keys"], at: number): number {
  if (keys === "zipf") return ranks[(at + slot * 100_003) % ranks.length] as number;
  return ownOffset(slot, at);
}

// Private pools hold the other's pages as well, so that what lies where is no difference.
const contents = Array.from(
  { length: DISJOINT_KEYS },
  (_, at) => pages[at % pages.length] as Uint8Array,
);
for (const pool of Object.values(pools)) {
  for (const owner of pool === shared ? [slot] : [slot, slot ^ 1]) {
    fillAndCheck(
      contents,
      (at, page) => pool.putPage(0, ownOffset(owner, at), page),
      (at, page) => (pool.getPage(0, ownOffset(owner, at), page) ? page : undefined),
    );
  }
}

/** Waits until so many have come so many times. Who comes last wakes the others. */
function meet(number: number, workers: number): void {
  const wanted = number * workers;
  if (Atomics.add(words, 0, 1) + 1 === wanted) {
    Atomics.store(words, 1, number);
    Atomics.notify(words, 1);
    return;
  }
  for (let spin = 0; Atomics.load(words, 1) < number; spin++) {
    if (spin > SPINS) Atomics.wait(words, 1, number - 1);
  }
}

/** @returns calls a millisecond */
function run({ pool, keys, call }: Window, milliseconds: number): number {
  const backend = keys === "zipf" ? zipfPool : pools[pool];
  // Elsewhere in every window: a copy to some places takes 20 times as long (docs/benchmarks.md).
  got = new Uint8Array(pageSize);
  const first = made;
  const started = performance.now();
  for (;;) {
    for (const end = made + CALLS_BETWEEN_CLOCKS; made < end; made++) {
      const offset = offsetOf(keys, made);
      if (call === "put" || (call === "mixed" && made % 4 === 0)) {
        // Another page than the last time, so that blocks change their class.
        const lap = Math.floor(made / DISJOINT_KEYS);
        backend.putPage(0, offset, pages[(made + lap * 13) % pages.length] as Uint8Array);
      } else {
        backend.getPage(0, offset, got);
      }
    }
    const elapsed = performance.now() - started;
    if (elapsed >= milliseconds) return (made - first) / elapsed;
  }
}

parentPort?.on("message", (plan: Plan | null) => {
  if (plan === null) {
    shared.detach();
    zipfPool.detach();
    parentPort?.close();
    return;
  }
  const { workers, windows, milliseconds } = plan;
  const rates = new Float64Array(windows.length);
  let meetings = 0;
  for (const [at, window] of windows.entries()) {
    meet(++meetings, workers);
    if (window.slots.includes(slot)) rates[at] = run(window, milliseconds);
    // Whoever has nothing to do sleeps until the others are done: it would cost them their clock.
    else if (Atomics.load(words, 2) <= at) Atomics.wait(words, 2, at);
    if (window.slots[0] === slot) {
      Atomics.store(words, 2, at + 1);
      Atomics.notify(words, 2);
    }
  }
  parentPort?.postMessage(rates);
});
parentPort?.postMessage("ready");
