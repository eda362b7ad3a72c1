/**
 * Areas with a device on a shared pool, by name: where pages go, what happens when the storage is
 * full or fails, who may open what, and what is counted. The model test tries the combinations.
 */
import { existsSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FileStorage } from "../../src/devices/file-storage.ts";
import { MemoryStorage, type MemoryStorageLink } from "../../src/devices/memory-storage.ts";
import { ZmemError } from "../../src/errors.ts";
import type { SharedDeviceArea } from "../../src/shared/device-area.ts";
import { SharedZmem, type SharedZmemPoolOptions } from "../../src/shared/zmem.ts";
import { assertSame } from "../conformance/case.ts";
import { makePage } from "../conformance/pages.ts";
import { FaultyStorage } from "./faulty-storage.ts";
import { sharedModule } from "./modules.ts";

const PAGE_SIZE = 4096;
const PAGES = 2000;
const module = sharedModule();
const test = suite("shared pool with a device");

interface Setup {
  readonly zmem: SharedZmem;
  readonly area: SharedDeviceArea;
  readonly storage: FaultyStorage;
}

async function setUp(options: SharedZmemPoolOptions = {}, devicePages = PAGES): Promise<Setup> {
  const zmem = await SharedZmem.create(module, {
    limitBytes: 2 ** 20,
    maximumBytes: 2 ** 24,
    patienceMs: 20,
    ...options,
  });
  const storage = new FaultyStorage(MemoryStorage.create(devicePages * 2 * PAGE_SIZE));
  return { zmem, storage, area: zmem.swapOn({ pages: PAGES, device: storage }) };
}

/** One more worker of the pool, with a handle of its own. */
async function join({ zmem, area }: Setup): Promise<Setup> {
  const other = await SharedZmem.attach(zmem.attachment);
  const storage = new FaultyStorage(MemoryStorage.open(area.link as MemoryStorageLink));
  return { zmem: other, storage, area: other.area(area.type, { device: storage }) };
}

/** Compresses to about half of it. */
function pageOf(offset: number): Uint8Array {
  const page = makePage("random", offset, PAGE_SIZE);
  page.fill(0, PAGE_SIZE / 2);
  return page;
}

function fill({ area }: Setup, count: number): void {
  for (let offset = 0; offset < count; offset++) assert.ok(area.put(offset, pageOf(offset)));
}

function assertGets(area: SharedDeviceArea, offset: number, page = pageOf(offset)): void {
  const got = new Uint8Array(PAGE_SIZE);
  assert.is(area.get(offset, got), true, `offset ${offset} is absent`);
  assertSame(got, page, `offset ${offset}`);
}

function isOnDevice({ zmem, area }: Setup, offset: number): boolean {
  return zmem.frontswap.devices.places.has(zmem.frontswap.devices.viewOf(area.type), offset);
}

function offsetOnDevice(setup: Setup): number {
  const offset = Array.from({ length: PAGES }, (_, at) => at).find((at) => isOnDevice(setup, at));
  assert.ok(offset !== undefined);
  return offset;
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ZmemError && error.code === code;
}

test("a put into a full pool is kept there, and colder pages go to the device in clusters", async () => {
  const setup = await setUp();
  fill(setup, 1500);
  const { zmem, area, storage } = setup;
  const stats = zmem.stats();
  assert.is(stats.succPuts, 1500);
  assert.is(stats.failedPuts, 0);
  assert.is(stats.roomMade, stats.poolLimitHits);
  assert.is(stats.writtenBackPages, area.pagesOnDevice);
  assert.is(stats.currPages + area.pagesOnDevice, 1500);
  assert.is(stats.deviceWrites, storage.writes);
  assert.is(stats.deviceWrittenPages, stats.writtenBackPages);
  assert.ok(stats.deviceWrittenPages / stats.deviceWrites > 16, "clusters");
  assert.ok(zmem.frontswap.testPage(area.type, 1499), "the new page is in the pool");
});

test("any worker gets a page from the device, and it comes back into the pool for all", async () => {
  const setup = await setUp();
  const other = await join(setup);
  fill(setup, 1500);
  const offset = offsetOnDevice(setup);
  assertGets(other.area, offset);
  assert.is(other.storage.reads, 1);
  assert.is(isOnDevice(setup, offset), false);
  assertGets(setup.area, offset);
  assert.is(setup.storage.reads, 0, "it is in the pool");
  for (let at = 0; at < 1500; at++) assertGets(at % 2 === 0 ? setup.area : other.area, at);
  const { promotedPages, deviceReads } = setup.zmem.stats();
  assert.is(deviceReads, setup.storage.reads + other.storage.reads);
  assert.ok(promotedPages > 0 && promotedPages <= deviceReads);
});

