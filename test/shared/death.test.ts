/**
 * Death at every point: each call is made to trap at each of its points in turn, and so is `reap`.
 *
 * The dead worker's instance is left as it is. Gets of the others must go on at once; after `reap`
 * the validator must find nothing, every page that the call did not concern must be intact, the one
 * that it did concern old, new or absent, and a full flush must leave nothing.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { makePage, PAGE_KINDS } from "../conformance/pages.ts";
import { sharedTestingModule, testingExports } from "./modules.ts";

const PAGE_SIZE = 4096;
const TYPE = 3;
const OTHER_TYPE = 4;
const module = sharedTestingModule();
const test = suite("shared pool, death at every point");

interface DyingExports {
  dieAfter(count: number): void;
}

interface Scenario {
  readonly name: string;
  /** Pages before: offsets of TYPE. */
  readonly offsets: readonly number[];
  /** Of these, flushed again before. */
  readonly flushed?: (offset: number) => boolean;
  readonly limitBytes?: number;
  readonly recompression?: boolean;
  /** The call that is to die. */
  run(worker: SharedZmemBackend): void;
  /** The pages that it concerns, and what they may be afterwards besides what they were. */
  readonly concerns?: (offset: number) => boolean;
  readonly becomes?: Uint8Array;
}

function pageOf(offset: number): Uint8Array {
  return makePage(PAGE_KINDS[offset % PAGE_KINDS.length] ?? "text", offset, PAGE_SIZE);
}

function range(count: number, stride = 1): number[] {
  return Array.from({ length: count }, (_, at) => at * stride);
}

const small = makePage("text", 1000, PAGE_SIZE);
const raw = makePage("random", 1001, PAGE_SIZE);
const putOf = (offset: number, page: Uint8Array) => (worker: SharedZmemBackend) => {
  worker.putPage(TYPE, offset, page);
};
const only = (wanted: number) => (offset: number) => offset === wanted;

const SCENARIOS: Scenario[] = [
  {
    name: "put of a new page",
    offsets: range(9),
    run: putOf(9, small),
    concerns: only(9),
    becomes: small,
  },
  {
    name: "put of a new group",
    offsets: range(9),
    run: putOf(90000, small),
    concerns: only(90000),
    becomes: small,
  },
  {
    name: "put into an empty pool",
    offsets: [],
    run: putOf(1, raw),
    concerns: only(1),
    becomes: raw,
  },
  {
    name: "put that splits buckets",
    offsets: range(1090, 4),
    run: (worker) => {
      for (let group = 0; group < 4; group++) worker.putPage(TYPE, 8000 + group * 4, raw);
    },
    concerns: (offset) => offset >= 8000 && offset < 8016,
    becomes: raw,
  },
  {
    name: "put over a page",
    offsets: range(24),
    run: putOf(7, raw),
    concerns: only(7),
    becomes: raw,
  },
  {
    name: "put over a page of its class",
    offsets: [5, 11],
    run: putOf(5, raw),
    concerns: only(5),
    becomes: raw,
  },
  {
    name: "put that grows memory",
    offsets: range(3, 8),
    run: (worker) => {
      for (let at = 0; at < 14; at++)
        worker.putPage(TYPE, 500 + at, makePage("random", at, PAGE_SIZE));
    },
    concerns: (offset) => offset >= 500 && offset < 514,
  },
  {
    name: "put that is rejected",
    offsets: range(60),
    limitBytes: 4 * 65536,
    run: (worker) => {
      for (let at = 0; at < 12; at++) worker.putPage(TYPE, at, raw);
    },
    concerns: (offset) => offset < 12,
    becomes: raw,
  },
  {
    name: "flush of a page",
    offsets: range(24),
    run: (worker) => void worker.flushPage(TYPE, 7),
    concerns: only(7),
  },
  {
    name: "flush of the last page of a chunk",
    offsets: [70000],
    run: (worker) => void worker.flushPage(TYPE, 70000),
    concerns: only(70000),
  },
  {
    name: "flush of an area",
    offsets: range(30, 3),
    run: (worker) => worker.flushArea(TYPE),
    concerns: () => true,
  },
  {
    name: "opening of a type",
    offsets: range(9),
    run: (worker) => void worker.openType(OTHER_TYPE),
  },
  {
    name: "compaction",
    // All of one class, three to a zspage.
    offsets: range(90).map((at) => at * PAGE_KINDS.length + PAGE_KINDS.length - 1),
    flushed: (offset) => ((offset + 1) / PAGE_KINDS.length) % 3 !== 0,
    run: (worker) => void worker.compact({ objects: 6 }),
  },
  {
    name: "writeback",
    offsets: range(24),
    run: (worker) => {
      worker.allowWriteback(TYPE, true);
      const cold = worker.selectCold(4);
      for (const index of cold.keys()) worker.dropCold(index);
    },
    concerns: () => true,
  },
  {
    name: "put again after room was made",
    offsets: range(60),
    limitBytes: 4 * 65536,
    run: (worker) => {
      let at = 100;
      while (worker.putPage(TYPE, at, raw)) at++;
      worker.allowWriteback(TYPE, true);
      const cold = worker.selectCold(4);
      for (const index of cold.keys()) worker.dropCold(index);
      worker.retryPut(TYPE, at);
    },
    concerns: () => true,
    becomes: raw,
  },
  {
    name: "return of a block",
    offsets: range(9),
    run: (worker) => {
      worker.restorePage(TYPE, 9, 3, raw, got);
      worker.restorePage(TYPE, 4, 3, raw, got);
    },
    concerns: (offset) => offset === 4 || offset === 9,
    becomes: raw,
  },
  {
    name: "recompression",
    offsets: range(24),
    recompression: true,
    run: (worker) => void worker.recompress({ pages: 5 }),
  },
  {
    name: "sliding of zspages",
    // Long ones with holes between them, and short ones behind.
    offsets: range(60),
    flushed: (offset) => offset % PAGE_KINDS.length === 3 || offset % 7 === 2,
    run: (worker) => void worker.compact(),
  },
  { name: "detaching", offsets: range(9), run: (worker) => worker.detach() },
];

