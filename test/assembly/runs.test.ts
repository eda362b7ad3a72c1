/** Free runs of more than 63 granules, which share a list with others about as long. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { lastInstance, testingModule } from "./testing-module.ts";

const GRANULE = 256;
const PIECE = 80;
const SHORT_RUNS = 60;
const test = suite("free runs");

test("a run that fits is found behind many that are a little too short", () => {
  const module = testingModule();
  new ZmemBackend(module.createInstance).init(4096);
  const { allocateRun, takeRun, freeRun } = lastInstance(module).exports;
  const base = allocateRun((SHORT_RUNS + 1) * PIECE);
  assert.not.equal(base, 0);
  for (const granules of [PIECE, 64]) while (takeRun(granules) !== 0);
  // Runs freed later come before it in the list.
  freeRun(base, 70);
  for (let piece = 1; piece <= SHORT_RUNS; piece++) freeRun(base + piece * PIECE * GRANULE, 65);
  assert.is(takeRun(71), 0, "none is long enough");
  assert.is(takeRun(70), base);
  assert.is(takeRun(70), 0, "it was the only one");
});

test.run();
