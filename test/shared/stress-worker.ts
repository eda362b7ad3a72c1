/** A stress worker of Node: runs the calls, posts what is wrong. */
import { parentPort, workerData } from "node:worker_threads";
import { runCalls, type StressWorkerData } from "./stress-calls.ts";

const data = workerData as StressWorkerData;
runCalls(data, (violation) => parentPort?.postMessage({ slot: data.slot, violation }));