/** A pool as a scenario wants it before. */
function makePool(scenario: Scenario): SharedZmemBackend {
  const pool = SharedZmemBackend.create(module, {
    limitBytes: scenario.limitBytes ?? 16 * 2 ** 20,
    recompression: scenario.recompression ?? false,
    patienceMs: 20,
  });
  pool.init(PAGE_SIZE);
  pool.openType(TYPE);
  for (const offset of scenario.offsets) pool.putPage(TYPE, offset, pageOf(offset));
  for (const offset of scenario.offsets) {
    if (scenario.flushed?.(offset)) pool.flushPage(TYPE, offset);
  }
  return pool;
}

/** Runs something that is to die after so many points. @returns whether it did */
function die(worker: SharedZmemBackend, points: number, run: () => void): boolean {
  const exports = worker.instance.exports as unknown as DyingExports;
  exports.dieAfter(points);
  try {
    run();
    exports.dieAfter(-1);
    return false;
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return true;
    throw error;
  }
}

const got = new Uint8Array(PAGE_SIZE);

function checkPages(
  pool: SharedZmemBackend,
  scenario: Scenario,
  kept: Set<number>,
  when: string,
): void {
  for (const offset of scenario.offsets) {
    const found = pool.getPage(TYPE, offset, got);
    const isOld = found && kept.has(offset) && Buffer.compare(got, pageOf(offset)) === 0;
    if (isOld) continue;
    if (scenario.concerns?.(offset)) {
      const { becomes } = scenario;
      assert.ok(
        !found || (becomes !== undefined && Buffer.compare(got, becomes) === 0),
        `${when}: page ${offset} is neither old, new nor absent`,
      );
    } else {
      assert.is(found, kept.has(offset), `${when}: page ${offset} is ${found ? "back" : "lost"}`);
      assert.ok(!found, `${when}: page ${offset} is another one`);
    }
  }
}

