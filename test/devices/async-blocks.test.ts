/**
 * What the IndexedDB and Redis devices have in common, on a store in memory that can fail:
 * conformance, and each fault by itself.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AsyncBlockDevice } from "../../src/devices/async-blocks.ts";
import { SlotQueue } from "../../src/devices/slot-queue.ts";
import { assertRejects, assertStored, asyncDeviceCases, hasCode } from "../conformance/device.ts";
import { makeBlock } from "../conformance/device-blocks.ts";
import { createRandom } from "../conformance/pages.ts";
import { MemoryStore } from "./memory-store.ts";

const test = suite("devices on a store");
const isDeviceFailure = hasCode("ERR_ZMEM_DEVICE");

/** A store whose calls end after a random number of turns, so that they overtake each other. */
function makeSlowStore(): MemoryStore {
  const random = createRandom(7);
  const store = new MemoryStore();
  const wait = async (): Promise<void> => {
    for (let turns = random.below(6); turns > 0; turns--) await null;
  };
  store.beforePut = wait;
  store.beforeGet = wait;
  store.beforeDelete = wait;
  return store;
}

for (const { name, run } of asyncDeviceCases({
  name: "store in memory",
  pageSize: 4096,
  modelSteps: 3000,
  create: (options) => new AsyncBlockDevice(makeSlowStore(), options),
})) {
  test(name, run);
}

const stored = { slot: 1, tag: 3, block: makeBlock(1, 700) };

async function makeDevice(): Promise<{ store: MemoryStore; device: AsyncBlockDevice }> {
  const store = new MemoryStore();
  const device = new AsyncBlockDevice(store);
  await device.write(stored.slot, stored.tag, stored.block);
  return { store, device };
}

const fail = (): never => {
  throw new Error("injected");
};

test("a write that fails empties its slots, even if forgetting them fails as well", async () => {
  for (const deleteFails of [false, true]) {
    const { store, device } = await makeDevice();
    await device.write(2, 4, makeBlock(2, 50));
    store.beforePut = fail;
    if (deleteFails) store.beforeDelete = fail;
    await assertRejects(
      () =>
        device.writeCluster([
          { slot: 1, tag: 0, block: makeBlock(5, 10) },
          { slot: 9, tag: 0, block: makeBlock(6, 10) },
        ]),
      isDeviceFailure,
      "writeCluster",
    );
    assert.is(await device.read(1), null);
    assert.is(await device.read(9), null);
    assert.is(device.pages, 1);
    await assertStored(device, { slot: 2, tag: 4, block: makeBlock(2, 50) });
    store.beforePut = () => undefined;
    assert.is(await device.write(1, 3, stored.block), true);
    await assertStored(device, stored);
  }
});

test("what a failed write has left in the store is forgotten", async () => {
  const { store, device } = await makeDevice();
  store.put = async ([first]) => {
    if (first) store.values.set(first.slot, first.value);
    return fail();
  };
  const isRefused = device.write(4, 0, makeBlock(4, 4));
  await assertRejects(() => isRefused, isDeviceFailure, "write");
  assert.equal([...store.values.keys()], [1]);
});

test("a call waits for the last of its slot, not only for the first", async () => {
  const queue = new SlotQueue();
  const log: string[] = [];
  const call = (name: string, turns: number) => async (): Promise<void> => {
    log.push(`${name} begins`);
    for (; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    log.push(`${name} ends`);
  };
  const first = queue.run([1], call("first", 1));
  const second = queue.run([1, 2], call("second", 5));
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  const third = queue.run([1], call("third", 0));
  const other = queue.run([3], call("other", 0));
  await Promise.all([second, third, other]);
  assert.equal(log, [
    ...["first begins", "first ends", "second begins", "other begins", "other ends"],
    ...["second ends", "third begins", "third ends"],
  ]);
});

test("a store without room changes nothing", async () => {
  const { store, device } = await makeDevice();
  store.isFull = true;
  assert.is(await device.write(1, 9, makeBlock(9, 9)), false);
  assert.is(await device.write(2, 9, makeBlock(9, 9)), false);
  await assertStored(device, stored);
  assert.is(device.pages, 1);
});

test("a read that fails may be tried again", async () => {
  const { store, device } = await makeDevice();
  store.beforeGet = fail;
  await assertRejects(() => device.read(1), isDeviceFailure, "read");
  store.beforeGet = () => undefined;
  await assertStored(device, stored);
});

test("a value that was lost, cut or left by another write is an error, never data", async () => {
  const { store, device } = await makeDevice();
  const value = store.values.get(1) as Uint8Array;
  await device.write(1, 3, makeBlock(2, 700));
  const damages: [RegExp, Uint8Array | null][] = [
    [/has lost slot 1/, null],
    [/came short: 699 of 700/, value.subarray(0, 703)],
    [/came short: -4 of 700/, new Uint8Array(0)],
    [/holds what another write has left there/, value],
  ];
  for (const [message, damaged] of damages) {
    if (damaged === null) store.values.delete(1);
    else store.values.set(1, damaged);
    await assertRejects(
      () => device.read(1),
      (error) => isDeviceFailure(error) && message.test((error as Error).message),
      String(message),
    );
  }
});

test("a discard that the store fails at empties the slot nevertheless", async () => {
  const { store, device } = await makeDevice();
  store.beforeDelete = fail;
  await assertRejects(() => device.discard(1), isDeviceFailure, "discard");
  assert.is(await device.read(1), null);
  assert.is(device.pages, 0);
});

test("a close that the store fails at says so, and the device is closed", async () => {
  const { store, device } = await makeDevice();
  store.close = async () => fail();
  await assertRejects(() => device.close(), isDeviceFailure, "close");
  await assertRejects(() => device.read(1), hasCode("ERR_ZMEM_CLOSED"), "read");
});

test("calls on different slots share a turn", async () => {
  const store = new MemoryStore();
  const device = new AsyncBlockDevice(store);
  let atOnce = 0;
  store.beforePut = () => {
    atOnce += 1;
    return new Promise((resolve) => setTimeout(resolve, 5));
  };
  const writes = [1, 2, 3].map((slot) => device.write(slot, 0, makeBlock(slot, 5)));
  await null;
  assert.is(atOnce, 3);
  await Promise.all(writes);
});

test.run();
