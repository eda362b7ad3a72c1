/** The devices that fail at random keep the contract of a device while they do. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AsyncBlockDevice } from "../../src/devices/async-blocks.ts";
import { BlockFileDevice } from "../../src/devices/block-file.ts";
import type { AsyncSwapDevice, SlotBlock } from "../../src/devices/device.ts";
import { assertBlock, asyncDeviceCases, deviceCases, liftDevice } from "../conformance/device.ts";
import { makeBlock } from "../conformance/device-blocks.ts";
import { createRandom } from "../conformance/pages.ts";
import {
  FaultyAsyncSwapDevice,
  FaultySwapDevice,
  type FaultCounts,
  type FaultRates,
} from "./faulty.ts";
import { MemoryFile } from "./memory-file.ts";
import { MemoryStore } from "./memory-store.ts";

const test = suite("faulty devices");
const options = { name: "faulty", pageSize: 4096, modelSteps: 1000 };

for (const { name, run } of deviceCases({
  ...options,
  create: (device) =>
    new FaultySwapDevice(new BlockFileDevice(new MemoryFile(), device), createRandom(1), {}),
})) {
  test(`without faults, synchronous: ${name}`, run);
}

for (const { name, run } of asyncDeviceCases({
  ...options,
  create: (device) =>
    new FaultyAsyncSwapDevice(new AsyncBlockDevice(new MemoryStore(), device), createRandom(1), {
      slow: 50,
    }),
})) {
  test(`without faults but slow, asynchronous: ${name}`, run);
}

const RATES: FaultRates = { writeFails: 50, readFails: 50, shortRead: 50, full: 50, slow: 5 };

async function checkContract(
  device: AsyncSwapDevice,
  counts: Readonly<FaultCounts>,
  expected: readonly (keyof FaultRates)[],
): Promise<void> {
  const random = createRandom(3);
  const model = new Map<number, SlotBlock>();
  for (let step = 0; step < 3000; step++) {
    const slot = random.below(50);
    if (random.below(2) === 0) {
      const block = { slot, tag: step & 0xff, block: makeBlock(step, 1 + random.below(300)) };
      try {
        if (await device.writeCluster([block])) model.set(slot, block);
      } catch {
        model.delete(slot);
      }
    } else {
      const was = model.get(slot);
      let got;
      try {
        got = await device.read(slot);
      } catch {
        assert.ok(was, "a read of an empty slot can't fail");
        continue;
      }
      if (was === undefined) assert.is(got, null);
      else assertBlock(got, was);
    }
    assert.is(device.pages, model.size);
  }
  for (const way of expected) assert.ok(counts[way] > 20 || way === "slow", `${way}`);
  assert.ok(counts.slow > 0 || !expected.includes("slow"));
}

test("a synchronous device with faults keeps the contract", async () => {
  const device = new FaultySwapDevice(
    new BlockFileDevice(new MemoryFile()),
    createRandom(2),
    RATES,
  );
  const ways = ["writeFails", "readFails", "shortRead", "full"] as const;
  await checkContract(liftDevice(device), device.counts, ways);
});

test("an asynchronous device with faults keeps the contract", async () => {
  const inner = new AsyncBlockDevice(new MemoryStore());
  const device = new FaultyAsyncSwapDevice(inner, createRandom(2), RATES);
  const ways = ["writeFails", "readFails", "shortRead", "full", "slow"] as const;
  await checkContract(device, device.counts, ways);
});

test("a device that closes in between refuses everything from then on", () => {
  const device = new FaultySwapDevice(new BlockFileDevice(new MemoryFile()), createRandom(2), {
    closes: 100,
    full: 500,
  });
  const isClosed = (error: unknown): boolean =>
    (error as { code?: unknown }).code === "ERR_ZMEM_CLOSED";
  let closed = false;
  for (let step = 0; step < 200 && !closed; step++) {
    try {
      device.write(step, 0, makeBlock(step, 10));
    } catch (error) {
      assert.ok(isClosed(error));
      closed = true;
    }
  }
  assert.ok(closed);
  for (let times = 0; times < 20; times++) {
    assert.throws(() => device.write(1, 0, makeBlock(1, 10)), isClosed);
    assert.throws(() => device.read(1, new Uint8Array(4096)), isClosed);
  }
});

test.run();
