/**
 * Writeback by name: what a put does when the pool is full, what happens when a device refuses, and
 * how budget, bounds and counters behave. The model test tries the combinations.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MemorySwapDevice } from "../src/devices/memory.ts";
import { createZmemSync, RAW_FORM, type SwapArea, type Zmem } from "../src/index.ts";
import type { SwapEvent } from "../src/swap-log.ts";
import type { Page } from "../src/types.ts";
import type { SwapOnOptions, ZmemOptions } from "../src/zmem.ts";
import { assertSame } from "./conformance/case.ts";
import { makePage } from "./conformance/pages.ts";
import { ScriptedDevice } from "./devices/scripted-device.ts";

const test = suite("writeback");

const LIMIT_BYTES = 512 * 1024;
const zero = new Uint8Array(4096);

interface Setup {
  readonly zmem: Zmem;
  readonly area: SwapArea;
  readonly device: ScriptedDevice;
}

function setUp(
  options: ZmemOptions = {},
  areaOptions: Partial<SwapOnOptions> = {},
  inner = new MemorySwapDevice(),
): Setup {
  const zmem = createZmemSync({ limitBytes: LIMIT_BYTES, ...options });
  const device = new ScriptedDevice(inner);
  const area = zmem.swapOn({ pages: 100_000, device, ...areaOptions });
  return { zmem, area, device };
}

/** Compresses to about half of it. */
function pageOf(offset: number): Page {
  const page = makePage("random", offset, 4096);
  page.fill(0, 2048);
  return page;
}

/** Puts pages from an offset on until the next one makes writeback act. @returns that next offset */
function fillUp({ zmem, area }: Setup, from = 0): number {
  let offset = from;
  const { poolLimitHits } = zmem.stats();
  for (;;) {
    assert.ok(area.put(offset, pageOf(offset)));
    offset += 1;
    if (zmem.stats().poolLimitHits > poolLimitHits) return offset;
  }
}

/** Fills the pool to the last such page, past the front-end, so that no put was rejected there. */
function fillQuietly({ zmem: { backend }, area }: Setup): number {
  for (let offset = 0; offset < 100; offset++) assert.ok(area.put(offset, pageOf(offset)));
  backend.openType(900);
  for (let offset = 0; backend.putPage(900, offset, pageOf(offset));) offset += 1;
  return 100;
}

function assertGets(area: SwapArea, offset: number, page: Page): void {
  const got = new Uint8Array(4096);
  assert.is(area.get(offset, got), true, `offset ${offset} is absent`);
  assertSame(got, page, `offset ${offset}`);
}

test("a put into a full pool is kept in the pool, and colder pages go to the device", () => {
  const setup = setUp();
  const { zmem, area, device } = setup;
  const next = fillUp(setup);
  const stats = zmem.stats();
  assert.is(zmem.frontswap.testPage(area.type, next - 1), true, "the new page is in the pool");
  assert.is(stats.poolLimitHits, 1);
  assert.is(stats.roomMade, 1);
  assert.is(stats.rejectedFull, 0);
  assert.is(stats.succPuts, next, "a put kept after room was made is one put");
  assert.is(stats.failedPuts, 0);
  assert.is(stats.flushes, 0);
  assert.is(stats.writtenBackPages, device.pages);
  assert.is(stats.currPages + device.pages, next);
  assert.equal(
    device.calls.filter((call) => call !== "writeCluster 32"),
    [],
    "pages go in clusters",
  );
  for (let offset = 0; offset < next; offset++) assertGets(area, offset, pageOf(offset));
});

test("pages that were got stay, pages that were not go", () => {
  const setup = setUp({ limitBytes: 2 ** 20 });
  const { zmem, area } = setup;
  for (let offset = 0; offset < 64; offset++) area.put(offset, pageOf(offset));
  for (let next = 64; next < 1500; next++) {
    area.put(next, pageOf(next));
    for (let offset = 0; offset < 64; offset++) {
      if (next % 8 === 0) assertGets(area, offset, pageOf(offset));
    }
  }
  let hot = 0;
  for (let offset = 0; offset < 64; offset++) {
    if (zmem.frontswap.testPage(area.type, offset)) hot += 1;
  }
  assert.ok(zmem.stats().writtenBackPages > 500);
  assert.ok(hot >= 60, `${hot} of 64 hot pages are in the pool`);
});

