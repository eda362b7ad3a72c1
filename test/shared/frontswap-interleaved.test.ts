/**
 * Two workers of a shared front-end, interleaved at will: in one thread, the second acts while the
 * first is inside its call of the backend. What real threads meet rarely happens here every time.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MapBackend } from "../../src/backends/map.ts";
import { ZmemError } from "../../src/errors.ts";
import { SharedFrontswap, type SharedOps } from "../../src/shared/frontswap.ts";
import { makePage } from "../conformance/pages.ts";

const test = suite("SharedFrontswap, interleaved");

const OLD = makePage("text", 1, 4096);
const NEW = makePage("text", 2, 4096);

interface Pair {
  /** The worker that is inside a call when `inside` runs. */
  readonly first: SharedFrontswap;
  readonly second: SharedFrontswap;
  readonly backend: MapBackend;
  /** What happens while `first` is in its next put or flush: before or after the backend did it. */
  inside(when: "before" | "after", work: () => void): void;
}

/** Both have type 0 of 100 pages before one MapBackend; waits for a lock last 20 ms at most. */
function makePair(): Pair {
  const backend = new MapBackend();
  const first = new SharedFrontswap({ lockTimeoutMs: 20 });
  const second = SharedFrontswap.join(first.control, { lockTimeoutMs: 20 });
  let hook: { when: string; work: () => void } | undefined;
  function around<Result>(call: () => Result): Result {
    const { when, work } = hook ?? { when: "", work: () => undefined };
    hook = undefined;
    if (when === "before") work();
    const result = call();
    if (when === "after") work();
    return result;
  }
  const spied: SharedOps = {
    init: (pageSize) => backend.init(pageSize),
    openType: (type) => backend.openType(type),
    putPage: (type, offset, page) => around(() => backend.putPage(type, offset, page)),
    getPage: (type, offset, page) => backend.getPage(type, offset, page),
    flushPage: (type, offset) => around(() => backend.flushPage(type, offset)),
    flushArea: (type) => backend.flushArea(type),
    countPages: (type) => backend.countPages(type),
  };
  first.register(spied);
  second.register({ ...spied });
  first.typeOn(0, 100);
  return { first, second, backend, inside: (when, work) => (hook = { when, work }) };
}

function isHeld(error: unknown): boolean {
  return error instanceof ZmemError && error.code === "ERR_ZMEM_HELD";
}

/** What a get finds: a page, or null. */
function look(frontswap: SharedFrontswap, offset: number): Uint8Array | null {
  const page = new Uint8Array(4096);
  return frontswap.getPage(0, offset, page) ? page : null;
}

function assertAgreement({ first, second, backend }: Pair): void {
  let bits = 0;
  for (let offset = 0; offset < 100; offset++) if (second.testPage(0, offset)) bits += 1;
  assert.is(bits, backend.countPages(0), "bits and backend");
  for (const one of [first, second]) {
    assert.is(one.countPages(0), bits, "count and bits");
    assert.is(one.counters().currPages, bits);
  }
}

test("a get is not held up by a put of its key, and sees the backend's copy of that moment", () => {
  const pair = makePair();
  const { first, second, inside } = pair;
  inside("before", () => {
    assert.is(look(second, 5), null);
    assert.is(second.testPage(0, 5), false, "the bit is set already; the answer is exact");
  });
  assert.is(first.putPage(0, 5, OLD), true);
  inside("before", () => assert.equal(look(second, 5), OLD));
  first.putPage(0, 5, NEW);
  inside("after", () => {
    assert.equal(look(second, 5), OLD);
    assert.is(second.testPage(0, 5), true);
  });
  first.putPage(0, 5, OLD);
  inside("after", () => {
    assert.is(look(second, 5), null, "not ERR_ZMEM_LOST: somebody is at work");
    assert.is(second.testPage(0, 5), false);
  });
  first.flushPage(0, 5);
  assertAgreement(pair);
});

