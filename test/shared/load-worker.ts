/** A worker of the tests of the shared front-end: puts, gets and flushes as it is told. */
import { workerData } from "node:worker_threads";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { SharedFrontswap, type SharedOps } from "../../src/shared/frontswap.ts";
import { createRandom } from "../conformance/pages.ts";
import { ArrayBackend, REJECTED } from "./array-backend.ts";
import {
  FLUSHED,
  FOUND,
  KEPT,
  PATIENCE_MS,
  REFUSED,
  SEATS,
  seatWord,
  type LoadOrder,
} from "./load.ts";
import { markPage, readMark } from "./marked-page.ts";
import { Witness } from "./witness.ts";
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
const witness = new Witness(board, seat, keys, order.mode);

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

function put(key: number, isUnwanted: boolean): void {
  const version = witness.nextVersion();
  markPage(page, Math.floor(key / pages), key % pages, version, isUnwanted);
  witness.beginWork(key, version);
  const from = witness.tick();
  const kept = frontswap.putPage(Math.floor(key / pages), key % pages, page);
  witness.record("put", key, version, kept ? 1 : 0, from);
  add(kept ? KEPT : REFUSED);
  if (kept) witness.judge(key, version);
  witness.endWork(key, kept ? version : 0);
}

/** @returns the version, 0 for none */
function get(key: number): number {
  const from = witness.tick();
  const found = frontswap.getPage(Math.floor(key / pages), key % pages, page);
  const version = found ? readMark(page, Math.floor(key / pages), key % pages) : 0;
  witness.record("get", key, 0, version, from);
  if (found) add(FOUND);
  witness.judge(key, version);
  return version;
}

function flush(key: number): void {
  witness.beginWork(key, 0);
  const from = witness.tick();
  const had = frontswap.flushPage(Math.floor(key / pages), key % pages);
  witness.record("flush", key, 0, had ? 1 : 0, from);
  if (had) add(FLUSHED);
  witness.endWork(key, 0);
}

function test(key: number): void {
  const from = witness.tick();
  const has = frontswap.testPage(Math.floor(key / pages), key % pages);
  witness.record("test", key, 0, has ? 1 : 0, from);
}

function flushArea(type: number): void {
  const from = witness.tick();
  frontswap.flushArea(type);
  witness.recordArea(type * pages, pages, from);
  frontswap.typeOn(type, pages);
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
  if (choice < 45) put(mine, random.below(8) === 0);
  else if (choice < 55) flush(mine);
  else if (choice < 80) witness.expectOwn(mine, get(mine));
  else get(random.below(keys));
}

runWorker({
  board,
  seat,
  calls: order.calls,
  events: order.mode === "history" ? witness.events : undefined,
  step: order.mode === "own" ? stepOwn : stepRandom,
  end: () => frontswap.detach(),
});
