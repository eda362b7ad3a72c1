/**
 * Which area a type is: turned on by two workers at once, turned off and on again, and what workers
 * may still do that have been reaped or have no backend. Workers here are objects of one thread.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MapBackend } from "../../src/backends/map.ts";
import { MemoryStorage, type MemoryStorageLink } from "../../src/devices/memory-storage.ts";
import { ZmemError } from "../../src/errors.ts";
import type { SharedSwapArea } from "../../src/shared/area.ts";
import type { SharedDeviceArea } from "../../src/shared/device-area.ts";
import { SharedFrontswap } from "../../src/shared/frontswap.ts";
import { SharedZmem } from "../../src/shared/zmem.ts";
import { makePage } from "../conformance/pages.ts";
import { sharedModule } from "./modules.ts";

const PAGES = 100;
const module = sharedModule();
const test = suite("shared pool, whose area a type is");
const [ONE, TWO] = [makePage("text", 1, 4096), makePage("text", 2, 4096)];
const got = new Uint8Array(4096);

async function createTwo(): Promise<[SharedZmem, SharedZmem]> {
  const zmem = await SharedZmem.create(module, { maximumBytes: 2 ** 24, patienceMs: 20 });
  return [zmem, await SharedZmem.attach(zmem.attachment)];
}

function makeStorage(): MemoryStorage {
  return MemoryStorage.create(PAGES * 2 * 4096);
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ZmemError && error.code === code;
}

/** Does something when a worker has just seen that a type is off. */
function onceOff({ frontswap }: SharedZmem, work: () => void): void {
  const isOn = frontswap.isOn.bind(frontswap);
  frontswap.isOn = (type) => {
    const wasOn = isOn(type);
    if (wasOn) return true;
    frontswap.isOn = isOn;
    work();
    return false;
  };
}

test("two workers that turn areas on at once get one each", async () => {
  for (const withDevice of [false, true]) {
    const [zmem, other] = await createTwo();
    const turnOn = (one: SharedZmem): SharedSwapArea =>
      withDevice
        ? one.swapOn({ pages: PAGES, device: makeStorage() })
        : one.swapOn({ pages: PAGES });
    let theirs: SharedSwapArea | undefined;
    onceOff(zmem, () => (theirs = turnOn(other)));
    const ours = turnOn(zmem);
    assert.equal([ours.type, theirs?.type], [1, 0]);
    assert.ok(ours.put(0, ONE) && theirs?.put(0, TWO));
    assert.ok(ours.get(0, got));
    assert.equal(got, ONE);
  }
});

test("of two workers that turn the same type on at once one is refused", async () => {
  const [zmem, other] = await createTwo();
  onceOff(zmem, () => other.swapOn({ pages: PAGES, type: 7 }));
  assert.throws(() => zmem.swapOn({ pages: PAGES, type: 7 }), /one that is off, got 7/);
  for (const type of [NaN, -1, 1024, 1.5]) {
    assert.throws(() => zmem.swapOn({ pages: PAGES, type }), /swap type: expected an integer/);
  }
});

test("an area that was turned off does not go on as the next one of its type", async () => {
  for (const before of ["plain", "device"] as const) {
    for (const after of ["plain", "device"] as const) {
      const [zmem, other] = await createTwo();
      const turnOn = (kind: string): SharedSwapArea =>
        kind === "device"
          ? zmem.swapOn({ pages: PAGES, device: makeStorage() })
          : zmem.swapOn({ pages: PAGES });
      const first = turnOn(before);
      const device = (): MemoryStorage =>
        MemoryStorage.open((first as SharedDeviceArea).link as MemoryStorageLink);
      const stale =
        before === "device" ? other.area(first.type, { device: device() }) : other.area(first.type);
      assert.ok(stale.put(1, ONE));
      first.off();
      const next = turnOn(after);
      assert.is(next.type, stale.type);
      assert.ok(next.put(1, TWO));
      const message = `${before}, then ${after}`;
      const isOff = hasCode("ERR_ZMEM_TYPE_OFF");
      for (const old of [first, stale]) {
        assert.throws(() => old.put(1, ONE), isOff, message);
        assert.throws(() => old.get(1, got), /off and on again: open the area anew/, message);
        assert.throws(() => old.has(1), isOff, message);
        assert.throws(() => old.flush(1), isOff, message);
        assert.is(old.isOn, false, message);
        old.off();
        if (before === "device") assert.is((old as SharedDeviceArea).pagesOnDevice, 0);
      }
      assert.is(next.isOn, true, message);
      assert.ok(next.get(1, got), message);
      assert.equal(got, TWO, message);
    }
  }
});