function checkEnd(
  pool: SharedZmemBackend,
  scenario: Scenario,
  kept: Set<number>,
  when: string,
): void {
  assert.is(testingExports(pool).validate(), 0, `${when}: the validator`);
  checkPages(pool, scenario, kept, when);
  assert.is(pool.openType(TYPE), true);
  assert.is(pool.putPage(TYPE, 77, pageOf(3)) || scenario.limitBytes !== undefined, true, when);
  pool.flushArea(TYPE);
  pool.flushArea(OTHER_TYPE);
  const { pages, payloadBytes, objectBytes } = pool.stats();
  assert.equal([pages, payloadBytes, objectBytes], [0, 0, 0], `${when}: left after a flush`);
  assert.is(testingExports(pool).validate(), 0, `${when}: the validator after a flush`);
}

function keptBefore(pool: SharedZmemBackend, scenario: Scenario): Set<number> {
  return new Set(scenario.offsets.filter((offset) => pool.getPage(TYPE, offset, got)));
}

for (const scenario of SCENARIOS) {
  test(scenario.name, () => {
    let points = 0;
    for (; ; points++) {
      const pool = makePool(scenario);
      const kept = keptBefore(pool, scenario);
      const worker = SharedZmemBackend.attach(pool.attachment);
      const { workerId } = worker;
      const died = die(worker, points, () => scenario.run(worker));
      const when = `${scenario.name}, point ${points}`;
      if (died) {
        checkPages(pool, scenario, kept, `${when}, before reap`);
        pool.reap(workerId);
      } else if (scenario.name !== "detaching") worker.detach();
      checkEnd(pool, scenario, kept, when);
      if (!died) break;
    }
    assert.ok(points > 0, "it has points");
    console.log(`note ${scenario.name}: ${points} points`);
  });

  test(`${scenario.name}, and the reaper dies too`, () => {
    let deaths = 0;
    for (let points = 0; ; points += 3) {
      const pool = makePool(scenario);
      const kept = keptBefore(pool, scenario);
      const worker = SharedZmemBackend.attach(pool.attachment);
      const { workerId } = worker;
      const reaper = SharedZmemBackend.attach(pool.attachment);
      const reaperId = reaper.workerId;
      if (!die(worker, points, () => scenario.run(worker))) break;
      // Another point of the reaper each time, over a few hundred.
      const died = die(reaper, (points * 7) % 41, () => void reaper.reap(workerId));
      const when = `${scenario.name}, point ${points}, reaper ${died ? "dead" : "alive"}`;
      if (!died) reaper.detach();
      else deaths++;
      if (died) pool.reap(workerId, reaperId);
      checkEnd(pool, scenario, kept, when);
    }
    console.log(`note ${scenario.name}: ${deaths} reapers died`);
  });
}

test("attaching", () => {
  const scenario: Scenario = { name: "attaching", offsets: range(9), run: () => undefined };
  for (let points = 0; ; points++) {
    const pool = makePool(scenario);
    const kept = keptBefore(pool, scenario);
    const { module: code, memory } = pool.attachment;
    const { exports } = new WebAssembly.Instance(code, { env: { memory, abort: () => {} } });
    const dying = exports as unknown as DyingExports & { attach(mayBlock: number): number };
    dying.dieAfter(points);
    let died = false;
    try {
      dying.attach(1);
    } catch {
      died = true;
    }
    pool.reap(2);
    checkEnd(pool, scenario, kept, `attaching, point ${points}`);
    if (!died) break;
  }
});

test("who waits for a dead worker's lock learns its id, and nothing changes", () => {
  const scenario: Scenario = { name: "held", offsets: range(24), run: putOf(7, raw) };
  const pool = makePool(scenario);
  const worker = SharedZmemBackend.attach(pool.attachment);
  const { workerId } = worker;
  // The first point of a put is behind the lock of its stripe.
  assert.ok(die(worker, 0, () => scenario.run(worker)));
  let message = "";
  try {
    pool.putPage(TYPE, 7, small);
  } catch (error) {
    message = String(error);
  }
  assert.match(message, `by worker ${workerId}`);
  assert.ok(pool.getPage(TYPE, 7, got));
  assert.equal(got, pageOf(7));
  assert.ok(pool.reap(workerId));
  assert.ok(pool.putPage(TYPE, 7, small));
});

test.run();
