/**
 * The swap area when things go wrong: devices that are full, fail, lie or are closed. What it does
 * when all is well is numbers 35, 39, 40 and 43 of the conformance suite.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MapBackend } from "../src/backends/map.ts";
import { MemorySwapDevice } from "../src/devices/memory.ts";
import { ZmemError, type ZmemErrorCode } from "../src/errors.ts";
import { Frontswap } from "../src/frontswap.ts";
import { SwapArea } from "../src/swap-area.ts";
import type { Page } from "../src/types.ts";
import { assertSame } from "./conformance/case.ts";
import { createRandom, makePage, PAGE_KINDS } from "./conformance/pages.ts";
import { ScriptedDevice } from "./devices/scripted-device.ts";

const test = suite("swap area");
const first = makePage("text", 1, 4096);
const second = makePage("random", 2, 4096);

function setUp(pages = 10): {
  area: SwapArea;
  frontswap: Frontswap;
  backend: MapBackend;
  device: ScriptedDevice;
} {
  const backend = new MapBackend();
  const frontswap = new Frontswap();
  frontswap.register(backend);
  const device = new ScriptedDevice(new MemorySwapDevice());
  const area = new SwapArea(frontswap, { type: 0, pages, device });
  return { area, frontswap, backend, device };
}

function hasCode(code: ZmemErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof ZmemError && error.code === code;
}

function assertGets(area: SwapArea, offset: number, page: Page): void {
  const got = new Uint8Array(page.length);
  assert.is(area.get(offset, got), true);
  assertSame(got, page, `offset ${offset}`);
}

function assertMisses(area: SwapArea, offset: number): void {
  const got = new Uint8Array(4096).fill(0xa5);
  assert.is(area.get(offset, got), false);
  assert.is(area.has(offset), false);
  assert.ok(got.every((byte) => byte === 0xa5));
}

test("a failed write is reported to its put, and the older copy is gone wherever it was", () => {
  for (const olderOnDevice of [false, true]) {
    const { area, backend, device } = setUp();
    if (olderOnDevice) backend.setEnabled(false);
    area.put(1, first);
    area.put(2, first);
    backend.setEnabled(false);
    device.fault = "write";
    assert.throws(() => area.put(1, second), hasCode("ERR_ZMEM_DEVICE"));
    assertMisses(area, 1);
    device.fault = "none";
    assertMisses(area, 1);
    assertGets(area, 2, first);
    assert.is(area.put(1, second), true);
    assertGets(area, 1, second);
  }
});

test("a full device is a rejected put, and the older copy is gone wherever it was", () => {
  for (const olderOnDevice of [false, true]) {
    const { area, backend, device } = setUp();
    if (olderOnDevice) backend.setEnabled(false);
    area.put(1, first);
    backend.setEnabled(false);
    device.fault = "full";
    assert.is(area.put(1, second), false);
    assertMisses(area, 1);
    assert.is(device.inner.pages, 0, "its slot was given back");
    assert.is(area.pagesOnDevice, 0);
  }
});

test("a failed read is an error, and the page is there when the device is well again", () => {
  const { area, backend, device } = setUp();
  backend.setEnabled(false);
  area.put(1, first);
  device.fault = "read";
  const got = new Uint8Array(4096).fill(0xa5);
  assert.throws(() => area.get(1, got), hasCode("ERR_ZMEM_DEVICE"));
  assert.ok(got.every((byte) => byte === 0xa5));
  device.fault = "none";
  assertGets(area, 1, first);
});

test("a device that has lost a page is found out", () => {
  const { area, backend, device } = setUp();
  backend.setEnabled(false);
  area.put(1, first);
  device.fault = "forget";
  assert.throws(() => area.get(1, new Uint8Array(4096)), /offset 1: .*though it had taken one/);
});

test("a put whose stale slot can't be given back throws and leaves nothing", () => {
  const { area, frontswap, backend, device } = setUp();
  backend.setEnabled(false);
  area.put(1, first);
  backend.setEnabled(true);
  device.fault = "discard";
  assert.throws(() => area.put(1, second), hasCode("ERR_ZMEM_DEVICE"));
  assertMisses(area, 1);
  assert.is(frontswap.counters().currPages, 0);
});

test("what a device throws of its own becomes ERR_ZMEM_DEVICE with the cause", () => {
  const { area, backend, device } = setUp();
  backend.setEnabled(false);
  device.error = new Error("EIO");
  device.fault = "write";
  try {
    area.put(4, first);
    assert.unreachable();
  } catch (error) {
    assert.ok(hasCode("ERR_ZMEM_DEVICE")(error));
    assert.match((error as Error).message, "type 0, offset 4: the device could not write: EIO");
    assert.is((error as Error).cause, device.error);
  }
});

test("a backend that throws in a put takes the older copy with it, on the device as well", () => {
  const { area, backend, device } = setUp();
  backend.setEnabled(false);
  area.put(1, first);
  backend.putPage = () => {
    throw new Error("trap");
  };
  assert.throws(() => area.put(1, second), hasCode("ERR_ZMEM_BACKEND"));
  assertMisses(area, 1);
  assert.is(device.inner.pages, 0);
});

test("a bad argument changes nothing, on the device neither", () => {
  const { area, backend } = setUp();
  backend.setEnabled(false);
  area.put(1, first);
  assert.throws(() => area.put(1, second.subarray(1)), RangeError);
  assert.throws(() => area.put(10, second), RangeError);
  assert.throws(() => area.get(1, new Uint8Array(1)), RangeError);
  assert.throws(() => area.flush(-1), RangeError);
  assert.throws(() => area.has(1.5), RangeError);
  assertGets(area, 1, first);
});

test("off frees the slots, ends the area for good, and leaves the type to another area", () => {
  const { area, frontswap, backend, device } = setUp();
  backend.setEnabled(false);
  area.put(1, first);
  backend.setEnabled(true);
  area.put(2, first);
  assert.is(area.isOn, true);
  area.off();
  area.off();
  assert.is(area.isOn, false);
  assert.is(device.inner.pages, 0);
  const next = new SwapArea(frontswap, { type: 0, pages: 20, device });
  next.put(2, second);
  const isOff = hasCode("ERR_ZMEM_TYPE_OFF");
  assert.throws(() => area.put(2, first), isOff);
  assert.throws(() => area.get(2, new Uint8Array(4096)), isOff);
  assert.throws(() => area.flush(2), isOff);
  assert.throws(() => area.has(2), isOff);
  assertGets(next, 2, second);
});

test("off tries every slot and says when some could not be given back", () => {
  const { area, backend, device } = setUp();
  backend.setEnabled(false);
  area.put(1, first);
  area.put(2, first);
  device.fault = "discard";
  assert.throws(() => area.off(), hasCode("ERR_ZMEM_DEVICE"));
  assert.is(area.isOn, false);
  assert.is(area.pagesOnDevice, 0);
  area.off();
});

test("off gives the slots back though backend or front-end was closed before", () => {
  for (const closed of ["backend", "front-end"]) {
    const { area, frontswap, backend, device } = setUp();
    backend.setEnabled(false);
    area.put(1, first);
    backend.flushArea = () => {
      throw new ZmemError("ERR_ZMEM_CLOSED", "the backend was closed");
    };
    if (closed === "front-end") frontswap.close();
    area.off();
    assert.is(device.inner.pages, 0, closed);
  }
});

test("off gives the slots back though the backend fails at it", () => {
  const { area, frontswap, backend, device } = setUp();
  backend.setEnabled(false);
  area.put(1, first);
  backend.flushArea = () => {
    throw new Error("trap");
  };
  assert.throws(() => area.off(), /trap/);
  assert.is(device.inner.pages, 0);
  assert.is(frontswap.isOn(0), false);
});

test("a flush or a rejected put at which the backend fails leaves nothing on the device", () => {
  for (const call of ["flush", "put"]) {
    const backend = new MapBackend();
    const frontswap = new Frontswap();
    frontswap.register(backend);
    const device = new ScriptedDevice(new MemorySwapDevice());
    const area = new SwapArea(frontswap, { type: 0, pages: 10, device, writeThrough: true });
    area.put(1, first);
    backend.flushPage = () => {
      throw new Error("trap");
    };
    device.fault = "full";
    assert.throws(
      () => (call === "put" ? area.put(1, second) : area.flush(1)),
      hasCode("ERR_ZMEM_BACKEND"),
    );
    assertMisses(area, 1);
    assert.is(device.inner.pages, 0, call);
  }
});

test("an area that is turned off while it hands its pages over stays off", () => {
  const { area, frontswap } = setUp();
  area.put(1, first);
  area.put(2, first);
  const handed: number[] = [];
  let next: SwapArea | undefined;
  const onPage = (offset: number): void => {
    handed.push(offset);
    area.off();
    next = new SwapArea(frontswap, { type: 0, pages: 10 });
    next.put(1, second);
  };
  assert.throws(() => area.swapOff(onPage), hasCode("ERR_ZMEM_TYPE_OFF"));
  assert.equal(handed, [1]);
  assert.is(area.isOn, false);
  assert.throws(() => area.put(1, first), hasCode("ERR_ZMEM_TYPE_OFF"));
  assertGets(next as SwapArea, 1, second);
});

test("the same while it moves pages out", () => {
  const { area, frontswap, device } = setUp();
  area.put(1, first);
  device.fault = "full";
  let next: SwapArea | undefined;
  const onPage = (): boolean => {
    area.off();
    next = new SwapArea(frontswap, { type: 0, pages: 10 });
    return next.put(1, second);
  };
  assert.throws(() => area.repatriate(10, onPage), hasCode("ERR_ZMEM_TYPE_OFF"));
  assertGets(next as SwapArea, 1, second);
});

test("how many pages to move out must be a number", () => {
  const { area } = setUp();
  area.put(1, first);
  assert.throws(() => area.repatriate(NaN), /most: expected 0 pages or more, got NaN/);
  assert.throws(() => area.repatriate("9" as never), /most: .* got "9"/);
  assert.is(area.repatriate(Infinity), 1);
});

test("a type stays off when there is no memory for what its device has", () => {
  const { frontswap } = setUp();
  let asked = 0;
  const device = new MemorySwapDevice();
  // The second time it is for the buffer of reads.
  Object.defineProperty(device, "pageSize", { get: () => (asked++ === 0 ? 4096 : 2 ** 53) });
  assert.throws(() => new SwapArea(frontswap, { type: 1, pages: 10, device }), RangeError);
  assert.is(asked, 2);
  assert.is(frontswap.isOn(1), false);
});

test("a device that was closed in between is an error, and nothing stale is read", () => {
  const { area, backend, device } = setUp();
  backend.setEnabled(false);
  area.put(1, first);
  device.close();
  assert.throws(() => area.get(1, new Uint8Array(4096)), hasCode("ERR_ZMEM_CLOSED"));
  assert.throws(() => area.put(1, second), hasCode("ERR_ZMEM_CLOSED"));
  assertMisses(area, 1);
});

test("a type that is on and a device with other pages are refused", () => {
  const { frontswap } = setUp();
  assert.throws(
    () => new SwapArea(frontswap, { type: 0, pages: 10 }),
    /swap type: expected one that is off, got 0, which is on/,
  );
  const device = new MemorySwapDevice({ pageSize: 8192 });
  assert.throws(
    () => new SwapArea(frontswap, { type: 1, pages: 10, device }),
    /device: expected pages of 4096 bytes, got 8192/,
  );
  assert.is(frontswap.isOn(1), false);
});

test("random operations with random faults: what was kept is there, what failed is gone", () => {
  const seed = 77;
  const random = createRandom(seed);
  const { area, frontswap, backend, device } = setUp(40);
  const faults = ["none", "none", "none", "write", "full"] as const;
  const expected = new Map<number, Page>();
  for (let step = 0; step < 20_000; step++) {
    const offset = random.below(40);
    device.fault = faults[random.below(faults.length)] ?? "none";
    backend.setEnabled(random.below(2) === 0);
    const action = random.below(6);
    if (action === 0) {
      assert.is(area.flush(offset), expected.delete(offset), `seed ${seed}, step ${step}`);
    } else if (action <= 2) {
      const kept = expected.get(offset);
      if (kept === undefined) assertMisses(area, offset);
      else assertGets(area, offset, kept);
    } else {
      const page = makePage(PAGE_KINDS[step % 3] ?? "zero", step, 4096);
      let kept = false;
      try {
        kept = area.put(offset, page);
      } catch (error) {
        assert.ok(hasCode("ERR_ZMEM_DEVICE")(error), String(error));
      }
      if (kept) expected.set(offset, page);
      else expected.delete(offset);
    }
    assert.is(frontswap.countPages(0) + area.pagesOnDevice, expected.size);
    assert.is(device.inner.pages, area.pagesOnDevice);
  }
  assert.ok(expected.size > 0);
});

/** Pages of different content one behind the other. */
function makeRange(count: number, seed: number): Page {
  const bytes = new Uint8Array(count * 4096);
  for (let index = 0; index < count; index++) {
    const kind = PAGE_KINDS[index % PAGE_KINDS.length] as (typeof PAGE_KINDS)[number];
    bytes.set(makePage(kind, seed + index, 4096), index * 4096);
  }
  return bytes;
}

