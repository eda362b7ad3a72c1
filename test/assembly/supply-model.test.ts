/**
 * The model test of allocator and store, as long as a normal run allows; test/slow has more.
 */
import { suite } from "uvu";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { runModel } from "./allocator-model.ts";
import { testingModule } from "./testing-module.ts";

const model = suite("allocator model");
const SECONDS = Number(process.env.ZMEM_MODEL_SECONDS ?? 24);
const MIB = 1 << 20;

for (const [pageSize, share, seed] of [
  [4096, 0.7, 20261124],
  [16384, 0.15, 5],
  [65536, 0.15, 6],
] as const) {
  model(`random calls leave pages of ${pageSize} bytes as they were put`, () => {
    const module = testingModule();
    const seen = runModel(
      {
        seed,
        pageSize,
        keys: (24 * MIB) / pageSize,
        calls: 10_000_000,
        milliseconds: SECONDS * 1000 * share,
        checkEvery: 20_000,
        limitBytes: 20 * MIB,
        faults: true,
        createPool: (createInstance) => new ZmemBackend(createInstance, { limitBytes: 20 * MIB }),
      },
      module,
    );
    console.log(`seed ${seed}, pages of ${pageSize}: ${JSON.stringify(seen)}`);
  });
}

model.run();
