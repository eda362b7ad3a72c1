/**
 * Areas with an asynchronous device: what each call says of a page that is there, what overlapping
 * calls leave behind, and a model test with calls under way at random.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AsyncBlockDevice } from "../src/devices/async-blocks.ts";
import type { AsyncSwapArea, Zmem } from "../src/index.ts";
import {
  createZmemSync,
  MapBackend,
  AsyncSwapArea as Area,
  Frontswap,
  RAW_FORM,
} from "../src/index.ts";
import type { Page } from "../src/types.ts";
import type { ZmemOptions } from "../src/zmem.ts";
import { assertSame } from "./conformance/case.ts";
import { createRandom, makePage, PAGE_KINDS } from "./conformance/pages.ts";
import { FaultyAsyncSwapDevice } from "./devices/faulty.ts";
import { MemoryStore } from "./devices/memory-store.ts";

const test = suite("asynchronous area");

interface Setup {
  readonly zmem: Zmem;
  readonly area: AsyncSwapArea;
  readonly store: MemoryStore;
  readonly device: AsyncBlockDevice;
}

function setUp(options: ZmemOptions = {}): Setup {
  const zmem = createZmemSync(options);
  const store = new MemoryStore();
  const device = new AsyncBlockDevice(store);
  return { zmem, store, device, area: zmem.swapOn({ pages: 1000, asyncDevice: device }) };
}

const pageOf = (seed: number): Page => makePage("text", seed, 4096);

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    (error as { code?: unknown }).code === code;

async function assertRejects(promise: Promise<unknown>, code: string): Promise<void> {
  try {
    await promise;
  } catch (error) {
    assert.ok(hasCode(code)(error), String(error));
    return;
  }
  assert.unreachable(`expected ${code}`);
}

async function assertGets(area: AsyncSwapArea, offset: number, page: Page): Promise<void> {
  const got = new Uint8Array(4096);
  assert.is(await area.getAsync(offset, got), true, `offset ${offset} is absent`);
  assertSame(got, page, `offset ${offset}`);
}

test("a page that the pool keeps is served at once by both gets, and never reaches the device", async () => {
  const { area, store } = setUp();
  assert.is(await area.swapOutAsync(1, pageOf(1)), true);
  const got = new Uint8Array(4096);
  assert.is(area.get(1, got), true);
  assertSame(got, pageOf(1), "offset 1");
  await assertGets(area, 1, pageOf(1));
  assert.is(store.values.size, 0);
});

test("a page on the device: get says so by its own code and touches nothing; getAsync has it", async () => {
  const { zmem, area } = setUp();
  zmem.backend.setEnabled(false);
  assert.is(await area.swapOutAsync(1, pageOf(1)), true);
  const got = new Uint8Array(4096).fill(0xa5);
  assert.throws(() => area.get(1, got), hasCode("ERR_ZMEM_ASYNC"));
  assert.ok(got.every((byte) => byte === 0xa5));
  assert.is(area.has(1), true);
  assert.is(area.get(2, got), false, "an absent page is absent");
  assert.is(await area.getAsync(2, got), false);
  await assertGets(area, 1, pageOf(1));
  assert.is(area.pagesOnDevice, 1, "a pool that rejects puts gets nothing back");
});

test("a second off, too, resolves when the device has been told", async () => {
  const { zmem, area, device } = setUp();
  zmem.backend.setEnabled(false);
  await area.swapOutAsync(1, pageOf(1));
  let release = (): void => {};
  const discard = device.discard.bind(device);
  device.discard = async (slot) => {
    await new Promise<void>((resolve) => (release = resolve));
    return discard(slot);
  };
  const settled: string[] = [];
  const offs = ["first", "second"].map((name) => area.off().then(() => settled.push(name)));
  await new Promise(setImmediate);
  assert.equal(settled, []);
  release();
  await Promise.all(offs);
  assert.is(device.pages, 0);
});

test("off tells the device though the front-end was closed before, or the backend fails", async () => {
  const closed = setUp();
  closed.zmem.backend.setEnabled(false);
  await closed.area.swapOutAsync(1, pageOf(1));
  closed.zmem.frontswap.close();
  await closed.area.off();
  assert.is(closed.device.pages, 0);

  const failing = setUp();
  failing.zmem.backend.setEnabled(false);
  await failing.area.swapOutAsync(1, pageOf(1));
  failing.zmem.backend.flushArea = () => {
    throw new Error("trap");
  };
  const outcome = await failing.area.off().then(
    () => "off",
    (error: Error) => error.message,
  );
  assert.is(outcome, "trap");
  assert.is(failing.device.pages, 0);
});

test("a device whose discard throws at once is one whose discard fails", async () => {
  const { zmem, area, device } = setUp();
  zmem.backend.setEnabled(false);
  await area.swapOutAsync(1, pageOf(1));
  device.discard = () => {
    throw new Error("EIO");
  };
  assert.is(area.flush(1), true);
  assert.is(zmem.stats().deviceErrors, 1);
  await area.off();
});

test("a type stays off when there is no memory for what its device has", () => {
  const frontswap = new Frontswap();
  const device = new AsyncBlockDevice(new MemoryStore());
  const words = globalThis.Uint32Array;
  globalThis.Uint32Array = function () {
    throw new RangeError("Array buffer allocation failed");
  } as never;
  try {
    assert.throws(
      () => new Area(frontswap, { type: 1, pages: 10, asyncDevice: device }),
      /allocation failed/,
    );
  } finally {
    globalThis.Uint32Array = words;
  }
  assert.is(frontswap.isOn(1), false);
});

test("swapOutAsync copies first: the page may change at once, and get says where it is at once", async () => {
  const { zmem, area } = setUp();
  zmem.backend.setEnabled(false);
  const page = pageOf(1).slice();
  const swapping = area.swapOutAsync(1, page);
  page.fill(0);
  assert.throws(() => area.get(1, page), hasCode("ERR_ZMEM_ASYNC"));
  const getting = assertGets(area, 1, pageOf(1));
  assert.is(await swapping, true);
  await getting;
});

test("a page got from the device goes back into the pool, and from then on get has it", async () => {
  const { zmem, area, store } = setUp();
  zmem.backend.setEnabled(false);
  await area.swapOutAsync(1, pageOf(1));
  zmem.backend.setEnabled(true);
  await assertGets(area, 1, pageOf(1));
  assert.is(area.get(1, new Uint8Array(4096)), true);
  assert.is(area.pagesOnDevice, 0);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.is(store.values.size, 0);
  assert.is(zmem.stats().promotedPages, 1);
});

test("a page rejected for want of room travels as its block", async () => {
  const { area, device } = setUp({ limitBytes: 256 * 1024 });
  let offset = 0;
  while (area.pagesOnDevice === 0) await area.swapOutAsync(offset, pageOf(offset++));
  const stored = await device.read(offset - 1);
  assert.ok(stored !== null && stored.tag !== RAW_FORM);
  assert.ok(stored.block.length < 2048, `${stored.block.length} bytes`);
  await assertGets(area, offset - 1, pageOf(offset - 1));
});

test("a write that fails is told to its own swap-out, and the page is absent", async () => {
  const { zmem, area, store } = setUp();
  zmem.backend.setEnabled(false);
  await area.swapOutAsync(2, pageOf(2));
  store.beforePut = () => {
    throw new Error("gone");
  };
  await assertRejects(area.swapOutAsync(1, pageOf(1)), "ERR_ZMEM_DEVICE");
  store.beforePut = () => undefined;
  assert.is(area.has(1), false);
  assert.is(await area.getAsync(1, new Uint8Array(4096)), false);
  await assertGets(area, 2, pageOf(2));
  assert.is(zmem.stats().deviceErrors, 1);
  store.isFull = true;
  assert.is(await area.swapOutAsync(2, pageOf(3)), false);
  assert.is(area.has(2), false, "the older copy is gone");
  assert.is(await area.getAsync(2, new Uint8Array(4096)), false);
});

test("a read that fails is an error, and the page is there when the device is well again", async () => {
  const { zmem, area, store } = setUp();
  zmem.backend.setEnabled(false);
  await area.swapOutAsync(1, pageOf(1));
  store.beforeGet = () => {
    throw new Error("gone");
  };
  await assertRejects(area.getAsync(1, new Uint8Array(4096)), "ERR_ZMEM_DEVICE");
  store.beforeGet = () => undefined;
  await assertGets(area, 1, pageOf(1));
  store.values.clear();
  await assertRejects(area.getAsync(1, new Uint8Array(4096)), "ERR_ZMEM_DEVICE");
});

test("a put while a write is under way wins, and what the write leaves is never read", async () => {
  const { zmem, area } = setUp();
  zmem.backend.setEnabled(false);
  const writing = area.swapOutAsync(1, pageOf(1));
  zmem.backend.setEnabled(true);
  assert.is(area.put(1, pageOf(2)), true);
  await writing;
  const got = new Uint8Array(4096);
  assert.is(area.get(1, got), true);
  assertSame(got, pageOf(2), "offset 1");
  assert.is(area.flush(1), true);
  assert.is(area.has(1), false);
  assert.is(area.pagesOnDevice, 0);
});

test("a put while a read is under way is not undone by the promotion", async () => {
  const { zmem, area } = setUp();
  zmem.backend.setEnabled(false);
  await area.swapOutAsync(1, pageOf(1));
  zmem.backend.setEnabled(true);
  const got = new Uint8Array(4096);
  const reading = area.getAsync(1, got);
  area.put(1, pageOf(2));
  assert.is(await reading, true);
  assertSame(got, pageOf(1), "the page as it was when it was asked for");
  await assertGets(area, 1, pageOf(2));
  const flushed = area.getAsync(1, got);
  area.flush(1);
  await flushed;
  assert.is(area.has(1), false);
});

test("a get that waited for a write that failed finds nothing, and that is no error", async () => {
  const { zmem, area, store } = setUp();
  zmem.backend.setEnabled(false);
  store.beforePut = () => {
    throw new Error("gone");
  };
  const writing = area.swapOutAsync(1, pageOf(1));
  const got = new Uint8Array(4096).fill(0xa5);
  const reading = area.getAsync(1, got);
  await assertRejects(writing, "ERR_ZMEM_DEVICE");
  assert.is(await reading, false);
  assert.ok(got.every((byte) => byte === 0xa5));
});

test("a write that fails takes nothing from the write behind it", async () => {
  const { zmem, area, store } = setUp();
  zmem.backend.setEnabled(false);
  let puts = 0;
  store.beforePut = () => {
    puts += 1;
    if (puts === 1) throw new Error("gone");
  };
  const first = area.swapOutAsync(1, pageOf(1));
  const second = area.swapOutAsync(1, pageOf(2));
  await assertRejects(first, "ERR_ZMEM_DEVICE");
  assert.is(await second, true);
  assert.is(area.has(1), true);
  assert.is(area.pagesOnDevice, 1);
  await assertGets(area, 1, pageOf(2));
});

test("put and flush drop what the device has; a synchronous put that is rejected leaves nothing", async () => {
  const { zmem, area, store } = setUp();
  zmem.backend.setEnabled(false);
  await area.swapOutAsync(1, pageOf(1));
  assert.is(area.put(1, pageOf(2)), false);
  assert.is(area.has(1), false);
  await area.swapOutAsync(1, pageOf(1));
  assert.is(area.flush(1), true);
  assert.is(area.flush(1), false);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.is(store.values.size, 0);
});

test("off forgets everything, on the device too, and ends the area", async () => {
  const { zmem, area, store } = setUp();
  await area.swapOutAsync(2, pageOf(2));
  zmem.backend.setEnabled(false);
  await area.swapOutAsync(1, pageOf(1));
  const writing = area.swapOutAsync(3, pageOf(3));
  await area.off();
  await area.off();
  await writing;
  assert.is(store.values.size, 0);
  assert.is(area.isOn, false);
  assert.throws(() => area.get(1, new Uint8Array(4096)), hasCode("ERR_ZMEM_TYPE_OFF"));
  await assertRejects(area.swapOutAsync(1, pageOf(1)), "ERR_ZMEM_TYPE_OFF");
});

test("bad arguments change nothing, and are rejected promises of asynchronous calls", async () => {
  const { zmem, area } = setUp();
  zmem.backend.setEnabled(false);
  await area.swapOutAsync(1, pageOf(1));
  for (const call of [
    () => area.swapOutAsync(1, new Uint8Array(3)),
    () => area.swapOutAsync(1000, pageOf(1)),
    () => area.getAsync(-1, new Uint8Array(4096)),
    () => area.getAsync(1, new Uint8Array(3)),
  ]) {
    let error: unknown;
    await call().catch((thrown: unknown) => (error = thrown));
    assert.ok(error instanceof RangeError, String(error));
  }
  await assertGets(area, 1, pageOf(1));
  assert.throws(
    () =>
      zmem.swapOn({
        pages: 1,
        asyncDevice: new AsyncBlockDevice(new MemoryStore(), { pageSize: 8192 }),
      }),
    /asyncDevice: expected pages of 4096 bytes, got 8192/,
  );
});

test("over a backend without ports pages travel as they are", async () => {
  const frontswap = new Frontswap();
  const backend = new MapBackend();
  backend.setEnabled(false);
  frontswap.register(backend);
  const device = new AsyncBlockDevice(new MemoryStore());
  const area = new Area(frontswap, { type: 0, pages: 10, asyncDevice: device });
  await area.swapOutAsync(1, pageOf(1));
  assert.equal((await device.read(1))?.tag, RAW_FORM);
  await assertGets(area, 1, pageOf(1));
});

interface Expected {
  readonly page: Page;
  /** Set when its swap-out failed or was refused: a get may find nothing then. */
  failed: boolean;
}

