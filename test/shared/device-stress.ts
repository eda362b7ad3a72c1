/**
 * A stress run of an area with a device: workers in threads, each with a handle of its own, on a pool
 * that holds a part of the pages; storage that fails now and then; a limit that changes; workers
 * that are terminated at random moments.
 *
 * Every get is checked while it happens (device-worker.ts). While all stand still, each page is what
 * its writer knows, in the pool or on the device and never in both, and the tables agree.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { buildSync } from "esbuild";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { FileStorage } from "../../src/devices/file-storage.ts";
import { MemoryStorage } from "../../src/devices/memory-storage.ts";
import { SharedZmem } from "../../src/shared/zmem.ts";
import type { SharedDeviceArea } from "../../src/shared/device-area.ts";
import { createRandom } from "../conformance/pages.ts";
import type { DeviceOrder } from "./device-worker.ts";
import { isLinearizable } from "./linearizable.ts";
import {
  ackWord,
  AT_WORK,
  AT_WORK_VERSION,
  CALLS,
  createBoard,
  PAUSE,
  QUIET,
  SEATS,
  seatWord,
  STOP,
  VIOLATION,
  VIOLATION_KEY,
  type HistoryEvent,
} from "./load.ts";
import { readMark } from "./marked-page.ts";
import { Progress } from "./progress.ts";
import { testingExports } from "./testing-exports.ts";

/** How a run goes. */
export interface DeviceStressOptions {
  readonly module: WebAssembly.Module;
  readonly seed: number;
  readonly workers: number;
  readonly mode: DeviceOrder["mode"];
  readonly pages: number;
  /** The most pages on the device; all when left out. */
  readonly devicePages?: number;
  /** It ends after so many milliseconds, calls of each worker, or terminated workers. */
  readonly milliseconds?: number;
  readonly calls?: number;
  readonly kills?: number;
  readonly storage?: "memory" | "file";
  readonly faultShare?: number;
}

/** What was seen. */
export interface DeviceStressResult {
  readonly calls: number;
  readonly kills: number;
  /** Of these, workers that were inside a put or flush. */
  readonly killsAtWork: number;
  readonly checks: number;
  readonly writtenBackPages: number;
  readonly promotedPages: number;
  readonly deviceReads: number;
  readonly deviceErrors: number;
}

/** What a run makes at least, however little time the machine gives it. */
const LEAST_CALLS = 4000;

interface Hand {
  readonly seat: number;
  readonly worker: Worker;
  /** Kept for it before it runs. */
  readonly workerId: number;
  readonly ready: Promise<void>;
  readonly ended: Promise<HistoryEvent[]>;
}

const [bundle] = buildSync({
  entryPoints: [fileURLToPath(new URL("./device-worker.ts", import.meta.url))],
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
}).outputFiles;
const SCRIPT = new URL(`data:text/javascript,${encodeURIComponent(bundle?.text ?? "")}`);

const alive = new Set<Worker>();

/** Ends what a failed test has left behind, which would keep the process alive. */
export async function endAllWorkers(): Promise<void> {
  await Promise.all([...alive].map((worker) => worker.terminate()));
}

export async function runDeviceStress(options: DeviceStressOptions): Promise<DeviceStressResult> {
  const stress = await DeviceStress.start(options);
  return stress.run();
}

class DeviceStress {
  readonly #options: DeviceStressOptions;
  readonly #zmem: SharedZmem;
  readonly #area: SharedDeviceArea;
  readonly #storage: FileStorage | MemoryStorage;
  readonly #buffer: SharedArrayBuffer;
  readonly #board: Int32Array;
  readonly #random;
  readonly #failures: Error[] = [];
  #starts = 0;
  #ends = 0;
  /** Workers that have not attached yet: there must be room for their windows. */
  #attaching = 0;
  #killsAtWork = 0;
  #checks = 0;

  private constructor(
    options: DeviceStressOptions,
    zmem: SharedZmem,
    storage: FileStorage | MemoryStorage,
  ) {
    this.#options = options;
    this.#zmem = zmem;
    this.#storage = storage;
    this.#area = zmem.swapOn({ pages: options.pages, device: storage });
    this.#buffer = createBoard(options.pages);
    this.#board = new Int32Array(this.#buffer);
    this.#random = createRandom(options.seed);
    for (let seat = 0; seat < SEATS; seat++) this.#write(seat, QUIET, 1);
  }

