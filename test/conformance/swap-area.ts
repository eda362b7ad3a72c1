/**
 * The part of the conformance suite that shows only with a swap device behind the front-end: a page
 * is in the backend or on the device, never in both and never stale.
 */
import * as assert from "uvu/assert";
import type { SwapDevice } from "../../src/devices/device.ts";
import { MemorySwapDevice } from "../../src/devices/memory.ts";
import { Frontswap } from "../../src/frontswap.ts";
import { SwapArea } from "../../src/swap-area.ts";
import type { FrontswapOps, Page } from "../../src/types.ts";
import { RAW_FORM } from "../../src/types.ts";
import { assertSame, type BackendFactory, type CaseList } from "./case.ts";
import { createRandom, makePage, PAGE_KINDS } from "./pages.ts";

interface Setup {
  readonly area: SwapArea;
  readonly frontswap: Frontswap;
  readonly device: MemorySwapDevice;
  /** From now on the backend keeps nothing, or keeps again. */
  reject(on: boolean): void;
}

function setUp(factory: BackendFactory, pages: number, devicePages = pages): Setup {
  const { ops } = factory.create();
  let rejecting = false;
  const choosy: FrontswapOps = {
    init: (pageSize) => ops.init(pageSize),
    openType: (type) => ops.openType(type),
    putPage: (type, offset, page) => {
      if (!rejecting) return ops.putPage(type, offset, page);
      ops.flushPage(type, offset);
      return false;
    },
    getPage: (type, offset, page) => ops.getPage(type, offset, page),
    flushPage: (type, offset) => ops.flushPage(type, offset),
    flushArea: (type) => ops.flushArea(type),
    countPages: (type) => ops.countPages(type),
  };
  const frontswap = new Frontswap({ pageSize: factory.pageSize });
  frontswap.register(choosy);
  const device = new MemorySwapDevice({ pageSize: factory.pageSize, pages: devicePages });
  const area = new SwapArea(frontswap, { type: 0, pages, device });
  return { area, frontswap, device, reject: (on) => (rejecting = on) };
}

function assertGets(area: SwapArea, offset: number, page: Page): void {
  const got = new Uint8Array(page.length);
  assert.is(area.get(offset, got), true, `offset ${offset} is absent`);
  assertSame(got, page, `offset ${offset}`);
  assert.is(area.has(offset), true);
}

function assertMisses(area: SwapArea, offset: number, size: number): void {
  assert.is(area.get(offset, new Uint8Array(size)), false, `offset ${offset} is there`);
  assert.is(area.has(offset), false);
}

function isOnDevice(device: SwapDevice, slot: number): boolean {
  return device.tagOf(slot) >= 0;
}

