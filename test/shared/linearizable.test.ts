/** The checker of histories is tested with histories that are right and with some that are wrong. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isLinearizable } from "./linearizable.ts";
import type { HistoryEvent } from "./load.ts";

const test = suite("linearizable");

type Short = [seat: number, from: number, to: number, verb: HistoryEvent["verb"], value: number];

/** put: the version, below 0 for rejected; others: the result. */
function check(...calls: Short[]): boolean {
  return isLinearizable(
    calls.map(([seat, from, to, verb, value]) => ({
      seat,
      from,
      to,
      verb,
      key: 0,
      version: verb === "put" ? Math.abs(value) : 0,
      result: verb === "put" ? (value > 0 ? 1 : 0) : value,
    })),
  );
}

test("one call after the other is judged as it stands", () => {
  assert.ok(check([0, 0, 1, "get", 0], [0, 2, 3, "put", 7], [1, 4, 5, "get", 7]));
  assert.ok(check([0, 0, 1, "put", 7], [1, 2, 3, "flush", 1], [0, 4, 5, "test", 0]));
  assert.not.ok(check([0, 0, 1, "put", 7], [1, 2, 3, "get", 0]), "lost");
  assert.not.ok(check([0, 0, 1, "put", 7], [0, 2, 3, "put", 8], [1, 4, 5, "get", 7]), "stale");
  assert.not.ok(check([0, 0, 1, "put", 7], [0, 2, 3, "put", -8], [1, 4, 5, "get", 7]), "undead");
  assert.not.ok(check([0, 0, 1, "put", 7], [0, 2, 3, "area", 0], [1, 4, 5, "get", 7]), "survivor");
});

test("calls that overlap may have happened in either order, but in one for all", () => {
  assert.ok(check([0, 0, 5, "put", 7], [1, 1, 2, "get", 0]));
  assert.ok(check([0, 0, 5, "put", 7], [1, 1, 2, "get", 7]));
  assert.not.ok(check([0, 0, 9, "put", 7], [1, 1, 2, "get", 7], [2, 3, 4, "get", 0]), "back");
  assert.not.ok(check([0, 0, 9, "put", 7], [1, 1, 2, "get", 7], [2, 3, 4, "test", 0]));
  const puts: Short[] = [
    [0, 0, 9, "put", 7],
    [1, 0, 9, "put", 8],
  ];
  assert.ok(check(...puts, [2, 1, 2, "get", 8], [2, 3, 4, "get", 7]));
  assert.not.ok(check(...puts, [2, 1, 2, "get", 8], [2, 3, 4, "get", 7], [2, 5, 6, "get", 8]));
});

test.run();
