/** The checks at the public border: every message that a bad argument gets. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import vm from "node:vm";
import {
  checkOffset,
  checkPage,
  checkPages,
  checkPageSize,
  checkType,
  describe,
  ZmemError,
} from "../src/errors.ts";

const test = suite("errors");

/** Runs a check and gives its complaint as "Name: message", or "fine". */
function complaint(check: () => void): string {
  try {
    check();
    return "fine";
  } catch (error) {
    assert.ok(error instanceof Error);
    return `${error.name}: ${error.message}`;
  }
}

test("a ZmemError has a code for programs, a message for people and a cause", () => {
  const cause = new Error("EIO");
  const error = new ZmemError("ERR_ZMEM_DEVICE", "the disk is on fire", { cause });
  assert.instance(error, Error);
  assert.is(error.code, "ERR_ZMEM_DEVICE");
  assert.is(error.cause, cause);
  assert.is(String(error), "ZmemError: the disk is on fire");
});

test("a page size is a power of two from 4096 to 65536", () => {
  for (const size of [4096, 8192, 16384, 32768, 65536]) {
    assert.is(
      complaint(() => checkPageSize(size)),
      "fine",
    );
  }
  const expected = "RangeError: page size: expected a power of two from 4096 to 65536, got ";
  for (const size of [0, -4096, 2048, 4095, 5000, 12288, 131072, 2 ** 40, 4096.5, NaN, Infinity]) {
    assert.is(
      complaint(() => checkPageSize(size)),
      `${expected}${size}`,
    );
  }
  for (const size of ["4096", null, undefined, {}, 4096n]) {
    assert.is(
      complaint(() => checkPageSize(size)),
      `${expected}${describe(size)}`,
    );
  }
});

test("a swap type is an integer from 0 to 1023", () => {
  for (const type of [0, 1, 1023]) {
    assert.is(
      complaint(() => checkType(type)),
      "fine",
    );
  }
  for (const type of [-1, 1024, 0.5, NaN, 2 ** 32]) {
    assert.is(
      complaint(() => checkType(type)),
      `RangeError: swap type: expected an integer from 0 to 1023, got ${type}`,
    );
  }
  assert.is(
    complaint(() => checkType("3")),
    'TypeError: swap type: expected a number, got "3"',
  );
});

test("an area has 1 to 2^32 pages", () => {
  for (const pages of [1, 2 ** 32]) {
    assert.is(
      complaint(() => checkPages(pages)),
      "fine",
    );
  }
  for (const pages of [0, -1, 1.5, 2 ** 32 + 1, NaN]) {
    assert.is(
      complaint(() => checkPages(pages)),
      `RangeError: pages: expected an integer from 1 to 4294967296, got ${pages}`,
    );
  }
  assert.is(
    complaint(() => checkPages(undefined)),
    "TypeError: pages: expected a number, got undefined",
  );
});

test("an offset is a u32, below the pages of its area", () => {
  for (const offset of [0, 1, 0x7fff_ffff, 0xffff_ffff]) {
    assert.is(
      complaint(() => checkOffset(offset)),
      "fine",
    );
  }
  for (const offset of [-1, 0.5, 2 ** 32, NaN, Infinity]) {
    assert.is(
      complaint(() => checkOffset(offset)),
      `RangeError: offset: expected an integer from 0 to 4294967295, got ${offset}`,
    );
  }
  assert.is(
    complaint(() => checkOffset(100, 100)),
    "RangeError: offset: expected an integer from 0 to 99, got 100",
  );
  assert.is(
    complaint(() => checkOffset(5n)),
    "TypeError: offset: expected a number, got 5n",
  );
});

test("a page is a Uint8Array of the page size", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(4096));
  const foreign: unknown = vm.runInNewContext("new Uint8Array(4096)");
  for (const page of [new Uint8Array(4096), Buffer.alloc(4096), shared, foreign]) {
    assert.is(
      complaint(() => checkPage(page, 4096)),
      "fine",
    );
  }
  for (const page of [
    null,
    undefined,
    "page",
    7,
    [],
    new ArrayBuffer(4096),
    new DataView(shared.buffer),
  ]) {
    assert.is(
      complaint(() => checkPage(page, 4096)),
      `TypeError: page: expected a Uint8Array, got ${describe(page)}`,
    );
  }
  for (const length of [0, 1, 4095, 4097, 8192]) {
    assert.is(
      complaint(() => checkPage(new Uint8Array(length), 4096)),
      `RangeError: page: expected 4096 bytes, got ${length}`,
    );
  }
  assert.is(
    complaint(() => checkPage(new Uint16Array(2048), 4096)),
    "TypeError: page: expected a Uint8Array, got Uint16Array",
  );
});

test("a page whose buffer is detached is told from an empty one", () => {
  const page = new Uint8Array(4096);
  structuredClone(page.buffer, { transfer: [page.buffer] });
  assert.is(
    complaint(() => checkPage(page, 4096)),
    "TypeError: page: expected 4096 bytes, got a Uint8Array whose buffer is detached (transferred, or memory that has grown)",
  );
});

test("a value is described in one short line", () => {
  assert.equal(
    [1, -0.5, 7n, true, null, undefined, "a\nb", [], new Map(), () => 0, Symbol("x")].map(describe),
    [
      "1",
      "-0.5",
      "7n",
      "true",
      "null",
      "undefined",
      '"a\\nb"',
      "Array",
      "Map",
      "a function",
      "a symbol",
    ],
  );
  assert.is(describe("x".repeat(100)), `"${"x".repeat(40)}"…`);
  assert.is(describe(Object.create(null)), "an object");
  assert.is(describe({ constructor: 5 }), "an object");
});

test.run();
