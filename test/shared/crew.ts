/** Starts workers on one shared front-end, and checks what they have left. */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { buildSync } from "esbuild";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { SharedFrontswap, type SharedOps } from "../../src/shared/frontswap.ts";
import { ArrayBackend, createArrayMemory } from "./array-backend.ts";
import {
  CALLS,
  createBoard,
  FLUSHED,
  FOUND,
  KEPT,
  PATIENCE_MS,
  PAUSE,
  QUIET,
  REFUSED,
  SEATS,
  seatWord,
  STOP,
  VIOLATION,
  VIOLATION_KEY,
  type BackendLink,
  type HistoryEvent,
  type LoadOrder,
} from "./load.ts";
import { testingExports } from "./testing-exports.ts";
import { describeFrontEnd, describePool, describeThreads } from "./who-holds.ts";

/** One script: threads of Node 20 don't run TypeScript, whatever the main one does. */
const [bundle] = buildSync({
  entryPoints: [fileURLToPath(new URL("./load-worker.ts", import.meta.url))],
  bundle: true,
  write: false,
  format: "cjs",
  platform: "node",
}).outputFiles;
const WORKER_SCRIPT = bundle?.text ?? "";

/** Shorter than any lock is waited for, so that one which is held for good shows who holds it. */
const REST_MS = 90_000;

export interface CrewOptions {
  readonly types: number;
  readonly pages: number;
  readonly mode: LoadOrder["mode"];
  readonly seed: number;
  readonly calls?: number;
  /** The compiled shared module; the array backend when left out. */
  readonly module?: WebAssembly.Module | undefined;
  readonly limitBytes?: number;
}

/** A worker of the crew. */
export interface Hand {
  readonly seat: number;
  readonly worker: Worker;
  /** Kept for it before it runs. */
  readonly workerId: number;
  /** Resolves once it has attached. */
  readonly ready: Promise<void>;
  /** Resolves to what it has recorded once it has ended. */
  readonly ended: Promise<HistoryEvent[]>;
  /** What it has died of by itself, once it has. */
  failure(): Error | undefined;
}

const running = new Set<Worker>();

/** Ends what a failed test has left behind, which would keep the process alive. */
export async function endAllWorkers(): Promise<void> {
  await Promise.all([...running].map((worker) => worker.terminate()));
}

export class Crew {
  readonly options: CrewOptions;
  readonly frontswap: SharedFrontswap;
  readonly ops: SharedOps & { detach?(): void };
  readonly board: Int32Array;
  readonly #boardBuffer: SharedArrayBuffer;
  readonly #link: BackendLink;
  #starts = 0;

