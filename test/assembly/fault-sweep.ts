/**
 * Sweeps of refused memory: the same calls again and again, each time with another allocation or
 * growth point that fails.
 *
 * Why so: what a refused allocation leaves behind shows only where it is refused, between two
 * related allocations above all, so no point may be left out (a sample in the normal run, all in
 * the slow one).
 *
 * Invariants checked: after the refusal the pool is sound and holds just what its answers said;
 * everything flushed means that nothing is held by zspages or index.
 */
import * as assert from "uvu/assert";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { createRandom, type Random } from "../conformance/pages.ts";
import { lastInstance, testingModule, type TestingExports } from "./testing-module.ts";

/** What one sweep met. */
export interface SweepResult {
  /** Points that the calls pass when nothing is refused. */
  readonly points: number;
  /** Runs in which the chosen point was reached and refused. */
  readonly refused: number;
}

const PAGE_SIZE = 4096;
const TYPES = 8;
const NOISE = new Uint8Array(1 << 16);
{
  const random = createRandom(1);
  const words = new Uint32Array(NOISE.buffer);
  for (let at = 0; at < words.length; at++) words[at] = random.next();
}

/** A pool and what it should hold: the length and begin of the noise in each page. */
class Script {
  readonly module = testingModule();
  readonly pool = new ZmemBackend(this.module.createInstance);
  readonly #kept = new Map<string, readonly [type: number, offset: number, content: number]>();
  readonly #page = new Uint8Array(PAGE_SIZE);

  constructor() {
    assert.is(this.pool.init(PAGE_SIZE), 0);
  }

  get wasm(): TestingExports {
    return lastInstance(this.module).exports;
  }

  /** Opens types, puts over dense and scattered offsets, and overwrites with other sizes. */
  run(puts: number): void {
    const random = createRandom(2);
    for (let put = 0; put < puts; put++) {
      if (put % 64 === 0) this.pool.openType((put / 64) % TYPES);
      const type = random.below(TYPES);
      const isDense = random.below(2) === 0;
      this.put(type, isDense ? random.below(64) : 1000 + random.below(puts) * 4, random);
      if (put === puts >> 1) this.pool.setEffort("high");
      if (put % 200 === 199) this.pool.recompress({ pages: 2 });
      if (put % 100 === 99) this.pool.compact({ objects: 20 });
      if (put === puts - 10) this.flushType(3);
    }
  }

