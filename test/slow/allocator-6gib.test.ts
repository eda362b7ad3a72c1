/**
 * 6 GiB of logical data in one process, over instances that may hold 1 GiB each, read back whole.
 *
 * The pages compress to about half, so that some 3 GiB are held; each is made again from its number
 * for the comparison.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createZmemSync } from "../../src/index.ts";
import { makePage } from "../conformance/pages.ts";

const GIB = 2 ** 30;
const PAGE_SIZE = 4096;
const PAGES = (6 * GIB) / PAGE_SIZE;
const NOISE = makePage("random", 1, 1 << 20);

function fillPage(page: Uint8Array, offset: number): void {
  const begin = (Math.imul(offset, 0x9e37_79b1) >>> 0) % (NOISE.length - PAGE_SIZE);
  const length = 1000 + (begin % 2000);
  page.set(NOISE.subarray(begin, begin + length));
  page.fill(0, length);
  new Uint32Array(page.buffer)[1023] = offset;
}

const large = suite("6 GiB");

large("are kept over several instances and read back correctly, also after a trim", () => {
  const zmem = createZmemSync({
    pageSize: PAGE_SIZE,
    limitBytes: 6 * GIB,
    maxInstanceBytes: GIB,
  });
  const { backend } = zmem;
  assert.ok(backend.openType(0));
  const page = new Uint8Array(PAGE_SIZE);
  const expected = new Uint8Array(PAGE_SIZE);
  for (let offset = 0; offset < PAGES; offset++) {
    fillPage(page, offset);
    if (!backend.putPage(0, offset, page)) assert.unreachable(`page ${offset} was rejected`);
  }
  const stats = backend.stats();
  assert.is(stats.pages, PAGES);
  assert.is(stats.logicalBytes, 6 * GIB);
  assert.is(stats.instances, 6);
  assert.ok(stats.heldBytes > 2 * GIB && stats.heldBytes < 4 * GIB, `${stats.heldBytes} held`);
  const check = (from: number, step: number): void => {
    for (let offset = from; offset < PAGES; offset += step) {
      fillPage(expected, offset);
      if (!backend.getPage(0, offset, page)) assert.unreachable(`page ${offset} is lost`);
      if (Buffer.compare(page, expected) !== 0) assert.unreachable(`page ${offset} differs`);
    }
  };
  check(0, 1);
  for (let offset = 0; offset < PAGES; offset++) if (offset % 4 !== 0) backend.flushPage(0, offset);
  assert.ok(backend.trim().trimmed);
  check(0, 4);
  assert.is(backend.getPage(0, 1, page), false);
  const resident = process.memoryUsage().rss;
  console.log(
    `note: ${(stats.heldBytes / GIB).toFixed(2)} GiB held for 6 GiB, ` +
      `${(backend.stats().heldBytes / GIB).toFixed(2)} after a trim, resident ${(resident / GIB).toFixed(2)}`,
  );
  zmem.close();
});

large.run();
