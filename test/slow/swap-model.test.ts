/** The model test of swap areas at length: a million operations each, a fresh seed unless ZMEM_SEED. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { testingInstantiator } from "../modules.ts";
import { swapModelConfigurations } from "../swap-model-areas.ts";
import { runSwapModel } from "../swap-model.ts";

const test = suite("model of swap areas at length");
const seed = Number(process.env["ZMEM_SEED"] ?? Date.now() % 1_000_000_000);
const OPERATIONS = 1_000_000;

for (const [name, configuration] of swapModelConfigurations(testingInstantiator())) {
  test(`${OPERATIONS} random operations agree with a Map: ${name}`, () => {
    console.log(`seed ${seed}: ${name}`);
    const { moves, ...tally } = runSwapModel({ seed, operations: OPERATIONS, ...configuration });
    console.log(`note ${JSON.stringify(tally)}`);
    assert.ok(tally.kept > 0 && tally.found > 0 && moves !== undefined);
  });
}

test.run();
