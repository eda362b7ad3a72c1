/** A worker of the stress runs of areas with a device: puts, gets and flushes as it is told. */
import { workerData } from "node:worker_threads";
import { FileStorage, type FileStorageLink } from "../../src/devices/file-storage.ts";
import { MemoryStorage, type MemoryStorageLink } from "../../src/devices/memory-storage.ts";
import { ZmemError } from "../../src/errors.ts";
import { SharedZmem, type ZmemAttachment } from "../../src/shared/zmem.ts";
import { createRandom } from "../conformance/pages.ts";
import { FaultyStorage } from "./faulty-storage.ts";
import {
  ackWord,
  AT_WORK,
  AT_WORK_VERSION,
  CLOCK,
  OWN_LOST,
  SEATS,
  seatWord,
  STALE,
  VIOLATION,
  VIOLATION_KEY,
  type HistoryEvent,
} from "./load.ts";
import { makeVersion, markPage, readMark, seatOf } from "./marked-page.ts";
import { runWorker } from "./worker-loop.ts";

/** What a worker is given. */
export interface DeviceOrder {
  /** own: each seat writes keys of its own and knows what must be there. history: all write all. */
  readonly mode: "own" | "history";
  readonly attachment: ZmemAttachment;
  readonly link: MemoryStorageLink | FileStorageLink;
  readonly type: number;
  readonly pages: number;
  readonly seat: number;
  readonly seed: number;
  readonly board: SharedArrayBuffer;
  /** Calls after which it ends; 0 for none. */
  readonly calls: number;
  readonly firstVersion: number;
  /** One call of the storage in so many fails; 0 for none. */
  readonly faultShare: number;
}

const order = workerData as DeviceOrder;
const { seat, pages, type } = order;
const board = new Int32Array(order.board);
const random = createRandom(order.seed);
const events: HistoryEvent[] = [];
const seen = new Int32Array(pages * SEATS);
let versions = order.firstVersion;

const zmem = await SharedZmem.attach(order.attachment);
const storage = new FaultyStorage(
  "path" in order.link ? FileStorage.open(order.link) : MemoryStorage.open(order.link),
);
const { faultShare } = order;
storage.fault = (verb) => (faultShare > 0 && random.below(faultShare) === 0 ? verb : "none");
const area = zmem.area(type, { device: storage, promote: random.below(4) > 0 });
const page = new Uint8Array(zmem.pageSize);

function complain(code: number, key: number): void {
  Atomics.store(board, seatWord(seat, VIOLATION_KEY), key);
  Atomics.store(board, seatWord(seat, VIOLATION), code);
}

function tick(): number {
  return Atomics.add(board, CLOCK, 1);
}

function record(
  verb: HistoryEvent["verb"],
  key: number,
  version: number,
  result: number,
  from: number,
): void {
  if (order.mode === "history") {
    events.push({ seat, key, verb, version, result, from, to: tick() });
  }
}

/** @returns undefined when the storage failed */
function unlessFaulty<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (faultShare > 0 && error instanceof ZmemError && error.code === "ERR_ZMEM_DEVICE") {
      return undefined;
    }
    throw error;
  }
}

function beginWork(key: number, version: number): void {
  Atomics.store(board, seatWord(seat, AT_WORK_VERSION), version);
  Atomics.store(board, seatWord(seat, AT_WORK), key + 1);
}

/** What must be there from now on. */
function acknowledge(key: number, version: number): void {
  if (order.mode === "own") Atomics.store(board, ackWord(pages, seat, key), version);
  Atomics.store(board, seatWord(seat, AT_WORK), 0);
}

function put(key: number): void {
  const version = makeVersion(seat, ++versions);
  markPage(page, type, key, version);
  beginWork(key, version);
  const from = tick();
  const stored = unlessFaulty(() => area.put(key, page)) ?? false;
  record("put", key, version, stored ? 1 : 0, from);
  acknowledge(key, stored ? version : 0);
}

function flush(key: number): void {
  beginWork(key, 0);
  const from = tick();
  const had = area.flush(key);
  record("flush", key, 0, had ? 1 : 0, from);
  acknowledge(key, 0);
}

/** @returns the version, 0 for none; undefined when the storage failed */
function get(key: number): number | undefined {
  const from = tick();
  const found = unlessFaulty(() => area.get(key, page));
  if (found === undefined) return undefined;
  const version = found ? readMark(page, type, key) : 0;
  record("get", key, 0, version, from);
  if (version < 0) complain(version, key);
  if (version <= 0) return version;
  // What one worker puts to a key is seen in that order.
  const at = key * SEATS + seatOf(version);
  if (version < (seen[at] as number)) complain(STALE, key);
  seen[at] = version;
  return version;
}

function stepOwn(): void {
  const mine = random.below(Math.floor(pages / SEATS)) * SEATS + seat;
  const dice = random.below(100);
  if (dice < 40) put(mine);
  else if (dice < 48) flush(mine);
  else if (dice < 75) {
    const version = get(mine);
    if (version === undefined) return;
    if (version !== Atomics.load(board, ackWord(pages, seat, mine))) complain(OWN_LOST, mine);
  } else if (dice < 98) get(random.below(pages));
  else if (dice < 99) zmem.writeBack(random.below(16));
  else zmem.backend.compact({ objects: random.below(32) });
}

function stepHistory(): void {
  const key = random.below(pages);
  const dice = random.below(100);
  if (dice < 40) put(key);
  else if (dice < 78) get(key);
  else if (dice < 88) flush(key);
  else if (dice < 96) {
    const from = tick();
    record("test", key, 0, area.has(key) ? 1 : 0, from);
  } else if (dice < 99 || random.below(30) > 0) zmem.writeBack(random.below(16));
  else {
    const from = tick();
    zmem.frontswap.flushArea(type);
    const to = tick();
    for (let each = 0; each < pages; each++) {
      events.push({ seat, key: each, verb: "area", version: 0, result: 0, from, to });
    }
    zmem.frontswap.typeOn(type, pages);
  }
}

runWorker({
  board,
  seat,
  calls: order.calls,
  events: order.mode === "history" ? events : undefined,
  step: order.mode === "own" ? stepOwn : stepHistory,
  end: () => {
    zmem.detach();
    storage.close();
  },
});
