/** The samples are what they claim: seeded, in order, without overlap, and fair to every page. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createRandom, reservoirSlot, samplePages } from "../../src/cli/sampling.ts";

const test = suite("sampling");
const SEED = 20261124;
console.log(`seed ${SEED}`);

test("random numbers are in [0, 1), the same for the same seed", () => {
  const [a, b, c] = [createRandom(SEED), createRandom(SEED), createRandom(SEED + 1)];
  let sum = 0;
  let differences = 0;
  for (let index = 0; index < 10_000; index++) {
    const value = a();
    assert.ok(value >= 0 && value < 1);
    assert.is(b(), value);
    if (c() !== value) differences += 1;
    sum += value;
  }
  assert.ok(Math.abs(sum / 10_000 - 0.5) < 0.02, `mean ${sum / 10_000}`);
  assert.ok(differences > 9_990);
});

test("an input that is small enough is taken whole", () => {
  const random = createRandom(SEED);
  assert.equal([...samplePages(0, 10, random)], []);
  assert.equal([...samplePages(10, 10, random)], [{ first: 0, count: 10 }]);
  assert.equal([...samplePages(3, Infinity, random)], [{ first: 0, count: 3 }]);
});

test("runs ascend, stay inside, don't overlap, and add up to about what is wanted", () => {
  const random = createRandom(SEED);
  for (const [total, wanted] of [
    [11, 10],
    [17, 16],
    [1000, 1],
    [1000, 15],
    [1000, 999],
    [100_003, 4096],
    [2 ** 40, 1000],
  ] as const) {
    let end = 0;
    let pages = 0;
    for (const run of samplePages(total, wanted, random)) {
      assert.ok(run.first >= end, `${total}/${wanted}: ${run.first} before ${end}`);
      assert.ok(run.count > 0);
      end = run.first + run.count;
      pages += run.count;
    }
    assert.ok(end <= total);
    assert.ok(pages <= wanted && pages > wanted - 16, `${total}/${wanted}: ${pages} pages`);
  }
});

test("every part of an input is taken about as often", () => {
  const random = createRandom(SEED);
  const parts = Array.from({ length: 10 }, () => 0);
  for (let round = 0; round < 200; round++) {
    for (const { first, count } of samplePages(10_000, 640, random)) {
      for (let page = first; page < first + count; page++) {
        const part = Math.floor(page / 1000);
        parts[part] = (parts[part] ?? 0) + 1;
      }
    }
  }
  const expected = (200 * 640) / 10;
  for (const count of parts) {
    assert.ok(Math.abs(count - expected) < expected * 0.05, `${count} of ${expected}`);
  }
});

test("a reservoir keeps every page of a stream with the same probability", () => {
  const random = createRandom(SEED);
  const [length, size, rounds] = [400, 40, 2000];
  const kept = Array.from({ length: 4 }, () => 0);
  for (let round = 0; round < rounds; round++) {
    const reservoir: number[] = [];
    for (let index = 0; index < length; index++) {
      const slot = reservoirSlot(index, size, random);
      assert.ok(slot >= -1 && slot < size);
      if (slot >= 0) reservoir[slot] = index;
    }
    assert.is(reservoir.length, size);
    for (const index of reservoir) {
      const quarter = Math.floor(index / (length / 4));
      kept[quarter] = (kept[quarter] ?? 0) + 1;
    }
  }
  const expected = (size * rounds) / 4;
  for (const count of kept) {
    assert.ok(Math.abs(count - expected) < expected * 0.03, `${count} of ${expected}`);
  }
});

test.run();