const seed = Number(process.env["ZMEM_SEED"] ?? 20110527);
const OPERATIONS = 30_000;

test(`${OPERATIONS} random calls, many under way at a time, with faults: seed ${seed}`, async () => {
  const random = createRandom(seed);
  const zmem = createZmemSync({ limitBytes: 512 * 1024 });
  const device = new FaultyAsyncSwapDevice(new AsyncBlockDevice(new MemoryStore()), random, {
    writeFails: 30,
    readFails: 30,
    full: 30,
    slow: 2,
  });
  const area = zmem.swapOn({ pages: 400, asyncDevice: device });
  const expected = new Map<number, Expected>();
  let underWay: Promise<void>[] = [];
  let found = 0;
  const check = async (offset: number): Promise<void> => {
    const wanted = expected.get(offset);
    const got = new Uint8Array(4096);
    let isThere;
    try {
      isThere = await area.getAsync(offset, got);
    } catch (error) {
      assert.ok(hasCode("ERR_ZMEM_DEVICE")(error), String(error));
      assert.ok(wanted, "a get of an absent page failed");
      return;
    }
    if (!isThere) {
      assert.ok(wanted === undefined || wanted.failed, `offset ${offset} is lost`);
      return;
    }
    assert.ok(wanted, `offset ${offset} should be absent`);
    assertSame(got, wanted.page, `offset ${offset}`);
    found += 1;
  };
  for (let step = 0; step < OPERATIONS; step++) {
    const offset = random.below(400);
    const page = makePage(PAGE_KINDS[3 + (step % (PAGE_KINDS.length - 3))] ?? "text", step, 4096);
    const dice = random.below(100);
    if (dice < 35) {
      const entry = { page, failed: false };
      expected.set(offset, entry);
      const swapping = area.swapOutAsync(offset, page).then(
        (kept) => void (entry.failed = !kept),
        (error: unknown) => {
          assert.ok(hasCode("ERR_ZMEM_DEVICE")(error), String(error));
          entry.failed = true;
        },
      );
      underWay.push(swapping);
    } else if (dice < 75) {
      underWay.push(check(offset));
    } else if (dice < 85) {
      if (area.put(offset, page)) expected.set(offset, { page, failed: false });
      else expected.delete(offset);
    } else if (dice < 93) {
      area.flush(offset);
      expected.delete(offset);
      assert.is(area.has(offset), false);
    } else if (dice < 94) {
      zmem.backend.setEnabled(random.below(3) > 0);
    }
    if (underWay.length >= 1 + random.below(40)) {
      await Promise.all(underWay);
      underWay = [];
      for (const [at, entry] of expected) if (entry.failed) expected.delete(at);
      assert.is(
        zmem.frontswap.countPages(area.type) + area.pagesOnDevice,
        expected.size,
        `step ${step}`,
      );
    }
  }
  await Promise.all(underWay);
  assert.ok(found > OPERATIONS / 20, `${found} found`);
  assert.ok(device.counts.writeFails > 20 && device.counts.readFails > 20);
  assert.ok(zmem.stats().promotedPages > 50);
  await area.off();
  assert.is(device.pages, 0);
});

test.run();
