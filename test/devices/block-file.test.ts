/**
 * What the file and OPFS devices have in common, on a file in memory that can fail: conformance,
 * and each fault by itself and at random.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BlockFileDevice } from "../../src/devices/block-file.ts";
import type { SlotBlock } from "../../src/devices/device.ts";
import { assertBlock, deviceCases, hasCode } from "../conformance/device.ts";
import { makeBlock } from "../conformance/device-blocks.ts";
import { createRandom } from "../conformance/pages.ts";
import { FaultError, MemoryFile, type FileFaults } from "./memory-file.ts";

const test = suite("devices on a file");

for (const pageSize of [4096, 65536]) {
  for (const mostBytes of [Infinity, 1000]) {
    const cases = deviceCases({
      name: "memory file",
      pageSize,
      modelSteps: pageSize === 4096 ? 3000 : 500,
      create: (options) =>
        new BlockFileDevice(new MemoryFile({ mostBytes }), { ...options, pageSize }),
    });
    for (const { name, run } of cases) {
      test(`${pageSize}, ${mostBytes} bytes at a time: ${name}`, run);
    }
  }
}

const cluster = (first: number, count: number, length = 1500): SlotBlock[] =>
  Array.from({ length: count }, (_, index) => ({
    slot: first + index,
    tag: index & 0xff,
    block: makeBlock(first + index, length),
  }));

function assertHolds(device: BlockFileDevice, blocks: readonly SlotBlock[]): void {
  for (const block of blocks) {
    const into = new Uint8Array(device.pageSize);
    const length = device.read(block.slot, into);
    assertBlock(
      length === 0 ? null : { tag: device.tagOf(block.slot), block: into.subarray(0, length) },
      block,
    );
  }
}

test("a cluster goes out in one write, at however distant slots", () => {
  const file = new MemoryFile();
  const device = new BlockFileDevice(file);
  const blocks = cluster(0, 64).map((block, index) => ({ ...block, slot: index * 5000 }));
  assert.is(device.writeCluster(blocks), true);
  assert.is(file.writes, 1);
  assertHolds(device, blocks);
});

test("an overwrite gives the older block's place back", () => {
  const device = new BlockFileDevice(new MemoryFile());
  for (const length of [4096, 100, 700, 300]) {
    device.write(7, 0, makeBlock(1, length));
    assert.is(device.usedBytes, Math.ceil(length / 256) * 256);
  }
});

test("a write that moves nothing is a full disk", () => {
  const faults: FileFaults = {};
  const device = new BlockFileDevice(new MemoryFile(faults));
  device.writeCluster(cluster(0, 2));
  faults.movesNothing = true;
  assert.is(device.write(1, 5, makeBlock(9, 9)), false);
  assert.is(device.write(2, 5, makeBlock(9, 9)), false);
  assertHolds(device, cluster(0, 2));
  assert.is(device.pages, 2);
});

test("a write that fails empties its slots and harms nothing else", () => {
  const faults: FileFaults = {};
  const device = new BlockFileDevice(new MemoryFile(faults));
  device.writeCluster(cluster(0, 40));
  faults.beforeWrite = () => {
    throw new FaultError("EIO");
  };
  const failed = cluster(30, 20, 900);
  const isDeviceFailure = hasCode("ERR_ZMEM_DEVICE");
  assert.throws(() => device.writeCluster(failed), isDeviceFailure);
  delete faults.beforeWrite;
  assertHolds(device, cluster(0, 30));
  for (const { slot } of failed) {
    assert.is(device.read(slot, new Uint8Array(4096)), 0);
    assert.is(device.tagOf(slot), -1);
  }
  assert.is(device.pages, 30);
  assert.is(device.usedBytes, 30 * 1536, "its place in the file is free again");
  assert.is(device.writeCluster(failed), true);
  assertHolds(device, failed);
});

test("a read that fails or comes short is an error, leaves the page alone and can be repeated", () => {
  const faults: FileFaults = {};
  const file = new MemoryFile(faults);
  const device = new BlockFileDevice(file);
  device.writeCluster(cluster(0, 3));
  const into = new Uint8Array(4096).fill(0xa5);
  faults.beforeRead = () => {
    throw new FaultError("EIO");
  };
  assert.throws(() => device.read(1, into), hasCode("ERR_ZMEM_DEVICE"));
  delete faults.beforeRead;
  assertHolds(device, cluster(0, 3));
  file.truncate(4000);
  assert.throws(() => device.read(2, into), /slot 2 came short: 928 of 1500 bytes/);
  assert.is(
    into.findIndex((byte) => byte !== 0xa5),
    -1,
  );
  assertHolds(device, cluster(0, 2));
});

test("a full disk is false, not an error, and changes nothing; holes in the file still have room", () => {
  const file = new MemoryFile({ diskBytes: 64 * 1024 });
  const device = new BlockFileDevice(file);
  let count = 0;
  while (device.write(count, 1, makeBlock(count, 2048))) count += 1;
  assert.is(count, 32, "64 KiB hold 32 blocks of 2 KiB");
  const kept = (slots: number[]): SlotBlock[] =>
    slots.map((slot) => ({ slot, tag: 1, block: makeBlock(slot, 2048) }));
  assertHolds(device, kept([...Array(32).keys()]));
  assert.is(device.writeCluster(cluster(100, 3)), false);
  for (const slot of [3, 10, 20]) device.discard(slot);
  assert.is(device.writeCluster(cluster(100, 3)), true, "fills the holes");
  assertHolds(device, cluster(100, 3));
  assertHolds(device, kept([0, 1, 2, 4, 5, 31]));
  assert.is(device.write(5, 2, makeBlock(1, 4096)), false, "an overwrite needs room first");
  assertHolds(device, kept([5]));
});

test("a file has its own limit, too", () => {
  const file = new MemoryFile();
  const device = new BlockFileDevice(file, { maxBytes: 10 * 4096 });
  for (let slot = 0; slot < 10; slot++) {
    assert.is(device.write(slot, 0, makeBlock(slot, 4096)), true);
  }
  assert.is(device.write(10, 0, makeBlock(10, 1)), false);
  device.discard(4);
  assert.is(device.writeCluster(cluster(20, 2, 2000)), true);
  assert.ok(file.length <= 10 * 4096);
});

test("gives the end of the file back when much of it is free", () => {
  const file = new MemoryFile();
  const device = new BlockFileDevice(file);
  for (let first = 0; first < 1024; first += 64) device.writeCluster(cluster(first, 64, 4096));
  assert.is(file.length, 4 << 20);
  for (let slot = 1023; slot >= 100; slot--) device.discard(slot);
  assert.ok(file.length <= 2 << 20, `${file.length} bytes`);
  assertHolds(
    device,
    cluster(0, 100, 4096).map((b) => ({ ...b, tag: b.slot & 63 })),
  );
  for (let slot = 0; slot < 100; slot++) device.discard(slot);
  assert.is(device.usedBytes, 0);
});

test("under churn the file stays about twice its content, and a cluster takes few writes", () => {
  const file = new MemoryFile();
  const device = new BlockFileDevice(file);
  const random = createRandom(1);
  for (let round = 0; round < 3000; round++) {
    const first = random.below(128) * 32;
    // About 2,000 of 4,096 slots are filled at a time.
    const blocks = cluster(first, 32, 1).map((block) => ({
      ...block,
      block: makeBlock(1, 600 + random.below(2000)),
    }));
    device.writeCluster(blocks);
    while (device.pages > 2000) device.discard(random.below(4096));
  }
  const ratio = device.fileBytes / device.usedBytes;
  assert.ok(ratio < 2.5, `the file is ${ratio} times its content`);
  assert.ok(file.writes / 3000 < 6, `${file.writes / 3000} writes per cluster of 32`);
});

test("random faults never give wrong data and lose nothing that was not reported", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = createRandom(seed);
  const faults: FileFaults = {
    beforeRead: () => {
      if (random.below(20) === 0) throw new FaultError("EIO");
    },
    beforeWrite: () => {
      const dice = random.below(30);
      if (dice === 0) throw new FaultError("EIO");
      if (dice === 1) throw new FaultError("ENOSPC");
      faults.mostBytes = dice < 8 ? 1 + random.below(5000) : Infinity;
    },
    diskBytes: 1 << 20,
  };
  const device = new BlockFileDevice(new MemoryFile(faults));
  const model = new Map<number, SlotBlock>();
  const seen = { failedWrites: 0, full: 0, failedReads: 0 };
  for (let step = 0; step < 20_000; step++) {
    const first = random.below(600);
    const choice = random.below(10);
    if (choice < 4) {
      const blocks = cluster(first, 1 + random.below(choice === 0 ? 40 : 2), 1).map((block) => ({
        ...block,
        block: makeBlock(random.next(), 1 + random.below(4096)),
      }));
      try {
        if (device.writeCluster(blocks)) for (const block of blocks) model.set(block.slot, block);
        else seen.full += 1;
      } catch {
        seen.failedWrites += 1;
        for (const { slot } of blocks) model.delete(slot);
      }
    } else if (choice < 6) {
      assert.is(device.discard(first), model.delete(first), `seed ${seed}, step ${step}`);
    } else {
      const into = new Uint8Array(4096);
      let length: number;
      try {
        length = device.read(first, into);
      } catch {
        seen.failedReads += 1;
        continue;
      }
      const expected = model.get(first);
      if (expected === undefined) assert.is(length, 0, `seed ${seed}, step ${step}`);
      else assertBlock({ tag: device.tagOf(first), block: into.subarray(0, length) }, expected);
    }
    assert.is(device.pages, model.size, `seed ${seed}, step ${step}`);
  }
  for (const [what, times] of Object.entries(seen)) assert.ok(times > 10, `${what}: ${times}`);
  delete faults.beforeRead;
  assertHolds(device, [...model.values()]);
});

test("bad options are refused", () => {
  const bad = [{ pageSize: 5000 }, { pages: 0 }, { pages: -1 }, { maxBytes: 100 }];
  for (const options of bad) {
    assert.throws(
      () => new BlockFileDevice(new MemoryFile(), options),
      (error: unknown) => error instanceof RangeError,
    );
  }
});

test.run();
