/** A shared pool that is full for long: what its free runs become, and that pages survive the moves. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { createRandom, makePage } from "../conformance/pages.ts";
import { sharedTestingModule } from "./modules.ts";
import { testingExports } from "./testing-exports.ts";

const SEED = Number(process.env["ZMEM_SEED"] ?? 7);
const PAGE_SIZE = 4096;
const PAGES = 3600;
const LIMIT_BYTES = 8 * 2 ** 20;
const test = suite("shared pool, fragmentation");

/** Blocks of every length: the first part of each page is random, the rest 0. */
const library = Array.from({ length: 512 }, (_, at) => {
  const page = makePage("random", at, PAGE_SIZE);
  page.fill(0, Math.floor((PAGE_SIZE * ((at * 37) % 512)) / 512));
  return page;
});

test("compaction makes room for pages of any length out of runs that were too short", () => {
  const pool = SharedZmemBackend.create(sharedTestingModule(), { limitBytes: LIMIT_BYTES });
  assert.is(pool.init(PAGE_SIZE), 0);
  assert.ok(pool.openType(0));
  const random = createRandom(SEED);
  const kept = new Map<number, number>();
  let rejected = 0;
  let rescued = 0;
  const put = (offset: number): void => {
    const source = random.below(library.length);
    let stored = pool.putPage(0, offset, library[source] as Uint8Array);
    if (!stored) {
      rejected += 1;
      pool.compactForRetry(256);
      stored = pool.retryPut(0, offset);
      if (stored) rescued += 1;
    }
    if (stored) kept.set(offset, source);
    else kept.delete(offset);
  };
  for (let offset = 0; offset < PAGES; offset++) put(offset);
  for (let round = 0; round < 10; round++) {
    for (let count = 0; count < PAGES / 2; count++) put(random.below(PAGES));
    assert.is(testingExports(pool).validate(), 0, `round ${round}`);
  }
  const { freeBytes, heldBytes, pages } = pool.stats();
  const what = `seed ${SEED}: ${rejected} rejected, ${rescued} of them kept after compaction`;
  console.log(`${what}; free: ${(freeBytes / heldBytes).toFixed(4)}`);
  assert.is(pages, kept.size);
  assert.ok(rejected > 20 && rescued > rejected * 0.9, what);
  assert.ok(freeBytes / heldBytes < 0.05, what);
  const got = new Uint8Array(PAGE_SIZE);
  for (const [offset, source] of kept) {
    assert.ok(pool.getPage(0, offset, got));
    assert.is(Buffer.compare(got, library[source] as Uint8Array), 0, `page ${offset}`);
  }
  assert.is(pool.compact().done, true);
  pool.flushArea(0);
  assert.is(testingExports(pool).validate(), 0);
  assert.is(pool.stats().objectBytes, 0);
});

test.run();
