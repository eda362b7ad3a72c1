/**
 * How one shared pool scales with workers: one worker, two on the pool, two on pools of their own,
 * in turn.
 *
 * Why so: a virtual machine's speed changes from millisecond to millisecond and its two processors
 * have neighbours. Windows of a millisecond, in which the contenders take turns, meet the same
 * weather; the median of the ratios of neighbouring windows is steady where a ratio of two long
 * runs is not (1.1 to 2.0 for the same code). Worker threads keep step by themselves, for the
 * main thread would take a processor from them.
 */
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { bundleWorker } from "../../test/shared/bundle.ts";
import { zipfDraws } from "../corpora/zipf.ts";
import { seededRandom } from "../corpora/random.ts";
import { fillAndCheck } from "../harness/pages.ts";
import { type Plan, type ScalingWorkerData, type Window, ZIPF_KEYS } from "./scaling-plan.ts";

const PAGE_SIZE = 4096;
const EXPONENT = 0.99;
const ZIPF_SAMPLES = 1 << 20;
const MAXIMUM_BYTES = 2 ** 30;

/** One of the modules of `npm run build`. */
export function compileModule(name: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL(`../../build/${name}`, import.meta.url)));
}

/** What takes turns in a round, by name. */
export type Round = Readonly<Record<string, Omit<Window, "slots"> & { readonly workers: number }>>;

/** Workers that are ready to be measured. */
export class ScalingCrew {
  readonly #workers: Worker[] = [];
  readonly #barrier = new SharedArrayBuffer(12);
  readonly #data: Omit<ScalingWorkerData, "slot">;
  readonly #code = bundleWorker("../../bench/shared/scaling-worker.ts");

  /** @param pages of 4 KiB, one behind the other; the pool is filled with them */
  constructor(pages: Uint8Array) {
    const [own, zipf] = [createPool(), createPool()];
    const count = pages.length / PAGE_SIZE;
    const contents = Array.from({ length: ZIPF_KEYS }, (_, key) =>
      pages.subarray((key % count) * PAGE_SIZE, ((key % count) + 1) * PAGE_SIZE),
    );
    fillAndCheck(
      contents,
      (key, page) => zipf.putPage(0, key, page),
      (key, page) => (zipf.getPage(0, key, page) ? page : undefined),
    );
    const copied = new SharedArrayBuffer(pages.length);
    new Uint8Array(copied).set(pages);
    this.#data = {
      own: own.attachment,
      zipfPool: zipf.attachment,
      plainModule: compileModule("zmem.wasm"),
      pageSize: PAGE_SIZE,
      pages: copied,
      zipf: zipfRanks(),
      barrier: this.#barrier,
    };
  }

  /** Starts workers until there are so many. */
  async grow(count: number): Promise<void> {
    while (this.#workers.length < count) {
      const workerData: ScalingWorkerData = { ...this.#data, slot: this.#workers.length };
      const worker = new Worker(this.#code, { eval: true, workerData });
      await nextMessage(worker);
      this.#workers.push(worker);
    }
  }

  /**
   * Lets contenders take turns.
   *
   * @param round in this order, and in the next round beginning with the second, and so on
   * @returns by name, nanoseconds per call of all its workers together, one for each round
   */
  async measure(
    round: Round,
    rounds: number,
    milliseconds: number,
  ): Promise<Record<string, number[]>> {
    const names = Object.keys(round);
    const turns = Array.from({ length: rounds }, (_, number) =>
      names.map((_name, at) => names[(at + number) % names.length] as string),
    );
    const windows = turns.flatMap((turn, number) =>
      turn.map((name): Window => {
        const { workers, ...rest } = round[name] as Round[string];
        // One worker alone is now the first, now the second: so are their processors.
        const slots = workers === 1 ? [number % 2] : Array.from({ length: workers }, (_, at) => at);
        return { ...rest, slots };
      }),
    );
    const workers = Math.max(2, ...names.map((name) => round[name]?.workers ?? 0));
    new Int32Array(this.#barrier).fill(0);
    const plan: Plan = { workers, windows, milliseconds };
    const rates = await Promise.all(
      this.#workers.slice(0, workers).map((worker) => {
        const answer = nextMessage(worker);
        worker.postMessage(plan);
        return answer as Promise<Float64Array>;
      }),
    ).catch(async (error: unknown) => {
      // The others wait for the one that threw, for ever.
      await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
      throw error;
    });
    const samples: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
    for (const [at, name] of turns.flat().entries()) {
      const perMillisecond = rates.reduce((sum, rate) => sum + (rate[at] as number), 0);
      samples[name]?.push(1e6 / perMillisecond);
    }
    return samples;
  }

  end(): void {
    for (const worker of this.#workers) worker.postMessage(null);
  }
}

function createPool(): SharedZmemBackend {
  const module = compileModule("zmem.shared.wasm");
  const pool = SharedZmemBackend.create(module, { maximumBytes: MAXIMUM_BYTES });
  pool.init(PAGE_SIZE);
  pool.openType(0);
  return pool;
}

function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (message: unknown): void => {
      worker.off("error", reject);
      resolve(message);
    };
    worker.once("message", settle);
    worker.once("error", reject);
  });
}

function zipfRanks(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(ZIPF_SAMPLES * 4);
  const draw = zipfDraws(ZIPF_KEYS, EXPONENT, seededRandom(1));
  new Int32Array(buffer).forEach((_, at, ranks) => void (ranks[at] = draw()));
  return buffer;
}