  constructor(options: CrewOptions) {
    const { types, pages, module, limitBytes } = options;
    this.options = options;
    this.frontswap = new SharedFrontswap({ lockTimeoutMs: PATIENCE_MS });
    const { pageSize, workerId } = this.frontswap;
    if (module === undefined) {
      const shape = { types, pages, pageSize };
      const memory = createArrayMemory(shape);
      this.ops = new ArrayBackend(memory, shape, workerId);
      this.#link = { kind: "array", memory, shape };
      this.frontswap.register(this.ops);
    } else {
      const backend = SharedZmemBackend.create(module, {
        maximumBytes: 2 ** 28,
        patienceMs: PATIENCE_MS,
        ...(limitBytes === undefined ? {} : { limitBytes }),
      });
      this.ops = backend;
      this.frontswap.register(backend);
      this.#link = { kind: "zmem", attachment: backend.attachment };
    }
    for (let type = 0; type < types; type++) this.frontswap.typeOn(type, pages);
    this.#boardBuffer = createBoard(types * pages);
    this.board = new Int32Array(this.#boardBuffer);
    for (let seat = 0; seat < SEATS; seat++) this.markQuiet(seat);
  }

  start(seat: number): Hand {
    const { mode, types, pages, seed, calls = 0 } = this.options;
    this.#starts += 1;
    // It is not at rest while it joins: the pool hands it its windows then.
    Atomics.store(this.board, seatWord(seat, QUIET), 0);
    const ticket = this.frontswap.reserveWorker();
    const order: LoadOrder = {
      mode,
      seat,
      seed: seed * 1000 + this.#starts,
      control: this.frontswap.control,
      ticket,
      link: this.#link,
      board: this.#boardBuffer,
      types,
      pages,
      pageSize: this.frontswap.pageSize,
      calls,
    };
    const worker = new Worker(WORKER_SCRIPT, { eval: true, workerData: order });
    running.add(worker);
    worker.once("exit", () => running.delete(worker));
    let events: HistoryEvent[] = [];
    let failure: Error | undefined;
    worker.once("error", (error: Error) => (failure = error));
    const ready = new Promise<void>((resolve, reject) => {
      worker.on("message", (message: { ready?: true; events?: HistoryEvent[] }) => {
        if (message.ready) resolve();
        if (message.events !== undefined) events = message.events;
      });
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("ended before it attached")));
    });
    const ended = new Promise<HistoryEvent[]>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("exit", () => resolve(events));
    });
    // Whoever needs one of them waits for it; the other must not end the process.
    ready.catch(() => undefined);
    ended.catch(() => undefined);
    return { seat, worker, workerId: ticket.workerId, ready, ended, failure: () => failure };
  }

  /** Starts so many workers, which begin together. */
  async startAll(count: number): Promise<Hand[]> {
    Atomics.store(this.board, PAUSE, 1);
    const hands = Array.from({ length: count }, (_, seat) => this.start(seat));
    await Promise.all(hands.map(({ ready }) => ready));
    Atomics.store(this.board, PAUSE, 0);
    Atomics.notify(this.board, PAUSE);
    return hands;
  }

  stop(): void {
    Atomics.store(this.board, STOP, 1);
  }

  /** Lets all live workers come to rest, runs `work` and lets them go on. */
  async whileQuiet(hands: readonly Hand[], work: () => void): Promise<void> {
    Atomics.store(this.board, PAUSE, 1);
    let halfway: string | undefined;
    const until = performance.now() + REST_MS;
    while (hands.some(({ seat }) => this.read(seat, QUIET) === 0)) {
      for (const hand of hands) {
        const error = hand.failure();
        if (error !== undefined) assert.unreachable(`${error.stack}\n${this.describe()}`);
      }
      if (performance.now() > until - REST_MS / 2) halfway ??= this.describe();
      if (performance.now() > until) {
        assert.unreachable(
          `a worker does not come to rest; halfway:\n${halfway}\nat the end:\n${this.describe()}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    work();
    Atomics.store(this.board, PAUSE, 0);
    Atomics.notify(this.board, PAUSE);
  }

  /** Who holds what, for a failure. */
  describe(): string {
    const seats = Array.from({ length: SEATS }, (_, seat) => seat).filter(
      (seat) => this.read(seat, QUIET) === 0,
    );
    const pool = this.ops instanceof SharedZmemBackend ? describePool(this.ops) : [];
    const calls = seats.map((seat) => `${seat} (${this.read(seat, CALLS)} calls)`);
    const lines = [...describeFrontEnd(this.frontswap.control), ...pool, ...describeThreads()];
    return [`seed ${this.options.seed}, seats at work: ${calls}`, ...lines].join("\n  ");
  }

  /** Says for a worker that was terminated that it is at rest. */
  markQuiet(seat: number): void {
    Atomics.store(this.board, seatWord(seat, QUIET), 1);
  }

  read(seat: number, word: number): number {
    return Atomics.load(this.board, seatWord(seat, word));
  }

  sum(word: number): number {
    let sum = 0;
    for (let seat = 0; seat < SEATS; seat++) sum += this.read(seat, word);
    return sum;
  }

  /** Fails if a worker has seen what must not be. */
  assertNoViolation(): void {
    for (let seat = 0; seat < SEATS; seat++) {
      const code = this.read(seat, VIOLATION);
      const key = this.read(seat, VIOLATION_KEY);
      assert.is(code, 0, `seed ${this.options.seed}, seat ${seat}: violation ${code}, key ${key}`);
    }
  }

  /** Fails unless bits, counts and backend agree. While nobody is at work. */
  assertAgreement(): void {
    const { types, pages } = this.options;
    const page = new Uint8Array(this.frontswap.pageSize);
    let all = 0;
    for (let type = 0; type < types; type++) {
      let bits = 0;
      for (let offset = 0; offset < pages; offset++) {
        const bit = this.frontswap.testPage(type, offset);
        const has = this.ops.getPage(type, offset, page);
        assert.is(bit, has, `type ${type}, offset ${offset}: bit and backend`);
        if (bit) bits += 1;
      }
      assert.is(this.frontswap.countPages(type), bits, `type ${type}: count and bits`);
      assert.is(this.ops.countPages(type), bits, `type ${type}: backend's count and bits`);
      all += bits;
    }
    assert.is(this.frontswap.counters().currPages, all);
    if (this.ops instanceof SharedZmemBackend && "validate" in this.ops.instance.exports) {
      assert.is(testingExports(this.ops).validate(), 0, "the validator");
    }
  }

  /** Fails unless the counters are what the workers have counted; each death may hide one call. */
  assertCounters(deaths = 0): void {
    const counters = this.frontswap.counters();
    const pairs = [
      [counters.succPuts, this.sum(KEPT)],
      [counters.failedPuts, this.sum(REFUSED)],
      [counters.gets, this.sum(FOUND)],
      [counters.flushes, this.sum(FLUSHED)],
    ] as const;
    pairs.forEach(([counted, seen], index) => {
      const isRight = counted >= seen && counted <= seen + deaths;
      assert.ok(isRight, `counter ${index}: ${counted}, the workers have seen ${seen}`);
    });
  }

  get calls(): number {
    return this.sum(CALLS);
  }

  close(): void {
    this.frontswap.close(() => this.ops.detach?.());
  }
}
