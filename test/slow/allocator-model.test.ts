/**
 * The model test of allocator and store, 10 million calls, over one instance and over several.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ShardedZmemBackend } from "../../src/backends/sharded.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { runModel, type ModelOptions } from "../assembly/allocator-model.ts";
import { testingModule } from "../assembly/testing-module.ts";

const MIB = 1 << 20;
const seed = Number(process.env.ZMEM_SEED ?? Date.now() % 2 ** 31);

function run(options: Partial<ModelOptions>): void {
  const limitBytes = 24 * MIB;
  const seen = runModel(
    {
      seed,
      pageSize: 4096,
      keys: 8192,
      calls: 10_000_000,
      milliseconds: Infinity,
      checkEvery: 20_000,
      limitBytes,
      faults: true,
      createPool: (createInstance) => new ZmemBackend(createInstance, { limitBytes }),
      ...options,
    },
    testingModule(),
  );
  console.log(`seed ${seed}: ${JSON.stringify(seen)}`);
  assert.is(seen.calls, options.calls ?? 10_000_000);
}

const model = suite("allocator model, 10 million calls");

model("one instance, pages of 4096 bytes", () => run({}));

model("one instance, pages of 32768 bytes", () => {
  run({ pageSize: 32768, keys: 1024, calls: 2_000_000 });
});

model("four instances, pages of 4096 bytes", () => {
  run({
    calls: 2_000_000,
    createPool: (createInstance) =>
      new ShardedZmemBackend(createInstance, {
        limitBytes: 24 * MIB,
        maxInstanceBytes: 6 * MIB,
      }),
  });
});

model.run();
