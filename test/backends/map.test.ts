/** What MapBackend has beside the contract; the contract is test/conformance/backend.test.ts. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MapBackend } from "../../src/backends/map.ts";
import { makePage } from "../conformance/pages.ts";

const test = suite("MapBackend");
const page = makePage("text", 1, 4096);

test("it keeps limitPages pages over all types, and overwrites at the limit", () => {
  const backend = new MapBackend({ limitPages: 2 });
  backend.init(4096);
  backend.openType(0);
  backend.openType(1);
  assert.is(backend.putPage(0, 1, page), true);
  assert.is(backend.putPage(1, 1, page), true);
  assert.is(backend.putPage(1, 2, page), false);
  assert.is(backend.putPage(1, 1, page), true);
  backend.setLimit(1);
  assert.is(backend.putPage(1, 1, page), false);
  assert.is(backend.getPage(1, 1, new Uint8Array(4096)), false);
  assert.is(backend.pages, 1);
});

test("it says what it holds: a whole page for each", () => {
  const backend = new MapBackend();
  backend.init(8192);
  backend.openType(0);
  backend.putPage(0, 1, new Uint8Array(8192));
  backend.putPage(0, 2, new Uint8Array(8192));
  backend.putPage(0, 2, new Uint8Array(8192));
  assert.is(backend.pages, 2);
  assert.is(backend.heldBytes, 16384);
  backend.flushArea(0);
  assert.is(backend.heldBytes, 0);
});

test("a Buffer is copied too, though its slice is none", () => {
  const backend = new MapBackend();
  backend.init(4096);
  backend.openType(0);
  const buffer = Buffer.alloc(4096, 7);
  backend.putPage(0, 1, buffer);
  buffer.fill(9);
  const got = new Uint8Array(4096);
  backend.getPage(0, 1, got);
  assert.is(got[0], 7);
});

test("a limit that is no number of pages is refused", () => {
  const backend = new MapBackend();
  for (const limitPages of [NaN, -1, "9" as never]) {
    assert.throws(() => new MapBackend({ limitPages }), /limitPages: expected 0 or more.* got/);
    assert.throws(() => backend.setLimit(limitPages), /limitPages: expected 0 or more.* got/);
  }
});

test("a second init with another page size is refused", () => {
  const backend = new MapBackend();
  assert.is(backend.init(4096), 0);
  assert.is(backend.init(8192), -1);
});

test.run();
