/**
 * The front-end where backends and programs misbehave. What it does when all is well is in the
 * conformance suite (test/conformance/front-end.ts), which runs it over every backend.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MapBackend } from "../src/backends/map.ts";
import { ZmemError, type ZmemErrorCode } from "../src/errors.ts";
import { Frontswap } from "../src/frontswap.ts";
import { makePage } from "./conformance/pages.ts";

const test = suite("frontswap");
const page = makePage("text", 1, 4096);

function start(pages = 100): { frontswap: Frontswap; backend: MapBackend } {
  const backend = new MapBackend();
  const frontswap = new Frontswap();
  frontswap.register(backend);
  frontswap.typeOn(0, pages);
  return { frontswap, backend };
}

function hasCode(code: ZmemErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof ZmemError && error.code === code;
}

test("the page size is 4096 unless said otherwise, and must be one", () => {
  assert.is(new Frontswap().pageSize, 4096);
  assert.is(new Frontswap({ pageSize: 65536 }).pageSize, 65536);
  assert.throws(() => new Frontswap({ pageSize: 1000 }), /page size: .* got 1000/);
});

test("bad arguments throw before anything changes", () => {
  const { frontswap, backend } = start();
  frontswap.putPage(0, 1, page);
  const before = frontswap.counters();
  const bad = (call: () => unknown, message: RegExp): void => assert.throws(call, message);
  const asAny = (value: unknown): never => value as never;
  bad(() => frontswap.putPage(0, 1, page.subarray(1)), /expected 4096 bytes, got 4095/);
  bad(() => frontswap.putPage(0, 1, asAny("page")), /expected a Uint8Array, got "page"/);
  bad(() => frontswap.putPage(0, 100, page), /integer from 0 to 99, got 100/);
  bad(() => frontswap.putPage(0, asAny("1"), page), /offset: expected a number, got "1"/);
  bad(() => frontswap.putPage(1024, 1, page), /swap type: .* 0 to 1023, got 1024/);
  bad(() => frontswap.putPage(asAny("0"), 1, page), /swap type: expected a number, got "0"/);
  bad(() => frontswap.putPage(asAny("length"), 1, page), /swap type: expected a number/);
  bad(() => frontswap.getPage(0, 1, new Uint8Array(1)), /expected 4096 bytes, got 1/);
  bad(() => frontswap.getPage(-1, 1, page), /swap type: .* got -1/);
  bad(() => frontswap.flushPage(0, NaN), /offset: .* got NaN/);
  bad(() => frontswap.testPage(0, 1e10), /offset: .* got 10000000000/);
  bad(() => frontswap.nextPage(0, NaN), /offset: .* got NaN/);
  bad(() => frontswap.typeOn(1, 0), /pages: .* got 0/);
  bad(() => frontswap.typeOn(2000, 1), /swap type: .* got 2000/);
  bad(() => frontswap.typeOff(1.5), /swap type: .* got 1.5/);
  bad(() => frontswap.isOn(-3), /swap type: .* got -3/);
  bad(
    () => frontswap.typeOn(0, 200),
    /type 0 is on with 100 pages: turn it off before giving it 200/,
  );
  assert.equal(frontswap.counters(), before);
  assert.is(backend.pages, 1);
});

test("a page whose buffer is detached is refused, and the older page stays", () => {
  const { frontswap } = start();
  frontswap.putPage(0, 1, page);
  const gone = new Uint8Array(4096);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  assert.throws(() => frontswap.putPage(0, 1, gone), /whose buffer is detached/);
  assert.throws(() => frontswap.getPage(0, 1, gone), /whose buffer is detached/);
  assert.is(frontswap.testPage(0, 1), true);
});

test("arguments are checked without a backend too", () => {
  const frontswap = new Frontswap();
  frontswap.typeOn(0, 10);
  assert.throws(() => frontswap.putPage(0, 10, page), RangeError);
  assert.throws(() => frontswap.putPage(1, 0, page), hasCode("ERR_ZMEM_TYPE_OFF"));
});

test("a type that is off is an error that names it", () => {
  const { frontswap } = start();
  assert.throws(() => frontswap.putPage(7, 0, page), /swap type 7 is off: turn it on first/);
  assert.is(frontswap.isOn(7), false);
  assert.is(frontswap.isOn(0), true);
});

test("turning a type on twice changes nothing", () => {
  const { frontswap } = start();
  frontswap.putPage(0, 1, page);
  frontswap.typeOn(0, 100);
  assert.is(frontswap.testPage(0, 1), true);
});

test("all 1024 types can be on at once", () => {
  const { frontswap } = start();
  for (let type = 0; type < 1024; type++) frontswap.typeOn(type, 100);
  for (let type = 0; type < 1024; type++)
    assert.is(frontswap.putPage(type, type % 100, page), true);
  assert.is(frontswap.counters().currPages, 1024);
  frontswap.close();
});

test("a backend that throws in a put: counted as rejected, older page gone, cause kept", () => {
  const { frontswap, backend } = start();
  frontswap.putPage(0, 1, page);
  const trap = new Error("unreachable executed");
  const put = backend.putPage.bind(backend);
  backend.putPage = () => {
    throw trap;
  };
  try {
    frontswap.putPage(0, 1, page);
    assert.unreachable();
  } catch (error) {
    assert.ok(hasCode("ERR_ZMEM_BACKEND")(error));
    assert.is((error as Error).cause, trap);
    assert.match(
      (error as Error).message,
      "swap type 0, offset 1: the backend failed: unreachable executed",
    );
  }
  assert.equal(frontswap.counters(), {
    currPages: 0,
    succPuts: 1,
    failedPuts: 1,
    gets: 0,
    flushes: 0,
  });
  backend.putPage = put;
  // The backend had kept the older copy, against its duty: writeback would have found it there.
  assert.is(backend.countPages(0), 0);
  assert.is(frontswap.getPage(0, 1, new Uint8Array(4096)), false);
  assert.is(frontswap.putPage(0, 1, page), true);
});

test("a backend that throws in get or flush: the error says where", () => {
  const { frontswap, backend } = start();
  frontswap.putPage(0, 1, page);
  backend.getPage = () => {
    throw new Error("trap");
  };
  backend.flushPage = () => {
    throw new ZmemError("ERR_ZMEM_CORRUPT", "as it was thrown");
  };
  assert.throws(
    () => frontswap.getPage(0, 1, new Uint8Array(4096)),
    /offset 1: the backend failed: trap/,
  );
  assert.throws(() => frontswap.flushPage(0, 1), hasCode("ERR_ZMEM_CORRUPT"));
  assert.is(frontswap.testPage(0, 1), false);
});

test("a backend whose init throws is not registered, and the one before goes on", () => {
  const { frontswap, backend } = start();
  const other = new MapBackend();
  other.init = () => {
    throw new RangeError("no room");
  };
  assert.throws(() => frontswap.register(other), /no room/);
  assert.is(frontswap.putPage(0, 1, page), true);
  assert.is(backend.pages, 1);
});

test("after close every call throws ERR_ZMEM_CLOSED; the backend is left empty and open", () => {
  const { frontswap, backend } = start();
  frontswap.putPage(0, 1, page);
  frontswap.close();
  frontswap.close();
  assert.is(backend.pages, 0);
  const calls: (() => unknown)[] = [
    () => frontswap.register(null),
    () => frontswap.typeOn(0, 1),
    () => frontswap.typeOff(0),
    () => frontswap.isOn(0),
    () => frontswap.putPage(0, 1, page),
    () => frontswap.getPage(0, 1, page),
    () => frontswap.flushPage(0, 1),
    () => frontswap.flushArea(0),
    () => frontswap.testPage(0, 1),
    () => frontswap.countPages(0),
    () => frontswap.counters(),
  ];
  for (const call of calls) assert.throws(call, hasCode("ERR_ZMEM_CLOSED"));
});

test("a put and a get allocate nothing that has to be collected", () => {
  const { frontswap } = start();
  const got = new Uint8Array(4096);
  const run = (): number => {
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < 20_000; round++) {
      frontswap.putPage(0, round % 100, page);
      frontswap.getPage(0, round % 100, got);
    }
    return process.memoryUsage().heapUsed - before;
  };
  run();
  run();
  // 40,000 calls that made one object of 16 bytes each would take 640 KB. A collection in between
  // makes the figure negative; the best of some runs is what the calls themselves cost.
  const grown = Math.min(...Array.from({ length: 5 }, run).map(Math.abs));
  assert.ok(grown < 200_000, `40,000 calls took ${grown} bytes of heap`);
});

test.run();
