/** Free runs: those of more than 255 granules, which share a list, and the shorter ones. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GRANULE_SIZE } from "../../src/backends/abi.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { lastInstance, testingModule, type TestingExports } from "./testing-module.ts";

const PIECE = 320;
const SHORT_RUNS = 60;
/** Index chunks lie at multiples of so many bytes. */
const CHUNK_SIZE = 256;
const LONGEST = 255;
const test = suite("free runs");

/** A pool without free runs and the start of `granules` that are in use. */
function start(granules: number): { readonly wasm: TestingExports; readonly base: number } {
  const module = testingModule();
  new ZmemBackend(module.createInstance).init(4096);
  const { exports: wasm } = lastInstance(module);
  const base = wasm.allocateRun(granules);
  assert.not.equal(base, 0);
  for (const length of [1024, 256, 64, 16, 4, 1]) while (wasm.takeRun(length) !== 0);
  return { wasm, base };
}

test("a run that fits is found behind many that are a little too short", () => {
  const { wasm, base } = start((SHORT_RUNS + 1) * PIECE);
  // Runs freed later come before it in the list.
  wasm.freeRun(base, 280);
  for (let piece = 1; piece <= SHORT_RUNS; piece++) {
    wasm.freeRun(base + piece * PIECE * GRANULE_SIZE, 260);
  }
  assert.is(wasm.takeRun(281), 0, "none is long enough");
  assert.is(wasm.takeRun(280), base);
  assert.is(wasm.takeRun(280), 0, "it was the only one");
});

test("the shortest run that is long enough is taken, whatever its length", () => {
  const { wasm, base } = start(LONGEST * (LONGEST + 2));
  const placeOf = (length: number): number => base + length * (LONGEST + 1) * GRANULE_SIZE;
  for (let length = 1; length <= LONGEST; length++) wasm.freeRun(placeOf(length), length);
  for (const length of [1, 63, 64, 65, 127, 128, 191, 192, 254, LONGEST]) {
    assert.is(wasm.takeRun(length), placeOf(length), `${length} granules`);
  }
  assert.is(wasm.takeRun(64), placeOf(66), "the next longer one, where its own list is empty");
  assert.is(wasm.takeRun(LONGEST), 0);
});

test("a run for index chunks is aligned, and what lies around it stays free", () => {
  const perChunk = CHUNK_SIZE / GRANULE_SIZE;
  const chunk = (address: number): number => Math.ceil(address / CHUNK_SIZE) * CHUNK_SIZE;
  for (let before = 0; before < perChunk; before++) {
    for (let behind = 0; behind < perChunk; behind++) {
      const { wasm, base } = start(64);
      const first = chunk(base) + CHUNK_SIZE;
      const from = first - before * GRANULE_SIZE;
      const length = before + 3 * perChunk + behind;
      wasm.freeRun(from, length);
      const taken = wasm.takeAlignedRun(2 * perChunk);
      assert.ok(taken >= from && taken + 2 * CHUNK_SIZE <= from + length * GRANULE_SIZE);
      assert.is(taken % CHUNK_SIZE, 0, `${before} before, ${behind} behind`);
      if (behind === 0)
        assert.is(taken, first + CHUNK_SIZE, "no gap where the run's end is aligned");
      wasm.freeRun(taken, 2 * perChunk);
      assert.is(wasm.takeRun(length), from, "all of it is one run again");
    }
  }
});

test.run();
