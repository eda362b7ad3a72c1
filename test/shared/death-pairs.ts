/**
 * Several deaths at once: two workers die at points of their calls, and neither can be settled alone.
 *
 * Waits last 20 ms here and then fail, so whatever is settled without an error has waited for
 * nobody. Workers whose calls are to meet work on different types: their stripes differ, and what
 * they meet on are size classes and the supply.
 */
import type { uvu } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ZmemError } from "../../src/errors.ts";
import { makePage } from "../conformance/pages.ts";
import {
  checkEnd,
  checkPages,
  die,
  keptBefore,
  makePool,
  OTHER_TYPE,
  PAGE_SIZE,
  raw,
  SCENARIOS,
  type Scenario,
} from "./dying-calls.ts";

/** Calls of the second one: on a type of its own, through class and supply locks. */
export const SECOND: Record<string, (worker: SharedZmemBackend) => void> = {
  "a raw put": (worker) => void worker.putPage(OTHER_TYPE, 1, raw),
  "a put of a new class": (worker) =>
    void worker.putPage(OTHER_TYPE, 2, makePage("text", 4242, PAGE_SIZE)),
  "a flush": (worker) => void worker.flushPage(OTHER_TYPE, 0),
};
/** The scenarios with these names. */
export function scenariosOf(...names: readonly string[]): readonly Scenario[] {
  const found = SCENARIOS.filter(({ name }) => names.includes(name));
  assert.is(found.length, names.length, `all of ${names.join(", ")}`);
  return found;
}

/** Points of the first one's call that are tried, about: spread over all of it. */
const MOST_POINTS = 36;

/** Points that a call of a scenario passes. */
export function countPoints(scenario: Scenario): number {
  const worker = SharedZmemBackend.attach(makePool(scenario).attachment);
  const exports = worker.instance.exports as unknown as { deathPoints(): number };
  const before = exports.deathPoints();
  scenario.run(worker);
  return exports.deathPoints() - before;
}

export function isHeld(error: unknown): boolean {
  return error instanceof ZmemError && error.code === "ERR_ZMEM_HELD";
}

/** Runs a call that may die, or find that a dead one holds what it needs. @returns whether it died */
export function dieOrMeet(
  worker: SharedZmemBackend,
  points: number,
  run: () => void,
): boolean | "met" {
  try {
    return die(worker, points, run);
  } catch (error) {
    if (isHeld(error)) return "met";
    throw error;
  }
}

export interface Pair {
  readonly pool: SharedZmemBackend;
  readonly kept: Set<number>;
  readonly firstId: number;
  readonly secondId: number;
}

/** Both die; undefined when the second met the first or did not get that far. */
export function makePair(
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

/** Tests of deaths at points of the calls of some scenarios, each with one of SECOND. */
export function testPairs(test: uvu.Test<unknown>, scenarios: readonly Scenario[]): void {
  for (const scenario of scenarios) {
    for (const [name, run] of Object.entries(SECOND)) {
      test(`${scenario.name}, then ${name}: reaped in one go, in either order`, () => {
        let pairs = 0;
        const stride = Math.max(2, Math.ceil(countPoints(scenario) / MOST_POINTS));
        for (let point = 0; ; point += stride) {
          const pair = makePair(scenario, run, point, (point * 7) % 23);
          if (pair === "none left") break;
          if (pair === undefined) continue;
          const { pool, kept, firstId, secondId } = pair;
          const when = `${scenario.name}, point ${point}, then ${name}, point ${(point * 7) % 23}`;
          checkPages(pool, scenario, kept, `${when}, before reap`);
          const ids =
            pairs % 2 === 0 ? ([firstId, secondId] as const) : ([secondId, firstId] as const);
          assert.is(pool.reap(...ids), true, when);
          checkEnd(pool, scenario, kept, when);
          pairs++;
        }
        assert.ok(pairs > 0, "pairs died");
      });
    }
  }
}
