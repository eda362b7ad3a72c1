/** Workers of Node on one pool, about 40 s: no page torn, foreign, stale or lost, whoever dies. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sharedModule } from "./modules.ts";
import { runStress, type StressOptions } from "./stress.ts";

const seed = Number(process.env.ZMEM_SEED ?? Date.now() % 2 ** 31);
const test = suite("shared pool, stress");

async function run(name: string, options: Omit<StressOptions, "seed">): Promise<void> {
  const seen = await runStress({ seed, ...options });
  console.log(`seed ${seed}, ${name}: ${JSON.stringify(seen)}`);
  assert.ok(seen.calls > 0, "calls were made");
  if (options.kills !== undefined) assert.is(seen.kills, options.kills);
}

test("4 workers, dense keys, nothing rejected", () =>
  run("dense", { workers: 4, milliseconds: 12_000 }));

test("4 workers, lone keys: groups and chunks come and go", () =>
  run("lone", { workers: 4, milliseconds: 10_000, keys: 400, stride: 977 }));

test("4 workers under a tight limit, with areas flushed", () =>
  run("tight", { workers: 4, milliseconds: 7000, limitBytes: 256 * 1024 }));

test("2 workers on the release build", () =>
  run("release", { workers: 2, milliseconds: 5000, module: sharedModule() }));

test("4 workers, of which 20 are terminated at random moments", () =>
  run("killed", { workers: 4, milliseconds: 120_000, kills: 20, keys: 400, stride: 3 }));

test.run();
