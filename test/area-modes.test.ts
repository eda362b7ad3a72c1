/**
 * Modes of an area, its slots, swapOff and repatriation, and several areas by priority. What holds
 * under faults is the model test's.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MemorySwapDevice } from "../src/devices/memory.ts";
import { createZmemSync, type SwapArea, type Zmem } from "../src/index.ts";
import { SlotAllocator } from "../src/slot-allocator.ts";
import type { Page } from "../src/types.ts";
import type { SwapOnOptions, ZmemOptions } from "../src/zmem.ts";
import { assertSame } from "./conformance/case.ts";
import { createRandom, makePage } from "./conformance/pages.ts";
import { ScriptedDevice } from "./devices/scripted-device.ts";

const test = suite("modes of areas");

interface Setup {
  readonly zmem: Zmem;
  readonly area: SwapArea;
  readonly device: ScriptedDevice;
}

function setUp(areaOptions: Partial<SwapOnOptions> = {}, options: ZmemOptions = {}): Setup {
  const zmem = createZmemSync(options);
  const device = new ScriptedDevice(new MemorySwapDevice());
  return { zmem, device, area: zmem.swapOn({ pages: 1000, device, ...areaOptions }) };
}

const pageOf = (seed: number): Page => makePage("text", seed, 4096);

function assertGets(area: SwapArea, offset: number, page: Page): void {
  const got = new Uint8Array(4096);
  assert.is(area.get(offset, got), true, `offset ${offset} is absent`);
  assertSame(got, page, `offset ${offset}`);
}

function assertMisses(area: SwapArea, offset: number): void {
  assert.is(area.get(offset, new Uint8Array(4096)), false);
  assert.is(area.has(offset), false);
}

test("write-through: a put is in the pool and on the device, and the pool serves the get", () => {
  const { zmem, area, device } = setUp({ writeThrough: true });
  assert.is(area.put(1, pageOf(1)), true);
  assert.is(zmem.frontswap.testPage(area.type, 1), true);
  assert.is(device.tagOf(1) >= 0, true);
  assertGets(area, 1, pageOf(1));
  assert.not.ok(device.calls.includes("read"));
  assert.is(area.put(1, pageOf(2)), true);
  zmem.frontswap.dropPage(area.type, 1);
  assertGets(area, 1, pageOf(2));
  assert.ok(device.calls.includes("read"));
  assert.is(zmem.frontswap.testPage(area.type, 1), true, "it was promoted");
  assert.is(device.tagOf(1) >= 0, true, "and is still on the device");
  assert.is(area.flush(1), true);
  assertMisses(area, 1);
  assert.is(device.pages, 0);
});

test("write-through: a write that fails or is refused leaves nothing in the pool either", () => {
  for (const fault of ["write", "full"] as const) {
    const { zmem, area, device } = setUp({ writeThrough: true });
    area.put(1, pageOf(1));
    device.fault = fault;
    if (fault === "full") assert.is(area.put(1, pageOf(2)), false);
    else assert.throws(() => area.put(1, pageOf(2)), /on fire/);
    device.fault = "none";
    assertMisses(area, 1);
    assert.is(zmem.stats().currPages, 0);
    assert.is(zmem.stats().pages, 0);
    assert.is(device.pages, 0);
    assert.is(zmem.stats().flushes, 0);
  }
});

test("write-through: writeback drops pages from the pool without a write", () => {
  const { zmem, area, device } = setUp({ writeThrough: true }, { limitBytes: 512 * 1024 });
  for (let offset = 0; offset < 300; offset++) {
    assert.ok(area.put(offset, makePage("random", offset, 4096)));
  }
  assert.ok(zmem.stats().droppedPages > 100);
  assert.is(zmem.stats().writtenBackPages, 0);
  assert.not.ok(device.calls.some((call) => call.startsWith("writeCluster")));
  for (let offset = 0; offset < 300; offset++) {
    assertGets(area, offset, makePage("random", offset, 4096));
  }
});

test("write-through needs a device", () => {
  assert.throws(
    () => createZmemSync().swapOn({ pages: 10, writeThrough: true }),
    /writeThrough: expected a device/,
  );
});

test("exclusive get: the page leaves the pool, its bit is clear and the counters are right", () => {
  const { zmem, area } = setUp({ exclusiveGet: true });
  area.put(1, pageOf(1));
  area.put(2, pageOf(2));
  assertSameOnce(area, 1, pageOf(1));
  const { currPages, gets, flushes, pages } = zmem.stats();
  assert.equal([currPages, gets, flushes, pages], [1, 1, 0, 1]);
  assertMisses(area, 1);
  assert.is(area.put(1, pageOf(3)), true);
  assertSameOnce(area, 1, pageOf(3));
});

test("exclusive get: a page on the device leaves it; one that can't be read stays", () => {
  const { zmem, area, device } = setUp({ exclusiveGet: true });
  zmem.backend.setEnabled(false);
  area.put(1, pageOf(1));
  device.fault = "read";
  assert.throws(() => area.get(1, new Uint8Array(4096)), /on fire/);
  device.fault = "none";
  assertSameOnce(area, 1, pageOf(1));
  assertMisses(area, 1);
  assert.is(device.pages, 0);
});

test("exclusive get of a write-through area takes the pool's copy only", () => {
  const { zmem, area, device } = setUp({ exclusiveGet: true, writeThrough: true });
  area.put(1, pageOf(1));
  for (let times = 0; times < 3; times++) assertSameOnce(area, 1, pageOf(1));
  assert.is(zmem.stats().currPages, 0);
  assert.is(device.pages, 1);
});

function assertSameOnce(area: SwapArea, offset: number, page: Page): void {
  const got = new Uint8Array(4096);
  assert.is(area.get(offset, got), true);
  assertSame(got, page, `offset ${offset}`);
}

test("slots: the lowest that is free, none twice, and -1 when all are taken", () => {
  const slots = new SlotAllocator(70);
  for (let expected = 0; expected < 70; expected++) assert.is(slots.allocate(), expected);
  assert.is(slots.allocate(), -1);
  assert.is(slots.free(64), true);
  assert.is(slots.free(64), false);
  assert.is(slots.free(3), true);
  assert.is(slots.allocate(), 3);
  assert.is(slots.allocate(), 64);
  assert.is(slots.allocate(), -1);

  const random = createRandom(5);
  const taken = new Set<number>();
  const some = new SlotAllocator(33);
  for (let step = 0; step < 2000; step++) {
    if (random.below(2) === 0) {
      const lowest = Array.from({ length: 33 }, (_, at) => at).find((at) => !taken.has(at)) ?? -1;
      assert.is(some.allocate(), lowest);
      if (lowest >= 0) taken.add(lowest);
    } else {
      const offset = random.below(33);
      assert.is(some.free(offset), taken.delete(offset));
    }
  }
});

test("an allocated offset keeps a page until it is freed", () => {
  const { area } = setUp();
  const offset = area.allocate();
  area.put(offset, pageOf(1));
  area.free(offset);
  assertMisses(area, offset);
  assert.is(area.allocate(), offset);
  assert.throws(() => area.free(offset + 1), /expected one that was allocated/);
  assert.throws(() => area.free(-1), RangeError);
});

test("swapOut fills the area of the highest priority first, equal ones in turns", () => {
  const zmem = createZmemSync();
  const [low, first, second] = [
    zmem.swapOn({ pages: 10, priority: -1 }),
    zmem.swapOn({ pages: 3, priority: 5 }),
    zmem.swapOn({ pages: 3, priority: 5 }),
  ];
  const order = Array.from({ length: 8 }, (_, seed) => zmem.swapOut(pageOf(seed)));
  assert.equal(
    order.map((entry) => entry?.area.type),
    [first, second, first, second, first, second, low, low].map(({ type }) => type),
  );
  for (const [seed, entry] of order.entries()) {
    assert.ok(entry);
    assertGets(entry.area, entry.offset, pageOf(seed));
  }
  first.off();
  assert.is(zmem.swapOut(pageOf(9))?.area, low, "an area that is off takes no turn");
});

test("swapOut passes over areas that fail or are full, and says so only when none took it", () => {
  const { zmem, area, device } = setUp({ priority: 1 });
  zmem.backend.setEnabled(false);
  device.fault = "write";
  assert.throws(() => zmem.swapOut(pageOf(1)), /on fire/);
  assert.is(area.allocate(), 0, "the offset was given back");
  area.free(0);
  device.fault = "full";
  assert.is(zmem.swapOut(pageOf(1)), null);
  device.fault = "write";
  const other = zmem.swapOn({ pages: 10, device: new MemorySwapDevice() });
  assert.is(zmem.swapOut(pageOf(1))?.area, other);
  assert.throws(() => zmem.swapOut(new Uint8Array(3)), /expected 4096 bytes, got 3/);
  assert.is(area.allocate(), 0);
});

test("swapOff hands over every page, from pool and device, and refuses puts meanwhile", () => {
  const { zmem, area, device } = setUp();
  for (let offset = 0; offset < 20; offset++) {
    zmem.backend.setEnabled(offset % 2 === 0);
    assert.ok(area.put(offset * 3, pageOf(offset)));
  }
  const seen: number[] = [];
  area.swapOff((offset, page) => {
    assertSame(page, pageOf(offset / 3), `offset ${offset}`);
    assert.is(area.put(999, pageOf(1)), false, "a put during swapOff");
    assert.is(area.allocate(), -1);
    seen.push(offset);
  });
  assert.equal(
    seen,
    Array.from({ length: 20 }, (_, at) => at * 3),
  );
  assert.is(area.isOn, false);
  assert.is(device.pages, 0);
  assert.is(zmem.stats().pages, 0);
  assert.throws(() => area.put(1, pageOf(1)), /is off/);
});

test("swapOff that can't read a page leaves the area on, with the pages not handed over", () => {
  const { zmem, area, device } = setUp();
  area.put(1, pageOf(1));
  zmem.backend.setEnabled(false);
  area.put(2, pageOf(2));
  zmem.backend.setEnabled(true);
  area.put(3, pageOf(3));
  device.fault = "read";
  const seen: number[] = [];
  assert.throws(() => area.swapOff((offset) => seen.push(offset)), /on fire/);
  assert.equal(seen, [1]);
  assert.is(area.isOn, true);
  assertMisses(area, 1);
  assertGets(area, 3, pageOf(3));
  assert.throws(() =>
    area.swapOff(() => {
      throw new Error("no more room");
    }),
  );
  device.fault = "none";
  assert.is(area.put(4, pageOf(4)), true, "puts are taken again");
  area.swapOff((offset, page) => {
    assertSame(page, pageOf(offset), `offset ${offset}`);
    seen.push(offset);
  });
  assert.equal(seen, [1, 2, 3, 4]);
});

test("shrink moves pages to the device until at most so many are in the pool; 0 means all", () => {
  const { zmem, area, device } = setUp();
  for (let offset = 0; offset < 300; offset++) area.put(offset, pageOf(offset));
  for (let offset = 300; offset < 310; offset++) area.put(offset, new Uint8Array(4096));
  assert.equal(zmem.shrink(400), { pages: 0, done: true });
  assert.equal(zmem.shrink(200), { pages: 110, done: true });
  assert.is(zmem.stats().currPages, 200);
  assert.equal(zmem.shrink(0), { pages: 200, done: true });
  assert.is(zmem.stats().pages, 0);
  assert.is(device.pages, 310);
  assert.is(zmem.stats().shrunkPages + zmem.stats().writtenBackPages, 310);
  assert.is(zmem.stats().flushes, 0);
  for (let offset = 0; offset < 300; offset++) assertGets(area, offset, pageOf(offset));
});

test("shrink moves the coldest first", () => {
  const { zmem, area } = setUp();
  for (let offset = 0; offset < 300; offset++) area.put(offset, pageOf(offset));
  for (let offset = 0; offset < 300; offset += 3) assertGets(area, offset, pageOf(offset));
  zmem.shrink(200);
  for (let offset = 0; offset < 300; offset += 3) {
    assert.is(zmem.frontswap.testPage(area.type, offset), true, `offset ${offset}`);
  }
});

test("shrink offers to the caller what no device takes, and loses nothing that nobody takes", () => {
  for (const withDevice of [false, true]) {
    const zmem = createZmemSync();
    const device = new ScriptedDevice(new MemorySwapDevice());
    device.fault = "write";
    const area = zmem.swapOn(withDevice ? { pages: 100, device } : { pages: 100 });
    for (let offset = 0; offset < 100; offset++) area.put(offset, pageOf(offset));
    assert.equal(zmem.shrink(0), { pages: 0, done: false });
    const taken: number[] = [];
    const result = zmem.shrink(0, (from, offset, page) => {
      assert.is(from, area);
      assertSame(page, pageOf(offset), `offset ${offset}`);
      if (offset % 2 === 0) return false;
      taken.push(offset);
      return true;
    });
    assert.equal(result, { pages: 50, done: false });
    for (let offset = 0; offset < 100; offset++) {
      if (taken.includes(offset)) assertMisses(area, offset);
      else assertGets(area, offset, pageOf(offset));
    }
    assert.throws(() => zmem.shrink(-1), /targetPages: expected 0 or more, got -1/);
    assert.throws(
      () =>
        zmem.shrink(0, () => {
          throw new Error("stop");
        }),
      /stop/,
    );
    assert.is(zmem.stats().currPages, 50);
  }
});

test("shrink starts with the area of the lowest priority", () => {
  const zmem = createZmemSync();
  const high = zmem.swapOn({ pages: 10, priority: 2 });
  const low = zmem.swapOn({ pages: 10, priority: 1 });
  for (let offset = 0; offset < 10; offset++) {
    high.put(offset, pageOf(offset));
    low.put(offset, pageOf(offset));
  }
  const from: SwapArea[] = [];
  zmem.shrink(15, (area) => from.push(area) > 0);
  assert.is(from.length, 5);
  assert.ok(from.every((area) => area === low));
});

test("modes that need what is not there are refused, and so is a device twice", () => {
  const { zmem, device } = setUp();
  assert.throws(() => zmem.swapOn({ pages: 10, device }), /device: expected one of its own/);
  assert.throws(() => zmem.swapOn({ pages: 10, promote: true }), /promote: expected a device/);
  assert.throws(() => zmem.swapOn({ pages: 10, priority: Number.NaN }), /priority: .* got NaN/);
});

test.run();
