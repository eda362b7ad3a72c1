/**
 * The shared pool in a web page: the main thread makes it, takes part and reaps; dedicated workers
 * do the stress calls.
 */
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ZmemError } from "../../src/errors.ts";
import { History } from "../shared/history.ts";
import { fillPage, identifyPage } from "../shared/stress-page.ts";
import type { StressWorkerData } from "../shared/stress-calls.ts";

/** What a run in the page reports. */
export interface BrowserStress {
  readonly calls: number;
  readonly kills: number;
  readonly mainCalls: number;
  readonly violations: readonly string[];
  /** After everything was flushed. */
  readonly pagesLeft: number;
  readonly payloadLeft: number;
  readonly check: number;
}

const KEYS = 256;
const MAIN_TYPE = 7;

function lockName(slot: number, number: number): string {
  return `stress ${slot} ${number}`;
}

async function runShared(
  wasmUrl: string,
  seed: number,
  milliseconds: number,
  wantedKills: number,
): Promise<BrowserStress> {
  const module = await WebAssembly.compile(await (await fetch(wasmUrl)).arrayBuffer());
  const backend = SharedZmemBackend.create(module, {
    maximumBytes: 64 * 2 ** 20,
    recompression: true,
  });
  backend.init(4096);
  for (const type of [0, 1, MAIN_TYPE]) backend.openType(type);
  const history = new History(KEYS);
  const violations: string[] = [];
  const done: Promise<void>[] = [];
  const turn: number[] = [];
  const start = (slot: number, number: number): Worker => {
    turn[slot] = number;
    const worker = new Worker("/shared-backend-worker.js", { type: "module" });
    const data: StressWorkerData = {
      attachment: backend.attachment,
      history: history.buffer,
      keys: KEYS,
      types: 2,
      slot,
      seed: seed + number * 7919,
      stride: 3,
      mayReject: false,
    };
    done[slot] = new Promise((resolve) => {
      worker.addEventListener("message", ({ data: said }: MessageEvent<{ violation?: string }>) => {
        if (said.violation === undefined) resolve();
        else violations.push(said.violation);
      });
    });
    worker.addEventListener("error", (event) => violations.push(`worker failed: ${event.message}`));
    worker.postMessage({ ...data, lock: lockName(slot, number) });
    return worker;
  };
  const workers = [0, 1, 2, 3].map((slot) => start(slot, slot));
  const words = new Int32Array(1024);
  const page = new Uint8Array(words.buffer);
  const until = performance.now() + milliseconds;
  let mainCalls = 0;
  let kills = 0;
  while (performance.now() < until && violations.length === 0) {
    if (wantedKills > 0 && kills === wantedKills) break;
    // The main thread puts and gets as well: it spins where workers sleep.
    for (let offset = 0; offset < 32; offset++, mainCalls += 2) {
      fillPage(words, offset, mainCalls + 1, offset % 4);
      if (!backend.putPage(MAIN_TYPE, offset, page)) violations.push("a put was rejected");
      page.fill(0);
      backend.getPage(MAIN_TYPE, offset, page);
      const { key, began } = identifyPage(words) ?? { key: -1, began: 0 };
      if (key !== offset || began !== mainCalls + 1) violations.push("not what was put");
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    const slot = kills % 4;
    if (kills < wantedKills && history.worker(slot) !== 0) {
      const workerId = history.worker(slot);
      (workers[slot] as Worker).terminate();
      // terminate() lets a busy worker run on for up to two seconds; the browser gives the lock
      // that it holds back when it has stopped.
      await navigator.locks.request(lockName(slot, turn[slot] as number), () => undefined);
      if (!backend.reap(workerId)) violations.push(`worker ${workerId} was not known`);
      history.bury(slot);
      workers[slot] = start(slot, 4 + kills);
      kills++;
    }
  }
  history.stop = true;
  await Promise.all(done);
  const { validate } = backend.instance.exports as unknown as { validate?(): number };
  let check = validate?.() ?? 0;
  for (const type of [0, 1, MAIN_TYPE]) backend.flushArea(type);
  check ||= validate?.() ?? 0;
  const { pages, payloadBytes } = backend.stats();
  return {
    calls: history.calls(),
    kills,
    mainCalls,
    violations: violations.slice(0, 5),
    pagesLeft: pages,
    payloadLeft: payloadBytes,
    check,
  };
}

/** What making a pool says in a page that is not isolated. */
async function createHere(wasmUrl: string): Promise<string> {
  const module = await WebAssembly.compile(await (await fetch(wasmUrl)).arrayBuffer());
  try {
    SharedZmemBackend.create(module);
    return "made";
  } catch (error) {
    return error instanceof ZmemError ? `${error.code}: ${error.message}` : String(error);
  }
}

Object.assign(globalThis, { runShared, createHere });
