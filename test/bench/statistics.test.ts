/**
 * The statistics that every figure goes through, on values whose answers are known.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  geometricMean,
  median,
  pairedRatios,
  present,
  quantile,
  ratioInterval,
  spread,
} from "../../bench/harness/statistics.ts";
import { seededRandom } from "../../bench/corpora/random.ts";

const test = suite("bench statistics");

test("the median of an odd and of an even number of values", () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test("the median leaves its argument as it was", () => {
  const values = [3, 1, 2];
  median(values);
  assert.equal(values, [3, 1, 2]);
});

test("quantiles lie between neighbours by proportion", () => {
  assert.is(quantile([10, 20, 30, 40, 50], 0), 10);
  assert.is(quantile([10, 20, 30, 40, 50], 1), 50);
  assert.is(quantile([10, 20], 0.25), 12.5);
});

test("the spread of a normal distribution is near its standard deviation, outliers or not", () => {
  const random = seededRandom(5);
  // The sum of twelve uniform draws is nearly normal with deviation 1.
  const draw = (): number =>
    Array.from({ length: 12 }, random.fraction).reduce((a, b) => a + b, -6);
  const values = Array.from({ length: 4000 }, draw);
  assert.ok(Math.abs(spread(values) - 1) < 0.06, `got ${spread(values)}`);
  for (let at = 0; at < 200; at++) values[at] = 1e6;
  assert.ok(spread(values) < 1.2, `with outliers ${spread(values)}`);
});

test("the geometric mean of a speed-up and its inverse is 1", () => {
  assert.ok(Math.abs(geometricMean([4, 0.25]) - 1) < 1e-12);
  assert.ok(Math.abs(geometricMean([2, 8]) - 4) < 1e-12);
});

test("ratios are taken round by round, and pauses are left out", () => {
  assert.equal(pairedRatios([10, null, 30], [5, 5, 10]), [2, 3]);
  assert.equal(pairedRatios([10, 20], [null, 10, 40]), [2]);
  assert.equal(present([1, null, 2]), [1, 2]);
});

test("a drift that both sides share does not move a paired ratio", () => {
  const drift = [1, 1.5, 2, 2.5];
  const ratios = pairedRatios(
    drift.map((factor) => 30 * factor),
    drift.map((factor) => 10 * factor),
  );
  assert.equal(ratios, [3, 3, 3, 3]);
});

test("the interval of a ratio holds the truth, and is the same every time", () => {
  const random = seededRandom(8);
  const noisy = (middle: number): number[] =>
    Array.from({ length: 25 }, () => middle * (0.95 + random.fraction() * 0.1));
  const [after, before] = [noisy(130), noisy(100)];
  const interval = ratioInterval(after, before);
  assert.ok(interval.low < 1.3 && interval.high > 1.3, JSON.stringify(interval));
  assert.ok(interval.low > 1.2 && interval.high < 1.4, JSON.stringify(interval));
  assert.equal(ratioInterval(after, before), interval);
});

test("the interval of equal runs holds 1", () => {
  const values = [9.8, 10, 10.1, 10.3, 9.9, 10.2, 10];
  const { low, middle, high } = ratioInterval(values, values);
  assert.is(middle, 1);
  assert.ok(low < 1 && high > 1);
});

test.run();
