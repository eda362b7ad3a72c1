/** A worker of the stress runs of areas with a device: puts, gets and flushes as it is told. */
import { workerData } from "node:worker_threads";
import { FileStorage, type FileStorageLink } from "../../src/devices/file-storage.ts";
import { MemoryStorage, type MemoryStorageLink } from "../../src/devices/memory-storage.ts";
import { ZmemError } from "../../src/errors.ts";
import { SharedZmem, type ZmemAttachment } from "../../src/shared/zmem.ts";
import { createRandom } from "../conformance/pages.ts";
import { FaultyStorage } from "./faulty-storage.ts";
import { SEATS } from "./load.ts";
import { markPage, readMark } from "./marked-page.ts";
import { Witness } from "./witness.ts";
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
  /** One call of the storage in so many fails; 0 for none. */
  readonly faultShare: number;
}

const order = workerData as DeviceOrder;
const { seat, pages, type } = order;
const board = new Int32Array(order.board);
const random = createRandom(order.seed);
const witness = new Witness(board, seat, pages, order.mode);

const zmem = await SharedZmem.attach(order.attachment);
const storage = new FaultyStorage(
  "path" in order.link ? FileStorage.open(order.link) : MemoryStorage.open(order.link),
);
const { faultShare } = order;
storage.fault = (verb) => (faultShare > 0 && random.below(faultShare) === 0 ? verb : "none");
const area = zmem.area(type, { device: storage, promote: random.below(4) > 0 });
const page = new Uint8Array(zmem.pageSize);

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

function put(key: number): void {
  const version = witness.nextVersion();
  markPage(page, type, key, version);
  witness.beginWork(key, version);
  const from = witness.tick();
  const stored = unlessFaulty(() => area.put(key, page)) ?? false;
  witness.record("put", key, version, stored ? 1 : 0, from);
  witness.endWork(key, stored ? version : 0);
}

function flush(key: number): void {
  witness.beginWork(key, 0);
  const from = witness.tick();
  const had = area.flush(key);
  witness.record("flush", key, 0, had ? 1 : 0, from);
  witness.endWork(key, 0);
}

/** @returns the version, 0 for none; undefined when the storage failed */
function get(key: number): number | undefined {
  const from = witness.tick();
  const found = unlessFaulty(() => area.get(key, page));
  if (found === undefined) return undefined;
  const version = found ? readMark(page, type, key) : 0;
  witness.record("get", key, 0, version, from);
  witness.judge(key, version);
  return version;
}

function stepOwn(): void {
  const mine = random.below(Math.floor(pages / SEATS)) * SEATS + seat;
  const dice = random.below(100);
  if (dice < 40) put(mine);
  else if (dice < 48) flush(mine);
  else if (dice < 75) {
    const version = get(mine);
    if (version !== undefined) witness.expectOwn(mine, version);
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
    const from = witness.tick();
    witness.record("test", key, 0, area.has(key) ? 1 : 0, from);
  } else if (dice < 99 || random.below(30) > 0) zmem.writeBack(random.below(16));
  else {
    const from = witness.tick();
    zmem.frontswap.flushArea(type);
    witness.recordArea(0, pages, from);
    zmem.frontswap.typeOn(type, pages);
  }
}

runWorker({
  board,
  seat,
  calls: order.calls,
  events: order.mode === "history" ? witness.events : undefined,
  step: order.mode === "own" ? stepOwn : stepHistory,
  end: () => {
    zmem.detach();
    storage.close();
  },
});
