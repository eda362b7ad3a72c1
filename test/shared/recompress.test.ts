/** Recompression of a shared pool: what finds no room is not given up for good. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { makePage } from "../conformance/pages.ts";
import { sharedTestingModule } from "./modules.ts";
import { testingExports } from "./testing-exports.ts";

const PAGE_SIZE = 4096;
const PAGES = 24;
const test = suite("recompression of a shared pool");

function start(): SharedZmemBackend {
  const pool = SharedZmemBackend.create(sharedTestingModule(), {
    limitBytes: 2 ** 24,
    effort: "fast",
    recompression: true,
  });
  pool.init(PAGE_SIZE);
  pool.openType(0);
  for (let offset = 0; offset < PAGES; offset++) {
    assert.ok(pool.putPage(0, offset, makePage("text", offset, PAGE_SIZE)));
  }
  return pool;
}

test("what finds no room for its smaller block is tried again when there is some", () => {
  const reference = start();
  const { savedBytes } = reference.recompress();
  assert.ok(savedBytes > 0);
  const pool = start();
  const { failAllocations, validate } = testingExports(pool);
  failAllocations(0, 2 ** 31 - 1);
  const first = pool.recompress().savedBytes;
  assert.ok(first < savedBytes, "some found no room");
  failAllocations(-1, 0);
  assert.is(first + pool.recompress().savedBytes, savedBytes);
  assert.is(validate(), 0);
});

test.run();
