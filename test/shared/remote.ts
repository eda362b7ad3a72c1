/**
 * A shared backend whose calls are made by several workers in turn, each call of the test by the
 * next one, and which looks like any other backend: a call returns when its worker has made it.
 *
 * Why so: a suite that is written for one thread then shows that whatever one worker keeps or
 * forgets is so for every other. The main thread waits in Atomics.wait, so the worker is woken by a
 * mailbox in shared memory; what is sent goes through a port, which is read without an event loop.
 */
import {
  MessageChannel,
  receiveMessageOnPort,
  Worker,
  type MessagePort,
} from "node:worker_threads";
import type { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ZmemError, type ZmemErrorCode } from "../../src/errors.ts";
import { bundleWorker } from "./bundle.ts";
import {
  ANSWERS,
  ORDERS,
  VERBS,
  type Answer,
  type Order,
  type RemoteData,
  type Verb,
} from "./remote-order.ts";

const ANSWER_TIMEOUT_MS = 60_000;

interface Remote {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly words: Int32Array;
}

/** Workers that make calls for the main thread. */
export class RemoteCrew {
  readonly #remotes: readonly Remote[];
  /** Whether they make the calls; otherwise they take part and do nothing. */
  readonly #work: boolean;
  readonly #pools = new WeakMap<SharedZmemBackend, number>();
  #count = 0;
  #calls = 0;

  constructor(count: number, work: boolean) {
    this.#work = work;
    const code = bundleWorker("./remote-worker.ts");
    this.#remotes = Array.from({ length: count }, () => {
      const { port1, port2 } = new MessageChannel();
      const box = new SharedArrayBuffer(8);
      const workerData: RemoteData = { port: port2, box };
      const worker = new Worker(code, { eval: true, workerData, transferList: [port2] });
      return { worker, port: port1, words: new Int32Array(box) };
    });
  }

  /** A backend that every worker attaches to once it runs. */
  around(ops: SharedZmemBackend, started: (ops: SharedZmemBackend) => void): SharedZmemBackend {
    let pool = 0;
    const init = (pageSize: number): number => {
      const poolId = ops.init(pageSize);
      if (pool === 0 && poolId >= 0) {
        pool = ++this.#count;
        this.#pools.set(backend, pool);
        for (const remote of this.#remotes) {
          this.#send(remote, { pool, attachment: ops.attachment, verb: "openType", args: [] });
        }
        started(ops);
      }
      return poolId;
    };
    const backend = new Proxy(ops, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (name === "init") return init;
        if (typeof value !== "function") return value;
        const verb = VERBS.find((one) => one === name);
        if (verb === undefined || pool === 0 || !this.#work) return value.bind(target) as unknown;
        return (...args: unknown[]): unknown => this.#call(pool, verb, args);
      },
    });
    return backend;
  }

  /** As the export of the testing build, in every worker. */
  failAllocations(backend: SharedZmemBackend, after: number): void {
    const pool = this.#pools.get(backend);
    if (pool === undefined) return;
    for (const remote of this.#remotes) {
      this.#send(remote, { pool, verb: "failAllocations", args: [after] });
    }
  }

  /** How many calls were made by workers. */
  get calls(): number {
    return this.#calls;
  }

  async end(): Promise<void> {
    await Promise.all(this.#remotes.map(({ worker }) => worker.terminate()));
  }

  #call(pool: number, verb: Verb, args: unknown[]): unknown {
    const remote = this.#remotes[this.#calls++ % this.#remotes.length] as Remote;
    const { result, page } = this.#send(remote, { pool, verb, args });
    if (page instanceof Uint8Array) (args[2] as Uint8Array).set(page);
    return result;
  }

  #send({ port, words }: Remote, order: Order): Answer {
    port.postMessage(order);
    const number = Atomics.add(words, ORDERS, 1) + 1;
    Atomics.notify(words, ORDERS);
    while (Atomics.load(words, ANSWERS) !== number) {
      if (Atomics.wait(words, ANSWERS, number - 1, ANSWER_TIMEOUT_MS) === "timed-out") {
        throw new Error(`a worker has not answered: ${order.verb}`);
      }
    }
    const { message } = receiveMessageOnPort(port) as { message: Answer };
    if (message.error !== undefined) throw revive(message.error);
    return message;
  }
}

function revive({ name, message, code }: NonNullable<Answer["error"]>): Error {
  if (code?.startsWith("ERR_ZMEM")) return new ZmemError(code as ZmemErrorCode, message);
  if (name === "RangeError") return new RangeError(message);
  return name === "TypeError" ? new TypeError(message) : new Error(`${name}: ${message}`);
}
