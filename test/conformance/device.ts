/**
 * The conformance suites of swap devices: what `SwapDevice` and `AsyncSwapDevice` must hold.
 *
 * What: `deviceCases` for synchronous devices, `asyncDeviceCases` for asynchronous ones. Most of the
 * contract is the same for both and is written once, against an asynchronous view of either; what
 * only one of them can do or break has cases of its own.
 *
 * Why so: a suite is a list of named functions that use nothing but uvu's assertions, so a file
 * device runs it in Node and an OPFS device in a worker of a real browser.
 */
import * as assert from "uvu/assert";
import type {
  AsyncSwapDevice,
  SlotBlock,
  StoredBlock,
  SwapDevice,
} from "../../src/devices/device.ts";
import { addAsyncOrderCases } from "./device-order.ts";
import { addModelCase } from "./device-model.ts";
import { makeBlock } from "./device-blocks.ts";

/** One test. */
export interface DeviceCase {
  readonly name: string;
  /** Rejects when the device does not hold what the name says. */
  run(): Promise<void>;
}

/** How devices of one kind are made. */
export interface DeviceFactory<Device> {
  readonly name: string;
  readonly pageSize: number;
  /** Steps of the model test. */
  readonly modelSteps: number;
  /** Makes an empty device; `pages` is its capacity. */
  create(options: { pages?: number }): Promise<Device> | Device;
}

/** A device as most cases see it. */
export type AnyDevice = AsyncSwapDevice;

/** Makes a device for a case, and closes it afterwards. */
export type WithDevice = (
  options: { pages?: number },
  use: (device: AnyDevice) => Promise<void>,
) => () => Promise<void>;

/** All cases for a synchronous device. */
export function deviceCases(factory: DeviceFactory<SwapDevice>): DeviceCase[] {
  const withDevice: WithDevice = (options, use) =>
    withClosing(
      () => factory.create(options),
      (device) => use(liftDevice(device)),
    );
  return [
    ...sharedCases(factory, withDevice),
    ...synchronousCases(factory.pageSize, (options, use) =>
      withClosing(() => factory.create(options), use),
    ),
  ];
}

/** All cases for an asynchronous device. */
export function asyncDeviceCases(factory: DeviceFactory<AsyncSwapDevice>): DeviceCase[] {
  const withDevice: WithDevice = (options, use) => withClosing(() => factory.create(options), use);
  const cases = sharedCases(factory, withDevice);
  addAsyncOrderCases(cases, factory, withDevice);
  return cases;
}

/** A synchronous device behind the interface of an asynchronous one. */
export function liftDevice(device: SwapDevice): AsyncSwapDevice {
  return {
    pageSize: device.pageSize,
    capacityPages: device.capacityPages,
    get pages() {
      return device.pages;
    },
    write: async (slot, tag, block) => device.write(slot, tag, block),
    writeCluster: async (blocks) => device.writeCluster(blocks),
    read: async (slot) => {
      const tag = device.tagOf(slot);
      const into = new Uint8Array(device.pageSize);
      const length = device.read(slot, into);
      assert.is(length === 0, tag === -1, "read and tagOf must agree on what is empty");
      return length === 0 ? null : { tag, block: into.subarray(0, length) };
    },
    discard: async (slot) => device.discard(slot),
    close: async () => device.close(),
  };
}

function withClosing<Device extends { close(): void | Promise<void> }>(
  create: () => Device | Promise<Device>,
  use: (device: Device) => void | Promise<void>,
): () => Promise<void> {
  return async () => {
    const device = await create();
    try {
      await use(device);
    } finally {
      await device.close();
    }
  };
}

/** Fails unless a slot gives exactly this block and tag. */
export async function assertStored(device: AnyDevice, expected: SlotBlock): Promise<void> {
  assertBlock(await device.read(expected.slot), expected);
}

