/** Areas with a device on a shared pool against a plain Map, with faults; see device-model.ts. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runDeviceModel, type DeviceModelRun } from "./device-model.ts";
import { sharedTestingModule } from "./modules.ts";

const seed = Number(process.env["ZMEM_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const test = suite("shared pool with a device, model");

const RUNS: readonly (readonly [string, Partial<DeviceModelRun>])[] = [
  ["three workers, room for all on the device", { devicePages: 500 }],
  ["three workers, a device that is soon full", { devicePages: 60 }],
  ["one worker", { workers: 1, devicePages: 200 }],
  ["pages of 16 KiB", { pageSize: 16_384, devicePages: 200, operations: 4000 }],
];

for (const [name, options] of RUNS) {
  test(`12,000 calls or fewer: ${name}`, async () => {
    const run = { seed, operations: 12_000, workers: 3, pageSize: 4096, devicePages: 500 };
    const tally = await runDeviceModel({ module: sharedTestingModule(), ...run, ...options });
    console.log(`seed ${seed}, ${name}: ${JSON.stringify(tally)}`);
    assert.ok(tally.kept > 0 && tally.found > 0 && tally.writtenBack > 0 && tally.promoted > 0);
    assert.ok(tally.failedPuts + tally.failedGets > 0 && tally.deviceErrors > 0);
  });
}

test.run();
