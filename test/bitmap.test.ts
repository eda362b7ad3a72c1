import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Bitmap } from "../src/bitmap.ts";
import { createRandom } from "./conformance/pages.ts";

const test = suite("bitmap");

test("set and clear say whether they changed anything", () => {
  const bitmap = new Bitmap(100);
  assert.is(bitmap.has(40), false);
  assert.is(bitmap.set(40), true);
  assert.is(bitmap.set(40), false);
  assert.is(bitmap.has(40), true);
  assert.is(bitmap.has(39) || bitmap.has(41), false);
  assert.is(bitmap.clear(40), true);
  assert.is(bitmap.clear(40), false);
  assert.is(bitmap.has(40), false);
});

test("every size uses its last bit, and takes whole 32-bit words", () => {
  for (const size of [1, 31, 32, 33, 63, 64, 65, 1000]) {
    const bitmap = new Bitmap(size);
    for (let bit = 0; bit < size; bit++) assert.is(bitmap.set(bit), true);
    assert.is(bitmap.count(), size);
    assert.is(bitmap.next(size), -1);
    bitmap.clearAll();
    assert.is(bitmap.count(), 0);
    assert.is(bitmap.next(0), -1);
    assert.is(Bitmap.byteLength(size), Math.ceil(size / 32) * 4);
  }
  assert.is(new Bitmap(0).count(), 0);
  assert.is(new Bitmap(0).next(0), -1);
  assert.is(Bitmap.byteLength(2 ** 32), 2 ** 29);
});

test("next visits the set bits in order, the top bit of a word included", () => {
  const bitmap = new Bitmap(200);
  const bits = [0, 30, 31, 32, 63, 64, 150, 199];
  for (const bit of bits) bitmap.set(bit);
  const visited: number[] = [];
  for (let bit = bitmap.next(0); bit >= 0; bit = bitmap.next(bit + 1)) visited.push(bit);
  assert.equal(visited, bits);
});

test("random operations agree with a Set", () => {
  const seed = 31;
  const random = createRandom(seed);
  const size = 300;
  const bitmap = new Bitmap(size);
  const expected = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    const bit = random.below(size);
    if (random.below(2) === 0) {
      assert.is(bitmap.set(bit), !expected.has(bit), `seed ${seed}, step ${step}`);
      expected.add(bit);
    } else {
      assert.is(bitmap.clear(bit), expected.delete(bit), `seed ${seed}, step ${step}`);
    }
    if (step % 100 > 0) continue;
    assert.is(bitmap.count(), expected.size);
    const above = [...expected].filter((other) => other >= bit).sort((a, b) => a - b);
    assert.is(bitmap.next(bit), above[0] ?? -1);
  }
});

test("it lies in a buffer that is brought, shared or not, at a byte offset", () => {
  for (const buffer of [new ArrayBuffer(64), new SharedArrayBuffer(64)]) {
    const bitmap = new Bitmap(40, buffer, 16);
    bitmap.set(33);
    const words = new Uint32Array(buffer);
    assert.equal(
      [...words.entries()].filter(([, word]) => word !== 0),
      [[5, 2]],
    );
    // Another one on the same buffer sees the bits.
    assert.is(new Bitmap(40, buffer, 16).has(33), true);
  }
});

test.run();
