/**
 * Several deaths at once: two workers die at points of their calls, and neither can be settled alone.
 *
 * Waits last 20 ms here and then fail, so whatever is settled without an error has waited for
 * nobody. Workers whose calls are to meet work on different types: their stripes differ, and what
 * they meet on are size classes and the supply.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ZmemError } from "../../src/errors.ts";
import { makePage } from "../conformance/pages.ts";
import {
  checkEnd,
  checkPages,
  die,
  got,
  keptBefore,
  makePool,
  OTHER_TYPE,
  PAGE_SIZE,
  pageOf,
  range,
  raw,
  SCENARIOS,
  small,
  TYPE,
  type Scenario,
} from "./dying-calls.ts";

const test = suite("shared pool, several deaths at once");

/** Calls of the second one: on a type of its own, through class and supply locks. */
const SECOND: Record<string, (worker: SharedZmemBackend) => void> = {
  "a raw put": (worker) => void worker.putPage(OTHER_TYPE, 1, raw),
  "a put of a new class": (worker) =>
    void worker.putPage(OTHER_TYPE, 2, makePage("text", 4242, PAGE_SIZE)),
  "a flush": (worker) => void worker.flushPage(OTHER_TYPE, 0),
};
const FIRST = SCENARIOS.filter(({ name }) =>
  ["put over a page", "put of a new group", "flush of a page", "compaction"].includes(name),
);

function isHeld(error: unknown): boolean {
  return error instanceof ZmemError && error.code === "ERR_ZMEM_HELD";
}

/** Runs a call that may die, or find that a dead one holds what it needs. @returns whether it died */
function dieOrMeet(worker: SharedZmemBackend, points: number, run: () => void): boolean | "met" {
  try {
    return die(worker, points, run);
  } catch (error) {
    if (isHeld(error)) return "met";
    throw error;
  }
}

interface Pair {
  readonly pool: SharedZmemBackend;
  readonly kept: Set<number>;
  readonly firstId: number;
  readonly secondId: number;
}

/** Both die; undefined when the second met the first or did not get that far. */
function makePair(
  scenario: Scenario,
  run: (worker: SharedZmemBackend) => void,
  firstPoint: number,
  secondPoint: number,
): Pair | undefined | "none left" {
  const pool = makePool(scenario);
  pool.openType(OTHER_TYPE);
  pool.putPage(OTHER_TYPE, 0, raw);
  const kept = keptBefore(pool, scenario);
  const first = SharedZmemBackend.attach(pool.attachment);
  const second = SharedZmemBackend.attach(pool.attachment);
  const [firstId, secondId] = [first.workerId, second.workerId];
  if (!die(first, firstPoint, () => scenario.run(first))) return "none left";
  if (dieOrMeet(second, secondPoint, () => run(second)) !== true) return undefined;
  return { pool, kept, firstId, secondId };
}

for (const scenario of FIRST) {
  for (const [name, run] of Object.entries(SECOND)) {
    test(`${scenario.name}, then ${name}: reaped in one go, in either order`, () => {
      let pairs = 0;
      for (let point = 0; ; point += 2) {
        const pair = makePair(scenario, run, point, (point * 7) % 23);
        if (pair === "none left") break;
        if (pair === undefined) continue;
        const { pool, kept, firstId, secondId } = pair;
        const when = `${scenario.name}, point ${point}, then ${name}, point ${(point * 7) % 23}`;
        checkPages(pool, scenario, kept, `${when}, before reap`);
        const ids =
          point % 4 === 0 ? ([firstId, secondId] as const) : ([secondId, firstId] as const);
        assert.is(pool.reap(...ids), true, when);
        checkEnd(pool, scenario, kept, when);
        pairs++;
      }
      assert.ok(pairs > 0, "pairs died");
    });
  }
}

test("one reaped alone does not wait for ever for another, dead too, and is settled with it", () => {
  const scenario = FIRST[0] as Scenario;
  let refused = 0;
  for (let point = 0; ; point++) {
    for (let other = point % 3; other < 23; other += 3) {
      const pair = makePair(scenario, SECOND["a raw put"] as () => void, point, other);
      if (pair === "none left") {
        assert.ok(refused > 0, "some could not be settled alone");
        return;
      }
      if (pair === undefined) continue;
      const { pool, kept, firstId, secondId } = pair;
      try {
        assert.is(pool.reap(firstId), true);
        assert.is(pool.reap(secondId), true);
      } catch (error) {
        if (!isHeld(error)) throw error;
        assert.match(String(error), `by worker ${secondId}`);
        refused++;
        assert.is(pool.reap(secondId), true, "whoever comes next settles both");
        assert.is(pool.reap(firstId), true, "the id was not given away meanwhile");
      }
      checkEnd(pool, scenario, kept, `points ${point} and ${other}`);
    }
  }
});

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
  for (let point = 0; point < 40; point += 3) {
    const pool = makePool(scenario);
    pool.openType(OTHER_TYPE);
    pool.putPage(TYPE, 7, pageOf(7));
    const dead = SharedZmemBackend.attach(pool.attachment);
    const next = SharedZmemBackend.attach(pool.attachment);
    const { workerId } = dead;
    if (!die(dead, point, () => void dead.putPage(OTHER_TYPE, 1, pageOf(7)))) break;
    dieOrMeet(next, -1, () => void next.putPage(TYPE, 7, small));
    assert.is(pool.reap(workerId), true);
    next.detach();
    const rest = { ...scenario, concerns: (offset: number) => offset === 7, becomes: small };
    checkEnd(pool, rest, new Set(range(24)), `point ${point}`);
  }
});

test.run();
