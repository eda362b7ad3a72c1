/**
 * What only asynchronous devices can get wrong: calls that are made before earlier ones have ended.
 */
import * as assert from "uvu/assert";
import type { AsyncSwapDevice, SlotBlock, StoredBlock } from "../../src/devices/device.ts";
import {
  assertBlock,
  assertEmpty,
  assertStored,
  type DeviceCase,
  type DeviceFactory,
  type WithDevice,
} from "./device.ts";
import { makeBlock } from "./device-blocks.ts";
import { createRandom } from "./pages.ts";

/** Adds the cases on the order of calls. */
export function addAsyncOrderCases(
  cases: DeviceCase[],
  factory: DeviceFactory<AsyncSwapDevice>,
  withDevice: WithDevice,
): void {
  const { pageSize } = factory;

  cases.push({
    name: "calls on one slot take effect in their order, none awaited",
    run: withDevice({}, async (device) => {
      const block = (seed: number): SlotBlock => ({
        slot: 1,
        tag: seed,
        block: makeBlock(seed, 100 * seed),
      });
      const results = await Promise.all([
        device.write(1, 1, block(1).block),
        device.read(1),
        device.writeCluster([block(2), { ...block(3), slot: 2 }]),
        device.read(1),
        device.discard(1),
        device.read(1),
        device.discard(1),
        device.write(1, 4, block(4).block),
        device.read(1),
      ]);
      assertBlock(results[1], block(1));
      assertBlock(results[3], block(2));
      assert.is(results[4], true);
      assert.is(results[5], null);
      assert.is(results[6], false);
      assertBlock(results[8], block(4));
      await assertStored(device, { ...block(3), slot: 2 });
    }),
  });

  cases.push({
    name: "the block is copied before the call returns",
    run: withDevice({}, async (device) => {
      const memory = new Uint8Array(pageSize);
      const writes: Promise<boolean>[] = [];
      for (let slot = 0; slot < 50; slot++) {
        memory.set(makeBlock(slot, pageSize));
        writes.push(device.write(0xffff - slot, slot, memory));
      }
      memory.fill(0);
      assert.ok((await Promise.all(writes)).every(Boolean));
      for (let slot = 0; slot < 50; slot++) {
        await assertStored(device, {
          slot: 0xffff - slot,
          tag: slot,
          block: makeBlock(slot, pageSize),
        });
      }
    }),
  });

  cases.push({
    name: "writes under way together don't exceed the capacity",
    run: withDevice({ pages: 10 }, async (device) => {
      const results = await Promise.all(
        Array.from({ length: 30 }, (_, slot) => device.write(slot, 0, makeBlock(slot, 300))),
      );
      assert.is(results.filter(Boolean).length, 10);
      assert.is(device.pages, 10);
      for (const [slot, written] of results.entries()) {
        if (written) await assertStored(device, { slot, tag: 0, block: makeBlock(slot, 300) });
        else await assertEmpty(device, slot);
      }
    }),
  });

  cases.push({
    name: "calls made before close end as if it had not been called",
    run: withDevice({}, async (device) => {
      await device.write(1, 1, makeBlock(1, 800));
      const reading = device.read(1);
      const writing = device.write(1, 2, makeBlock(2, 800));
      const again = device.read(1);
      await device.close();
      assertBlock(await reading, { slot: 1, tag: 1, block: makeBlock(1, 800) });
      assert.is(await writing, true);
      assertBlock(await again, { slot: 1, tag: 2, block: makeBlock(2, 800) });
    }),
  });

  const seed = Math.floor(Math.random() * 2 ** 32);
  cases.push({
    name: `agrees with a Map when calls overlap at random, seed ${seed}`,
    run: withDevice({}, async (device) => {
      const random = createRandom(seed);
      const model = new Map<number, SlotBlock>();
      for (let round = 0; round < 20; round++) {
        const checks: Promise<void>[] = [];
        for (let call = 0; call < 40; call++) {
          const slot = random.below(12);
          const expected = model.get(slot);
          const choice = random.below(3);
          if (choice === 0) {
            checks.push(device.read(slot).then((got) => compare(got, expected, slot)));
          } else if (choice === 1) {
            model.delete(slot);
            checks.push(device.discard(slot).then((was) => assert.is(was, expected !== undefined)));
          } else {
            const length = 1 + random.below(pageSize);
            const block = { slot, tag: call, block: makeBlock(random.next(), length) };
            model.set(slot, block);
            checks.push(device.write(slot, call, block.block).then((was) => assert.is(was, true)));
          }
        }
        await Promise.all(checks);
      }
    }),
  });
}

function compare(got: StoredBlock | null, expected: SlotBlock | undefined, slot: number): void {
  if (expected === undefined) assert.is(got, null, `slot ${slot} should be empty`);
  else assertBlock(got, expected);
}