/** Fails unless this is the block, byte for byte, and its tag. */
export function assertBlock(got: StoredBlock | null, expected: SlotBlock): void {
  const where = `slot ${expected.slot}`;
  if (got === null) return assert.unreachable(`${where} is empty`);
  assert.is(got.tag, expected.tag, `${where}: tag`);
  assert.is(got.block.length, expected.block.length, `${where}: length`);
  for (let at = 0; at < got.block.length; at++) {
    if (got.block[at] !== expected.block[at]) {
      assert.unreachable(`${where}: byte ${at} is ${got.block[at]}, not ${expected.block[at]}`);
    }
  }
}

/** Fails unless a slot is empty. */
export async function assertEmpty(device: AnyDevice, slot: number): Promise<void> {
  assert.is(await device.read(slot), null, `slot ${slot}`);
}

/** Fails unless the promise rejects with this code. */
export async function assertRejects(
  call: () => Promise<unknown>,
  matches: (error: unknown) => boolean,
  what: string,
): Promise<void> {
  let result: unknown;
  try {
    result = await call();
  } catch (error) {
    assert.ok(matches(error), `${what}: threw ${String(error)}`);
    return;
  }
  assert.unreachable(`${what}: expected an error, got ${String(result)}`);
}

/** Whether an error is a ZmemError with this code, of whatever bundle. */
export const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Error && (error as { code?: unknown }).code === code;