test("puts and flushes of one key wait for each other, and change nothing if they can't", () => {
  const pair = makePair();
  const { first, second, inside } = pair;
  first.putPage(0, 5, OLD);
  inside("after", () => {
    assert.throws(() => second.putPage(0, 5, OLD), isHeld);
    assert.throws(() => second.flushPage(0, 5), isHeld);
    assert.is(second.putPage(0, 6, OLD), true, "another key");
    assert.equal(look(second, 5), NEW);
  });
  assert.is(first.putPage(0, 5, NEW), true);
  assert.equal(look(second, 5), NEW);
  assert.equal(second.counters(), {
    currPages: 2,
    succPuts: 3,
    failedPuts: 0,
    gets: 2,
    flushes: 0,
  });
  assertAgreement(pair);
});

test("a flush of an area waits for the puts that had begun; none survives", () => {
  for (const verb of ["flushArea", "typeOff"] as const) {
    const pair = makePair();
    const { first, second, backend, inside } = pair;
    first.putPage(0, 7, OLD);
    inside("before", () => {
      assert.throws(() => second[verb](0), isHeld);
      // It is closed at once, though not emptied yet.
      if (verb === "flushArea") assert.is(look(second, 7), null);
      else assert.is(second.isOn(0), false);
    });
    first.putPage(0, 5, NEW);
    second[verb](0);
    assert.is(backend.countPages(0), 0);
    first.typeOn(0, 100);
    assertAgreement(pair);
    assert.is(first.countPages(0), 0);
    assert.is(first.putPage(0, 5, NEW), true);
    assertAgreement(pair);
  }
});

test("a put that finds its type changed when it gets the lock begins again", () => {
  const pair = makePair();
  const { first, second, backend } = pair;
  // The page's length is asked for after the type was looked at, and before the lock is taken.
  let asked = 0;
  const page = new Uint8Array(4096);
  Object.defineProperty(page, "length", {
    get: () => (asked++ === 0 && second.flushArea(0), 4096),
  });
  assert.is(first.putPage(0, 5, page), false);
  assert.ok(asked > 1, "it did begin again");
  assert.is(backend.countPages(0), 0);
  assertAgreement(pair);
});

test("a worker reaped before or after the backend's part of a put or flush leaves agreement", () => {
  for (const when of ["before", "after"] as const) {
    for (const hadPage of [false, true]) {
      for (const verb of ["put", "flush"] as const) {
        const pair = makePair();
        const { first, second, backend, inside } = pair;
        if (hadPage) first.putPage(0, 5, OLD);
        else if (verb === "flush") continue;
        inside(when, () => {
          assert.is(second.reap(first.workerId), true);
          assert.is(second.testPage(0, 5), look(second, 5) !== null);
          const bits = second.testPage(0, 5) ? 1 : 0;
          assert.equal([second.countPages(0), backend.countPages(0)], [bits, bits]);
          // Its lock is free; what the dead one does from here on does not count any more.
          assert.is(second.flushPage(0, 5), bits === 1);
          assert.is(second.countPages(0), 0);
          throw new Error("dead");
        });
        assert.throws(
          () => (verb === "put" ? first.putPage(0, 5, NEW) : first.flushPage(0, 5)),
          /failed: dead/,
        );
        assert.throws(() => first.putPage(0, 6, NEW), /reaped/);
      }
    }
  }
});

test("a flush of an area that its worker did not finish is finished when it is reaped", () => {
  const { first, second, backend, inside } = makePair();
  const third = SharedFrontswap.join(first.control, { lockTimeoutMs: 20 });
  third.register(backend);
  second.putPage(0, 9, OLD);
  inside("before", () => {
    assert.throws(() => second.flushArea(0), isHeld);
    third.reap(first.workerId);
    assert.is(backend.countPages(0), 0, "finished by the reaping");
    throw new Error("dead");
  });
  assert.throws(() => first.putPage(0, 5, NEW), /failed: dead/);
  second.typeOn(0, 100);
  assert.is(second.countPages(0), 0);
  assert.is(second.testPage(0, 9), false);
});

test.run();