test("a worker that does not promote reads and leaves the page where it is", async () => {
  const setup = await setUp();
  const { zmem, area } = setup;
  const device = MemoryStorage.open(area.link as MemoryStorageLink);
  const other = await SharedZmem.attach(zmem.attachment);
  fill(setup, 1500);
  const quiet = other.area(area.type, { device, promote: false });
  const offset = offsetOnDevice(setup);
  assertGets(quiet, offset);
  assert.ok(isOnDevice(setup, offset));
  assert.is(quiet.has(offset), true);
  assert.is(quiet.flush(offset), true);
  assert.is(area.has(offset), false);
  assert.is(area.flush(offset), false);
});

test("pages that were got stay, pages that were not go", async () => {
  const setup = await setUp();
  const { zmem, area } = setup;
  fill(setup, 64);
  for (let next = 64; next < 1500; next++) {
    area.put(next, pageOf(next));
    if (next % 8 !== 0) continue;
    for (let hot = 0; hot < 64; hot++) assertGets(area, hot);
  }
  let inPool = 0;
  for (let hot = 0; hot < 64; hot++) if (zmem.frontswap.testPage(area.type, hot)) inPool += 1;
  assert.ok(zmem.stats().writtenBackPages > 500);
  assert.ok(inPool >= 60, `${inPool} of 64 hot pages are in the pool`);
});

test("a rejected page goes to the device, the next one replaces it there or brings it back", async () => {
  const setup = await setUp();
  const { zmem, area } = setup;
  zmem.backend.setLimit(0);
  assert.is(area.put(3, pageOf(3)), true);
  assert.ok(isOnDevice(setup, 3));
  assert.is(area.put(3, pageOf(4)), true);
  assertGets(area, 3, pageOf(4));
  assert.is(area.pagesOnDevice, 1);
  zmem.backend.setLimit(Infinity);
  assert.is(area.put(3, pageOf(5)), true);
  assert.is(area.pagesOnDevice, 0);
  assertGets(area, 3, pageOf(5));
  const { rejectedFull, succPuts, failedPuts } = zmem.stats();
  assert.equal([rejectedFull, succPuts, failedPuts], [2, 1, 2]);
});

test("a limit that was lowered is met by writing back, and puts go on", async () => {
  const setup = await setUp({ limitBytes: 2 ** 22 });
  const other = await join(setup);
  fill(setup, 1000);
  const { zmem, area } = setup;
  assert.is(area.pagesOnDevice, 0);
  const { fixedBytes } = zmem.stats();
  other.zmem.backend.setLimit(fixedBytes + 2 ** 19);
  assert.ok(zmem.backend.fillLevel() > 1);
  while (zmem.backend.fillLevel() > 1)
    assert.ok(zmem.writeBack(64) + zmem.backend.compactForRetry(256));
  assert.ok(area.pagesOnDevice > 500);
  for (let offset = 0; offset < 1000; offset += 7) {
    assert.ok(other.area.put(offset, pageOf(offset + 1)));
  }
  for (let offset = 0; offset < 1000; offset++) {
    assertGets(area, offset, pageOf(offset % 7 === 0 ? offset + 1 : offset));
  }
});

test("when the device is full a put is rejected, and leaves nothing", async () => {
  const setup = await setUp({}, 10);
  const { zmem, area } = setup;
  zmem.backend.setLimit(0);
  for (let offset = 0; offset < 10; offset++) assert.is(area.put(offset, pageOf(offset)), true);
  assert.is(area.put(10, pageOf(10)), false);
  assert.is(area.has(10), false);
  assert.is(area.put(5, pageOf(55)), true, "its own place is free for it");
  assertGets(area, 5, pageOf(55));
  assert.ok(area.flush(0));
  assert.is(area.put(10, pageOf(10)), true);
  assert.is(zmem.stats().deviceFull, 1);
});

test("when a cluster can't be written its pages stay in the pool", async () => {
  const setup = await setUp();
  const { zmem, area, storage } = setup;
  for (const fault of ["full", "write"] as const) {
    storage.fault = fault;
    for (let offset = 0; offset < 200; offset++) area.put(offset, pageOf(offset));
    assert.is(zmem.writeBack(64), 0, fault);
    assert.is(area.pagesOnDevice, 0);
    assert.is(zmem.frontswap.devices.places.findFault(area.type), null);
    storage.fault = "none";
    for (let offset = 0; offset < 200; offset++) assertGets(area, offset);
  }
});

