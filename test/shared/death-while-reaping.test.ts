/**
 * A worker is declared dead while another's remains are being settled, at each point of that in turn.
 *
 * Its slots are settled before its stripe, by whoever does it: were its stripe given back with the
 * journal still there, others could take a slot that the journal names, and lose it to the next reap.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { countPoints, dieOrMeet } from "./death-pairs.ts";
import {
  checkEnd,
  die,
  keptBefore,
  makePool,
  OTHER_TYPE,
  range,
  raw,
  small,
  TYPE,
  only,
  type Scenario,
} from "./dying-calls.ts";
import { testingExports } from "./testing-exports.ts";

const STRIPE_KIND = 5;
const JOB_WORD = 2;
const JOB_PAGE = 1;
const test = suite("shared pool, death while another is reaped");

const scenario: Scenario = {
  name: "put over a page",
  offsets: range(24),
  run: (worker) => void worker.putPage(TYPE, 7, raw),
  concerns: only(7),
  becomes: raw,
};

function holdsStripe(pool: SharedZmemBackend, worker: number): boolean {
  for (let number = 0; ; number++) {
    const packed = testingExports(pool).heldLock(number) >>> 0;
    if (packed === 0) return false;
    if (packed >>> 28 === STRIPE_KIND && (packed & 255) === worker) return true;
  }
}

/** @returns points that the reaping passed; undefined when the call had ended before it died */
function reapAround(diesAt: number, declaredAt: number): number | undefined {
  const when = `dead at point ${diesAt}, declared so at point ${declaredAt} of another's reaping`;
  const pool = makePool(scenario);
  pool.openType(OTHER_TYPE);
  pool.putPage(OTHER_TYPE, 0, small);
  const kept = keptBefore(pool, scenario);
  const first = SharedZmemBackend.attach(pool.attachment);
  const late = SharedZmemBackend.attach(pool.attachment);
  const [firstId, lateId] = [first.workerId, late.workerId];
  // With its stripe locked, and no other lock.
  assert.ok(die(first, 3, () => scenario.run(first)));
  if (dieOrMeet(late, diesAt, () => void late.putPage(OTHER_TYPE, 0, raw)) !== true) {
    return undefined;
  }
  const { deathPoints, declareDeadAfter, journalWord } = testingExports(pool);
  const before = deathPoints();
  declareDeadAfter(declaredAt, lateId);
  // It may meet what the other holds before that was declared dead.
  dieOrMeet(pool, -1, () => void pool.reap(firstId));
  const points = deathPoints() - before;
  if (journalWord(lateId, JOB_WORD) === JOB_PAGE) {
    assert.ok(holdsStripe(pool, lateId), `${when}: its stripe is free, its journal is not`);
  }
  pool.reap(lateId);
  pool.reap(firstId);
  checkEnd(pool, scenario, kept, when);
  return points;
}

test("slots of who is declared dead meanwhile are settled before its stripe is given back", () => {
  let tried = 0;
  const points = countPoints({
    ...scenario,
    run: (worker) => void worker.putPage(TYPE, 7, raw),
  });
  for (let diesAt = 0; diesAt < points; diesAt += 2) {
    for (let declaredAt = 0; ; declaredAt++) {
      const passed = reapAround(diesAt, declaredAt);
      if (passed === undefined) break;
      tried++;
      if (declaredAt >= passed) break;
    }
  }
  assert.ok(tried > 100, `${tried} pairs of points`);
});

test.run();
