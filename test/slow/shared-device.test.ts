/** The long runs of areas with a device on a shared pool: calls, workers terminated, every point. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { addDeathCases } from "../shared/device-death.ts";
import { runDeviceModel } from "../shared/device-model.ts";
import {
  endAllWorkers,
  runDeviceStress,
  type DeviceStressOptions,
} from "../shared/device-stress.ts";
import { sharedTestingModule } from "../shared/modules.ts";

const seed = Number(process.env["ZMEM_SEED"] ?? Math.floor(Math.random() * 1e6));
const module = sharedTestingModule();
const test = suite("shared pool with a device, long runs");
test.after.each(endAllWorkers);

async function run(name: string, options: Partial<DeviceStressOptions>): Promise<void> {
  const base = { module, seed, workers: 4, mode: "own", pages: 800 } as const;
  const seen = await runDeviceStress({ ...base, ...options });
  console.log(`seed ${seed}, ${name}: ${JSON.stringify(seen)}`);
  assert.ok(seen.writtenBackPages > 0 && seen.deviceReads > 0);
  assert.is(seen.kills, options.kills ?? 0);
}

test("300 workers terminated at random moments", () => run("killed", { kills: 300 }));

test("100 workers terminated, storage that fails, a device that is soon full", () =>
  run("killed, faults", { kills: 100, faultShare: 60, devicePages: 300, storage: "file" }));

test("two minutes of calls", () => run("own", { milliseconds: 120_000 }));

test("200,000 calls against a plain Map, with faults", async () => {
  const options = { module, seed, operations: 200_000, workers: 4, pageSize: 4096 };
  const tally = await runDeviceModel({ ...options, devicePages: 300 });
  console.log(`seed ${seed}, model: ${JSON.stringify(tally)}`);
  assert.ok(tally.writtenBack > 0 && tally.promoted > 0 && tally.deviceErrors > 0);
});

addDeathCases(test, 1);

test.run();
