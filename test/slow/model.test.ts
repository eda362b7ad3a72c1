/** The model test at length: twelve million operations, a fresh seed each time unless ZMEM_SEED. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { zmemModel } from "../model-backends.ts";
import { runModel } from "../model.ts";
import { testingInstantiator } from "../modules.ts";

const test = suite("model at length");
const createInstance = testingInstantiator();
const firstSeed = Number(process.env["ZMEM_SEED"] ?? Date.now() % 1_000_000_000);

const RUNS = [
  { operations: 2_000_000, pageSize: 4096, options: {} },
  { operations: 2_000_000, pageSize: 4096, options: {} },
  { operations: 2_000_000, pageSize: 4096, options: { acceptRaw: false } },
  { operations: 2_000_000, pageSize: 4096, options: { maximumWasmPages: 24 }, scarce: true },
  { operations: 2_000_000, pageSize: 8192, options: {} },
  { operations: 1_000_000, pageSize: 16384, options: {} },
  { operations: 500_000, pageSize: 32768, options: {} },
  { operations: 500_000, pageSize: 65536, options: {} },
];

for (const [at, { operations, pageSize, options, scarce = false }] of RUNS.entries()) {
  const seed = firstSeed + at;
  const what = `${pageSize}-byte pages, ${JSON.stringify(options)}`;
  test(`${operations} random operations agree with a Map: ${what}, run ${at}`, () => {
    console.log(`seed ${seed}: ${operations} operations, ${what}`);
    const backend = { ...zmemModel(createInstance, options), isScarce: scarce };
    const tally = runModel({ seed, operations, pageSize, backend });
    console.log(`note ${JSON.stringify(tally)}`);
    for (const [name, count] of Object.entries(tally)) {
      assert.ok(count > 0, `the run is worth little: ${name} is 0`);
    }
  });
}

test.run();
