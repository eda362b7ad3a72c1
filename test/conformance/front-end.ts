/**
 * The part of the conformance suite that shows only behind the front-end: registration, presence
 * bits and counters, with the backend under test behind them.
 */
import * as assert from "uvu/assert";
import { Bitmap } from "../../src/bitmap.ts";
import { ZmemError } from "../../src/errors.ts";
import type { FrontswapCounters, FrontswapOps, Page } from "../../src/types.ts";
import {
  assertSame,
  assertSound,
  KEY_TYPE,
  makeFrontEnd,
  type BackendFactory,
  type CaseList,
  type FrontEnd,
  type ProvokedBackend,
} from "./case.ts";
import { createRandom, makePage, PAGE_KINDS } from "./pages.ts";

/** Adds the cases for one backend. */
export function addFrontEndCases(list: CaseList, factory: BackendFactory): void {
  addRegistrationCases(list, factory);
  addPresenceCases(list, factory);
  addCounterCases(list, factory);
}

/** A front-end with the backend registered and type 0 on. */
function start(factory: BackendFactory, pages = 1000): FrontEnd {
  const frontswap = makeFrontEnd(factory);
  frontswap.register(factory.create().ops);
  frontswap.typeOn(0, pages);
  return frontswap;
}

/** Passes calls on and notes which were made. */
function spyOn(ops: FrontswapOps, changes: Partial<FrontswapOps> = {}): [FrontswapOps, string[]] {
  const calls: string[] = [];
  const spy: FrontswapOps = {
    init: (pageSize) => (calls.push("init"), ops.init(pageSize)),
    openType: (type) => (calls.push(`openType ${type}`), ops.openType(type)),
    putPage: (type, offset, page) => (
      calls.push(`putPage ${type} ${offset}`),
      ops.putPage(type, offset, page)
    ),
    getPage: (type, offset, page) => (
      calls.push(`getPage ${type} ${offset}`),
      ops.getPage(type, offset, page)
    ),
    flushPage: (type, offset) => (
      calls.push(`flushPage ${type} ${offset}`),
      ops.flushPage(type, offset)
    ),
    flushArea: (type) => (calls.push(`flushArea ${type}`), ops.flushArea(type)),
    countPages: (type) => ops.countPages(type),
    ...changes,
  };
  return [spy, calls];
}

function assertGets(frontswap: FrontEnd, type: number, offset: number, page: Page): void {
  const got = new Uint8Array(page.length);
  assert.is(frontswap.getPage(type, offset, got), true, `type ${type}, offset ${offset}`);
  assertSame(got, page, `type ${type}, offset ${offset}`);
}

function assertMisses(frontswap: FrontEnd, type: number, offset: number): void {
  const got = new Uint8Array(frontswap.pageSize).fill(0xa5);
  assert.is(frontswap.getPage(type, offset, got), false);
  assert.ok(got.every((byte) => byte === 0xa5));
  assert.is(frontswap.testPage(type, offset), false);
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ZmemError && error.code === code;
}

function addRegistrationCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;
  const page = makePage("text", 1, pageSize);

  list.add(2, "the front-end calls init once, however many types are turned on", () => {
    const [spy, calls] = spyOn(factory.create().ops);
    const frontswap = makeFrontEnd(factory);
    frontswap.register(spy);
    for (const type of [0, 1, 2]) frontswap.typeOn(type, 10);
    frontswap.typeOff(1);
    frontswap.typeOn(1, 10);
    assert.is(calls.filter((call) => call === "init").length, 1);
  });

  list.add(2, "an init that failed is tried again when a type is turned on", () => {
    const { ops } = factory.create();
    let failures = 2;
    const [spy] = spyOn(ops, { init: (size) => (failures-- > 0 ? -1 : ops.init(size)) });
    const frontswap = makeFrontEnd(factory);
    frontswap.register(spy);
    frontswap.typeOn(0, 10);
    assert.is(frontswap.putPage(0, 1, page), false);
    frontswap.typeOn(1, 10);
    assert.is(frontswap.putPage(0, 1, page), true);
    assert.is(frontswap.putPage(1, 1, page), true);
  });

  list.add(3, "without a backend, or with one that could not start, every call is a no-op", () => {
    const { ops } = factory.create();
    const [failing, calls] = spyOn(ops, { init: () => -1 });
    for (const backend of [null, failing]) {
      const frontswap = makeFrontEnd(factory);
      frontswap.register(backend);
      frontswap.typeOn(0, 10);
      assert.is(frontswap.putPage(0, 1, page), false);
      assertMisses(frontswap, 0, 1);
      assert.is(frontswap.flushPage(0, 1), false);
      frontswap.flushArea(0);
      frontswap.typeOff(0);
      const zero = { currPages: 0, succPuts: 0, failedPuts: 0, gets: 0, flushes: 0 };
      assert.equal(frontswap.counters(), zero);
    }
    assert.equal(calls, []);
  });

  list.add(4, "each type is opened by a call of its own, after the one init", () => {
    const [spy, calls] = spyOn(factory.create().ops);
    const frontswap = makeFrontEnd(factory);
    frontswap.register(spy);
    frontswap.typeOn(3, 10);
    frontswap.typeOn(4, 10);
    assert.equal(calls, ["init", "openType 3", "openType 4"]);
  });

  list.add(5, "a type that the backend could not open rejects puts until it can", () => {
    const { ops } = factory.create();
    let full = true;
    const [spy] = spyOn(ops, { openType: (type) => !full && ops.openType(type) });
    const frontswap = makeFrontEnd(factory);
    frontswap.register(spy);
    frontswap.typeOn(0, 10);
    assert.is(frontswap.putPage(0, 1, page), false);
    assertMisses(frontswap, 0, 1);
    assert.is(frontswap.flushPage(0, 1), false);
    full = false;
    assert.is(frontswap.putPage(0, 1, page), true);
    assertGets(frontswap, 0, 1, page);
  });

  list.add(6, "types that were on before a backend came are opened before it takes over", () => {
    const frontswap = makeFrontEnd(factory);
    frontswap.typeOn(0, 10);
    frontswap.typeOn(7, 10);
    frontswap.typeOn(8, 10);
    frontswap.typeOff(8);
    assert.is(frontswap.putPage(0, 1, page), false);
    const seen: boolean[] = [];
    const { ops } = factory.create();
    const [spy, calls] = spyOn(ops, {
      openType: (type) => {
        calls.push(`openType ${type}`);
        // Not in use yet: what is put now is a no-op.
        seen.push(frontswap.putPage(0, 2, page));
        return ops.openType(type);
      },
    });
    frontswap.register(spy);
    assert.equal(calls, ["init", "openType 0", "openType 7"]);
    assert.equal(seen, [false, false]);
    assert.is(frontswap.putPage(7, 1, page), true);
    assertGets(frontswap, 7, 1, page);
    assertMisses(frontswap, 0, 1);
  });

  list.add(7, "registering gives the backend before, which is left with nothing of ours", () => {
    const first = factory.create().ops;
    const second = factory.create().ops;
    const frontswap = makeFrontEnd(factory);
    assert.is(frontswap.register(first), null);
    frontswap.typeOn(0, 10);
    assert.is(frontswap.register(first), first);
    assert.is(frontswap.register(second), first);
    assert.is(first.putPage(0, 1, page), false, "the type is closed in the first one");
    assert.is(frontswap.putPage(0, 1, page), true);
    assert.is(first.countPages(0), 0);
    assert.is(second.countPages(0), 1);
    frontswap.flushPage(0, 1);
    assert.is(frontswap.register(null), second);
    assert.is(frontswap.register(first), null);
    assert.is(frontswap.putPage(0, 1, page), true);
  });

  list.add(8, "a backend that still keeps pages can't be taken away: nothing is lost", () => {
    const frontswap = start(factory);
    frontswap.putPage(0, 1, page);
    for (const other of [null, factory.create().ops]) {
      assert.throws(() => frontswap.register(other), hasCode("ERR_ZMEM_BUSY"));
      assertGets(frontswap, 0, 1, page);
    }
    frontswap.flushArea(0);
    assert.ok(frontswap.register(null) !== null);
  });

  list.add(
    9,
    "a backend of unknown and changing size: what it keeps is right, the rest is false",
    () => {
      const { ops } = factory.create();
      const random = createRandom(9);
      const whim = (type: number, offset: number, put: Page): boolean => {
        if (random.below(3) > 0) return ops.putPage(type, offset, put);
        ops.flushPage(type, offset);
        return false;
      };
      const [spy] = spyOn(ops, { putPage: whim });
      const frontswap = makeFrontEnd(factory);
      frontswap.register(spy);
      frontswap.typeOn(0, 16);
      const expected = new Map<number, Page>();
      for (let step = 0; step < 200; step++) {
        const offset = random.below(16);
        const put = makePage(PAGE_KINDS[step % PAGE_KINDS.length] ?? "zero", step, pageSize);
        if (frontswap.putPage(0, offset, put)) expected.set(offset, put);
        else expected.delete(offset);
      }
      for (let offset = 0; offset < 16; offset++) {
        const kept = expected.get(offset);
        if (kept === undefined) assertMisses(frontswap, 0, offset);
        else assertGets(frontswap, 0, offset, kept);
      }
      assert.is(frontswap.counters().currPages, expected.size);
    },
  );
}

function addPresenceCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;
  const page = makePage("text", 1, pageSize);

  list.add(12, "a backend may reject every put, and every ninth: the front-end keeps up", () => {
    for (const every of [1, 9]) {
      const { ops } = factory.create();
      let puts = 0;
      const [spy] = spyOn(ops, {
        putPage: (type, offset, put) => ++puts % every !== 0 && ops.putPage(type, offset, put),
      });
      const frontswap = makeFrontEnd(factory);
      frontswap.register(spy);
      frontswap.typeOn(0, 100);
      for (let offset = 0; offset < 27; offset++) {
        const kept = (offset + 1) % every !== 0;
        assert.is(frontswap.putPage(0, offset, page), kept);
        assert.is(frontswap.testPage(0, offset), kept);
      }
      const failed = every === 1 ? 27 : 3;
      assert.is(frontswap.counters().failedPuts, failed);
      assert.is(frontswap.counters().succPuts, 27 - failed);
    }
  });

  list.add(
    19,
    "an offset that is no u32, or not below the area's pages, is refused, never cut",
    () => {
      const frontswap = start(factory, 100);
      for (const offset of [-1, 0.5, NaN, Infinity, 100, 2 ** 32, 2 ** 32 + 7, 2 ** 53]) {
        const call = (use: () => unknown): void => assert.throws(use, isRangeError);
        call(() => frontswap.putPage(0, offset, page));
        call(() => frontswap.getPage(0, offset, page));
        call(() => frontswap.flushPage(0, offset));
        call(() => frontswap.testPage(0, offset));
      }
      assert.is(frontswap.counters().currPages, 0);
      // The widest area has a page under every u32.
      const wide = makeFrontEnd(factory);
      wide.register(factory.create().ops);
      wide.typeOn(0, 2 ** 32);
      assert.is(wide.putPage(0, 0xffff_ffff, page), true);
      assertGets(wide, 0, 0xffff_ffff, page);
      assertMisses(wide, 0, 0);
    },
  );

  list.add(22, "the backend is not asked for a page whose bit is clear", () => {
    const [spy, calls] = spyOn(factory.create().ops);
    const frontswap = makeFrontEnd(factory);
    frontswap.register(spy);
    frontswap.typeOn(0, 100);
    frontswap.putPage(0, 1, page);
    calls.length = 0;
    assertMisses(frontswap, 0, 0);
    assertMisses(frontswap, 0, 99);
    assert.equal(calls, []);
  });

  list.add(26, "a backend that has lost a page that it had kept is found out", () => {
    const { ops } = factory.create();
    const frontswap = makeFrontEnd(factory);
    frontswap.register(ops);
    frontswap.typeOn(0, 10);
    frontswap.putPage(0, 1, page);
    ops.flushPage(0, 1);
    const got = new Uint8Array(pageSize);
    assert.throws(() => frontswap.getPage(0, 1, got), hasCode("ERR_ZMEM_LOST"));
    assert.is(frontswap.putPage(0, 1, page), true);
    assertGets(frontswap, 0, 1, page);
  });

  list.add(28, "a flush of an absent page is not forwarded", () => {
    const [spy, calls] = spyOn(factory.create().ops);
    const frontswap = makeFrontEnd(factory);
    frontswap.register(spy);
    frontswap.typeOn(0, 100);
    frontswap.putPage(0, 1, page);
    calls.length = 0;
    assert.is(frontswap.flushPage(0, 2), false);
    assert.is(frontswap.flushPage(0, 1), true);
    assert.is(frontswap.flushPage(0, 1), false);
    assert.equal(calls, ["flushPage 0 1"]);
  });

  list.add(30, "after flushArea a type rejects puts until it is turned on again", () => {
    const frontswap = start(factory, 100);
    frontswap.putPage(0, 1, page);
    frontswap.flushArea(0);
    assert.is(frontswap.putPage(0, 1, page), false);
    assertMisses(frontswap, 0, 1);
    // A backend that comes now does not open it either.
    frontswap.register(null);
    frontswap.register(factory.create().ops);
    assert.is(frontswap.putPage(0, 1, page), false);
    frontswap.typeOn(0, 100);
    assert.is(frontswap.putPage(0, 1, page), true);
    assertGets(frontswap, 0, 1, page);
  });

  list.add(31, "after typeOff the type is an error, after typeOn it is empty", () => {
    const frontswap = start(factory, 100);
    frontswap.putPage(0, 1, page);
    frontswap.typeOff(0);
    const got = new Uint8Array(pageSize);
    const isOff = hasCode("ERR_ZMEM_TYPE_OFF");
    assert.throws(() => frontswap.putPage(0, 1, page), isOff);
    assert.throws(() => frontswap.getPage(0, 1, got), isOff);
    assert.throws(() => frontswap.flushPage(0, 1), isOff);
    assert.throws(() => frontswap.testPage(0, 1), isOff);
    assert.throws(() => frontswap.countPages(0), isOff);
    frontswap.typeOn(0, 50);
    assertMisses(frontswap, 0, 1);
    assert.is(frontswap.counters().currPages, 0);
  });

  list.add(33, "flushArea and typeOff of a type that is off are harmless", () => {
    const frontswap = start(factory, 100);
    frontswap.putPage(0, 1, page);
    frontswap.flushArea(5);
    frontswap.typeOff(1023);
    assertGets(frontswap, 0, 1, page);
  });

  list.add(36, "one bit per page: a bitmap takes a bit for each, in whole 32-bit words", () => {
    assert.is(Bitmap.byteLength(2 ** 23), 2 ** 20, "32 GiB of 4 KiB pages take 1 MiB");
    for (const size of [1, 31, 32, 33, 63, 64, 65, 1000]) {
      assert.is(Bitmap.byteLength(size), Math.ceil(size / 32) * 4);
    }
  });

  list.add(
    37,
    "a bit is set exactly where a get finds a page, and their number is the count",
    () => {
      const backend = factory.create();
      const frontswap = makeFrontEnd(factory);
      frontswap.register(backend.ops);
      frontswap.typeOn(3, 40);
      const random = createRandom(37);
      const got = new Uint8Array(pageSize);
      for (let step = 0; step < 300; step++) {
        const offset = random.below(40);
        if (random.below(3) === 0) frontswap.flushPage(3, offset);
        else frontswap.putPage(3, offset, makePage("word32", step, pageSize));
        const present = Array.from({ length: 40 }, (_, at) => frontswap.testPage(3, at));
        const count = present.filter(Boolean).length;
        assert.is(frontswap.countPages(3), count);
        assert.is(backend.ops.countPages(3), count);
        assert.is(frontswap.getPage(3, offset, got), present[offset]);
      }
      assertSound(backend);
    },
  );

  list.add(
    41,
    "areas of 1, 31, 32, 33, 63, 64 and 65 pages use their last page and no further",
    () => {
      for (const pages of [1, 31, 32, 33, 63, 64, 65]) {
        const frontswap = start(factory, pages);
        for (let offset = 0; offset < pages; offset++) {
          assert.is(frontswap.putPage(0, offset, page), true);
        }
        assert.is(frontswap.countPages(0), pages);
        assertGets(frontswap, 0, pages - 1, page);
        assert.throws(() => frontswap.putPage(0, pages, page), isRangeError);
        frontswap.flushArea(0);
        for (let offset = 0; offset < pages; offset++) assertMisses(frontswap, 0, offset);
      }
    },
  );
}

