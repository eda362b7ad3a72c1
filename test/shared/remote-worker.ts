/** A worker that attaches to pools and makes the calls that the main thread sends it, one by one. */
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { testingExports } from "./testing-exports.ts";
import { ANSWERS, ORDERS, type Answer, type Order, type RemoteData } from "./remote-order.ts";

/** Pools that are remembered; a case never uses more than a few. */
const MOST_POOLS = 8;

const { port, box } = workerData as RemoteData;
const words = new Int32Array(box);
const pools = new Map<number, SharedZmemBackend>();

function answer(order: Order): Answer {
  try {
    if (order.attachment !== undefined) {
      pools.set(order.pool, SharedZmemBackend.attach(order.attachment));
      for (const old of [...pools.keys()].slice(0, -MOST_POOLS)) pools.delete(old);
      return {};
    }
    const backend = pools.get(order.pool) as SharedZmemBackend;
    if (order.verb === "failAllocations") {
      testingExports(backend).failAllocations(order.args[0] as number, 0x7fff_ffff);
      return {};
    }
    const call = backend[order.verb] as (...args: unknown[]) => unknown;
    const result = call.apply(backend, [...order.args]);
    return { result, page: order.verb === "getPage" ? order.args[2] : undefined };
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    return { error: { name, message, code } };
  }
}

for (let done = 0; ;) {
  Atomics.wait(words, ORDERS, done);
  const received = receiveMessageOnPort(port) as { message: Order | null } | undefined;
  if (received === undefined) continue;
  if (received.message === null) break;
  port.postMessage(answer(received.message));
  done = Atomics.load(words, ORDERS);
  Atomics.store(words, ANSWERS, done);
  Atomics.notify(words, ANSWERS);
}
