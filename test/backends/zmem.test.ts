/**
 * The zmem backend by itself: limits, compaction, trim and statistics. What it shares with other
 * backends is in the conformance suite.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ZmemBackendOptions } from "../../src/backends/pool-options.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { lastInstance, testingModule, type TestingModule } from "../assembly/testing-module.ts";
import { createRandom, makePage } from "../conformance/pages.ts";

const PAGE_SIZE = 4096;
const WASM_PAGE = 65536;
const MIB = 1 << 20;

interface Subject {
  readonly pool: ZmemBackend;
  readonly module: TestingModule;
}

function start(options: ZmemBackendOptions = {}, pageSize = PAGE_SIZE): Subject {
  const module = testingModule();
  const pool = new ZmemBackend(module.createInstance, options);
  assert.is(pool.init(pageSize), 0);
  assert.ok(pool.openType(0));
  return { pool, module };
}

const NOISE = makePage("random", 1, 1 << 20);

/** A page whose block is about `length` bytes long: noise, zeros behind. */
function pageOf(length: number, seed: number, pageSize = PAGE_SIZE): Uint8Array {
  const page = new Uint8Array(pageSize);
  const begin = (Math.imul(seed, 0x9e37_79b1) >>> 0) % (NOISE.length - pageSize);
  page.set(NOISE.subarray(begin, begin + Math.min(length, pageSize)));
  return page;
}

/** Compares bytes; assert.equal takes a thousand times as long. */
function assertSame(got: Uint8Array | undefined, expected: Uint8Array, what: string): void {
  if (got === undefined) assert.unreachable(`${what} is lost`);
  else assert.is(Buffer.compare(got, expected), 0, `${what} has other bytes than put`);
}

/** Puts pages until one is rejected. @returns the offsets that were kept */
function fill(pool: ZmemBackend, first: number, length = 2000, most = 100_000): number[] {
  const kept: number[] = [];
  for (let offset = first; offset < first + most; offset++) {
    if (!pool.putPage(0, offset, pageOf(length, offset))) break;
    kept.push(offset);
  }
  return kept;
}

function assertPages(pool: ZmemBackend, offsets: readonly number[], length = 2000): void {
  for (const offset of offsets) {
    assertSame(pool.viewPage(0, offset), pageOf(length, offset), `page ${offset}`);
  }
}

function assertSound({ module }: Subject): void {
  for (const { exports } of module.instances) assert.is(exports.validate(), 0);
}

const limits = suite("limits");

limits("growth stops at the limit, to the last wasm page, whatever is put", () => {
  for (let limitBytes = 2 * WASM_PAGE; limitBytes < MIB; limitBytes += 50_000) {
    const subject = start({ limitBytes });
    const { pool } = subject;
    for (const length of [4096, 2000, 300, 20]) {
      const kept = fill(pool, length * 1000, length);
      const { heldBytes, rejects } = pool.stats();
      assert.ok(heldBytes <= limitBytes, `${heldBytes} held, limit ${limitBytes}`);
      assert.ok(rejects.limit > 0 && rejects.growth === 0);
      assertPages(pool, kept, length);
    }
    const { heldBytes } = pool.stats();
    assert.ok(heldBytes > limitBytes - 2 * WASM_PAGE, `${heldBytes} of ${limitBytes} used`);
    assertSound(subject);
  }
});

limits("a full pool is nearly all payload: the limit is used, not wasted", () => {
  const { pool } = start({ limitBytes: 16 * MIB });
  fill(pool, 0);
  const { payloadBytes, heldBytes } = pool.stats();
  assert.ok(payloadBytes / heldBytes > 0.96, `${payloadBytes / heldBytes} of what is held`);
});

limits("a lowered limit rejects puts and keeps what is there", () => {
  const subject = start();
  const { pool } = subject;
  const kept = fill(pool, 0, 2000, 2000);
  const held = pool.stats().heldBytes;
  pool.setLimit(held / 2);
  assert.not.ok(pool.putPage(0, 9000, pageOf(2000, 9000)));
  assert.is(pool.stats().heldBytes, held, "only a trim lowers what is held");
  assert.is(pool.stats().limitBytes, held / 2);
  assertPages(pool, kept);
  // Also an overwrite is rejected, and takes the old page with it.
  assert.not.ok(pool.putPage(0, 5, pageOf(4000, 5)));
  assert.is(pool.viewPage(0, 5), undefined);
  assertSound(subject);
});

