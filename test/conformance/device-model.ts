/**
 * The model test of swap devices: random calls, each compared with a Map.
 *
 * Why so: what goes wrong in a device is a matter of order: a slot overwritten by a longer block
 * after its neighbour was discarded while the device was full. The seed is in every message.
 */
import * as assert from "uvu/assert";
import type { AsyncSwapDevice, SlotBlock, SwapDevice } from "../../src/devices/device.ts";
import type { AnyDevice, DeviceCase, DeviceFactory, WithDevice } from "./device.ts";
import { makeBlock } from "./device-blocks.ts";
import { createRandom, type Random } from "./pages.ts";

/** How many slots are used, how many of them the device holds. */
const SLOTS = 400;
const CAPACITY = 300;

/** What a slot holds: enough to make the block again. */
interface ModelBlock {
  readonly seed: number;
  readonly length: number;
  readonly tag: number;
}

/** Adds the model test. */
export function addModelCase(
  cases: DeviceCase[],
  factory: DeviceFactory<SwapDevice | AsyncSwapDevice>,
  withDevice: WithDevice,
): void {
  const { modelSteps, pageSize } = factory;
  const seed = Math.floor(Math.random() * 2 ** 32);
  cases.push({
    name: `agrees with a Map over ${modelSteps} random calls, seed ${seed}`,
    run: withDevice({ pages: CAPACITY }, async (device) => {
      const random = createRandom(seed);
      const model = new Map<number, ModelBlock>();
      for (let step = 0; step < modelSteps; step++) {
        try {
          await takeStep(device, model, random, pageSize);
          assert.is(device.pages, model.size, "blocks held");
        } catch (error) {
          throw new Error(`seed ${seed}, step ${step}: ${(error as Error).message}`, {
            cause: error,
          });
        }
      }
      for (let slot = 0; slot < SLOTS; slot++) await compareSlot(device, model, slot);
    }),
  });
}

async function takeStep(
  device: AnyDevice,
  model: Map<number, ModelBlock>,
  random: Random,
  pageSize: number,
): Promise<void> {
  const choice = random.below(100);
  if (choice < 35) return compareSlot(device, model, random.below(SLOTS));
  if (choice < 55) {
    const slot = random.below(SLOTS);
    assert.is(await device.discard(slot), model.delete(slot), `discard of slot ${slot}`);
    return;
  }
  const slots = new Set<number>();
  const size = choice < 90 ? 1 : 1 + random.below(48);
  while (slots.size < size) slots.add(random.below(SLOTS));
  const entries = [...slots].map((slot): [number, ModelBlock] => [
    slot,
    {
      seed: random.next(),
      length: random.below(4) === 0 ? pageSize : 1 + random.below(pageSize),
      tag: random.below(256),
    },
  ]);
  const blocks: SlotBlock[] = entries.map(([slot, { seed, length, tag }]) => ({
    slot,
    tag,
    block: makeBlock(seed, length),
  }));
  const newcomers = entries.filter(([slot]) => !model.has(slot)).length;
  const [first] = blocks as [SlotBlock];
  const written = await (size === 1
    ? device.write(first.slot, first.tag, first.block)
    : device.writeCluster(blocks));
  assert.is(written, model.size + newcomers <= CAPACITY, `write of ${size} blocks`);
  if (written) for (const [slot, block] of entries) model.set(slot, block);
}

async function compareSlot(
  device: AnyDevice,
  model: ReadonlyMap<number, ModelBlock>,
  slot: number,
): Promise<void> {
  const got = await device.read(slot);
  const expected = model.get(slot);
  if (expected === undefined) {
    assert.is(got, null, `slot ${slot} should be empty`);
    return;
  }
  assert.ok(got, `slot ${slot} is empty`);
  assert.is(got.tag, expected.tag, `slot ${slot}: tag`);
  const block = makeBlock(expected.seed, expected.length);
  assert.is(got.block.length, block.length, `slot ${slot}: length`);
  const at = block.findIndex((byte, index) => got.block[index] !== byte);
  assert.is(at, -1, `slot ${slot}: byte ${at} differs`);
}
