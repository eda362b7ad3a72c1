/**
 * Death at every point: each call is made to trap at each of its points in turn.
 *
 * The dead worker's instance is left as it is. Gets of the others must go on at once; after `reap`
 * the validator must find nothing, every page that the call did not concern must be intact, the one
 * that it did concern old, new or absent, and a full flush must leave nothing.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import {
  checkEnd,
  checkPages,
  die,
  got,
  keptBefore,
  makePool,
  pageOf,
  putOf,
  range,
  raw,
  SCENARIOS,
  small,
  TYPE,
  type DyingExports,
  type Scenario,
} from "./dying-calls.ts";

const test = suite("shared pool, death at every point");

for (const scenario of SCENARIOS) {
  test(scenario.name, () => {
    let points = 0;
    for (; ; points++) {
      const pool = makePool(scenario);
      const kept = keptBefore(pool, scenario);
      const worker = SharedZmemBackend.attach(pool.attachment);
      const { workerId } = worker;
      const died = die(worker, points, () => scenario.run(worker));
      const when = `${scenario.name}, point ${points}`;
      if (died) {
        checkPages(pool, scenario, kept, `${when}, before reap`);
        pool.reap(workerId);
      } else if (scenario.name !== "detaching") worker.detach();
      checkEnd(pool, scenario, kept, when);
      if (!died) break;
    }
    assert.ok(points > 0, "it has points");
    console.log(`note ${scenario.name}: ${points} points`);
  });
}

test("attaching", () => {
  const scenario: Scenario = { name: "attaching", offsets: range(9), run: () => undefined };
  for (let points = 0; ; points++) {
    const pool = makePool(scenario);
    const kept = keptBefore(pool, scenario);
    const { module: code, memory } = pool.attachment;
    const { exports } = new WebAssembly.Instance(code, { env: { memory, abort: () => {} } });
    const dying = exports as unknown as DyingExports & { attach(mayBlock: number): number };
    dying.dieAfter(points);
    let died = false;
    try {
      dying.attach(1);
    } catch {
      died = true;
    }
    pool.reap(2);
    checkEnd(pool, scenario, kept, `attaching, point ${points}`);
    if (!died) break;
  }
});

test("who waits for a dead worker's lock learns its id, and nothing changes", () => {
  const scenario: Scenario = { name: "held", offsets: range(24), run: putOf(7, raw) };
  const pool = makePool(scenario);
  const worker = SharedZmemBackend.attach(pool.attachment);
  const { workerId } = worker;
  // The first point of a put is behind the lock of its stripe.
  assert.ok(die(worker, 0, () => scenario.run(worker)));
  let message = "";
  try {
    pool.putPage(TYPE, 7, small);
  } catch (error) {
    message = String(error);
  }
  assert.match(message, `by worker ${workerId}`);
  assert.ok(pool.getPage(TYPE, 7, got));
  assert.equal(got, pageOf(7));
  assert.ok(pool.reap(workerId));
  assert.ok(pool.putPage(TYPE, 7, small));
});

test.run();