test("a range of pages goes in and comes out as its pages would, one by one", () => {
  const { area } = setUp(20);
  const range = makeRange(12, 1);
  assert.is(area.putRange(3, range), 12);
  for (let index = 0; index < 12; index++) {
    assertGets(area, 3 + index, range.subarray(index * 4096, (index + 1) * 4096));
  }
  const got = new Uint8Array(range.length);
  assert.is(area.getRange(3, got), 12);
  assertSame(got, range, "range");
  assert.is(area.putRange(19, range.subarray(0, 4096)), 1);
  assert.is(area.putRange(19, new Uint8Array(0)), 0);
  assert.is(area.getRange(0, new Uint8Array(0)), 0);
});

test("a range counts the pages that are kept, and leaves alone what it has no page for", () => {
  const backend = new MapBackend();
  const frontswap = new Frontswap();
  frontswap.register(backend);
  const area = new SwapArea(frontswap, { type: 0, pages: 10 });
  const older = makeRange(4, 1);
  assert.is(area.putRange(0, older), 4);
  area.flush(2);
  const got = new Uint8Array(4 * 4096).fill(0xa5);
  assert.is(area.getRange(0, got), 3);
  assertSame(got.subarray(0, 2 * 4096), older.subarray(0, 2 * 4096), "pages 0 and 1");
  assert.ok(got.subarray(2 * 4096, 3 * 4096).every((byte) => byte === 0xa5));
  assertSame(got.subarray(3 * 4096), older.subarray(3 * 4096), "page 3");
  // A rejected page doesn't end the range, and leaves nothing, not even the older copy.
  backend.setEnabled(false);
  assert.is(area.putRange(0, makeRange(4, 9)), 0);
  assert.equal(
    [0, 1, 2, 3].map((offset) => area.has(offset)),
    [false, false, false, false],
  );
});