test("blocks are written as they are stored, and same-filled pages never", () => {
  const setup = setUp();
  const { area, device } = setup;
  for (let offset = 50_000; offset < 50_100; offset++) area.put(offset, zero);
  const next = fillUp(setup, 0);
  const into = new Uint8Array(4096);
  let blocks = 0;
  for (let offset = 0; offset < next; offset++) {
    if (device.tagOf(offset) < 0) continue;
    blocks += 1;
    assert.not.equal(device.tagOf(offset), RAW_FORM);
    assert.ok(device.inner.read(offset, into) < 2200, "compressed");
  }
  assert.ok(blocks > 0);
  for (let offset = 50_000; offset < 50_100; offset++) assert.is(device.tagOf(offset), -1);
});

test("a get brings a page back into the pool, and the device's copy goes", () => {
  const setup = setUp();
  const { zmem, area, device } = setup;
  const next = fillUp(setup);
  const offset = Array.from({ length: next }, (_, at) => at).find((at) => device.tagOf(at) >= 0);
  assert.ok(offset !== undefined);
  const before = zmem.stats();
  assertGets(area, offset, pageOf(offset));
  const after = zmem.stats();
  assert.is(device.tagOf(offset), -1);
  assert.is(zmem.frontswap.testPage(area.type, offset), true);
  assert.is(after.promotedPages - before.promotedPages, 1);
  assert.is(after.deviceReads - before.deviceReads, 1);
  assert.is(after.succPuts, before.succPuts, "a promotion is no put");
  assert.is(after.currPages + device.pages, next);
  assertGets(area, offset, pageOf(offset));
  assert.is(zmem.stats().deviceReads, after.deviceReads, "the second get asks no device");
});

test("with promote off a page stays on the device", () => {
  const setup = setUp({}, { promote: false });
  const { zmem, area, device } = setup;
  const next = fillUp(setup);
  const before = device.pages;
  for (let offset = 0; offset < next; offset++) assertGets(area, offset, pageOf(offset));
  assert.is(device.pages, before);
  assert.is(zmem.stats().promotedPages, 0);
});

test("pages that were all got lately cool down during one put", () => {
  const setup = setUp();
  const { zmem, area, device } = setup;
  const next = fillQuietly(setup);
  // Nothing left to gain by moving objects, either.
  zmem.backend.compact();
  while (zmem.backend.putPage(900, 50_000 + device.pages, pageOf(next))) zmem.backend.compact();
  for (let offset = 0; offset < next; offset++) assertGets(area, offset, pageOf(offset));
  assert.ok(area.put(next, pageOf(next)));
  assert.is(zmem.frontswap.testPage(area.type, next), true, "the new page is in the pool");
  assert.ok(device.pages > 0);
});

test("a failed device write leaves all its pages in the pool; the new page goes to the caller", () => {
  for (const fault of ["write", "full"] as const) {
    const setup = setUp();
    const { zmem, area, device } = setup;
    const next = fillQuietly(setup);
    const { currPages } = zmem.stats();
    device.fault = fault;
    let kept: unknown = "threw";
    try {
      kept = area.put(next, pageOf(next));
    } catch (error) {
      assert.is((error as { code?: unknown }).code, "ERR_ZMEM_DEVICE");
    }
    assert.is(kept, fault === "full" ? false : "threw");
    assert.is(zmem.stats().currPages, currPages, "nothing left the pool");
    assert.is(device.pages, 0);
    assert.is(area.has(next), false);
    assert.is(zmem.stats().rejectedFull > 0, true);
    device.fault = "none";
    for (let offset = 0; offset < next; offset++) assertGets(area, offset, pageOf(offset));
  }
});

test("after a refusal the device is left alone for 64 attempts, then tried again", () => {
  const setup = setUp();
  const { area, device } = setup;
  const next = fillQuietly(setup);
  device.fault = "full";
  area.put(next, pageOf(next));
  const clusters = (): number =>
    device.calls.filter((call) => call.startsWith("writeCluster")).length;
  assert.is(clusters(), 1);
  device.fault = "none";
  let attempts = 0;
  while (clusters() === 1 && attempts < 200) {
    area.put(next, pageOf(next));
    area.flush(next);
    attempts += 1;
  }
  assert.ok(attempts > 10 && attempts <= 64, `${attempts} puts`);
  assert.is(clusters(), 2);
});

test("a rejected page is written as its block, if it has one", () => {
  const setup = setUp({}, { evict: false });
  const { zmem, area, device } = setup;
  let offset = 0;
  while (device.pages === 0) {
    assert.ok(area.put(offset, pageOf(offset)));
    offset += 1;
  }
  const last = offset - 1;
  assert.not.equal(device.tagOf(last), RAW_FORM);
  assert.ok(device.inner.read(last, new Uint8Array(4096)) < 2200);
  assertGets(area, last, pageOf(last));
  assert.is(zmem.stats().rejectedFull, 1);
  zmem.backend.setEnabled(false);
  const other = makePage("text", 7, 4096);
  assert.ok(area.put(last, other));
  assert.is(device.tagOf(last), RAW_FORM, "a page that was not tried has no block");
  assertGets(area, last, other);
});

