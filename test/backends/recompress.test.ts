/**
 * Recompression of a pool: what it takes first, and what it leaves alone.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { lastInstance, testingModule } from "../assembly/testing-module.ts";
import { makePage } from "../conformance/pages.ts";

const PAGE_SIZE = 4096;
const PAGES = 24;
const test = suite("recompression");

function textOf(offset: number): Uint8Array {
  return makePage("text", offset, PAGE_SIZE);
}

/** A pool of pages of text that were put with the effort "fast". */
function start(module = testingModule()): ZmemBackend {
  const pool = new ZmemBackend(module.createInstance, { effort: "fast" });
  pool.init(PAGE_SIZE);
  pool.openType(0);
  for (let offset = 0; offset < PAGES; offset++) assert.ok(pool.putPage(0, offset, textOf(offset)));
  return pool;
}

function lengths(pool: ZmemBackend): number[] {
  return Array.from(
    { length: PAGES },
    (_, offset) => pool.inspectPage(0, offset)?.payloadBytes ?? 0,
  );
}

/** Offsets whose blocks are smaller than before. */
function smaller(before: readonly number[], after: readonly number[]): number[] {
  return before.flatMap((length, offset) => ((after[offset] as number) < length ? [offset] : []));
}

const isWarm = (offset: number): boolean => offset % 3 === 0;

test("takes pages that nobody got before those that were got", () => {
  const pool = start();
  const before = lengths(pool);
  const warm = before.map((_, offset) => offset).filter(isWarm);
  for (const offset of warm) assert.ok(pool.viewPage(0, offset));
  const first = pool.recompress({ pages: PAGES - warm.length });
  assert.is(first.triedPages, PAGES - warm.length);
  const between = lengths(pool);
  const cold = smaller(before, between);
  assert.ok(cold.length > 0, "some got smaller");
  assert.not.ok(cold.some(isWarm), `got smaller: ${cold}; ${warm} are warm`);
  assert.is(pool.recompress().triedPages, warm.length);
  const then = smaller(between, lengths(pool));
  assert.ok(then.length > 0 && then.every(isWarm), `got smaller then: ${then}`);
  for (let offset = 0; offset < PAGES; offset++) {
    assert.equal(pool.viewPage(0, offset)?.slice(), textOf(offset));
  }
});

test("takes the largest first among pages that are as cold", () => {
  const pool = start();
  const before = lengths(pool);
  const half = PAGES / 2;
  pool.recompress({ pages: half });
  const tried = smaller(before, lengths(pool));
  const median = [...before].sort((one, other) => other - one)[half] as number;
  // Within a size class the order is that of its zspages.
  for (const offset of tried) {
    assert.ok(
      (before[offset] as number) >= median - 16,
      `page ${offset} of ${before[offset]} bytes`,
    );
  }
});

test("takes a smaller block only where its size class is smaller, and none twice", () => {
  const pool = start();
  const before = pool.stats().objectBytes;
  const { savedBytes, triedPages, done } = pool.recompress();
  assert.ok(done && triedPages === PAGES && savedBytes > 0);
  assert.ok(pool.stats().objectBytes < before);
  assert.equal(pool.recompress(), { triedPages: 0, savedBytes: 0, done: true });
});

test("what finds no room for its smaller block is tried again when there is some", () => {
  const reference = start();
  reference.recompress();
  const module = testingModule();
  const pool = start(module);
  // Makes the workspace.
  pool.recompress({ pages: 1 });
  const { exports } = lastInstance(module);
  exports.failAllocations(0, 2 ** 31 - 1);
  const before = lengths(pool);
  for (const budget of [{}, { pages: 5 }, {}]) pool.recompress(budget);
  const refused = exports.failuresSeen();
  assert.ok(refused > 0, "some found no room");
  exports.failAllocations(-1, 0);
  pool.recompress();
  assert.ok(smaller(before, lengths(pool)).length > 0);
  assert.equal(lengths(pool), lengths(reference));
  assert.is(exports.validate(), 0);
});

test.run();
