/**
 * The model test of the normal run: more than half a million operations, the seed of each run printed.
 * ZMEM_SEED sets another seed.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MapBackend } from "../src/backends/map.ts";
import type { Page } from "../src/types.ts";
import { mapModel, shardedModel, zmemModel } from "./model-backends.ts";
import { runModel, type ModelBackend } from "./model.ts";
import { testingInstantiator } from "./modules.ts";

const test = suite("model");
const createInstance = testingInstantiator();
const seed = Number(process.env["ZMEM_SEED"] ?? 20101122);

const RUNS: readonly [string, number, number, () => ModelBackend][] = [
  ["MapBackend", 4096, 100_000, () => mapModel()],
  ["ZmemBackend, pages of 4096", 4096, 400_000, () => zmemModel(createInstance)],
  ["ZmemBackend, pages of 16384", 16384, 80_000, () => zmemModel(createInstance)],
  ["ShardedZmemBackend", 4096, 50_000, () => shardedModel(createInstance)],
  [
    "ZmemBackend that refuses raw pages",
    4096,
    80_000,
    () => zmemModel(createInstance, { acceptRaw: false }),
  ],
];

for (const [name, pageSize, operations, makeBackend] of RUNS) {
  test(`${operations} random operations on ${name} agree with a Map`, () => {
    console.log(`seed ${seed}: ${operations} operations on ${name}`);
    const tally = runModel({ seed, operations, pageSize, backend: makeBackend() });
    console.log(`note ${JSON.stringify(tally)}`);
    for (const [what, count] of Object.entries(tally)) {
      assert.ok(count > 0, `the run is worth little: ${what} is 0`);
    }
  });
}

/** Backends that break one rule each; a model that does not notice is no test. */
class KeepsOlder extends MapBackend {
  override putPage(type: number, offset: number, page: Page): boolean {
    const older = new Uint8Array(page.length);
    const had = this.getPage(type, offset, older);
    const kept = super.putPage(type, offset, page);
    if (kept || !had) return kept;
    this.setEnabled(true);
    super.putPage(type, offset, older);
    this.setEnabled(false);
    return false;
  }
}

class LendsItsPages extends MapBackend {
  #last: Page | null = null;
  override putPage(type: number, offset: number, page: Page): boolean {
    const kept = super.putPage(type, offset, page);
    if (kept && this.#last !== null) super.putPage(type, offset, this.#last);
    this.#last = new Uint8Array(page);
    return kept;
  }
}

class FlushesTooMuch extends MapBackend {
  override flushArea(type: number): void {
    super.flushArea(type);
    if (type > 0) super.flushPage(type - 1, 0);
  }
}

class ForgetsToClose extends MapBackend {
  override flushArea(type: number): void {
    super.flushArea(type);
    super.openType(type);
  }
}

const MUTANTS = { KeepsOlder, LendsItsPages, FlushesTooMuch, ForgetsToClose };
for (const [name, Mutant] of Object.entries(MUTANTS)) {
  test(`the model notices a backend that breaks a rule: ${name}`, () => {
    const backend = mapModel(new Mutant());
    const run = { seed, operations: 100_000, pageSize: 4096, backend };
    assert.throws(() => runModel(run), /seed \d+, step \d+: /);
  });
}

test.run();