/** Adds the cases for one backend. */
export function addSwapAreaCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;
  const first = makePage("text", 1, pageSize);
  const second = makePage("sparse", 2, pageSize);
  const third = makePage("random", 3, pageSize);

  list.add(35, "off ends with a flush of the whole area, in the backend and on the device", () => {
    const { area, frontswap, device, reject } = setUp(factory, 10);
    area.put(1, first);
    reject(true);
    area.put(2, second);
    assert.is(device.pages, 1);
    area.off();
    assert.is(device.pages, 0);
    assert.is(frontswap.counters().currPages, 0);
    assert.is(frontswap.isOn(0), false);
  });

  list.add(39, "a page is in the backend or on the device, never in both", () => {
    const { area, frontswap, device, reject } = setUp(factory, 10);
    area.put(1, first);
    assert.equal([frontswap.testPage(0, 1), isOnDevice(device, 1)], [true, false]);
    reject(true);
    assert.is(area.put(1, second), true);
    assert.equal([frontswap.testPage(0, 1), isOnDevice(device, 1)], [false, true]);
    assertGets(area, 1, second);
    reject(false);
    assert.is(area.put(1, third), true);
    assert.equal([frontswap.testPage(0, 1), isOnDevice(device, 1)], [true, false]);
    assertGets(area, 1, third);
    assert.is(area.flush(1), true);
    assertMisses(area, 1, pageSize);
    assert.is(area.flush(1), false);
    assert.is(device.pages, 0);
  });

  list.add(39, "random puts, gets and flushes over a choosy backend and a small device", () => {
    const { area, frontswap, device, reject } = setUp(factory, 24, 6);
    const random = createRandom(39);
    const expected = new Map<number, Page>();
    for (let step = 0; step < 600; step++) {
      const offset = random.below(24);
      reject(random.below(2) === 0);
      const action = random.below(4);
      if (action === 0) {
        assert.is(area.flush(offset), expected.delete(offset));
      } else if (action === 1) {
        const kept = expected.get(offset);
        if (kept === undefined) assertMisses(area, offset, pageSize);
        else assertGets(area, offset, kept);
      } else {
        const page = makePage(PAGE_KINDS[step % PAGE_KINDS.length] ?? "zero", step, pageSize);
        if (area.put(offset, page)) expected.set(offset, page);
        else expected.delete(offset);
      }
      assert.is(frontswap.testPage(0, offset) && isOnDevice(device, offset), false);
      assert.is(frontswap.countPages(0) + device.pages, expected.size, `step ${step}`);
      assert.is(area.pagesOnDevice, device.pages);
    }
    for (const [offset, page] of expected) assertGets(area, offset, page);
  });

  list.add(39, "random ranges over a choosy backend and a small device are as single pages", () => {
    const { area, frontswap, device, reject } = setUp(factory, 24, 6);
    const random = createRandom(40);
    const expected = new Map<number, Page>();
    const buffers = [1, 2, 5, 8].map((count) => new Uint8Array(count * pageSize));
    let tried = 0;
    for (let step = 0; step < 100; step++) {
      const bytes = buffers[random.below(buffers.length)] as Page;
      const count = bytes.length / pageSize;
      const from = random.below(24 - count + 1);
      const pageAt = (index: number): Page => bytes.slice(index * pageSize, (index + 1) * pageSize);
      if (random.below(2) === 0) {
        area.flush(from);
        expected.delete(from);
        bytes.fill(0xa5);
        let found = 0;
        for (let index = 0; index < count; index++) found += expected.has(from + index) ? 1 : 0;
        assert.is(area.getRange(from, bytes), found, `step ${step}`);
        const nothing = new Uint8Array(pageSize).fill(0xa5);
        for (let index = 0; index < count; index++) {
          assertSame(pageAt(index), expected.get(from + index) ?? nothing, `step ${step}`);
        }
      } else {
        reject(random.below(2) === 0);
        for (let index = 0; index < count; index++) {
          const kind = PAGE_KINDS[random.below(PAGE_KINDS.length)] ?? "zero";
          bytes.set(makePage(kind, step + index, pageSize), index * pageSize);
        }
        const kept = area.putRange(from, bytes);
        tried += count;
        let present = 0;
        for (let index = 0; index < count; index++) {
          if (!area.has(from + index)) expected.delete(from + index);
          else expected.set(from + index, pageAt(index));
          present += area.has(from + index) ? 1 : 0;
        }
        assert.is(kept, present, `step ${step}`);
      }
      const { currPages, succPuts, failedPuts } = frontswap.counters();
      assert.is(succPuts + failedPuts, tried);
      assert.is(currPages, frontswap.countPages(0));
      assert.is(currPages + device.pages, expected.size, `step ${step}`);
    }
    for (const [offset, page] of expected) assertGets(area, offset, page);
  });

  list.add(40, "what the device had is never read while the backend has the page", () => {
    const { area, device, reject } = setUp(factory, 10);
    reject(true);
    area.put(1, first);
    reject(false);
    area.put(1, second);
    // A device that forgets to discard: its copy is stale now.
    device.write(1, RAW_FORM, first);
    assertGets(area, 1, second);
    area.flush(1);
    assertMisses(area, 1, pageSize);
  });

  list.add(
    43,
    "with a device as large as the area every put is kept, without one it may be false",
    () => {
      const { area, reject } = setUp(factory, 4);
      reject(true);
      for (let offset = 0; offset < 4; offset++) assert.is(area.put(offset, first), true);
      for (let offset = 0; offset < 4; offset++) assertGets(area, offset, first);

      const small = setUp(factory, 4, 1);
      small.reject(true);
      assert.is(small.area.put(0, first), true);
      assert.is(small.area.put(1, first), false);
      assertMisses(small.area, 1, pageSize);

      const bare = new SwapArea(small.frontswap, { type: 1, pages: 4 });
      assert.is(bare.put(0, first), false);
      assertMisses(bare, 0, pageSize);
      small.reject(false);
      assert.is(bare.put(0, second), true);
      assertGets(bare, 0, second);
    },
  );

  addDamagedRange(list, factory);
}

function addDamagedRange(list: CaseList, factory: BackendFactory): void {
  if (factory.create().corrupt === undefined) return;
  list.add(
    26,
    "a damaged page ends a range: those before it are there, the rest is untouched",
    () => {
      const { pageSize } = factory;
      const backend = factory.create();
      const frontswap = new Frontswap({ pageSize });
      frontswap.register(backend.ops);
      const area = new SwapArea(frontswap, { type: 0, pages: 3 });
      const bytes = new Uint8Array(3 * pageSize);
      for (let index = 0; index < 3; index++) {
        bytes.set(makePage("text", index, pageSize), index * pageSize);
      }
      assert.is(area.putRange(0, bytes), 3);
      backend.corrupt?.(0, 1);
      const got = new Uint8Array(3 * pageSize).fill(0xa5);
      const isCorrupt = (error: unknown): boolean =>
        error instanceof Error && (error as { code?: unknown }).code === "ERR_ZMEM_CORRUPT";
      assert.throws(() => area.getRange(0, got), isCorrupt);
      assertSame(got.subarray(0, pageSize), bytes.subarray(0, pageSize), "page 0");
      assert.ok(got.subarray(pageSize).every((byte) => byte === 0xa5));
      assert.is(area.putRange(0, bytes), 3);
      assert.is(area.getRange(0, got), 3);
      assertSame(got, bytes, "the range that was put anew");
    },
  );
}
