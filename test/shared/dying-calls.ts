/**
 * Calls that die: pools with pages, calls that trap at one of their points, and what must hold then.
 *
 * The dead worker's instance is left as it is, so its locks and its journal stay in memory as a
 * terminated thread would leave them.
 */
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { makePage, PAGE_KINDS, type PageKind } from "../conformance/pages.ts";
import { sharedTestingModule } from "./modules.ts";
import { decodeStored } from "./stored-block.ts";
import { testingExports } from "./testing-exports.ts";

export const PAGE_SIZE = 4096;
export const TYPE = 3;
export const OTHER_TYPE = 4;
const module = sharedTestingModule();

export interface DyingExports {
  dieAfter(count: number): void;
}

export interface Scenario {
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

function kindOf(offset: number): PageKind {
  return PAGE_KINDS[offset % PAGE_KINDS.length] as PageKind;
}

/** The offset of the page of a kind that comes so many laps of all kinds on. */
function offsetOf(kind: PageKind, lap: number): number {
  return lap * PAGE_KINDS.length + PAGE_KINDS.indexOf(kind);
}

/** A page whose entry says it all: nothing is freed when it goes. */
const WORD_OFFSET = offsetOf("word32", 1);

export function pageOf(offset: number): Uint8Array {
  return makePage(kindOf(offset), offset, PAGE_SIZE);
}

export function range(count: number, stride = 1): number[] {
  return Array.from({ length: count }, (_, at) => at * stride);
}

export const small = makePage("text", 1000, PAGE_SIZE);
export const raw = makePage("random", 1001, PAGE_SIZE);
export const putOf = (offset: number, page: Uint8Array) => (worker: SharedZmemBackend) => {
  worker.putPage(TYPE, offset, page);
};
export const only = (wanted: number) => (offset: number) => offset === wanted;

export const SCENARIOS: Scenario[] = [
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
    run: putOf(WORD_OFFSET, raw),
    concerns: only(WORD_OFFSET),
    becomes: raw,
  },
  {
    name: "put over a page of its class",
    offsets: [offsetOf("random", 0), offsetOf("random", 1)],
    run: putOf(offsetOf("random", 0), raw),
    concerns: only(offsetOf("random", 0)),
    becomes: raw,
  },
  {
    name: "put that grows memory",
    offsets: [offsetOf("zero", 0), offsetOf("word64", 1), offsetOf("text", 2)],
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
    run: (worker) => void worker.flushPage(TYPE, WORD_OFFSET),
    concerns: only(WORD_OFFSET),
  },
  {
    name: "flush of the last page of a chunk",
    offsets: [offsetOf("text", 9000)],
    run: (worker) => void worker.flushPage(TYPE, offsetOf("text", 9000)),
    concerns: only(offsetOf("text", 9000)),
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
    offsets: range(90).map((at) => offsetOf("random", at)),
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
    flushed: (offset) => kindOf(offset) === "sparse" || offset % 7 === 2,
    run: (worker) => void worker.compact(),
  },
  { name: "detaching", offsets: range(9), run: (worker) => worker.detach() },
];

/** A pool as a scenario wants it before. */
export function makePool(scenario: Scenario): SharedZmemBackend {
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
export function die(worker: SharedZmemBackend, points: number, run: () => void): boolean {
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

export const got = new Uint8Array(PAGE_SIZE);
const fromBlock = new Uint8Array(PAGE_SIZE);

export function checkPages(
  pool: SharedZmemBackend,
  scenario: Scenario,
  kept: Set<number>,
  when: string,
): void {
  for (const offset of scenario.offsets) {
    const found = pool.getPage(TYPE, offset, got);
    const stored = pool.readBlock(TYPE, offset);
    if (stored !== undefined) {
      assert.ok(decodeStored(stored, fromBlock), `${when}: the block of page ${offset}`);
      assert.equal(fromBlock, got, `${when}: page ${offset} and its block`);
    }
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

export function checkEnd(
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

export function keptBefore(pool: SharedZmemBackend, scenario: Scenario): Set<number> {
  return new Set(scenario.offsets.filter((offset) => pool.getPage(TYPE, offset, got)));
}