test("a put whose write fails throws and leaves nothing; a get that fails may be tried again", async () => {
  const setup = await setUp();
  const { zmem, area, storage } = setup;
  area.put(7, pageOf(7));
  zmem.backend.setLimit(0);
  storage.fault = "write";
  assert.throws(() => area.put(7, pageOf(8)), hasCode("ERR_ZMEM_DEVICE"));
  assert.throws(() => area.put(7, pageOf(8)), /offset 7: the device could not write/);
  assert.is(area.has(7), false);
  assert.is(area.pagesOnDevice, 0);
  storage.fault = "none";
  assert.ok(area.put(7, pageOf(9)));
  storage.fault = "read";
  const got = new Uint8Array(PAGE_SIZE).fill(0xa5);
  assert.throws(() => area.get(7, got), /offset 7: the device could not read/);
  assert.ok(got.every((byte) => byte === 0xa5));
  storage.fault = "none";
  assertGets(area, 7, pageOf(9));
  assert.is(zmem.stats().deviceErrors, 3);
});

test("who is at work on a page lets others wait, and a dead one is reaped", async () => {
  const setup = await setUp();
  const other = await join(setup);
  setup.zmem.backend.setLimit(0);
  setup.area.put(7, pageOf(7));
  setup.area.put(8, pageOf(8));
  const key = other.zmem.frontswap.devices.tryKey(setup.area.type, 7);
  assert.ok(key !== null);
  const got = new Uint8Array(PAGE_SIZE);
  assert.throws(() => setup.area.get(7, got), hasCode("ERR_ZMEM_HELD"));
  assert.throws(() => setup.area.put(7, pageOf(9)), hasCode("ERR_ZMEM_HELD"));
  assertGets(setup.area, 8);
  assert.is(setup.zmem.reap(other.zmem.workerId), true);
  assertGets(setup.area, 7);
});

test("an area with a device is opened with a handle, one without is not", async () => {
  const setup = await setUp();
  const { zmem, area, storage } = setup;
  const other = await SharedZmem.attach(zmem.attachment);
  assert.throws(() => other.area(area.type), /expected a handle on the device of type 0/);
  const plain = zmem.swapOn({ pages: 10 });
  assert.throws(() => other.area(plain.type, { device: storage }), /expected none/);
  assert.throws(() => zmem.swapOn({ pages: 10, device: storage }), /got that of type 0/);
  const short = MemoryStorage.create(PAGES * 2 * PAGE_SIZE - 1);
  assert.throws(() => other.area(area.type, { device: short }), /16384000 bytes.*got 16383999/);
  const small = MemoryStorage.create(100);
  assert.throws(() => zmem.swapOn({ pages: 10, device: small }), /8192 bytes, got 100/);
  const device = {} as unknown as FaultyStorage;
  assert.throws(() => zmem.swapOn({ pages: 10, device }), /storage that several threads open/);
  const options = { writeback: { clusterPages: 65 } };
  await SharedZmem.create(module, options).then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /from 1 to 64, got 65/),
  );
  for (const most of [-1, NaN])
    assert.throws(() => zmem.writeBack(most), /most: expected 0 or more/);
});

test("off forgets the device's pages, and an area of its type is another one", async () => {
  const setup = await setUp();
  const other = await join(setup);
  fill(setup, 1500);
  const { zmem, area, storage } = setup;
  area.off();
  assert.throws(() => other.area.put(0, pageOf(0)), hasCode("ERR_ZMEM_TYPE_OFF"));
  const fresh = new FaultyStorage(MemoryStorage.create(PAGES * 2 * PAGE_SIZE));
  const again = zmem.swapOn({ pages: PAGES, device: fresh, type: area.type });
  assert.is(again.pagesOnDevice, 0);
  assert.is(again.has(3), false);
  assert.ok(again.put(3, pageOf(3)));
  // The other worker's handle is on the storage of before.
  assert.throws(() => other.area.put(3, pageOf(4)), /turned off and on again/);
  const { writes } = other.storage;
  other.zmem.writeBack(64);
  assert.is(other.storage.writes, writes);
  assertGets(again, 3);
  assert.is(storage.inner.byteLength, PAGES * 2 * PAGE_SIZE);
});