/** Slots that are near each other, far apart, and at both ends of the range. */
const SPREAD = [0, 1, 2, 63, 64, 255, 256, 257, 70_000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

function sharedCases(
  factory: DeviceFactory<SwapDevice | AsyncSwapDevice>,
  withDevice: WithDevice,
): DeviceCase[] {
  const { pageSize } = factory;
  const cases: DeviceCase[] = [];
  const add = (
    name: string,
    use: (device: AnyDevice) => Promise<void>,
    options: { pages?: number } = {},
  ): void => {
    cases.push({ name, run: withDevice(options, use) });
  };
  const lengths = [
    ...[1, 2, 3, 100, 255, 256, 257, 1000],
    ...[pageSize / 2, pageSize - 256, pageSize - 1, pageSize],
  ];

  add("says what it is: page size, capacity, and how many blocks it holds", async (device) => {
    assert.is(device.pageSize, pageSize);
    assert.is(device.capacityPages, Infinity);
    assert.is(device.pages, 0);
    await device.write(5, 0, makeBlock(1, 10));
    await device.write(5, 0, makeBlock(2, 10));
    await device.write(6, 0, makeBlock(1, 10));
    assert.is(device.pages, 2);
    await device.discard(5);
    assert.is(device.pages, 1);
  });

  add("an empty slot reads as empty, before and after others were written", async (device) => {
    for (const slot of SPREAD) await assertEmpty(device, slot);
    await device.write(1, 0, makeBlock(1, 100));
    for (const slot of SPREAD) if (slot !== 1) await assertEmpty(device, slot);
  });

  add("keeps blocks of every length, and their tags", async (device) => {
    const blocks = lengths.map((length, index) => ({
      slot: index * 3,
      tag: [0, 1, 15, 128, 255][index % 5] as number,
      block: makeBlock(index, length),
    }));
    for (const { slot, tag, block } of blocks) {
      assert.is(await device.write(slot, tag, block), true);
    }
    for (const block of blocks) await assertStored(device, block);
  });

  add("a read does not empty the slot", async (device) => {
    const block = { slot: 9, tag: 3, block: makeBlock(1, 700) };
    await device.write(9, 3, block.block);
    for (let times = 0; times < 3; times++) await assertStored(device, block);
  });

  add("copies: neither side sees what the other does to its memory", async (device) => {
    const bytes = makeBlock(1, 500);
    const writing = device.write(1, 7, bytes);
    bytes.fill(0xee);
    assert.is(await writing, true);
    const expected = { slot: 1, tag: 7, block: makeBlock(1, 500) };
    const got = await device.read(1);
    assertBlock(got, expected);
    got?.block.fill(0);
    await assertStored(device, expected);
  });

  add("takes views into larger buffers, on shared memory and on wasm memory", async (device) => {
    const memories: ArrayBufferLike[] = [
      new ArrayBuffer(3 * pageSize),
      new WebAssembly.Memory({ initial: 4 }).buffer,
    ];
    // Pages that are not isolated have none.
    if (typeof SharedArrayBuffer !== "undefined") {
      memories.push(new SharedArrayBuffer(3 * pageSize));
    }
    for (const [slot, memory] of memories.entries()) {
      const view = new Uint8Array(memory, 13, pageSize - 5);
      view.set(makeBlock(slot, pageSize - 5));
      assert.is(await device.writeCluster([{ slot, tag: 1, block: view }]), true);
      view.fill(0);
    }
    for (const slot of memories.keys()) {
      await assertStored(device, { slot, tag: 1, block: makeBlock(slot, pageSize - 5) });
    }
  });

  add("an overwrite replaces bytes, length and tag", async (device) => {
    for (const [index, length] of [pageSize, 10, 2000, pageSize, 1, 600].entries()) {
      const block = { slot: 4, tag: index, block: makeBlock(index, length) };
      assert.is(await device.write(4, index, block.block), true);
      await assertStored(device, block);
      assert.is(device.pages, 1);
    }
  });

  add("slot numbers are names: any u32, however far apart", async (device) => {
    const blocks = SPREAD.map((slot, index) => ({
      slot,
      tag: index,
      block: makeBlock(slot, 300 + index),
    }));
    for (const { slot, tag, block } of blocks) await device.write(slot, tag, block);
    for (const block of blocks) await assertStored(device, block);
    assert.is(device.pages, SPREAD.length);
  });

  add(
    "a discard empties its slot and no other, and says whether there was a block",
    async (device) => {
      for (const slot of SPREAD) await device.write(slot, 1, makeBlock(slot, 900));
      assert.is(await device.discard(64), true);
      assert.is(await device.discard(64), false);
      assert.is(await device.discard(12_345), false);
      await assertEmpty(device, 64);
      for (const slot of SPREAD) {
        if (slot !== 64) await assertStored(device, { slot, tag: 1, block: makeBlock(slot, 900) });
      }
      assert.is(await device.write(64, 2, makeBlock(5, 30)), true);
      await assertStored(device, { slot: 64, tag: 2, block: makeBlock(5, 30) });
    },
  );

  add("a cluster keeps blocks of mixed lengths in slots of their own", async (device) => {
    let slot = 0;
    for (const size of [0, 1, 2, 32, 64, 256]) {
      const blocks: SlotBlock[] = Array.from({ length: size }, (_, index) => ({
        slot: (slot += 1 + (index % 5) * 97),
        tag: index % 256,
        block: makeBlock(slot, lengths[index % lengths.length] as number),
      }));
      assert.is(await device.writeCluster(blocks), true, `${size} blocks`);
      for (const block of blocks) await assertStored(device, block);
    }
    assert.is(device.pages, 355);
  });

  add("a cluster overwrites, too, and single writes overwrite a cluster's", async (device) => {
    const cluster = (seed: number): SlotBlock[] =>
      Array.from({ length: 16 }, (_, slot) => ({
        slot,
        tag: seed,
        block: makeBlock(seed * 100 + slot, 200 + slot * seed),
      }));
    await device.write(3, 9, makeBlock(1, pageSize));
    for (const seed of [1, 2, 3]) {
      assert.is(await device.writeCluster(cluster(seed)), true);
      for (const block of cluster(seed)) await assertStored(device, block);
    }
    await device.write(7, 9, makeBlock(1, 50));
    for (const block of cluster(3)) {
      await assertStored(
        device,
        block.slot === 7 ? { slot: 7, tag: 9, block: makeBlock(1, 50) } : block,
      );
    }
    assert.is(device.pages, 16);
  });

  add(
    "when full it says false and changes nothing; a discard makes room again",
    async (device) => {
      assert.is(device.capacityPages, 4);
      const at = (slot: number, seed = slot): SlotBlock => ({
        slot,
        tag: seed,
        block: makeBlock(seed, 1000),
      });
      for (const slot of [0, 1, 2, 3]) {
        assert.is(await device.write(slot, slot, at(slot).block), true);
      }
      assert.is(await device.write(4, 4, at(4).block), false);
      await assertEmpty(device, 4);
      for (const slot of [0, 1, 2, 3]) await assertStored(device, at(slot));
      assert.is(await device.write(2, 50, at(2, 50).block), true, "an overwrite needs no room");
      await assertStored(device, at(2, 50));
      await device.discard(1);
      assert.is(await device.write(4, 4, at(4).block), true);
      assert.is(await device.write(1, 1, at(1).block), false);
      assert.is(device.pages, 4);
    },
    { pages: 4 },
  );

  add(
    "a cluster that does not fit as a whole changes nothing, overwrites included",
    async (device) => {
      const block = (slot: number, seed: number): SlotBlock => ({
        slot,
        tag: seed,
        block: makeBlock(seed, 400 + seed),
      });
      assert.is(await device.writeCluster([0, 1, 2].map((slot) => block(slot, slot))), true);
      const tooMany = [1, 2, 3, 4].map((slot) => block(slot, slot + 20));
      assert.is(await device.writeCluster(tooMany), false);
      for (const slot of [0, 1, 2]) await assertStored(device, block(slot, slot));
      for (const slot of [3, 4]) await assertEmpty(device, slot);
      const justFits = [0, 1, 2, 3].map((slot) => block(slot, slot + 20));
      assert.is(await device.writeCluster(justFits), true);
      for (const expected of justFits) await assertStored(device, expected);
    },
    { pages: 4 },
  );

  add(
    "slots are recycled: as much as it holds can be written again and again",
    async (device) => {
      for (let round = 0; round < 6; round++) {
        const blocks: SlotBlock[] = Array.from({ length: 24 }, (_, index) => ({
          slot: round * 1000 + index,
          tag: round,
          block: makeBlock(round * 64 + index, index % 3 === 0 ? pageSize : 100 + index * 40),
        }));
        assert.is(await device.writeCluster(blocks), true);
        for (const block of blocks) await assertStored(device, block);
        for (const { slot } of blocks) assert.is(await device.discard(slot), true);
      }
      assert.is(device.pages, 0);
    },
    { pages: 24 },
  );

  add("bad arguments are refused, and change nothing", async (device) => {
    const kept = { slot: 1, tag: 1, block: makeBlock(1, 100) };
    await device.write(1, 1, kept.block);
    const good = makeBlock(2, 100);
    const bad: [string, () => Promise<unknown>][] = [
      ["slot -1", () => device.write(-1, 0, good)],
      ["slot 2^32", () => device.write(2 ** 32, 0, good)],
      ["slot 1.5", () => device.read(1.5)],
      ["slot NaN", () => device.discard(Number.NaN)],
      ["no slot", () => device.read(undefined as unknown as number)],
      ["slot '1'", () => device.discard("1" as unknown as number)],
      ["tag 256", () => device.write(1, 256, good)],
      ["tag -1", () => device.write(1, -1, good)],
      ["no tag", () => device.write(1, undefined as unknown as number, good)],
      ["no bytes", () => device.write(1, 0, new Uint8Array(0))],
      ["too long", () => device.write(1, 0, new Uint8Array(pageSize + 1))],
      ["no block", () => device.write(1, 0, null as unknown as Uint8Array)],
      ["floats", () => device.write(1, 0, new Float64Array(4) as unknown as Uint8Array)],
      ["no cluster", () => device.writeCluster(null as unknown as SlotBlock[])],
      ["twice the same slot", () => device.writeCluster([kept, { ...kept, block: good }])],
      [
        "one of two bad",
        () =>
          device.writeCluster([
            { ...kept, block: good },
            { ...kept, slot: -2 },
          ]),
      ],
      [
        "257 blocks",
        () => device.writeCluster(Array.from({ length: 257 }, (_, slot) => ({ ...kept, slot }))),
      ],
    ];
    const isArgumentError = (error: unknown): boolean =>
      (error instanceof TypeError || error instanceof RangeError) &&
      /expected .* got /.test(error.message);
    for (const [what, call] of bad) await assertRejects(call, isArgumentError, what);
    assert.is(device.pages, 1);
    await assertStored(device, kept);
  });

  add("after close every call but close is refused", async (device) => {
    await device.write(1, 1, makeBlock(1, 100));
    await device.close();
    await device.close();
    assert.is(device.pages, 0);
    const closed = hasCode("ERR_ZMEM_CLOSED");
    await assertRejects(() => device.write(1, 1, makeBlock(1, 100)), closed, "write");
    await assertRejects(() => device.writeCluster([]), closed, "writeCluster");
    await assertRejects(() => device.read(1), closed, "read");
    await assertRejects(() => device.discard(1), closed, "discard");
  });

  cases.push({
    name: "two devices are apart, and closing one leaves the other alone",
    run: withDevice({}, async (first) => {
      const second = await factory.create({});
      const other = "tagOf" in second ? liftDevice(second) : second;
      try {
        await first.write(1, 1, makeBlock(1, 100));
        await assertEmpty(other, 1);
        await other.write(1, 2, makeBlock(2, 200));
        await assertStored(first, { slot: 1, tag: 1, block: makeBlock(1, 100) });
        await assertStored(other, { slot: 1, tag: 2, block: makeBlock(2, 200) });
      } finally {
        await other.close();
      }
      await assertStored(first, { slot: 1, tag: 1, block: makeBlock(1, 100) });
    }),
  });

  addModelCase(cases, factory, withDevice);
  return cases;
}

function synchronousCases(
  pageSize: number,
  withDevice: (
    options: { pages?: number },
    use: (device: SwapDevice) => void,
  ) => () => Promise<void>,
): DeviceCase[] {
  return [
    {
      name: "every call answers at once: its result is a value, not a promise",
      run: withDevice({}, (device) => {
        const into = new Uint8Array(pageSize);
        assert.is(device.write(1, 2, makeBlock(1, 33)), true);
        assert.is(device.writeCluster([{ slot: 2, tag: 9, block: makeBlock(2, 44) }]), true);
        assert.is(device.read(1, into), 33);
        assert.is(device.tagOf(2), 9);
        assert.is(device.discard(1), true);
        assert.is(device.tagOf(1), -1);
        assert.is(device.close(), undefined);
      }),
    },
    {
      name: "a read fills the beginning of its destination and nothing behind the block",
      run: withDevice({}, (device) => {
        device.write(1, 0, makeBlock(1, 33));
        const into = new Uint8Array(pageSize + 10).fill(0xa5);
        assert.is(device.read(1, into), 33);
        assertBlock(
          { tag: 0, block: into.slice(0, 33) },
          { slot: 1, tag: 0, block: makeBlock(1, 33) },
        );
        assert.is(
          into.subarray(33).findIndex((byte) => byte !== 0xa5),
          -1,
        );
      }),
    },
    {
      name: "a read of an empty slot leaves its destination alone",
      run: withDevice({}, (device) => {
        const into = new Uint8Array(pageSize).fill(0xa5);
        assert.is(device.read(1, into), 0);
        assert.is(
          into.findIndex((byte) => byte !== 0xa5),
          -1,
        );
      }),
    },
    {
      name: "a destination that a page would not fit in is refused",
      run: withDevice({}, (device) => {
        device.write(1, 0, makeBlock(1, 33));
        assert.throws(
          () => device.read(1, new Uint8Array(pageSize - 1)),
          (error: unknown) => error instanceof RangeError,
        );
        assert.throws(
          () => device.read(1, [] as unknown as Uint8Array),
          (error: unknown) => error instanceof TypeError,
        );
      }),
    },
    {
      name: "a read can fill a view on shared memory",
      run: withDevice({}, (device) => {
        device.write(1, 0, makeBlock(1, pageSize));
        // Pages that are not isolated have none.
        const memory =
          typeof SharedArrayBuffer === "undefined"
            ? new WebAssembly.Memory({ initial: 2 }).buffer
            : new SharedArrayBuffer(pageSize + 8);
        const into = new Uint8Array(memory, 8, pageSize);
        assert.is(device.read(1, into), pageSize);
        assertBlock(
          { tag: 0, block: into.slice() },
          { slot: 1, tag: 0, block: makeBlock(1, pageSize) },
        );
      }),
    },
  ];
}
