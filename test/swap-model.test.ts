/**
 * The model test of swap areas in the normal run; the seed of each run is printed, and ZMEM_SEED
 * sets another.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MapBackend } from "../src/backends/map.ts";
import { MemorySwapDevice } from "../src/devices/memory.ts";
import { Frontswap } from "../src/frontswap.ts";
import { SwapArea } from "../src/swap-area.ts";
import { testingInstantiator } from "./modules.ts";
import { swapModelConfigurations } from "./swap-model-areas.ts";
import {
  MODEL_PAGES,
  runSwapModel,
  type AreaUnderTest,
  type SwapModelTally,
} from "./swap-model.ts";

const test = suite("model of swap areas");
const seed = Number(process.env["ZMEM_SEED"] ?? 20100422);
const OPERATIONS = 100_000;

for (const [name, configuration] of swapModelConfigurations(testingInstantiator())) {
  test(`${OPERATIONS} random operations agree with a Map: ${name}`, () => {
    const tally = runSwapModel({ seed, operations: OPERATIONS, ...configuration });
    console.log(`note seed ${seed}, ${name}: ${JSON.stringify(summarise(tally))}`);
    assert.ok(tally.kept > OPERATIONS / 20 && tally.found > OPERATIONS / 100, "worth little");
    if (name.startsWith("zmem") && !/no (device|eviction)|through|closed/.test(name)) {
      assert.ok((tally.moves.writtenBackPages ?? 0) > 100, "nothing was written back");
      if (!/no promotion|exclusive/.test(name)) {
        assert.ok((tally.moves.promotedPages ?? 0) > 100, "nothing came back");
      }
    }
    if (!name.includes("faulty")) return;
    assert.ok(tally.failedPuts + tally.failedGets > 0, "no fault was met");
  });
}

/** What is worth a line of the log. */
function summarise({ moves, ...tally }: SwapModelTally): Record<string, number> {
  const { writtenBackPages = 0, promotedPages = 0, skippedIncompressible = 0 } = moves;
  return { ...tally, writtenBackPages, promotedPages, skippedIncompressible };
}

/** Areas that break one rule each; a model that does not notice is no test. */
class ForgetsToDiscard extends MemorySwapDevice {
  override discard(slot: number): boolean {
    return this.tagOf(slot) >= 0;
  }
}

class LosesOne extends MemorySwapDevice {
  #reads = 0;
  override read(slot: number, into: Uint8Array): number {
    const length = super.read(slot, into);
    if (++this.#reads % 100 === 0 && length > 0) into[length - 1] = (into[length - 1] ?? 0) ^ 1;
    return length;
  }
}

class KeepsOlder extends MemorySwapDevice {
  override write(slot: number, tag: number, block: Uint8Array): boolean {
    return this.tagOf(slot) >= 0 || super.write(slot, tag, block);
  }
}

function makeBroken(device: MemorySwapDevice): AreaUnderTest {
  const backend = new MapBackend({ limitPages: 100 });
  const frontswap = new Frontswap();
  frontswap.register(backend);
  const area = new SwapArea(frontswap, { type: 0, pages: MODEL_PAGES, device });
  return {
    area,
    device,
    countPages: () => frontswap.countPages(0),
    isInPool: (offset) => frontswap.testPage(0, offset),
    limitTo: (random) => backend.setLimit(random.below(200)),
  };
}

const BROKEN: readonly [string, () => AreaUnderTest][] = [
  ["discards that do nothing", () => makeBroken(new ForgetsToDiscard())],
  ["a read that is wrong now and then", () => makeBroken(new LosesOne())],
  ["a device that keeps the older block", () => makeBroken(new KeepsOlder())],
];
for (const [name, make] of BROKEN) {
  test(`the model notices ${name}`, () => {
    assert.throws(() => runSwapModel({ seed, operations: 40_000, make }), /seed \d+, step \d+: /);
  });
}

test.run();
