/**
 * Calls that meet a dead worker's lock: what they give up, and the spare that is left of a put.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { dieOrMeet, isHeld } from "./death-pairs.ts";
import {
  checkEnd,
  die,
  got,
  makePool,
  OTHER_TYPE,
  only,
  range,
  raw,
  small,
  TYPE,
  type Scenario,
} from "./dying-calls.ts";
import { testingExports } from "./testing-exports.ts";

/** Of a worker's record in the module. */
const SPARE_WORD = 10;
const test = suite("shared pool, calls that meet the dead");

/** A worker dies at a point of a put to another type; then the pool's own put meets it. */
function meet(
  point: number,
  dying: Uint8Array,
  between: (pool: SharedZmemBackend) => void,
): { pool: SharedZmemBackend; workerId: number; outcome: boolean | "held" } | undefined {
  const pool = makePool({ name: "meeting", offsets: range(24), run: () => undefined });
  pool.openType(OTHER_TYPE);
  pool.putPage(TYPE, 7, raw);
  const worker = SharedZmemBackend.attach(pool.attachment);
  const { workerId } = worker;
  if (!die(worker, point, () => void worker.putPage(OTHER_TYPE, 1, dying))) return undefined;
  between(pool);
  try {
    return { pool, workerId, outcome: pool.putPage(TYPE, 7, small) };
  } catch (error) {
    if (!isHeld(error)) throw error;
    return { pool, workerId, outcome: "held" };
  }
}

function checkMet(pool: SharedZmemBackend, workerId: number, page: Uint8Array | null): void {
  const found = pool.getPage(TYPE, 7, got);
  assert.is(found, page !== null);
  if (page !== null) assert.equal(got, page);
  assert.is(pool.reap(workerId), true);
  assert.is(pool.putPage(TYPE, 7, small) || pool.putPage(TYPE, 7, small), true, "puts go on");
  const scenario: Scenario = { name: "meeting", offsets: range(24), run: () => undefined };
  checkEnd(
    pool,
    { ...scenario, concerns: (offset) => offset === 7, becomes: small },
    new Set(range(24)),
    "met",
  );
}

test("a put that can't free what it replaces gives up, keeps the old page, and wastes nothing", () => {
  let held = 0;
  for (let point = 0; ; point++) {
    // The raw page's class is locked, the new page's is not: its object was taken already.
    const met = meet(point, raw, () => undefined);
    if (met === undefined) break;
    if (met.outcome === "held") held++;
    checkMet(met.pool, met.workerId, met.outcome === "held" ? raw : small);
  }
  assert.ok(held > 0, "some puts met a dead worker");
});

test("a put whose older copy had to go first is rejected where a dead worker holds the rest", () => {
  let rejected = 0;
  for (let point = 0; ; point++) {
    const met = meet(point, small, (pool) => {
      const { heldBytes, freeBytes } = pool.stats();
      pool.setLimit(heldBytes - freeBytes - 1);
    });
    if (met === undefined) break;
    const { pool, workerId, outcome } = met;
    if (outcome === false) rejected++;
    pool.setLimit(Infinity);
    checkMet(pool, workerId, outcome === "held" ? raw : outcome ? small : null);
  }
  assert.ok(rejected > 0, "some puts were rejected");
});

test("a spare object is given back by whoever reaps its worker", () => {
  let spares = 0;
  for (let point = 0; point < 40; point++) {
    const scenario: Scenario = { name: "spare", offsets: range(24), run: () => undefined };
    const pool = makePool(scenario);
    pool.openType(OTHER_TYPE);
    pool.putPage(TYPE, 7, raw);
    const dead = SharedZmemBackend.attach(pool.attachment);
    const next = SharedZmemBackend.attach(pool.attachment);
    const ids = [dead.workerId, next.workerId] as const;
    if (!die(dead, point, () => void dead.putPage(OTHER_TYPE, 1, raw))) break;
    try {
      next.putPage(TYPE, 7, small);
      continue;
    } catch (error) {
      if (!isHeld(error)) throw error;
    }
    const { objectBytes } = pool.stats();
    assert.is(pool.reap(...ids), true);
    if (pool.stats().objectBytes < objectBytes) spares++;
    const rest = { ...scenario, concerns: (offset: number) => offset === 7, becomes: raw };
    checkEnd(pool, rest, new Set(range(24)), `point ${point}`);
  }
  assert.ok(spares > 0, "some had a spare");
});

test("a worker that has a spare gives it back when it detaches", () => {
  const scenario: Scenario = { name: "spare", offsets: range(24), run: () => undefined };
  let spares = 0;
  for (let point = 0; point < 40; point += 3) {
    const pool = makePool(scenario);
    pool.openType(OTHER_TYPE);
    pool.putPage(TYPE, 7, raw);
    const { journalWord, validate } = testingExports(pool);
    const dead = SharedZmemBackend.attach(pool.attachment);
    const next = SharedZmemBackend.attach(pool.attachment);
    const { workerId } = dead;
    const nextId = next.workerId;
    if (!die(dead, point, () => void dead.putPage(OTHER_TYPE, 1, raw))) break;
    const outcome = dieOrMeet(next, -1, () => void next.putPage(TYPE, 7, small));
    assert.is(pool.reap(workerId), true);
    if (journalWord(nextId, SPARE_WORD) !== 0) spares++;
    assert.is(validate(), 0, `point ${point}: the validator, while a live worker has a spare`);
    next.detach();
    assert.is(journalWord(nextId, SPARE_WORD), 0, `point ${point}: the spare of who is gone`);
    const rest = { ...scenario, concerns: only(7), becomes: outcome === "met" ? raw : small };
    checkEnd(pool, rest, new Set(range(24)), `point ${point}`);
  }
  assert.ok(spares > 0, "some had a spare");
});

test("a type whose flush met a dead worker's lock is opened again without its pages", () => {
  let held = 0;
  for (let point = 0; ; point++) {
    const pool = makePool({ name: "flush", offsets: range(24), run: () => undefined });
    const worker = SharedZmemBackend.attach(pool.attachment);
    const { workerId } = worker;
    if (!die(worker, point, () => void worker.putPage(TYPE, 7, raw))) break;
    try {
      pool.flushArea(TYPE);
      continue;
    } catch (error) {
      if (!isHeld(error)) throw error;
    }
    held++;
    assert.is(pool.reap(workerId), true);
    assert.is(pool.openType(TYPE), true);
    for (const offset of range(24)) {
      assert.is(pool.getPage(TYPE, offset, got), false, `point ${point}: page ${offset} is back`);
    }
    assert.is(pool.stats().pages, 0, `point ${point}`);
    assert.is(testingExports(pool).validate(), 0, `point ${point}: the validator`);
  }
  assert.ok(held > 0, "some flushes met a dead worker");
});

test.run();