test("a file is opened by its link, and gone when its maker closes it", async () => {
  const zmem = await SharedZmem.create(module, { limitBytes: 2 ** 20 });
  const storage = FileStorage.create();
  const { path } = storage.link;
  const area = zmem.swapOn({ pages: PAGES, device: storage });
  const other = await SharedZmem.attach(structuredClone(zmem.attachment));
  const handle = FileStorage.open(structuredClone(storage.link));
  const theirs = other.area(area.type, { device: handle });
  for (let offset = 0; offset < 1500; offset++) assert.ok(area.put(offset, pageOf(offset)));
  for (let offset = 0; offset < 1500; offset++) assertGets(theirs, offset);
  other.detach();
  handle.close();
  assert.ok(existsSync(path));
  assert.throws(() => theirs.get(0, new Uint8Array(PAGE_SIZE)), hasCode("ERR_ZMEM_CLOSED"));
  zmem.close();
  storage.close();
  storage.close();
  assert.not(existsSync(path));
  assert.throws(() => FileStorage.open({ path, maxBytes: Infinity }), /can't be opened/);
  assert.throws(() => FileStorage.create({ maxBytes: 0 }), RangeError);
});

test("a file is full at its limit, and storage that is closed says so", () => {
  const storage = FileStorage.create({ maxBytes: 10_000 });
  const block = new Uint8Array(4096).fill(7);
  assert.is(storage.write(block, 4096), true);
  assert.is(storage.write(block, 8192), false);
  const into = new Uint8Array(4096);
  storage.read(into, 4096);
  assert.equal(into, block);
  const blocks = MemoryStorage.create(10_000);
  for (const one of [storage, blocks]) {
    assert.is(one.write(block, 8192), false);
    assert.throws(() => one.read(into, 8000), /a read came short/);
  }
  storage.close();
  assert.throws(() => storage.read(into, 4096), hasCode("ERR_ZMEM_CLOSED"));
  const memory = MemoryStorage.create(8192);
  memory.close();
  assert.throws(() => memory.write(block, 0), hasCode("ERR_ZMEM_CLOSED"));
  assert.throws(() => MemoryStorage.create(0.5), /byteLength: expected an integer/);
  assert.throws(() => MemoryStorage.open({} as never), /that of a MemoryStorage/);
});

test("the options of admission hold in every worker", async () => {
  const setup = await setUp({ rememberIncompressible: true, acceptRaw: false });
  const other = await join(setup);
  const noise = makePage("random", 1, PAGE_SIZE);
  for (const { area } of [setup, other]) {
    for (let times = 0; times < 3; times++) assert.ok(area.put(1, noise));
  }
  const { rejectedIncompressible, skippedIncompressible } = setup.zmem.stats();
  assert.equal([rejectedIncompressible, skippedIncompressible], [2, 4]);
  assertGets(other.area, 1, noise);

  const waiting = await setUp({ acceptThreshold: 0.5 }, 300);
  for (let offset = 0; offset < 1200; offset++) waiting.area.put(offset, pageOf(offset));
  assert.ok(waiting.zmem.stats().skippedFull > 0);

  const graded = await setUp({ gradedAdmission: { from: 0.3, to: 0.6, ratio: 4 } });
  fill(graded, 800);
  assert.ok(graded.zmem.stats().rejectedIncompressible > 100, "half a page is too long then");
  for (let offset = 0; offset < 800; offset++) assertGets(graded.area, offset);
});

test("recompression makes blocks smaller, and every page is what it was", async () => {
  const { zmem, area } = await setUp({ recompression: true, limitBytes: 2 ** 23 });
  const texts = Array.from({ length: 300 }, (_, at) => makePage("text", at, PAGE_SIZE));
  texts.forEach((page, offset) => assert.ok(area.put(offset, page)));
  const before = zmem.stats().payloadBytes;
  const { triedPages, savedBytes, done } = zmem.backend.recompress();
  assert.is(triedPages, 300);
  assert.is(done, true);
  assert.is(before - zmem.stats().payloadBytes, savedBytes);
  assert.is(zmem.backend.recompress().triedPages, 0, "none is tried twice");
  texts.forEach((page, offset) => assertGets(area, offset, page));
  const plain = await setUp();
  assert.throws(() => plain.zmem.backend.recompress(), hasCode("ERR_ZMEM_UNSUPPORTED"));
});

test.run();