limits("free runs serve while held - free + need stays within the lowered limit", () => {
  const subject = start();
  const { pool } = subject;
  const kept = fill(pool, 0, 2000, 4000);
  const held = pool.stats().heldBytes;
  const limitBytes = Math.floor(held / 2);
  pool.setLimit(limitBytes);
  // Whole zspages become free: neighbours in time are neighbours in memory.
  for (const offset of kept.splice(0, 2400)) assert.ok(pool.flushPage(0, offset));
  const { freeBytes } = pool.stats();
  assert.ok(held - freeBytes < limitBytes, "the flush has made room under the limit");
  const added = fill(pool, 50_000);
  assert.ok(added.length > 200, `${added.length} pages put into free runs`);
  const stats = pool.stats();
  assert.is(stats.heldBytes, held, "nothing grew");
  const used = stats.heldBytes - stats.freeBytes;
  assert.ok(used <= limitBytes, `${used} used, limit ${limitBytes}`);
  assert.ok(used > limitBytes - 3 * 16384, `${used} used of ${limitBytes}`);
  assertPages(pool, [...kept, ...added]);
  assertSound(subject);
});

limits("a pool lowered below its use works again once compaction has made room", () => {
  const subject = start();
  const { pool } = subject;
  const kept = fill(pool, 0, 2000, 4000);
  pool.setLimit(pool.stats().heldBytes * 0.6);
  const left = kept.filter((offset) => {
    if (offset % 5 < 3) return !pool.flushPage(0, offset);
    return true;
  });
  // Holes of one class only: another class finds no room before they are joined.
  const before = fill(pool, 60_000, 4090);
  const freeable = pool.freeableBytes();
  const { zspageBytes } = pool.stats();
  const { movedObjects, done } = pool.compact();
  assert.ok(done && movedObjects > 0);
  const freed = zspageBytes - pool.stats().zspageBytes;
  assert.ok(freed > freeable * 0.8 && freed < freeable * 1.3, `freed ${freed}, said ${freeable}`);
  const { movedObjects: counted } = pool.stats();
  assert.is(counted, movedObjects);
  const after = fill(pool, 80_000, 4090);
  assert.ok(after.length > before.length + 100, `${after.length} pages after ${before.length}`);
  assertPages(pool, left);
  assertPages(pool, [...before, ...after], 4090);
  assertSound(subject);
});

limits("a raised limit lets the pool grow again", () => {
  const subject = start({ limitBytes: MIB });
  const first = fill(subject.pool, 0);
  subject.pool.setLimit(2 * MIB);
  const second = fill(subject.pool, 10_000);
  assert.ok(second.length > first.length, `${second.length} after ${first.length}`);
  assertPages(subject.pool, [...first, ...second]);
  assertSound(subject);
});

limits("lowering the limit trims when asked to", () => {
  const subject = start();
  const { pool } = subject;
  const kept = fill(pool, 0, 2000, 2000);
  const left = kept.filter((offset) => offset % 4 === 0 || !pool.flushPage(0, offset));
  const held = pool.stats().heldBytes;
  pool.setLimit(held / 2, { trim: true });
  assert.ok(pool.stats().heldBytes <= held / 2);
  assert.ok(pool.putPage(0, 9000, pageOf(2000, 9000)));
  assertPages(pool, left);
  assertSound(subject);
});

