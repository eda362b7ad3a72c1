/** An area with a device under four workers in threads; test/slow has the long runs. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { endAllWorkers, runDeviceStress, type DeviceStressOptions } from "./device-stress.ts";
import { sharedTestingModule } from "./modules.ts";

const seed = Number(process.env["ZMEM_SEED"] ?? Math.floor(Math.random() * 1e6));
const module = sharedTestingModule();
const test = suite("shared pool with a device, stress");
test.after.each(endAllWorkers);

async function run(
  name: string,
  options: Partial<DeviceStressOptions>,
): ReturnType<typeof runDeviceStress> {
  const base = { module, seed, workers: 4, mode: "own", pages: 400 } as const;
  const seen = await runDeviceStress({ ...base, ...options });
  console.log(`seed ${seed}, ${name}: ${JSON.stringify(seen)}`);
  assert.ok(seen.calls > 0 && seen.writtenBackPages > 0 && seen.deviceReads > 0);
  return seen;
}

test("each worker's pages are what it knows, while all move them about", async () => {
  await run("own", { milliseconds: 4000 });
});

test("the same with storage that fails and a device that is soon full", async () => {
  const seen = await run("faults", { milliseconds: 3000, faultShare: 40, devicePages: 150 });
  assert.ok(seen.deviceErrors > 0);
});

test("the same on a file", async () => {
  await run("file", { milliseconds: 2000, storage: "file" });
});

test("what all workers see of a few pages can have happened in some order", async () => {
  await run("history", { mode: "history", pages: 24, calls: 1500 });
});

test("workers terminated at random moments", async () => {
  const seen = await run("killed", { kills: 12 });
  assert.is(seen.kills, 12);
});

test.run();