test("a range with a page whose device fails keeps those before it, and leaves those behind it", () => {
  const { area, backend, device } = setUp();
  const older = makeRange(4, 1);
  area.putRange(0, older);
  const newer = makeRange(4, 20);
  let puts = 0;
  const putPage = backend.putPage.bind(backend);
  backend.putPage = (type, offset, page) => ++puts !== 2 && putPage(type, offset, page);
  device.fault = "write";
  assert.throws(() => area.putRange(0, newer), hasCode("ERR_ZMEM_DEVICE"));
  device.fault = "none";
  assertGets(area, 0, newer.subarray(0, 4096));
  assertMisses(area, 1);
  assertGets(area, 2, older.subarray(2 * 4096, 3 * 4096));
});

test("a bad range changes nothing and says what was expected", () => {
  const { area } = setUp();
  area.put(9, first);
  for (const [offset, bytes, message] of [
    [0, [1, 2], "range: expected a Uint8Array, got Array"],
    [0, new Uint8Array(5000), "range: expected a multiple of 4096 bytes, got 5000"],
    [9, makeRange(2, 1), "range: expected at most 1 pages from this offset, got 2"],
    [10, makeRange(1, 1), "offset: expected an integer from 0 to 9, got 10"],
  ] as const) {
    for (const verb of ["putRange", "getRange"] as const) {
      assert.throws(
        () => area[verb](offset, bytes as Uint8Array),
        (error: Error) => error.message === message,
      );
    }
  }
  const gone = makeRange(1, 1);
  structuredClone(gone, { transfer: [gone.buffer] });
  assert.throws(() => area.putRange(0, gone), /whose buffer is detached/);
  assertGets(area, 9, first);
  assert.is(area.has(0), false);
  area.off();
  assert.throws(() => area.putRange(0, makeRange(1, 1)), hasCode("ERR_ZMEM_TYPE_OFF"));
});

test.run();
