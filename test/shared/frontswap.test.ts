/**
 * The shared front-end under several workers: what they see, what is left, what it counts.
 *
 * Why so: everything runs before a small backend of the tests' own and before the real one.
 */
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Crew, endAllWorkers, type CrewOptions } from "./crew.ts";
import { isLinearizable } from "./linearizable.ts";
import { KEPT } from "./load.ts";

const SEED = Number(process.env["ZMEM_SEED"] ?? Math.floor(Math.random() * 1e6));
console.log(`seed ${SEED} (ZMEM_SEED=${SEED} repeats it)`);

const SHARED = new URL("../../build/zmem.shared.wasm", import.meta.url);
const MODULE = new WebAssembly.Module(readFileSync(SHARED));
const BACKENDS = [
  { name: "array backend", module: undefined },
  { name: "shared zmem backend", module: MODULE },
];

async function runCrew(options: CrewOptions, workers: number): Promise<Crew> {
  const crew = new Crew(options);
  const hands = await crew.startAll(workers);
  await Promise.all(hands.map(({ ended }) => ended));
  return crew;
}

for (const { name, module } of BACKENDS) {
  const test = suite(`SharedFrontswap with workers, ${name}`);

  test.after.each(endAllWorkers);

  test("4 workers on the same keys: pages whole, own, never stale; bits, counts exact", async () => {
    const options = { types: 3, pages: 100, mode: "random", seed: SEED, module } as const;
    const started = performance.now();
    const crew = await runCrew({ ...options, calls: 60_000 }, 4);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    crew.assertNoViolation();
    assert.is(crew.calls, 240_000);
    crew.assertAgreement();
    crew.assertCounters();
    console.log(`${name}: ${crew.calls} calls, ${crew.sum(KEPT)} puts kept, ${seconds} s`);
    crew.close();
  });

  test("what 4 workers see of a key is what some order of their calls allows", async () => {
    let calls = 0;
    let overlaps = 0;
    // How often calls overlap depends on how busy the machine is.
    for (let run = 0; run < 8 && overlaps < 100; run++) {
      const seed = SEED + run;
      const crew = new Crew({ types: 2, pages: 1, mode: "history", seed, module, calls: 10_000 });
      const hands = await crew.startAll(4);
      const events = (await Promise.all(hands.map(({ ended }) => ended))).flat();
      crew.assertNoViolation();
      crew.assertAgreement();
      crew.close();
      assert.ok(events.length >= 40_000, `${events.length} calls recorded`);
      calls += events.length;
      for (const key of [0, 1]) {
        const ofKey = events.filter((event) => event.key === key).sort((a, b) => a.from - b.from);
        overlaps += ofKey.filter((call, at) => call.to > (ofKey[at + 1]?.from ?? Infinity)).length;
        assert.ok(isLinearizable(ofKey), `seed ${seed}, key ${key}: no order explains the calls`);
      }
    }
    assert.ok(overlaps > 20, `${overlaps} calls overlapped another on their key`);
    console.log(`${name}: ${calls} calls, ${overlaps} overlap the next on their key`);
  });

  test("nothing survives flushArea, however many puts are under way", async () => {
    const crew = new Crew({ types: 2, pages: 64, mode: "random", seed: SEED, module });
    const hands = await crew.startAll(3);
    const { frontswap, ops } = crew;
    let flushedPages = 0;
    for (let round = 0; round < 300; round++) {
      flushedPages += frontswap.countPages(0);
      frontswap.flushArea(0);
      // Nobody else turns type 0 on.
      assert.is(ops.countPages(0), 0, `round ${round}: the backend keeps pages`);
      assert.is(frontswap.countPages(0), 0);
      for (let offset = 0; offset < 64; offset++) assert.is(frontswap.testPage(0, offset), false);
      frontswap.typeOn(0, 64);
      assert.is(frontswap.countPages(0) <= 64, true);
      const until = performance.now() + 1;
      while (performance.now() < until);
    }
    assert.ok(flushedPages > 300, `${flushedPages} pages flushed`);
    crew.stop();
    await Promise.all(hands.map(({ ended }) => ended));
    crew.assertNoViolation();
    crew.assertAgreement();
    crew.assertCounters();
    crew.close();
  });

  test.run();
}
