/** The long runs of the shared pool: 20 million calls, 1,000 workers terminated. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sharedModule } from "../shared/modules.ts";
import { runStress, type StressOptions } from "../shared/stress.ts";

const seed = Number(process.env.ZMEM_SEED ?? Date.now() % 2 ** 31);
const HOUR_MS = 3_600_000;
const test = suite("shared pool, long stress");

async function run(name: string, options: Partial<StressOptions>): Promise<void> {
  const seen = await runStress({ seed, workers: 4, milliseconds: HOUR_MS, ...options });
  console.log(`seed ${seed}, ${name}: ${JSON.stringify(seen)}`);
  assert.ok(seen.calls >= (options.calls ?? 1));
  assert.is(seen.kills, options.kills ?? 0);
}

test("1,000 workers terminated at random moments", () =>
  run("killed", { kills: 1000, keys: 400, stride: 3 }));

test("14 million calls, lone keys, testing build", () =>
  run("lone", { calls: 14_000_000, keys: 400, stride: 977 }));

test("6 million calls, release build, pages of 4096 bytes", () =>
  run("release", { calls: 6_000_000, module: sharedModule() }));

test.run();
