/**
 * A stress run: workers on one pool, random calls on shared keys, workers terminated at random.
 *
 * Every call is checked while it happens (stress-calls.ts, history.ts). Now and then all workers
 * stand still and the validator walks the pool; at the end everything is flushed and nothing may
 * be left.
 */
import * as assert from "uvu/assert";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { bundleWorker } from "./bundle.ts";
import { History } from "./history.ts";
import { sharedTestingModule } from "./modules.ts";
import { Progress } from "./progress.ts";
import { testingExports } from "./testing-exports.ts";
import type { StressWorkerData } from "./stress-calls.ts";
import { describePool } from "./who-holds.ts";

/** How a run goes. */
export interface StressOptions {
  readonly seed: number;
  readonly workers: number;
  /** It ends when so much time has gone by, so many calls were made or workers terminated. */
  readonly milliseconds: number;
  readonly calls?: number;
  readonly kills?: number;
  readonly keys?: number;
  readonly types?: number;
  readonly stride?: number;
  readonly pageSize?: number;
  /** Memory beside the fixed part: so little that puts fail now and then. */
  readonly limitBytes?: number;
  readonly module?: WebAssembly.Module;
}

/** What was seen. */
export interface StressResult {
  readonly calls: number;
  readonly kills: number;
  /** Of these, workers that were inside a change of a page. */
  readonly killsInCalls: number;
  readonly checks: number;
  readonly movedObjects: number;
  readonly rejects: number;
}

/** What a run makes at least, however little time the machine gives it. */
const LEAST_CALLS = 2000;

let workerCode: string | undefined;

export async function runStress(options: StressOptions): Promise<StressResult> {
  const { seed, keys = 256, types = 2, stride = 1, pageSize = 4096 } = options;
  const { kills: wantedKills = 0, calls: wantedCalls = Infinity } = options;
  workerCode ??= bundleWorker("./stress-worker.ts");
  const backend = SharedZmemBackend.create(options.module ?? sharedTestingModule(), {
    limitBytes: 64 * 2 ** 20,
    patienceMs: 20_000,
    recompression: true,
  });
  assert.is(backend.init(pageSize), 0);
  for (let type = 0; type < types; type++) assert.ok(backend.openType(type));
  const history = new History(keys);
  const violations: string[] = [];
  let state = seed | 1;
  const random = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const note = (violation: string): void => {
    // Who holds what is known now; after the others have lost their patience it is not.
    if (violations.length === 0) console.log(describePool(backend).join("\n"));
    violations.push(violation);
  };
  const start = (slot: number): Worker => {
    const data: StressWorkerData = {
      attachment: backend.attachment,
      history: history.buffer,
      keys,
      types,
      slot,
      seed: random(2 ** 31),
      stride,
      mayReject: options.limitBytes !== undefined,
    };
    const worker = new Worker(workerCode as string, { eval: true, workerData: data });
    worker.on("message", ({ violation }: { violation: string }) => note(violation));
    worker.on("error", (error) => note(`worker failed: ${error.stack}`));
    return worker;
  };
  const validate = (): number => testingExports(backend).validate();
  const canValidate = "validate" in backend.instance.exports;

  const workers = Array.from({ length: options.workers }, (_, slot) => start(slot));
  if (options.limitBytes !== undefined) {
    // Not before all have their windows, which they get after they are counted.
    const isWaiting = (_: Worker, slot: number): boolean => history.worker(slot) === 0;
    while (workers.some(isWaiting) && violations.length === 0) await sleep(1);
    backend.setLimit(backend.stats().fixedBytes + options.limitBytes);
  }
  const until = performance.now() + options.milliseconds;
  let kills = 0;
  let killsInCalls = 0;
  let checks = 0;
  let nextCheck = performance.now() + 500;
  const progress = new Progress(`stress, seed ${seed}`);
  const isOver = (): boolean =>
    (performance.now() >= until && history.calls() >= LEAST_CALLS) ||
    violations.length > 0 ||
    history.calls() >= wantedCalls ||
    (wantedKills > 0 && kills >= wantedKills);
  while (!isOver()) {
    await sleep(random(8));
    progress.tell(() => `${history.calls()} calls, ${kills} kills, ${checks} checks`);
    if (wantedKills > 0) {
      const slot = random(options.workers);
      const workerId = history.worker(slot);
      if (workerId === 0) continue;
      await (workers[slot] as Worker).terminate();
      if (history.key(slot) >= 0) killsInCalls++;
      // The others go on meanwhile, for gets need nothing that the dead worker holds.
      if (random(4) === 0) await sleep(random(5));
      assert.is(backend.reap(workerId), true, `worker ${workerId} was known`);
      assert.is(backend.reap(workerId), false, `worker ${workerId} is known no more`);
      history.bury(slot);
      workers[slot] = start(slot);
      kills++;
    }
    if (canValidate && performance.now() > nextCheck) {
      history.pause = true;
      for (let slot = 0; slot < options.workers; slot++) {
        while (history.worker(slot) === 0 || !history.isPaused(slot)) {
          if (violations.length > 0) break;
          await sleep(1);
        }
      }
      if (violations.length === 0)
        assert.is(validate(), 0, "the validator, workers standing still");
      checks++;
      history.pause = false;
      nextCheck = performance.now() + 500;
    }
  }
  history.stop = true;
  history.pause = false;
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise<void>((resolve) => {
          if (worker.threadId < 0) resolve();
          worker.once("exit", () => resolve());
        }),
    ),
  );
  assert.equal(violations.slice(0, 5), [], `violations, seed ${seed}`);
  assert.is(backend.countWorkers(), 1, "workers left");
  if (canValidate) assert.is(validate(), 0, "the validator, workers gone");
  const { movedObjects, rejects } = backend.stats();
  for (let type = 0; type < types; type++) backend.flushArea(type);
  const left = backend.stats();
  assert.is(left.pages, 0, "pages after the flush");
  assert.is(left.payloadBytes, 0, "payload after the flush");
  assert.is(left.objectBytes, 0, "objects after the flush");
  if (canValidate) assert.is(validate(), 0, "the validator, after the flush");
  return {
    calls: history.calls(),
    kills,
    killsInCalls,
    checks,
    movedObjects,
    rejects: rejects.limit + rejects.growth + rejects.closedType,
  };
}
