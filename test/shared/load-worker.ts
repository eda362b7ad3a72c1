/** A worker of the tests of the shared front-end: puts, gets and flushes as it is told. */
import { workerData } from "node:worker_threads";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { SharedFrontswap, type SharedOps } from "../../src/shared/frontswap.ts";
import { createRandom } from "../conformance/pages.ts";
import { ArrayBackend, REJECTED } from "./array-backend.ts";
import {
  ackWord,
  AT_WORK,
  AT_WORK_VERSION,
  CLOCK,
  FLUSHED,
  FOUND,
  KEPT,
  OWN_LOST,
  PATIENCE_MS,
  REFUSED,
  SEATS,
  seatWord,
  STALE,
  VIOLATION,
  VIOLATION_KEY,
  type HistoryEvent,
  type LoadOrder,
} from "./load.ts";
import { makeVersion, markPage, readMark, seatOf } from "./marked-page.ts";
import { runWorker } from "./worker-loop.ts";

const order = workerData as LoadOrder;
const { seat, types, pages, pageSize, link } = order;
const board = new Int32Array(order.board);
const random = createRandom(order.seed);
const frontswap = SharedFrontswap.join(order.control, {
  ticket: order.ticket,
  lockTimeoutMs: PATIENCE_MS,
});
frontswap.registerJoining(() =>
  link.kind === "array"
    ? new ArrayBackend(link.memory, link.shape, frontswap.workerId)
    : choosy(SharedZmemBackend.attach(link.attachment)),
);
const page = new Uint8Array(pageSize);
const keys = types * pages;
/** By key and seat: the latest version of that seat that was got or put here. */
const seen = new Int32Array(keys * SEATS);
const events: HistoryEvent[] = [];
let versions = order.firstVersion;

/** Before the real backend: it rejects the same pages as the array. */
function choosy(backend: SharedZmemBackend): SharedOps {
  return {
    workerId: backend.workerId,
    init: (size) => backend.init(size),
    openType: (type) => backend.openType(type),
    putPage: (type, offset, given) => {
      if (given[given.length - 1] !== REJECTED) return backend.putPage(type, offset, given);
      backend.flushPage(type, offset);
      return false;
    },
    getPage: (type, offset, got) => backend.getPage(type, offset, got),
    flushPage: (type, offset) => backend.flushPage(type, offset),
    flushArea: (type) => backend.flushArea(type),
    countPages: (type) => backend.countPages(type),
    reap: (workerId, ...moreDead) => backend.reap(workerId, ...moreDead),
  };
}

function add(word: number): void {
  Atomics.add(board, seatWord(seat, word), 1);
}

function complain(code: number, key: number): void {
  Atomics.store(board, seatWord(seat, VIOLATION_KEY), key);
  Atomics.store(board, seatWord(seat, VIOLATION), code);
}

function tick(): number {
  return Atomics.add(board, CLOCK, 1);
}

function put(key: number, isUnwanted: boolean): boolean {
  const version = makeVersion(seat, ++versions);
  markPage(page, Math.floor(key / pages), key % pages, version, isUnwanted);
  Atomics.store(board, seatWord(seat, AT_WORK_VERSION), version);
  Atomics.store(board, seatWord(seat, AT_WORK), key + 1);
  const from = tick();
  const kept = frontswap.putPage(Math.floor(key / pages), key % pages, page);
  record("put", key, version, kept ? 1 : 0, from);
  add(kept ? KEPT : REFUSED);
  if (kept) seen[key * SEATS + seat] = version;
  return kept;
}

/** @returns the version, 0 for none */
function get(key: number): number {
  const from = tick();
  const found = frontswap.getPage(Math.floor(key / pages), key % pages, page);
  const version = found ? readMark(page, Math.floor(key / pages), key % pages) : 0;
  record("get", key, 0, version, from);
  if (!found) return 0;
  add(FOUND);
  if (version < 0) {
    complain(version, key);
    return version;
  }
  // What one worker puts to a key is seen in that order.
  const at = key * SEATS + seatOf(version);
  if (version < (seen[at] as number)) complain(STALE, key);
  seen[at] = version;
  return version;
}

function flush(key: number): void {
  Atomics.store(board, seatWord(seat, AT_WORK_VERSION), 0);
  Atomics.store(board, seatWord(seat, AT_WORK), key + 1);
  const from = tick();
  const had = frontswap.flushPage(Math.floor(key / pages), key % pages);
  record("flush", key, 0, had ? 1 : 0, from);
  if (had) add(FLUSHED);
}

function test(key: number): void {
  const from = tick();
  const has = frontswap.testPage(Math.floor(key / pages), key % pages);
  record("test", key, 0, has ? 1 : 0, from);
}

function flushArea(type: number): void {
  const from = tick();
  frontswap.flushArea(type);
  const to = tick();
  if (order.mode === "history") {
    for (let offset = 0; offset < pages; offset++) {
      const key = type * pages + offset;
      events.push({ seat, key, verb: "area", version: 0, result: 0, from, to });
    }
  }
  frontswap.typeOn(type, pages);
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

function stepRandom(): void {
  const key = random.below(keys);
  const choice = random.below(100);
  if (choice < 35) put(key, false);
  else if (choice < 42) put(key, true);
  else if (choice < 80) get(key);
  else if (choice < 93) flush(key);
  else if (choice < 99 || random.below(40) > 0) test(key);
  // Area flushes are for the last type, so that the others fill up.
  else flushArea(types - 1);
}

/** Writes keys of its own alone and knows what must be there; reads all. */
function stepOwn(): void {
  const mine = random.below(Math.floor(keys / SEATS)) * SEATS + seat;
  const choice = random.below(100);
  if (choice < 45) {
    const kept = put(mine, random.below(8) === 0);
    const version = kept ? Atomics.load(board, seatWord(seat, AT_WORK_VERSION)) : 0;
    Atomics.store(board, ackWord(keys, seat, mine), version);
    Atomics.store(board, seatWord(seat, AT_WORK), 0);
  } else if (choice < 55) {
    flush(mine);
    Atomics.store(board, ackWord(keys, seat, mine), 0);
    Atomics.store(board, seatWord(seat, AT_WORK), 0);
  } else if (choice < 80) {
    if (get(mine) !== Atomics.load(board, ackWord(keys, seat, mine))) complain(OWN_LOST, mine);
  } else get(random.below(keys));
}

runWorker({
  board,
  seat,
  calls: order.calls,
  events: order.mode === "history" ? events : undefined,
  step: order.mode === "own" ? stepOwn : stepRandom,
  end: () => frontswap.detach(),
});