test("to turn off an old area leaves the new one's writeback as it is", async () => {
  const [zmem] = await createTwo();
  const old = zmem.swapOn({ pages: PAGES, device: makeStorage() });
  zmem.frontswap.typeOff(old.type);
  const area = zmem.swapOn({ pages: PAGES, device: makeStorage() });
  old.off();
  for (let offset = 0; offset < PAGES; offset++) area.put(offset, ONE);
  assert.is(zmem.writeBack(10), 10);
});

test("pages are found to be written back among many that never are", async () => {
  const [zmem] = await createTwo();
  const many = 300_000;
  const area = zmem.swapOn({ pages: many + 10, device: makeStorage() });
  const zeros = new Uint8Array(4096);
  for (let offset = 0; offset < many; offset++) area.put(offset, zeros);
  for (let offset = many; offset < many + 10; offset++) area.put(offset, ONE);
  assert.is(zmem.writeBack(10), 10);
});

test("a get that meets the next area of its type does not answer with that one's page", async () => {
  const [zmem, other] = await createTwo();
  const area = zmem.swapOn({ pages: PAGES });
  area.put(1, ONE);
  const stale = other.area(area.type);
  const { backend } = other;
  const getPage = backend.getPage.bind(backend);
  backend.getPage = (type, offset, page) => {
    backend.getPage = getPage;
    area.off();
    zmem.swapOn({ pages: PAGES }).put(1, TWO);
    return getPage(type, offset, page);
  };
  assert.throws(() => stale.get(1, got), hasCode("ERR_ZMEM_TYPE_OFF"));
});

test("a worker that was reaped by mistake gets nothing: its window is the pool's again", async () => {
  const [zmem, other] = await createTwo();
  const area = zmem.swapOn({ pages: PAGES });
  const theirs = other.area(area.type);
  assert.ok(area.put(1, ONE));
  assert.ok(theirs.get(1, got));
  zmem.reap(other.workerId);
  assert.throws(() => theirs.get(1, got), /was reaped/);
  assert.is(theirs.get(2, got), false, "nothing is decoded for a page that is not there");
  const key = zmem.frontswap.devices.tryKey(area.type, 1);
  assert.throws(() => theirs.has(1), /was reaped/);
  if (key !== null) zmem.frontswap.devices.releaseKey(key);
});

test("a worker without a backend changes nothing of what others keep", () => {
  const backend = new MapBackend();
  const first = new SharedFrontswap();
  const second = SharedFrontswap.join(first.control);
  first.register(backend);
  first.typeOn(0, PAGES);
  assert.ok(first.putPage(0, 1, ONE));
  assert.throws(() => second.putPage(0, 1, TWO), hasCode("ERR_ZMEM_BACKEND"));
  assert.throws(() => second.flushPage(0, 1), hasCode("ERR_ZMEM_BACKEND"));
  assert.is(second.putPage(0, 2, TWO), false, "rejected: nobody has it");
  assert.ok(first.getPage(0, 1, got));
  assert.equal(got, ONE);
  assert.is(first.countPages(0), 1);
  assert.is(first.counters().flushes, 0);
});

test.run();