function isRangeError(error: unknown): boolean {
  return error instanceof RangeError;
}

function addCounterCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;
  const page = makePage("text", 1, pageSize);

  list.add(34, "flushArea clears bits and page counts, and does not count as flushes", () => {
    const frontswap = start(factory, 100);
    frontswap.typeOn(1, 100);
    for (let offset = 0; offset < 10; offset++) frontswap.putPage(0, offset, page);
    frontswap.putPage(1, 0, page);
    frontswap.flushArea(0);
    assert.is(frontswap.countPages(0), 0);
    for (let offset = 0; offset < 10; offset++) assertMisses(frontswap, 0, offset);
    assert.is(frontswap.counters().currPages, 1);
    assert.is(frontswap.counters().flushes, 0);
  });

  list.add(38, "a duplicate put that is kept leaves the page count as it was", () => {
    const frontswap = start(factory);
    frontswap.putPage(0, 1, page);
    frontswap.putPage(0, 1, makePage("random", 2, pageSize));
    assert.is(frontswap.countPages(0), 1);
    assert.is(frontswap.counters().currPages, 1);
    assert.is(frontswap.counters().succPuts, 2);
  });

  for (const point of factory.rejectPoints) {
    list.add(38, `a duplicate put rejected by "${point.name}" clears bit and count`, () => {
      for (const older of point.make().olderPages) expectCounted(factory, point.make(), older);
    });
  }

  list.add(44, "the counters have the names of 2010", () => {
    const names: (keyof FrontswapCounters)[] = [
      "currPages",
      "succPuts",
      "failedPuts",
      "gets",
      "flushes",
    ];
    assert.equal(Object.keys(start(factory).counters()), names);
  });

  list.add(45, "only gets that found a page and flushes that hit a set bit are counted", () => {
    const { ops } = factory.create();
    let reject = false;
    const [spy] = spyOn(ops, {
      putPage: (type, offset, put) => {
        if (!reject) return ops.putPage(type, offset, put);
        ops.flushPage(type, offset);
        return false;
      },
    });
    const frontswap = makeFrontEnd(factory);
    frontswap.register(spy);
    frontswap.typeOn(0, 10);
    const got = new Uint8Array(pageSize);
    const expect = (counters: FrontswapCounters): void =>
      assert.equal(frontswap.counters(), counters);

    frontswap.putPage(0, 1, page);
    frontswap.putPage(0, 2, page);
    expect({ currPages: 2, succPuts: 2, failedPuts: 0, gets: 0, flushes: 0 });
    frontswap.getPage(0, 1, got);
    frontswap.getPage(0, 1, got);
    frontswap.getPage(0, 5, got);
    expect({ currPages: 2, succPuts: 2, failedPuts: 0, gets: 2, flushes: 0 });
    frontswap.flushPage(0, 5);
    frontswap.flushPage(0, 1);
    frontswap.flushPage(0, 1);
    expect({ currPages: 1, succPuts: 2, failedPuts: 0, gets: 2, flushes: 1 });
    reject = true;
    frontswap.putPage(0, 2, page);
    expect({ currPages: 0, succPuts: 2, failedPuts: 1, gets: 2, flushes: 1 });
    frontswap.putPage(0, 3, page);
    frontswap.flushPage(0, 3);
    expect({ currPages: 0, succPuts: 2, failedPuts: 2, gets: 2, flushes: 1 });
  });
}

/** One rejected duplicate put, as bit and counters see it. */
function expectCounted(factory: BackendFactory, backend: ProvokedBackend, older: Page): void {
  const frontswap = makeFrontEnd(factory);
  frontswap.register(backend.ops);
  frontswap.typeOn(KEY_TYPE, 10);
  assert.is(frontswap.putPage(KEY_TYPE, 7, older), true);
  backend.provoke();
  const [rejected] = backend.pagesThatWillBeRejected;
  assert.ok(rejected);
  assert.is(frontswap.putPage(KEY_TYPE, 7, rejected), false);
  assertMisses(frontswap, KEY_TYPE, 7);
  assert.is(frontswap.countPages(KEY_TYPE), 0);
  assert.is(backend.ops.countPages(KEY_TYPE), 0);
  const counters = { currPages: 0, succPuts: 1, failedPuts: 1, gets: 0, flushes: 0 };
  assert.equal(frontswap.counters(), counters);
  backend.recover();
  assertMisses(frontswap, KEY_TYPE, 7);
}
