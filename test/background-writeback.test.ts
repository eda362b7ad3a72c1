/** Writeback ahead of need: watermarks, steps, the timer; and the budget that it keeps to. */
import { execFileSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MemorySwapDevice } from "../src/devices/memory.ts";
import { createZmemSync, type SwapArea, type Zmem } from "../src/index.ts";
import { RateBudget } from "../src/rate-budget.ts";
import type { ZmemOptions } from "../src/zmem.ts";
import { assertSame } from "./conformance/case.ts";
import { makePage } from "./conformance/pages.ts";

const test = suite("background writeback");

function setUp(options: ZmemOptions = {}): { zmem: Zmem; area: SwapArea } {
  const zmem = createZmemSync({
    limitBytes: 2 ** 20,
    background: { highWatermark: 0.8, lowWatermark: 0.5, intervalMs: 1 },
    ...options,
  });
  return { zmem, area: zmem.swapOn({ pages: 10_000, device: new MemorySwapDevice() }) };
}

/** Puts pages until the pool is filled so far. @returns how many */
function fillTo({ zmem, area }: { zmem: Zmem; area: SwapArea }, level: number): number {
  let offset = 0;
  while (zmem.backend.fillLevel() < level) {
    assert.ok(area.put(offset, makePage("random", offset, 4096)));
    offset += 1;
  }
  return offset;
}

test("below the high watermark a step does nothing; above it goes down to the low one", () => {
  const setup = setUp();
  const { zmem, area } = setup;
  fillTo(setup, 0.7);
  assert.equal(zmem.background.step(1000), { pages: 0, done: true });
  const pages = fillTo(setup, 0.85);
  let moved = 0;
  for (let steps = 0; ; steps++) {
    const result = zmem.background.step(1);
    moved += result.pages;
    if (result.done) break;
    assert.ok(steps < 1000, "it never ends");
  }
  assert.ok(zmem.backend.fillLevel() <= 0.5);
  assert.ok(zmem.backend.fillLevel() > 0.4, "it stops at the low watermark");
  assert.is(area.pagesOnDevice, moved);
  assert.is(zmem.stats().writtenBackPages, moved);
  assert.equal(zmem.background.step(1000), { pages: 0, done: true }, "between them it rests");
  const got = new Uint8Array(4096);
  for (let offset = 0; offset < pages; offset++) {
    assert.ok(area.get(offset, got));
    assertSame(got, makePage("random", offset, 4096), `offset ${offset}`);
  }
});

test("a step keeps to its time, about", () => {
  const setup = setUp({ limitBytes: 16 * 2 ** 20 });
  fillTo(setup, 0.85);
  const { pages, done } = setup.zmem.background.step(1);
  assert.is(done, false);
  assert.ok(pages > 0 && pages <= 64, `${pages} pages in a microsecond`);
});

test("the timer works ahead, stops when told, and ends with the store", async () => {
  const setup = setUp();
  const { zmem } = setup;
  fillTo(setup, 0.85);
  zmem.background.start();
  zmem.background.start();
  assert.is(zmem.background.isRunning, true);
  for (let waited = 0; zmem.backend.fillLevel() > 0.5 && waited < 2000; waited += 5) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(zmem.backend.fillLevel() <= 0.5);
  zmem.background.stop();
  assert.is(zmem.background.isRunning, false);
  zmem.background.start();
  zmem.close();
  assert.is(zmem.background.isRunning, false);
});

const isClosed = (error: unknown): boolean =>
  (error as { code?: unknown }).code === "ERR_ZMEM_CLOSED";

test("after close it can't be started", () => {
  const { zmem } = setUp();
  zmem.close();
  assert.throws(() => zmem.background.start(), isClosed);
  assert.is(zmem.background.isRunning, false);
});

test("the timer ends with the backend, and when a step fails, which is heard of once", async () => {
  const thrown: unknown[] = [];
  const listen = (error: unknown): void => void thrown.push(error);
  process.on("uncaughtException", listen);
  try {
    const closed = setUp().zmem;
    closed.background.start();
    closed.backend.close();
    const failing = setUp().zmem;
    failing.background.start();
    failing.backend.findFullest = () => {
      throw new Error("trap");
    };
    for (const { background } of [closed, failing]) {
      while (background.isRunning) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(thrown.map(String), ["Error: trap"]);
  } finally {
    process.off("uncaughtException", listen);
  }
});

test("the timer keeps no process alive", () => {
  const program =
    'import { createZmemSync } from "./src/index.ts"; createZmemSync().background.start();';
  execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
    cwd: new URL("..", import.meta.url).pathname,
    timeout: 20_000,
  });
});

test("without an area that takes part, or a device that takes pages, a step ends", () => {
  const bare = createZmemSync({ limitBytes: 2 ** 20 });
  const area = bare.swapOn({ pages: 1000 });
  let offset = 0;
  while (area.put(offset, makePage("random", offset, 4096))) offset += 1;
  assert.equal(bare.background.step(1000), { pages: 0, done: true });

  const zmem = createZmemSync({
    limitBytes: 2 ** 20,
    background: { highWatermark: 0.8, lowWatermark: 0.5 },
  });
  const device = new MemorySwapDevice({ pages: 10 });
  const small = zmem.swapOn({ pages: 1000, device });
  offset = 0;
  while (small.put(offset, makePage("random", offset, 4096))) offset += 1;
  assert.is(device.pages, 10);
  assert.is(zmem.background.step(100_000).pages, 0);
});

test("bad options say what was expected", () => {
  assert.throws(
    () => setUp({ background: { lowWatermark: 0.9, highWatermark: 0.8 } }),
    /low < high/,
  );
  assert.throws(() => setUp({ background: { stepMicroseconds: 0 } }), /steps above 0 µs/);
  assert.throws(
    () => setUp({ background: { intervalMs: Infinity } }),
    /interval of 0 to 2147483647 ms .* got Infinity ms/,
  );
});

test("a budget fills at its rate, holds a second's worth, and takes back what was not spent", () => {
  let now = 0;
  const budget = new RateBudget(100, () => now);
  assert.is(budget.available(), 100);
  budget.charge(100);
  assert.is(budget.available(), 0);
  now += 250;
  assert.is(budget.available(), 25);
  budget.charge(20);
  budget.refund(20);
  assert.is(budget.available(), 25);
  now += 60_000;
  assert.is(budget.available(), 100, "no burst after a pause");
  budget.refund(50);
  assert.is(budget.available(), 100);
  now -= 5000;
  assert.is(budget.available(), 100, "a clock that goes back takes nothing away");
  const endless = new RateBudget(Infinity);
  endless.charge(1e9);
  assert.is(endless.available(), Infinity);
});

test.run();