  put(type: number, offset: number, random: Random): void {
    const length = random.below(4) === 0 ? random.below(PAGE_SIZE + 1) : 3000 + random.below(900);
    const content = random.below(32) === 0 ? -random.next() : length * 65536 + random.below(60_000);
    const kept = this.pool.putPage(type, offset, this.#make(content));
    const key = `${type}:${offset}`;
    if (kept) this.#kept.set(key, [type, offset, content]);
    else {
      this.#kept.delete(key);
      assert.is(this.pool.viewPage(type, offset), undefined, "a rejected put leaves nothing");
    }
  }

  flushType(type: number): void {
    this.pool.flushArea(type);
    for (const key of this.#kept.keys()) if (key.startsWith(`${type}:`)) this.#kept.delete(key);
  }

  /** Flushes every other page, so that a trim has something to give back. */
  halve(): void {
    let turn = 0;
    for (const [key, [type, offset]] of this.#kept) {
      if (turn++ % 2 === 0) continue;
      assert.ok(this.pool.flushPage(type, offset));
      this.#kept.delete(key);
    }
  }

  /** Compares every page, and the counts. */
  check(): void {
    assert.is(this.wasm.validate(), 0, "validator");
    assert.is(this.pool.stats().pages, this.#kept.size);
    for (const [type, offset, content] of this.#kept.values()) {
      const view = this.pool.viewPage(type, offset);
      assert.ok(view !== undefined, `page ${type}:${offset} is lost`);
      const same = Buffer.compare(view, this.#make(content)) === 0;
      assert.ok(same, `page ${type}:${offset} has other bytes than put`);
    }
  }

  /** Flushes everything, page by page or by area. */
  empty(): void {
    for (const [type, offset] of this.#kept.values()) {
      if (type % 2) assert.ok(this.pool.flushPage(type, offset));
    }
    for (let type = 0; type < TYPES; type++) this.pool.flushArea(type);
    this.#kept.clear();
    const { pages, payloadBytes, objectBytes, zspageBytes, indexBytes } = this.pool.stats();
    assert.equal([pages, payloadBytes, objectBytes, zspageBytes, indexBytes], [0, 0, 0, 0, 0]);
    assert.is(this.wasm.validate(), 0, "validator of the empty pool");
  }

  #make(content: number): Uint8Array {
    const page = this.#page;
    if (content <= 0) {
      new Uint32Array(page.buffer).fill(content >>> 1);
      if (content & 1) for (let at = 0; at < PAGE_SIZE; at += 8) page[at] = 0x5a;
      return page;
    }
    const length = Math.floor(content / 65536);
    page.set(NOISE.subarray((content % 65536) % 60_000, ((content % 65536) % 60_000) + length));
    page.fill(0, length);
    return page;
  }
}

/**
 * Puts, overwrites and opening of types with one point refused.
 *
 * @param points which points fail, counted from the start of the calls
 * @param count how many points in a row fail
 */
export function sweepPuts(points: Iterable<number>, count: number, puts: number): SweepResult {
  const whole = new Script();
  const before = whole.wasm.pointsSeen();
  whole.run(puts);
  whole.check();
  const total = whole.wasm.pointsSeen() - before;
  whole.empty();
  let refused = 0;
  for (const point of points) {
    if (point >= total) continue;
    const script = new Script();
    const { wasm } = script;
    wasm.failAllocations(point, count);
    script.run(puts);
    refused += Number(wasm.failuresSeen() > 0);
    wasm.failAllocations(-1, 0);
    script.check();
    script.empty();
  }
  return { points: total, refused };
}

/** A pool with pages that a trim has something to do with, and what it is like. */
function beforeTrim(puts: number) {
  const script = new Script();
  script.run(puts);
  script.halve();
  return {
    script,
    old: lastInstance(script.module),
    stats: script.pool.stats(),
    rows: script.pool.classStats(),
  };
}

/**
 * Trims whose fresh instance is refused memory at a point: the old one stays as it was, or the trim
 * can do without; and a trim that is refused nothing succeeds afterwards.
 *
 * @param choose which of the points of the fresh instance fail
 */
export function sweepTrims(
  choose: (points: number) => Iterable<number>,
  puts: number,
): SweepResult {
  const whole = new Script();
  whole.run(puts);
  whole.halve();
  assert.ok(whole.pool.trim().trimmed);
  whole.check();
  const total = whole.wasm.pointsSeen();

  let subject = beforeTrim(puts);
  let refused = 0;
  for (const point of choose(total)) {
    const { script, old, stats, rows } = subject;
    script.module.onCreate = ({ exports }) => exports.failAllocations(point, 0x7fff_ffff);
    const { trimmed } = script.pool.trim();
    assert.ok(lastInstance(script.module).exports.failuresSeen() > 0);
    refused++;
    if (trimmed) {
      // A directory whose next segment is refused has longer chains; that is no reason to give up.
      script.check();
      subject = beforeTrim(puts);
      continue;
    }
    script.module.instances.splice(0, script.module.instances.length, old);
    assert.equal(script.pool.stats(), stats, `point ${point} of ${total}`);
    if (refused % 64 === 1) {
      assert.equal(script.pool.classStats(), rows);
      script.check();
    }
  }
  const { script } = subject;
  script.module.onCreate = () => {};
  script.check();
  assert.ok(script.pool.trim().trimmed);
  script.check();
  script.empty();
  return { points: total, refused };
}
