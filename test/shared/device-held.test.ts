/**
 * Areas with a device, while a worker that died holds the lock of the device's tables: what a call
 * does that has changed something already, and what is put right once the lock is free.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MemoryStorage } from "../../src/devices/memory-storage.ts";
import { ZmemError } from "../../src/errors.ts";
import { Control, TYPE_DEVICE_LOCK, typeRecord } from "../../src/shared/control.ts";
import type { SharedDeviceArea } from "../../src/shared/device-area.ts";
import { SharedZmem } from "../../src/shared/zmem.ts";
import { makePage } from "../conformance/pages.ts";
import { FaultyStorage } from "./faulty-storage.ts";
import { sharedModule } from "./modules.ts";

const PAGES = 100;
const module = sharedModule();
const test = suite("shared pool with a device, its lock held by the dead");
const [ONE, TWO] = [makePage("text", 1, 4096), makePage("text", 2, 4096)];
const got = new Uint8Array(4096);

interface Setup {
  readonly zmem: SharedZmem;
  readonly area: SharedDeviceArea;
  readonly storage: FaultyStorage;
}

async function setUp(devicePages = PAGES): Promise<Setup> {
  const zmem = await SharedZmem.create(module, { maximumBytes: 2 ** 24, patienceMs: 10 });
  return { zmem, ...turnOn(zmem, devicePages) };
}

function turnOn(zmem: SharedZmem, devicePages: number): Omit<Setup, "zmem"> {
  const storage = new FaultyStorage(MemoryStorage.create(devicePages * 2 * 4096));
  return { storage, area: zmem.swapOn({ pages: PAGES, device: storage }) };
}

/** Has the lock of an area's device held by an id that nobody has, as a worker that died leaves it. */
function hold({ zmem }: Pick<Setup, "zmem">, { type }: SharedDeviceArea): () => void {
  const { words } = Control.open(zmem.frontswap.control);
  const lock = typeRecord(type) + TYPE_DEVICE_LOCK;
  Atomics.store(words, lock, 63);
  return () => Atomics.store(words, lock, 0);
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ZmemError && error.code === code;
}

function assertGets(area: SharedDeviceArea, offset: number, page: Uint8Array): void {
  assert.ok(area.get(offset, got), `offset ${offset}`);
  assert.equal(got, page);
}

/** Tables without a fault, the bits right, and so many pages on the device. */
function assertSound({ zmem, area }: Omit<Setup, "storage">, onDevice: number): void {
  assert.is(zmem.frontswap.devices.places.findFault(area.type), null);
  assert.is(area.pagesOnDevice, onDevice);
  assert.is(zmem.frontswap.countPages(area.type), zmem.backend.countPages(area.type));
}

test("a put that has dropped the older page does not say that nothing has changed", async () => {
  const setup = await setUp();
  const { zmem, area } = setup;
  area.put(1, ONE);
  zmem.backend.setLimit(0);
  const release = hold(setup, area);
  let failure: unknown;
  try {
    area.put(1, TWO);
  } catch (error) {
    failure = error;
  }
  assert.ok(hasCode("ERR_ZMEM_DEVICE")(failure), String(failure));
  assert.match(String(failure), /worker 63/, "it names who is to be reaped");
  assert.is(area.has(1), false);
  release();
  assertSound(setup, 0);
  assert.ok(area.put(1, TWO));
  assertGets(area, 1, TWO);
  assertSound(setup, 1);
});

test("a put that would replace a page on the device has changed nothing", async () => {
  const setup = await setUp();
  const { zmem, area } = setup;
  zmem.backend.setLimit(0);
  area.put(1, ONE);
  const release = hold(setup, area);
  assert.throws(() => area.put(1, TWO), hasCode("ERR_ZMEM_HELD"));
  release();
  assertGets(area, 1, ONE);
  assertSound(setup, 1);
});

test("a page that the pool keeps is there, though its older place can't be given up yet", async () => {
  for (const way of ["put", "get"] as const) {
    const setup = await setUp();
    const { zmem, area } = setup;
    zmem.backend.setLimit(0);
    area.put(1, ONE);
    zmem.backend.setLimit(Infinity);
    const release = hold(setup, area);
    const page = way === "put" ? TWO : ONE;
    if (way === "put") assert.is(area.put(1, TWO), true);
    else assertGets(area, 1, ONE);
    assert.is(zmem.frontswap.testPage(area.type, 1), true, "the bit");
    assertGets(area, 1, page);
    const { devices } = zmem.frontswap;
    assert.throws(() => devices.tryKey(area.type, 1), hasCode("ERR_ZMEM_HELD"));
    assert.throws(() => area.flush(1), hasCode("ERR_ZMEM_HELD"));
    release();
    const key = devices.tryKey(area.type, 1);
    assert.ok(key !== null, "the lock of the key was given back");
    devices.releaseKey(key);
    assertSound(setup, 0);
    assert.is(area.flush(1), true);
    assert.is(area.has(1), false);
    assertSound(setup, 0);
  }
});

test("room that could not be given back is no other area's, and is given back later", async () => {
  const setup = await setUp();
  const { zmem, area, storage } = setup;
  const other = turnOn(zmem, 1);
  zmem.backend.setLimit(0);
  assert.ok(other.area.put(1, ONE), "its device is full then");
  let release = (): void => undefined;
  storage.fault = () => {
    release = hold(setup, area);
    return "full";
  };
  assert.is(area.put(1, ONE), false);
  assert.is(area.pagesOnDevice, 1, "reserved still");
  assert.throws(() => other.area.put(2, ONE), hasCode("ERR_ZMEM_DEVICE"), "as long as it is held");
  release();
  storage.fault = "none";
  assert.is(other.area.put(2, ONE), false);
  assertSound(setup, 0);
  assertSound({ zmem, area: other.area }, 1);
  assertGets(other.area, 1, ONE);
});

test("an area that is turned off takes along what could not be given back", async () => {
  const setup = await setUp();
  const { zmem, area, storage } = setup;
  zmem.backend.setLimit(0);
  let release = (): void => undefined;
  storage.fault = () => {
    release = hold(setup, area);
    return "full";
  };
  assert.is(area.put(1, ONE), false);
  release();
  area.off();
  const next = turnOn(zmem, PAGES);
  assert.is(next.area.type, area.type);
  for (const offset of [1, 2]) assert.ok(next.area.put(offset, TWO));
  assertSound({ zmem, area: next.area }, 2);
  for (const offset of [1, 2]) assertGets(next.area, offset, TWO);
});

test.run();