  static async start(options: DeviceStressOptions): Promise<DeviceStress> {
    const { module, pages, devicePages = pages, storage = "memory" } = options;
    const zmem = await SharedZmem.create(module, {
      maximumBytes: 2 ** 26,
      patienceMs: 30_000,
      writeback: { clusterPages: 8 },
    });
    const bytes = devicePages * 2 * zmem.pageSize;
    return new DeviceStress(
      options,
      zmem,
      storage === "file" ? FileStorage.create({ maxBytes: bytes }) : MemoryStorage.create(bytes),
    );
  }

  async run(): Promise<DeviceStressResult> {
    const { workers, kills: wantedKills = 0, milliseconds = Infinity, calls = 0 } = this.#options;
    Atomics.store(this.#board, PAUSE, 1);
    const hands = Array.from({ length: workers }, (_, seat) => this.#start(seat));
    await Promise.all(hands.map(({ ready }) => ready));
    this.#setPause(0);
    const until = performance.now() + milliseconds;
    let kills = 0;
    let nextCheck = performance.now() + 400;
    const progress = new Progress(`device stress, seed ${this.#options.seed}`);
    const hasEnded = (): boolean => calls > 0 && this.#ends === workers;
    const isOver = (): boolean => performance.now() >= until && this.#calls() >= LEAST_CALLS;
    while (!hasEnded() && !isOver() && this.#failures.length === 0) {
      if (wantedKills > 0 && kills >= wantedKills) break;
      progress.tell(() => `${this.#calls()} calls, ${kills} kills, ${this.#checks} checks`);
      await sleep(this.#random.below(8));
      if (wantedKills > 0) {
        const seat = this.#random.below(workers);
        await this.#kill(hands, seat, ++kills);
      } else if (this.#random.below(4) === 0) {
        this.#setLimit();
        this.#zmem.writeBack(this.#random.below(20));
      }
      if (performance.now() < nextCheck || this.#options.mode === "history") continue;
      await this.#whileQuiet(hands, () => this.#check("standing still"));
      nextCheck = performance.now() + 400;
    }
    Atomics.store(this.#board, STOP, 1);
    const events = (await Promise.all(hands.map(({ ended }) => ended))).flat();
    this.#rethrow();
    this.#check("at the end");
    this.#checkHistory(events);
    return this.#finish(kills);
  }

  #start(seat: number): Hand {
    const { mode, pages, seed, calls = 0, faultShare = 0 } = this.#options;
    this.#starts += 1;
    this.#attaching += 1;
    this.#zmem.backend.setLimit(Infinity);
    const ticket = this.#zmem.frontswap.reserveWorker();
    const worker = new Worker(SCRIPT, {
      workerData: {
        mode,
        attachment: { ...this.#zmem.attachment, ticket },
        link: this.#storage.link,
        type: this.#area.type,
        pages,
        seat,
        seed: seed * 1000 + this.#starts,
        board: this.#buffer,
        calls,
        faultShare,
      } satisfies DeviceOrder,
    });
    alive.add(worker);
    worker.once("exit", () => {
      alive.delete(worker);
      this.#ends += 1;
    });
    worker.on("error", (error: Error) => this.#failures.push(error));
    let events: HistoryEvent[] = [];
    const ready = this.#whenAttached(worker);
    worker.on("message", (message: { events?: HistoryEvent[] }) => {
      if (message.events !== undefined) events = message.events;
    });
    const ended = new Promise<HistoryEvent[]>((resolve) => {
      worker.once("exit", () => resolve(events));
    });
    return { seat, worker, workerId: ticket.workerId, ready, ended };
  }

  /** Resolves when a worker has attached or ended; the limit may be low again then. */
  async #whenAttached(worker: Worker): Promise<void> {
    await new Promise<void>((resolve) => {
      worker.once("message", () => resolve());
      worker.once("exit", () => resolve());
    });
    this.#attaching -= 1;
    this.#setLimit();
  }

  async #kill(hands: Hand[], seat: number, kills: number): Promise<void> {
    const { worker, workerId, ready } = hands[seat] as Hand;
    if (this.#random.below(8) > 0) await ready;
    await worker.terminate();
    const what = `seed ${this.#options.seed}, death ${kills} (worker ${workerId}, seat ${seat})`;
    assert.is(this.#zmem.reap(workerId), true, what);
    if (this.#read(seat, AT_WORK) !== 0) this.#killsAtWork += 1;
    this.#write(seat, QUIET, 1);
    const others = hands.filter((hand) => hand.seat !== seat);
    await this.#whileQuiet(others, () => this.#check(what));
    hands[seat] = this.#start(seat);
  }

  /** Lets all live workers come to rest, runs `work` and lets them go on. */
  async #whileQuiet(hands: readonly Hand[], work: () => void): Promise<void> {
    await Promise.all(hands.map(({ ready }) => ready));
    this.#rethrow();
    this.#setPause(1);
    const until = performance.now() + 40_000;
    while (hands.some(({ seat }) => this.#read(seat, QUIET) === 0)) {
      this.#rethrow();
      assert.ok(performance.now() < until, "a worker does not come to rest");
      await sleep(1);
    }
    work();
    this.#checks += 1;
    this.#setPause(0);
  }

  /** Everything there is, while nobody is at work. */
  #check(when: string): void {
    const what = `seed ${this.#options.seed}, ${when}`;
    for (let seat = 0; seat < SEATS; seat++) {
      const code = this.#read(seat, VIOLATION);
      const key = this.#read(seat, VIOLATION_KEY);
      assert.is(code, 0, `${what}, seat ${seat}: violation ${code}, key ${key}`);
    }
    const { frontswap, backend, pageSize } = this.#zmem;
    const { type } = this.#area;
    const page = new Uint8Array(pageSize);
    const view = frontswap.devices.viewOf(type);
    let inPool = 0;
    let onDevice = 0;
    for (let key = 0; key < this.#options.pages; key++) {
      const isInPool = backend.getPage(type, key, page);
      const isOnDevice = frontswap.devices.places.has(view, key);
      assert.not(isInPool && isOnDevice, `${what}: key ${key} is in both`);
      if (isInPool) inPool += 1;
      if (isOnDevice) onDevice += 1;
      if (this.#options.mode === "own") this.#checkOwn(key, page, what);
    }
    // What was got in between may have come back.
    assert.is(inPool + onDevice, frontswap.countPages(type) + this.#area.pagesOnDevice, what);
    assert.is(frontswap.devices.places.findFault(type), null, what);
    assert.is(testingExports(backend).validate(), 0, `${what}: the validator`);
  }

  #checkOwn(key: number, page: Uint8Array, what: string): void {
    const { type } = this.#area;
    const seat = key % SEATS;
    const word = ackWord(this.#options.pages, seat, key);
    const acknowledged = Atomics.load(this.#board, word);
    const version = this.#area.get(key, page) ? readMark(page, type, key) : 0;
    const isInWork = this.#read(seat, AT_WORK) === key + 1;
    const newest = this.#read(seat, AT_WORK_VERSION);
    const allowed = isInWork ? [acknowledged, newest, 0] : [acknowledged];
    assert.ok(allowed.includes(version), `${what}, key ${key}: ${version}, not one of ${allowed}`);
    Atomics.store(this.#board, word, version);
    if (isInWork) this.#write(seat, AT_WORK, 0);
  }

  #checkHistory(events: readonly HistoryEvent[]): void {
    for (let key = 0; key < this.#options.pages; key++) {
      const ofKey = events.filter((event) => event.key === key);
      const what = `seed ${this.#options.seed}, key ${key}: ${ofKey.length} calls in no order`;
      assert.ok(isLinearizable(ofKey), what);
    }
  }

  #finish(kills: number): DeviceStressResult {
    const { writtenBackPages, promotedPages, deviceReads, deviceErrors } = this.#zmem.stats();
    for (let key = 0; key < this.#options.pages; key++) this.#area.flush(key);
    const { pages, payloadBytes, currPages } = this.#zmem.stats();
    const left = [pages, payloadBytes, currPages, this.#area.pagesOnDevice];
    assert.equal(left, [0, 0, 0, 0], "left after a flush of all");
    this.#zmem.close();
    this.#storage.close();
    const calls = this.#calls();
    const moves = { writtenBackPages, promotedPages, deviceReads, deviceErrors };
    return { calls, kills, killsAtWork: this.#killsAtWork, checks: this.#checks, ...moves };
  }

  #calls(): number {
    let calls = 0;
    for (let seat = 0; seat < SEATS; seat++) calls += this.#read(seat, CALLS);
    return calls;
  }

  /** Room for a part of the pages beside the fixed part: none, or up to a half. */
  #setLimit(): void {
    if (this.#attaching > 0) return;
    const share = [0, 0.05, 0.1, 0.5][this.#random.below(4)] as number;
    const { fixedBytes, pageSize } = this.#zmem.stats();
    this.#zmem.backend.setLimit(fixedBytes + share * this.#options.pages * pageSize);
  }

  #setPause(pause: number): void {
    Atomics.store(this.#board, PAUSE, pause);
    Atomics.notify(this.#board, PAUSE);
  }

  #rethrow(): void {
    const [failure] = this.#failures;
    if (failure !== undefined) throw failure;
  }

  #read(seat: number, word: number): number {
    return Atomics.load(this.#board, seatWord(seat, word));
  }

  #write(seat: number, word: number, value: number): void {
    Atomics.store(this.#board, seatWord(seat, word), value);
  }
}
