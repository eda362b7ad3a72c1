import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MemorySwapDevice } from "../../src/devices/memory.ts";
import { ZmemError } from "../../src/errors.ts";
import { assertSame } from "../conformance/case.ts";
import { makePage } from "../conformance/pages.ts";

const test = suite("MemorySwapDevice");
const first = makePage("text", 1, 4096);
const second = makePage("random", 2, 4096);

test("a slot gives the page that was written last, as often as it is read", () => {
  const device = new MemorySwapDevice();
  const got = new Uint8Array(4096);
  assert.is(device.writePage(7, first), true);
  assert.is(device.writePage(7, second), true);
  for (let times = 0; times < 2; times++) {
    assert.is(device.readPage(7, got), true);
    assertSame(got, second, "slot 7");
  }
  assert.is(device.pages, 1);
});

test("it copies in and out", () => {
  const device = new MemorySwapDevice();
  const page = first.slice();
  const got = new Uint8Array(4096);
  device.writePage(0, page);
  page.fill(0);
  device.readPage(0, got);
  got.fill(1);
  device.readPage(0, got);
  assertSame(got, first, "slot 0");
});

test("an empty slot reads as false and leaves the destination alone", () => {
  const device = new MemorySwapDevice();
  const got = new Uint8Array(4096).fill(0xa5);
  assert.is(device.readPage(3, got), false);
  device.writePage(3, first);
  device.discardPage(3);
  device.discardPage(3);
  assert.is(device.readPage(3, got), false);
  assert.ok(got.every((byte) => byte === 0xa5));
  assert.is(device.pages, 0);
});

test("a full device refuses new slots, takes overwrites, and has room after a discard", () => {
  const device = new MemorySwapDevice({ pages: 2 });
  assert.is(device.writePage(10, first), true);
  assert.is(device.writePage(0xffff_ffff, first), true);
  assert.is(device.writePage(11, first), false);
  assert.is(device.writePage(10, second), true);
  device.discardPage(10);
  assert.is(device.writePage(11, first), true);
});

test("bad arguments say what was expected and what came", () => {
  assert.throws(() => new MemorySwapDevice({ pageSize: 5000 }), /power of two.*got 5000/);
  assert.throws(() => new MemorySwapDevice({ pages: 0 }), /integer from 1 to 4294967296, got 0/);
  const device = new MemorySwapDevice({ pageSize: 8192 });
  assert.throws(() => device.writePage(0, first), /expected 8192 bytes, got 4096/);
  assert.throws(() => device.readPage(-1, new Uint8Array(8192)), /offset: .* got -1/);
});

test("after close every call throws ERR_ZMEM_CLOSED, but a second close does nothing", () => {
  const device = new MemorySwapDevice();
  device.writePage(0, first);
  device.close();
  device.close();
  const isClosed = (error: unknown): boolean =>
    error instanceof ZmemError && error.code === "ERR_ZMEM_CLOSED";
  assert.throws(() => device.writePage(0, first), isClosed);
  assert.throws(() => device.readPage(0, new Uint8Array(4096)), isClosed);
  assert.throws(() => device.discardPage(0), isClosed);
  assert.is(device.pages, 0);
});

test.run();
