/** Selection of cold pages: how far one call goes, in plain and shared pools. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { makePage } from "../conformance/pages.ts";
import { releaseInstantiator } from "../modules.ts";
import { sharedModule } from "../shared/modules.ts";

const PAGE_SIZE = 4096;
const TYPE = 0;
const SAME_FILLED = 60_000;
/** One in a thousand. */
const BLOCKS = 60;
/** Buckets and entries of one call. */
const MOST_SCANNED = 8192;

const POOLS: Record<string, () => ZmemBackend | SharedZmemBackend> = {
  "a plain pool": () => new ZmemBackend(releaseInstantiator()),
  "a shared pool": () => SharedZmemBackend.create(sharedModule(), { limitBytes: 2 ** 25 }),
};

for (const [name, create] of Object.entries(POOLS)) {
  const test = suite(`selection of cold pages in ${name}`);
  const zero = new Uint8Array(PAGE_SIZE);

  function start(): ZmemBackend | SharedZmemBackend {
    const pool = create();
    pool.init(PAGE_SIZE);
    pool.openType(TYPE);
    pool.allowWriteback(TYPE, true);
    return pool;
  }

  test("same-filled pages count for the bound of a call", () => {
    const pool = start();
    for (let offset = 0; offset < SAME_FILLED; offset++) {
      const isBlock = offset % (SAME_FILLED / BLOCKS) === 0;
      const page = isBlock ? makePage("text", offset, PAGE_SIZE) : zero;
      assert.ok(pool.putPage(TYPE, offset, page));
    }
    const found = new Set<number>();
    let calls = 0;
    // A bucket for each group of four.
    const lap = Math.ceil((SAME_FILLED * 1.5) / MOST_SCANNED) + 1;
    for (; found.size < BLOCKS && calls < lap; calls++) {
      for (const { offset } of pool.selectCold(64)) found.add(offset);
      if (calls === 0) assert.ok(found.size < BLOCKS / 2, `${found.size} of ${BLOCKS} in one call`);
    }
    assert.is(found.size, BLOCKS, `found in ${calls} calls`);
    pool.close();
  });

  test("empty buckets count for the bound of a call", () => {
    const pool = start();
    for (let offset = 0; offset < 4 * SAME_FILLED; offset += 4) pool.putPage(TYPE, offset, zero);
    for (let offset = 0; offset < 4 * SAME_FILLED; offset += 4) pool.flushPage(TYPE, offset);
    for (let offset = 0; offset < BLOCKS; offset++) {
      assert.ok(pool.putPage(TYPE, offset * 4000, makePage("text", offset, PAGE_SIZE)));
    }
    const first = pool.selectCold(64).length;
    assert.ok(first < BLOCKS / 2, `${first} of ${BLOCKS} in one call`);
    pool.close();
  });

  test.run();
}

const bounds = suite("pages of a selection");

bounds("a page that was not listed has no block", () => {
  const pool = SharedZmemBackend.create(sharedModule(), { limitBytes: 2 ** 22 });
  pool.init(PAGE_SIZE);
  pool.openType(TYPE);
  pool.allowWriteback(TYPE, true);
  assert.ok(pool.putPage(TYPE, 1, makePage("text", 1, PAGE_SIZE)));
  assert.is(pool.listCold(8).length, 1);
  assert.not.equal(pool.copyCold(0), null);
  for (const index of [1, 7, 64, 2 ** 20, -1, NaN]) {
    assert.is(pool.copyCold(index), null, `index ${index}`);
    assert.is(pool.dropCold(index), false, `index ${index}`);
  }
});

bounds.run();
