/** Starts workers on one shared front-end, and checks what they have left. */
import { Worker } from "node:worker_threads";
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
  /** Resolves to its id once it has attached. */
  readonly workerId: Promise<number>;
  /** Resolves to what it has recorded once it has ended. */
  readonly ended: Promise<HistoryEvent[]>;
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
    this.frontswap = new SharedFrontswap({ lockTimeoutMs: 30_000 });
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
        patienceMs: 30_000,
        ...(limitBytes === undefined ? {} : { limitBytes }),
      });
      this.ops = backend;
      this.frontswap.register(backend);
      this.#link = { kind: "zmem", attachment: backend.attachment };
    }
    for (let type = 0; type < types; type++) this.frontswap.typeOn(type, pages);
    this.#boardBuffer = createBoard(types * pages);
    this.board = new Int32Array(this.#boardBuffer);
    for (let seat = 0; seat < SEATS; seat++) this.#write(seat, QUIET, 1);
  }

  start(seat: number): Hand {
    const { mode, types, pages, seed, calls = 0 } = this.options;
    this.#starts += 1;
    const order: LoadOrder = {
      mode,
      seat,
      seed: seed * 1000 + this.#starts,
      control: this.frontswap.control,
      link: this.#link,
      board: this.#boardBuffer,
      types,
      pages,
      pageSize: this.frontswap.pageSize,
      calls,
      // A successor counts on far above what its predecessor can have reached.
      firstVersion: this.#starts * 2 ** 17,
    };
    const worker = new Worker(new URL("./load-worker.ts", import.meta.url), { workerData: order });
    let events: HistoryEvent[] = [];
    const workerId = new Promise<number>((resolve, reject) => {
      worker.on("message", (message: { workerId?: number; events?: HistoryEvent[] }) => {
        if (message.workerId !== undefined) resolve(message.workerId);
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
    workerId.catch(() => undefined);
    ended.catch(() => undefined);
    return { seat, worker, workerId, ended };
  }

  stop(): void {
    Atomics.store(this.board, STOP, 1);
  }

  /** Lets all live workers come to rest, runs `work` and lets them go on. */
  async whileQuiet(hands: readonly Hand[], work: () => void): Promise<void> {
    Atomics.store(this.board, PAUSE, 1);
    const until = performance.now() + 20_000;
    while (hands.some(({ seat }) => this.read(seat, QUIET) === 0)) {
      assert.ok(performance.now() < until, "a worker does not come to rest");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    work();
    Atomics.store(this.board, PAUSE, 0);
    Atomics.notify(this.board, PAUSE);
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
