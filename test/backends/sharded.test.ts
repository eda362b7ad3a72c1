/**
 * A pool over several instances: the small version of the test that spreads 6 GiB (test/slow).
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EFFORTS, STATUS_GROWTH } from "../../src/backends/abi.ts";
import { ShardedZmemBackend } from "../../src/backends/sharded.ts";
import { runModel } from "../assembly/allocator-model.ts";
import { testingModule, type TestingModule } from "../assembly/testing-module.ts";
import { createRandom, makePage } from "../conformance/pages.ts";

const PAGE_SIZE = 4096;
const MIB = 1 << 20;
const NOISE = makePage("random", 1, MIB);

function pageOf(offset: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  const begin = (Math.imul(offset, 0x9e37_79b1) >>> 0) % (MIB - PAGE_SIZE);
  page.set(NOISE.subarray(begin, begin + (begin % 3000)));
  new Uint32Array(page.buffer)[1023] = offset;
  return page;
}

function start(
  limitBytes: number,
  maxInstanceBytes: number,
): { pool: ShardedZmemBackend; module: TestingModule } {
  const module = testingModule();
  const pool = new ShardedZmemBackend(module.createInstance, { limitBytes, maxInstanceBytes });
  assert.is(pool.init(PAGE_SIZE), 0);
  assert.ok(pool.openType(0));
  return { pool, module };
}

function assertPages(pool: ShardedZmemBackend, offsets: Iterable<number>): void {
  const page = new Uint8Array(PAGE_SIZE);
  for (const offset of offsets) {
    assert.ok(pool.getPage(0, offset, page), `page ${offset} is lost`);
    assert.is(Buffer.compare(page, pageOf(offset)), 0, `page ${offset}`);
  }
}

const sharded = suite("several instances");

sharded("more is kept than one instance may hold, and every page comes back", () => {
  const { pool, module } = start(12 * MIB, 2 * MIB);
  assert.is(pool.stats().instances, 6);
  assert.is(module.instances.length, 6);
  const kept: number[] = [];
  for (let offset = 0; offset < 5000; offset++) {
    if (pool.putPage(0, offset, pageOf(offset))) kept.push(offset);
  }
  const stats = pool.stats();
  assert.ok(stats.heldBytes > 2 * MIB * 2, `${stats.heldBytes} held`);
  assert.is(stats.pages, kept.length);
  assert.is(pool.countPages(0), kept.length);
  for (const { exports, memory } of module.instances) {
    assert.is(exports.validate(), 0);
    assert.ok(memory.buffer.byteLength <= 2 * MIB);
    assert.ok(exports.countPages(0) > 0, "every instance takes part");
  }
  assertPages(pool, kept);
  const rows = pool.classStats();
  const used = rows.reduce((sum, row) => sum + row.objectsUsed * row.objectSize, 0);
  assert.is(used, stats.objectBytes);
});

sharded("instances fill evenly: the limit is used before the first page is rejected", () => {
  const { pool } = start(32 * MIB, 8 * MIB);
  let offset = 0;
  while (pool.putPage(0, offset, pageOf(offset))) offset++;
  const { payloadBytes, limitBytes } = pool.stats();
  assert.is(limitBytes, 32 * MIB);
  assert.ok(payloadBytes / limitBytes > 0.9, `${payloadBytes / limitBytes} of the limit`);
});

sharded("a key belongs to one instance, whatever was put, flushed or trimmed in between", () => {
  const { pool } = start(16 * MIB, 4 * MIB);
  const random = createRandom(3);
  const offsets = new Set<number>();
  for (let put = 0; put < 3000; put++) offsets.add(random.next());
  for (const offset of offsets) assert.ok(pool.putPage(0, offset, pageOf(offset)));
  for (const offset of offsets) {
    if (random.below(4) === 0) continue;
    assert.ok(pool.flushPage(0, offset));
    assert.not.ok(pool.flushPage(0, offset));
    offsets.delete(offset);
  }
  assert.ok(pool.compact().done);
  const stated = pool.trimPeakBytes();
  const { trimmed, heldBytesAfter, heldBytesBefore } = pool.trim();
  assert.ok(trimmed && heldBytesAfter < heldBytesBefore && heldBytesAfter <= stated);
  assert.is(pool.stats().heldBytes, heldBytesAfter);
  assertPages(pool, offsets);
  pool.flushArea(0);
  assert.is(pool.stats().pages, 0);
  assert.is(pool.stats().zspageBytes, 0);
  assert.not.ok(pool.putPage(0, 1, pageOf(1)));
});

sharded("a type opens in every instance or in none", () => {
  const { pool, module } = start(16 * MIB, 4 * MIB);
  module.instances[2]?.exports.failAllocations(0, 1);
  assert.not.ok(pool.openType(1));
  for (let offset = 0; offset < 1000; offset += 64) {
    assert.not.ok(pool.putPage(1, offset, pageOf(offset)), `offset ${offset}`);
  }
  module.instances[2]?.exports.failAllocations(-1, 0);
  assert.ok(pool.openType(1));
  for (let offset = 0; offset < 1000; offset += 64)
    assert.ok(pool.putPage(1, offset, pageOf(offset)));
});

sharded("windows, switches and limits reach every instance", () => {
  const { pool } = start(16 * MIB, 4 * MIB);
  for (let offset = 0; offset < 1024; offset += 64) {
    pool.putWindow.set(pageOf(offset));
    assert.ok(pool.putWindowPage(0, offset));
    assert.equal(pool.viewPage(0, offset)?.slice(), pageOf(offset));
  }
  pool.setEnabled(false);
  for (let offset = 0; offset < 1024; offset += 64) {
    assert.not.ok(pool.putPage(0, offset, pageOf(offset)));
    assert.is(pool.viewPage(0, offset), undefined);
  }
  pool.setEnabled(true);
  pool.setLimit(1);
  assert.is(pool.limitBytes, 1);
  for (let offset = 0; offset < 1024; offset += 64) {
    assert.not.ok(pool.putPage(0, offset, pageOf(offset)));
  }
});

sharded("refuses limits from which no number of instances follows", () => {
  const { createInstance } = testingModule();
  for (const limitBytes of [Infinity, 0, -1, Number.NaN]) {
    assert.throws(
      () => new ShardedZmemBackend(createInstance, { limitBytes }),
      (error: unknown) => error instanceof RangeError,
    );
  }
  for (const maxInstanceBytes of [0, 1, 2 ** 32 + 1, Number.NaN]) {
    assert.throws(
      () => new ShardedZmemBackend(createInstance, { limitBytes: MIB, maxInstanceBytes }),
      (error: unknown) => error instanceof RangeError,
    );
  }
});

sharded("random calls leave pages as they were put", () => {
  const seed = 4;
  const seen = runModel(
    {
      seed,
      pageSize: PAGE_SIZE,
      keys: 4096,
      calls: 300_000,
      milliseconds: 6000,
      checkEvery: 20_000,
      limitBytes: 16 * MIB,
      faults: true,
      createPool: (createInstance) =>
        new ShardedZmemBackend(createInstance, {
          limitBytes: 16 * MIB,
          maxInstanceBytes: 4 * MIB,
        }),
    },
    testingModule(),
  );
  console.log(`seed ${seed}: ${JSON.stringify(seen)}`);
});

sharded("an effort that one instance has no memory for is set in none", () => {
  const module = testingModule();
  const efforts: number[] = [];
  const createInstance: typeof module.createInstance = (initial, maximum) => {
    const { exports, memory } = module.createInstance(initial, maximum);
    const setEffort = exports["setEffort"] as (effort: number) => number;
    const place = efforts.push(0) - 1;
    const told = (effort: number): number => {
      if (place === 2 && effort === EFFORTS.indexOf("high")) return STATUS_GROWTH;
      efforts[place] = effort;
      return setEffort(effort);
    };
    return { exports: { ...exports, setEffort: told }, memory };
  };
  const pool = new ShardedZmemBackend(createInstance, {
    limitBytes: 3 * MIB,
    maxInstanceBytes: MIB,
    effort: "fast",
  });
  assert.is(pool.init(PAGE_SIZE), 0);
  assert.is(pool.setEffort("high"), false);
  assert.is(pool.effort, "fast");
  assert.equal(efforts, Array(3).fill(EFFORTS.indexOf("fast")));
  assert.is(pool.setEffort("default"), true);
  assert.equal(efforts, Array(3).fill(EFFORTS.indexOf("default")));
});

sharded.run();
