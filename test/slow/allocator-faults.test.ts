/**
 * Every one of the first 2,000 allocation and growth points refused in turn, and every one of a trim.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sweepPuts, sweepTrims } from "../assembly/fault-sweep.ts";

const PUTS = 4500;
const POINTS = 2000;

const all = (points: number): number[] => Array.from({ length: points }, (_, point) => point);

const faults = suite("refused memory, every point");

for (const count of [1, 2, 5]) {
  faults(`loses nothing and leaks nothing in puts: ${count} refusals in a row`, () => {
    const { points, refused } = sweepPuts(all(POINTS), count, PUTS);
    console.log(`note: ${refused} of ${points} points refused, ${count} in a row`);
    assert.ok(points >= POINTS, `the calls pass ${points} points`);
    assert.is(refused, POINTS);
  });
}

faults("leaves the old instance untouched when a trim fails half way", () => {
  const { points, refused } = sweepTrims(all, PUTS * 5);
  console.log(`note: ${refused} of ${points} points of a trim refused`);
  assert.ok(points >= POINTS, `a trim passes ${points} points`);
  assert.is(refused, points);
});

faults.run();