test("the block of one put is never taken for another page", () => {
  const setup = setUp({ rememberIncompressible: true }, { evict: false });
  const { zmem, area } = setup;
  let offset = 0;
  while (area.pagesOnDevice === 0) area.put(offset, pageOf(offset++));
  const last = offset - 1;
  // The pool has a block of this offset in store; these puts don't reach the pool.
  zmem.frontswap.setHook({ admits: () => false, rejected: () => false });
  const other = makePage("text", 8, 4096);
  assert.ok(area.put(last, other));
  assertGets(area, last, other);
});

test("a device with room for a few blocks takes a few", () => {
  const setup = setUp({}, {}, new MemorySwapDevice({ pages: 5 }));
  const { area, device } = setup;
  let offset = 0;
  while (area.put(offset, pageOf(offset))) offset += 1;
  assert.is(device.pages, 5);
  assert.ok(device.calls.includes("writeCluster 5"), device.calls.join());
  for (let at = 0; at < offset; at++) assertGets(area, at, pageOf(at));
});

test("areas go to their own devices, each in clusters of its own", () => {
  const setup = setUp();
  const { zmem, area } = setup;
  const other = new ScriptedDevice(new MemorySwapDevice());
  const second = zmem.swapOn({ pages: 1000, device: other });
  for (let offset = 0; offset < 400; offset++) {
    assert.ok(area.put(offset, pageOf(offset)));
    assert.ok(second.put(offset, pageOf(offset + 5000)));
  }
  assert.ok(setup.device.pages > 50 && other.pages > 50);
  for (let offset = 0; offset < 400; offset++) {
    assertGets(area, offset, pageOf(offset));
    assertGets(second, offset, pageOf(offset + 5000));
  }
});

test("an area that fails does not keep others from being written back", () => {
  const setup = setUp();
  const { zmem, area, device } = setup;
  device.fault = "write";
  const second = zmem.swapOn({ pages: 1000, device: new MemorySwapDevice() });
  for (let offset = 0; offset < 60; offset++) assert.ok(area.put(offset, pageOf(offset)));
  for (let offset = 0; offset < 600; offset++) assert.ok(second.put(offset, pageOf(offset)));
  assert.is(device.pages, 0);
  for (let offset = 0; offset < 60; offset++) assertGets(area, offset, pageOf(offset));
  assert.ok(second.pagesOnDevice > 300);
});

test("a put is bounded: at most four clusters", () => {
  const setup = setUp({ writeback: { clusterPages: 1 } });
  const { area, device } = setup;
  // Small blocks fill the pool: single ones that go make no room for a page that does not compress.
  let offset = 0;
  device.fault = "full";
  while (area.put(offset, makePage("sparse", offset, 4096))) offset += 1;
  device.fault = "none";
  let most = 0;
  for (let times = 0; times < 200; times++) {
    device.calls.length = 0;
    assert.ok(area.put(90_000 + times, makePage("random", times, 4096)));
    const clusters = device.calls.filter((call) => call.startsWith("writeCluster")).length;
    most = Math.max(most, clusters);
  }
  assert.ok(most > 1 && most <= 4, `${most} clusters`);
});

test("the budget is charged before, given back on failure, and used up means rejected", () => {
  let now = 0;
  const setup = setUp({ writeback: { clusterPages: 8, budget: { pages: 16 }, now: () => now } });
  const { zmem, area, device } = setup;
  const next = fillQuietly(setup);
  now += 10_000;
  device.fault = "write";
  assert.throws(() => area.put(next, pageOf(next)));
  device.fault = "none";
  const { writtenBackPages, budgetStops } = zmem.stats();
  assert.is(writtenBackPages, 0);
  for (let offset = next; offset < next + 300; offset++) area.put(offset, pageOf(offset));
  assert.is(zmem.stats().writtenBackPages, 16, "the failed write cost nothing");
  assert.ok(zmem.stats().budgetStops > budgetStops);
  now += 500;
  for (let offset = next + 300; offset < next + 600; offset++) area.put(offset, pageOf(offset));
  assert.is(zmem.stats().writtenBackPages, 24);
});

