/** The map of a swap file against a plain array of units. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { UnitMap } from "../../src/devices/unit-map.ts";
import { createRandom } from "../conformance/pages.ts";

const test = suite("units of a swap file");

test("blocks of an empty file lie side by side", () => {
  const map = new UnitMap(1000);
  assert.equal(map.place([3, 16, 1], true), [0, 3, 19]);
  assert.is(map.extent, 20);
  assert.is(map.used, 20);
});

test("never takes a unit twice, nor one beyond the limit, and counts right", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  for (const limit of [500, 40_000, Infinity]) {
    const random = createRandom(seed);
    const map = new UnitMap(limit);
    const taken = new Set<number>();
    const blocks: { start: number; units: number }[] = [];
    let refused = 0;
    for (let step = 0; step < 6000; step++) {
      const where = `seed ${seed}, limit ${limit}, step ${step}`;
      if (random.below(100) < 52) {
        const sizes = Array.from({ length: 1 + random.below(24) }, () => 1 + random.below(16));
        const starts = map.place(sizes, random.below(5) !== 0);
        if (starts === null) refused += 1;
        for (const [index, start] of (starts ?? []).entries()) {
          const units = sizes[index] as number;
          assert.ok(start >= 0 && start + units <= limit, where);
          for (let unit = start; unit < start + units; unit++) {
            assert.not(taken.has(unit), `${where}: unit ${unit}`);
            taken.add(unit);
          }
          blocks.push({ start, units });
        }
      } else {
        for (let times = random.below(30); times > 0 && blocks.length > 0; times--) {
          const at = random.below(blocks.length);
          const { start, units } = blocks[at] as { start: number; units: number };
          blocks[at] = blocks[blocks.length - 1] as { start: number; units: number };
          blocks.pop();
          map.release(start, units);
          for (let unit = start; unit < start + units; unit++) taken.delete(unit);
        }
      }
      assert.is(map.used, taken.size, where);
    }
    const top = blocks.reduce((most, { start, units }) => Math.max(most, start + units), 0);
    assert.is(map.extent, top, "the extent ends with the last block");
    if (limit !== Infinity) assert.ok(refused > 0, `limit ${limit} was never met`);
  }
});

test("finds every hole of a file that may not grow, one by one and by the cluster", () => {
  const map = new UnitMap(Infinity);
  const sizes = Array.from({ length: 5000 }, () => 8);
  const starts = map.place(sizes, true) as number[];
  for (let index = 0; index < starts.length; index += 7) map.release(starts[index] as number, 8);
  const holes = Math.ceil(5000 / 7);
  assert.is(map.place(Array(holes + 1).fill(8), false), null);
  assert.is(map.place([9], false), null, "no hole is that long");
  let filled = 0;
  while (map.place([8], false) !== null) filled += 1;
  assert.is(filled, holes);
  for (let index = 0; index < starts.length; index += 7) map.release(starts[index] as number, 8);
  for (let left = holes; left >= 15; left -= 15) {
    assert.ok(map.place(Array(15).fill(8), false), `${left} holes left`);
  }
  assert.is(map.used, 40_000 - 8 * (holes % 15));
});

test("a map that is empty again begins at the beginning", () => {
  const map = new UnitMap(100);
  const [first, second] = map.place([16, 16], true) as [number, number];
  map.release(second, 16);
  map.release(first, 16);
  assert.is(map.extent, 0);
  assert.equal(map.place([16], true), [0]);
});

test.run();
