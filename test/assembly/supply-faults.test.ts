/**
 * Memory refused at chosen points: a sample here, every point in test/slow.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { makePage } from "../conformance/pages.ts";
import { sweepPuts, sweepTrims } from "./fault-sweep.ts";
import { lastInstance, testingModule } from "./testing-module.ts";

const PAGE_SIZE = 4096;
const PUTS = 4500;
const POINTS = 2000;

/** All of the first points, then ever fewer. */
function* sample(points: number): Generator<number> {
  for (let point = 0; point < points; point += 1 + (point >> 4)) yield point;
}

const faults = suite("refused memory");

for (const count of [1, 2, 5]) {
  faults(`loses nothing and leaks nothing in puts: ${count} refusals in a row`, () => {
    const { points, refused } = sweepPuts(sample(POINTS), count, PUTS);
    console.log(`note: ${refused} of ${points} points refused, ${count} in a row`);
    assert.ok(points >= POINTS, `the calls pass ${points} points`);
    assert.is(refused, [...sample(POINTS)].length);
  });
}

faults("leaves the old instance untouched when a trim fails half way", () => {
  const { points, refused } = sweepTrims(sample, PUTS);
  console.log(`note: ${refused} of ${points} points of a trim refused`);
  assert.ok(points > 500, `a trim passes ${points} points`);
  assert.is(refused, [...sample(points)].length);
});

faults("leaves the old instance untouched when the fresh one can't be made", () => {
  const module = testingModule();
  let refuse = false;
  const pool = new ZmemBackend((initial, maximum) => {
    if (refuse) throw new RangeError("WebAssembly.Memory(): could not allocate memory");
    return module.createInstance(initial, maximum);
  });
  pool.init(PAGE_SIZE);
  pool.openType(0);
  for (let offset = 0; offset < 500; offset++) {
    assert.ok(pool.putPage(0, offset, makePage("random", offset, PAGE_SIZE)));
  }
  for (let offset = 0; offset < 400; offset++) pool.flushPage(0, offset);
  const before = pool.stats();
  refuse = true;
  const { trimmed, reason } = pool.trim();
  assert.equal([trimmed, reason], [false, "growth"]);
  assert.equal(pool.stats(), before);
  refuse = false;
  assert.ok(pool.trim().trimmed);
  const page = new Uint8Array(PAGE_SIZE);
  for (let offset = 400; offset < 500; offset++) {
    assert.ok(pool.getPage(0, offset, page));
    assert.equal(page, makePage("random", offset, PAGE_SIZE));
  }
});

faults("rejects puts when the engine has no more memory, and goes on after a flush", () => {
  for (const pageSize of [4096, 65536]) {
    for (let maximum = pageSize === 4096 ? 2 : 6; maximum < 24; maximum++) {
      const module = testingModule();
      const pool = new ZmemBackend(module.createInstance, { maximumWasmPages: maximum });
      assert.is(pool.init(pageSize), 0);
      if (!pool.openType(0)) continue;
      const kept: number[] = [];
      for (let offset = 0; offset < (maximum * 131072) / pageSize; offset++) {
        const kind = offset % 3 === 0 ? "text" : "random";
        if (pool.putPage(0, offset * 5, makePage(kind, offset, pageSize))) kept.push(offset);
      }
      const { rejects, heldBytes } = pool.stats();
      assert.ok(rejects.growth > 0, `page size ${pageSize}, maximum ${maximum}`);
      assert.is(rejects.limit, 0);
      assert.is(heldBytes, maximum * 65536);
      const { exports } = lastInstance(module);
      assert.is(exports.validate(), 0);
      const page = new Uint8Array(pageSize);
      for (const offset of kept) {
        assert.ok(pool.getPage(0, offset * 5, page));
        assert.equal(page, makePage(offset % 3 === 0 ? "text" : "random", offset, pageSize));
      }
      for (const offset of kept) assert.ok(pool.flushPage(0, offset * 5));
      assert.is(pool.stats().zspageBytes, 0);
      if (kept.length > 0) assert.ok(pool.putPage(0, 1, makePage("text", 1, pageSize)));
      assert.is(exports.validate(), 0);
    }
  }
});

faults.run();