test("a budget in bytes is kept", () => {
  const setup = setUp({ writeback: { budget: { bytes: 20_000 }, now: () => 0 } });
  const { zmem, area } = setup;
  for (let offset = 0; offset < 1000; offset++) area.put(offset, pageOf(offset));
  const { writtenBackPages } = zmem.stats();
  // A block has some 2070 bytes.
  assert.is(writtenBackPages, 9);
});

test("events name every move of a counter, and none without a listener costs anything", () => {
  const events: SwapEvent[] = [];
  const setup = setUp({ onEvent: (event) => events.push(event) });
  const { zmem, area } = setup;
  const next = fillUp(setup);
  for (let offset = 0; offset < next; offset++) assertGets(area, offset, pageOf(offset));
  const stats = zmem.stats();
  const sums = new Map<string, number>();
  for (const { name, count } of events) sums.set(name, (sums.get(name) ?? 0) + count);
  for (const [name, sum] of sums) assert.is(sum, stats[name as keyof typeof stats], name);
  for (const name of ["poolLimitHits", "roomMade", "writtenBackPages", "promotedPages"]) {
    assert.ok((sums.get(name) ?? 0) > 0, name);
  }
  const hit = events.find(({ name }) => name === "poolLimitHits");
  assert.equal(hit, { name: "poolLimitHits", type: area.type, offset: next - 1, count: 1 });
});

for (const flushFailsToo of [false, true]) {
  const what = flushFailsToo ? ", though it could not be flushed either" : "";
  test(`a page whose overwrite threw is not written back${what}`, () => {
    const { zmem, area, device } = setUp();
    for (let offset = 0; offset < 100; offset++) assert.ok(area.put(offset, pageOf(offset)));
    const { backend } = zmem;
    const fail = (): never => {
      throw new Error("trap");
    };
    const { putPage, flushPage } = backend;
    backend.putPage = fail;
    if (flushFailsToo) backend.flushPage = fail;
    assert.throws(() => area.put(7, pageOf(1007)), /offset 7: the backend failed: trap/);
    Object.assign(backend, { putPage, flushPage });
    const { pages } = zmem.shrink(0);
    assert.is(pages, 99);
    assert.is(zmem.stats().droppedPages, 0);
    assert.is(backend.stats().pages, 0);
    assert.is(device.pages, 99);
    assert.is(area.has(7), false);
    assert.is(area.get(7, new Uint8Array(4096)), false);
    for (let offset = 8; offset < 100; offset++) assertGets(area, offset, pageOf(offset));
  });
}

test("a listener that throws disturbs no call", async () => {
  const thrown: unknown[] = [];
  const listen = (error: unknown): void => void thrown.push(error);
  process.on("uncaughtException", listen);
  try {
    const setup = setUp({
      onEvent: () => {
        throw new Error("listener");
      },
    });
    const next = fillUp(setup);
    for (let offset = 0; offset < next; offset++) assertGets(setup.area, offset, pageOf(offset));
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(thrown.length > 0);
  } finally {
    process.off("uncaughtException", listen);
  }
});

test("writeback goes on after a trim, a flushed area and an area turned off and on", () => {
  const setup = setUp();
  const { zmem, area, device } = setup;
  let next = fillUp(setup);
  zmem.backend.trim();
  next = fillUp(setup, next);
  assert.ok(zmem.stats().roomMade >= 2);
  area.off();
  assert.is(device.pages, 0);
  const again = zmem.swapOn({ pages: 1000, device });
  for (let offset = 0; offset < 500; offset++) assert.ok(again.put(offset, pageOf(offset)));
  assert.ok(again.pagesOnDevice > 100);
  for (let offset = 0; offset < 500; offset++) assertGets(again, offset, pageOf(offset));
});

test("an area that is off takes part no more, though another has its type", () => {
  const setup = setUp();
  const { zmem, area, device } = setup;
  fillUp(setup);
  area.off();
  const bare = zmem.swapOn({ pages: 1000, type: area.type });
  let offset = 0;
  while (bare.put(offset, pageOf(offset))) offset += 1;
  bare.put(offset, pageOf(offset));
  assert.is(device.pages, 0);
  for (let at = 0; at < offset; at++) assertGets(bare, at, pageOf(at));
});

test("bad options say what was expected", () => {
  assert.throws(
    () => setUp({ writeback: { clusterPages: 65 } }),
    /clusterPages: .* 1 to 64, got 65/,
  );
  assert.throws(() => setUp({ writeback: { budget: { bytes: 100 } } }), /budget: expected a page/);
  assert.throws(() => setUp({}, { device: undefined as never, evict: true }), /evict: expected/);
});

test.run();