limits(
  "refuses a limit that is no number of bytes, and one without room for the fixed part",
  () => {
    const { pool, module } = start();
    for (const limit of [-1, Number.NaN]) {
      assert.throws(
        () => pool.setLimit(limit),
        (error: unknown) => error instanceof RangeError,
      );
    }
    assert.throws(
      () => pool.setLimit("1" as unknown as number),
      (error: unknown) => error instanceof TypeError,
    );
    for (const pageSize of [4096, 16384, 65536]) {
      let said = 0;
      try {
        new ZmemBackend(module.createInstance, { limitBytes: 0 }).init(pageSize);
      } catch (error) {
        assert.instance(error, RangeError);
        said = Number(/\((\d+) bytes/.exec((error as Error).message)?.[1]);
      }
      assert.ok(said > 0, "the message says how much is needed");
      const enough = new ZmemBackend(module.createInstance, { limitBytes: said });
      assert.is(enough.init(pageSize), 0, `${said} bytes for pages of ${pageSize}`);
      const less = new ZmemBackend(module.createInstance, { limitBytes: said - WASM_PAGE });
      assert.throws(() => less.init(pageSize), "one wasm page less is too little");
    }
  },
);

limits("limits from nothing to beyond 4 GiB never break a pool", () => {
  const subject = start();
  const { pool } = subject;
  const kept = fill(pool, 0, 2000, 50);
  for (const limit of [0, 1, WASM_PAGE, 2 ** 32, 2 ** 33, 1e300, Infinity, 0.5]) {
    pool.setLimit(limit);
    const isOpen = limit >= 2 ** 32;
    assert.is(pool.putPage(0, 900, pageOf(4000, 900)), isOpen, `limit ${limit}`);
    assertPages(pool, kept);
  }
  assertSound(subject);
});

const compaction = suite("compaction");

/** A pool of many sizes with three quarters of its pages flushed at random. */
function holey(seed: number, pageSize = PAGE_SIZE): Subject & { left: Map<number, number> } {
  const subject = start({}, pageSize);
  const random = createRandom(seed);
  const left = new Map<number, number>();
  const pages = pageSize > 16384 ? 1000 : 4000;
  for (let offset = 0; offset < pages; offset++) {
    const length = 1 + random.below(pageSize);
    assert.ok(subject.pool.putPage(0, offset, pageOf(length, offset, pageSize)));
    left.set(offset, length);
  }
  for (const offset of left.keys()) {
    if (random.below(4) === 0) continue;
    subject.pool.flushPage(0, offset);
    left.delete(offset);
  }
  return { ...subject, left };
}

function assertLeft(pool: ZmemBackend, left: ReadonlyMap<number, number>, size: number): void {
  assert.is(pool.countPages(0), left.size);
  for (const [offset, length] of left) {
    assertSame(pool.viewPage(0, offset), pageOf(length, offset, size), `page ${offset}`);
  }
}

compaction("goes on where it stopped, object by object, and every get works in between", () => {
  const subject = holey(11);
  const { pool, left } = subject;
  const offsets = [...left.keys()];
  let steps = 0;
  let moved = 0;
  for (;;) {
    const result = pool.compact({ objects: 1 });
    if (result.done) break;
    assert.ok(result.movedObjects <= 1);
    moved += result.movedObjects;
    const offset = offsets[steps++ % offsets.length] as number;
    assertSame(pool.viewPage(0, offset), pageOf(left.get(offset) as number, offset), "page");
    if (steps % 50 === 0) assertSound(subject);
  }
  assert.ok(moved > 100, `${moved} objects moved`);
  assert.is(pool.compact().movedObjects, 0);
  assertLeft(pool, left, PAGE_SIZE);
  assertSound(subject);
});

compaction("gives the same memory back at once or in steps", () => {
  const atOnce = holey(12);
  const inSteps = holey(12);
  atOnce.pool.compact();
  while (!inSteps.pool.compact({ objects: 7 }).done);
  assert.is(inSteps.pool.stats().movedObjects, atOnce.pool.stats().movedObjects);
  assert.is(inSteps.pool.stats().zspageBytes, atOnce.pool.stats().zspageBytes);
});

compaction("says before what it will free, per class and in all", () => {
  const { pool } = holey(13);
  const said = pool.freeableBytes();
  const rows = pool.classStats();
  assert.is(
    rows.reduce((sum, row) => sum + row.freeableBytes, 0),
    said,
  );
  const before = pool.stats().zspageBytes;
  pool.compact();
  const freed = before - pool.stats().zspageBytes;
  assert.ok(said > 0 && Math.abs(freed - said) < said * 0.25, `said ${said}, freed ${freed}`);
  assert.ok(pool.freeableBytes() < said * 0.1, `${pool.freeableBytes()} left of ${said}`);
});

compaction("keeps to a budget in microseconds, and does nothing without one left", () => {
  const { pool, left } = holey(14);
  assert.equal(pool.compact({ microseconds: 0 }), { movedObjects: 0, done: false });
  assert.equal(pool.compact({ objects: 0 }), { movedObjects: 0, done: false });
  let calls = 0;
  while (!pool.compact({ microseconds: 50 }).done) calls++;
  assert.ok(calls >= 1, "it took more than one call");
  assertLeft(pool, left, PAGE_SIZE);
});

compaction("shows the kernel's columns, which add up", () => {
  const { pool } = holey(15);
  const rows = pool.classStats();
  const sum = (figure: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((total, row) => total + figure(row), 0);
  const stats = pool.stats();
  assert.is(
    sum((row) => row.objectsUsed * row.objectSize),
    stats.objectBytes,
  );
  assert.is(
    sum((row) => row.zspageBytes),
    stats.zspageBytes,
  );
  assert.is(
    sum((row) => row.objectsUsed),
    stats.pages - stats.sameFilledPages + 0,
  );
  for (const row of rows) {
    const byFullness = row.zspagesByFullness.reduce((total, count) => total + count, 0);
    assert.is(byFullness, row.zspages);
    assert.ok(row.objectsUsed >= row.zspages, "no empty zspage is kept");
    assert.ok(row.objectsAllocated >= row.objectsUsed);
    assert.ok(row.zspageBytes >= row.objectsAllocated * row.objectSize);
    if (row.objectsUsed === row.objectsAllocated) assert.is(row.freeableBytes, 0);
  }
});

const trims = suite("trim");
const KINDS = ["zero", "word32", "word64", "text"] as const;

for (const pageSize of [4096, 16384, 65536]) {
  trims(`keeps every page and every handle, and gives memory back: pages of ${pageSize}`, () => {
    const subject = holey(21, pageSize);
    const { pool, left, module } = subject;
    for (const [at, kind] of KINDS.entries()) {
      assert.ok(pool.putPage(0, 2 ** 31 + at, makePage(kind, 1, pageSize)));
      assert.ok(pool.openType(1000));
      assert.ok(pool.putPage(1000, 0xffff_ffff - at, makePage(kind, 2, pageSize)));
    }
    assert.ok(pool.openType(7));
    const before = pool.stats();
    const stated = pool.trimPeakBytes();
    const result = pool.trim();
    assert.ok(result.trimmed && result.heldBytesBefore === before.heldBytes);
    assert.is(module.instances.length, 2);
    const after = pool.stats();
    assert.is(after.heldBytes, result.heldBytesAfter);
    assert.is(after.heldBytes, lastInstance(module).memory.buffer.byteLength);
    assert.ok(after.heldBytes < before.heldBytes / 2, `${after.heldBytes} of ${before.heldBytes}`);
    assert.ok(after.heldBytes <= stated, `${after.heldBytes} taken, ${stated} stated`);
    assert.is(after.pages, before.pages);
    assert.is(after.payloadBytes, before.payloadBytes);
    assert.is(after.objectBytes, before.objectBytes);
    assert.is(after.sameFilledPages, before.sameFilledPages);
    assert.is(after.rawPages, before.rawPages);
    assert.is(after.peakHeldBytes, before.heldBytes + after.heldBytes);
    for (const [at, kind] of KINDS.entries()) {
      const page = makePage(kind, 1, pageSize);
      assertSame(pool.viewPage(0, 2 ** 31 + at), page, kind);
      pool.flushPage(0, 2 ** 31 + at);
      const other = makePage(kind, 2, pageSize);
      assertSame(pool.viewPage(1000, 0xffff_ffff - at), other, kind);
    }
    assert.ok(pool.putPage(7, 0, pageOf(100, 1, pageSize)), "an open type stays open");
    assert.not.ok(pool.putPage(8, 0, pageOf(100, 1, pageSize)), "a closed type stays closed");
    assertLeft(pool, left, pageSize);
    assertSound(subject);
  });
}

trims("knows after a trim which pages were got, and which can't get smaller", () => {
  const { pool, module } = start();
  for (let offset = 0; offset < 200; offset++) pool.putPage(0, offset, pageOf(2000, offset));
  for (let offset = 8; offset < 200; offset++) pool.flushPage(0, offset);
  assert.is(pool.recompress().triedPages, 8);
  pool.allowWriteback(0, true);
  for (const offset of [1, 4, 5]) assert.ok(pool.viewPage(0, offset));
  assert.ok(pool.trim().trimmed);
  assert.is(pool.recompress().triedPages, 0, "none is tried again");
  assert.equal(
    pool.selectCold(100).map(({ offset }) => offset),
    [0, 2, 3, 6, 7],
  );
  assertSound({ pool, module });
});

trims("states enough peak for any pool: one object in every class, one page, none", () => {
  for (const [pageSize, step] of [
    [4096, 16],
    [65536, 256],
  ] as const) {
    const { pool, module } = start({}, pageSize);
    const stateAndTrim = (): void => {
      const stated = pool.trimPeakBytes();
      const known = module.instances.length;
      pool.trim();
      const taken = module.instances.at(known)?.memory.buffer.byteLength ?? Infinity;
      assert.ok(taken <= stated, `${taken} taken, ${stated} stated`);
    };
    stateAndTrim();
    assert.ok(pool.putPage(0, 0, pageOf(pageSize, 0, pageSize)));
    stateAndTrim();
    for (let round = 0; round < 3; round++) {
      for (let length = 1; length <= pageSize; length += step) {
        const offset = round * 65536 + length;
        assert.ok(pool.putPage(0, offset * 64, pageOf(length, offset, pageSize)));
      }
      stateAndTrim();
    }
  }
});

trims("carries limit, switches, effort and counters over", () => {
  const { pool } = holey(22);
  pool.compact({ objects: 100 });
  assert.not.ok(pool.putPage(5, 0, pageOf(10, 1)));
  const before = pool.stats();
  pool.setLimit(64 * MIB);
  pool.setEnabled(false);
  assert.not.ok(pool.putPage(0, 8000, pageOf(10, 1)));
  assert.ok(pool.trim().trimmed);
  assert.not.ok(pool.putPage(0, 8000, pageOf(10, 1)), "still disabled");
  pool.setEnabled(true);
  assert.ok(pool.putPage(0, 8000, pageOf(10, 1)));
  const { rejects, movedObjects, limitBytes, heldBytes } = pool.stats();
  assert.is(limitBytes, 64 * MIB);
  assert.is(movedObjects, before.movedObjects);
  assert.equal(rejects, { ...before.rejects, disabled: before.rejects.disabled + 2 });
  pool.setLimit(heldBytes);
  assert.ok(fill(pool, 10_000).length < 100, "the limit holds in the fresh instance");
});

trims("with the effort high says what is held with its workspace", () => {
  const { pool } = start({ effort: "high" });
  fill(pool, 0, 2000, 2000);
  for (let offset = 0; offset < 1900; offset++) pool.flushPage(0, offset);
  const first = pool.trim();
  assert.ok(first.trimmed);
  assert.is(first.reason, null);
  assert.is(first.heldBytesAfter, pool.stats().heldBytes);
  const second = pool.trim();
  assert.is(second.reason, "noGain");
  assert.is(pool.stats().heldBytes, first.heldBytesAfter);
});

trims("of a pool that uses more than its limit succeeds; the limit holds again afterwards", () => {
  const subject = holey(23);
  const { pool, left } = subject;
  pool.setLimit(pool.stats().payloadBytes / 2);
  assert.ok(pool.trim().trimmed);
  assertLeft(pool, left, PAGE_SIZE);
  assert.not.ok(pool.putPage(0, 9000, pageOf(2000, 1)));
  assertSound(subject);
});

trims("does nothing where nothing is to be gained", () => {
  const { pool } = start();
  fill(pool, 0, 2000, 2000);
  pool.trim();
  const { heldBytes } = pool.stats();
  const result = pool.trim();
  assert.equal(result, {
    trimmed: false,
    reason: "noGain",
    heldBytesBefore: heldBytes,
    heldBytesAfter: heldBytes,
  });
});

trims("of a pool with 80 % flushed leaves 95 % payload, and more pages fit behind it", () => {
  const subject = start();
  const { pool } = subject;
  const random = createRandom(24);
  const kept = new Map<number, number>();
  for (let offset = 0; offset < 20_000; offset++) {
    const length = 200 + random.below(3000);
    assert.ok(pool.putPage(0, offset, pageOf(length, offset)));
    if (random.below(5) === 0) kept.set(offset, length);
  }
  for (let offset = 0; offset < 20_000; offset++) if (!kept.has(offset)) pool.flushPage(0, offset);
  assert.ok(pool.trim().trimmed);
  const { payloadBytes, heldBytes } = pool.stats();
  assert.ok(payloadBytes / heldBytes > 0.95, `${payloadBytes / heldBytes}`);
  assertLeft(pool, kept, PAGE_SIZE);
  assert.ok(fill(pool, 100_000, 2000, 500).length === 500);
  assertSound(subject);
});

limits(
  "without room for the workspace of its effort it does not start, the second time neither",
  () => {
    const least = start().pool.stats().heldBytes;
    const pool = new ZmemBackend(testingModule().createInstance, {
      effort: "high",
      limitBytes: least,
    });
    for (let times = 0; times < 2; times++) {
      assert.throws(
        () => pool.init(PAGE_SIZE),
        /limitBytes: .*workspace of the effort "high".* got /,
      );
      assert.throws(() => pool.openType(0), /call init first/);
    }
    assert.is(pool.pageSize, 0);
    const { heldBytes } = start({ effort: "high" }).pool.stats();
    assert.is(start({ effort: "high", limitBytes: heldBytes }).pool.effort, "high");
  },
);

limits("wasm pages that no memory can have are refused", () => {
  for (const maximumWasmPages of [0, 65537, 1.5, NaN, "9"]) {
    assert.throws(
      () => new ZmemBackend(testingModule().createInstance, { maximumWasmPages } as never),
      /maximumWasmPages: expected an integer from 1 to 65536, got /,
    );
  }
});

limits.run();
compaction.run();
trims.run();
