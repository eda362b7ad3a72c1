/** Admission: hysteresis, graded admission and negative memory, each by itself. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createZmemSync, type SwapArea, type Zmem } from "../src/index.ts";
import { NegativeMemory } from "../src/negative-memory.ts";
import type { Page } from "../src/types.ts";
import type { ZmemOptions } from "../src/zmem.ts";
import { assertSame } from "./conformance/case.ts";
import { makePage } from "./conformance/pages.ts";

const test = suite("admission");

function setUp(options: ZmemOptions): { zmem: Zmem; area: SwapArea } {
  const zmem = createZmemSync({ limitBytes: 512 * 1024, ...options });
  return { zmem, area: zmem.swapOn({ pages: 100_000 }) };
}

/** A page of which a share is random: 4096 × share is about the length of its block. */
function pageOf(seed: number, share: number): Page {
  const page = makePage("random", seed, 4096);
  page.fill(0, Math.round(4096 * share));
  return page;
}

test("a pool that was full takes nothing until it is below the threshold", () => {
  const { zmem, area } = setUp({ acceptThreshold: 0.5 });
  let next = 0;
  while (area.put(next, pageOf(next, 0.5))) next += 1;
  assert.is(zmem.stats().rejectedFull, 1);
  area.flush(0);
  area.flush(1);
  // There is room for these two, but not for long.
  for (let times = 0; times < 100; times++) assert.is(area.put(0, pageOf(0, 0.5)), false);
  const { skippedFull, rejectedFull, rejects } = zmem.stats();
  assert.is(skippedFull, 100);
  assert.is(rejectedFull, 1);
  assert.is(rejects.limit, 1, "the backend was not asked");
  for (let offset = 2; offset < next * 0.7; offset++) area.flush(offset);
  zmem.backend.compact();
  assert.ok(zmem.backend.fillLevel() < 0.5);
  let refused = 0;
  while (!area.put(0, pageOf(0, 0.5))) refused += 1;
  assert.ok(refused <= 32, "the fill level is looked at every 32 puts");
});

test("without a threshold a pool takes pages as soon as there is room", () => {
  const { area } = setUp({});
  let next = 0;
  while (area.put(next, pageOf(next, 0.5))) next += 1;
  area.flush(0);
  assert.is(area.put(next, pageOf(next, 0.5)), true);
});

test("a put that is skipped leaves nothing, not even the older page", () => {
  const { zmem, area } = setUp({ acceptThreshold: 0.5 });
  let next = 0;
  while (area.put(next, pageOf(next, 0.5))) next += 1;
  const before = zmem.stats();
  assert.is(area.put(3, pageOf(99, 0.5)), false);
  assert.is(area.has(3), false);
  const after = zmem.stats();
  assert.is(after.skippedFull - before.skippedFull, 1);
  assert.is(after.failedPuts - before.failedPuts, 1);
  assert.is(after.currPages, before.currPages - 1);
  assert.is(after.pages, before.pages - 1, "the backend has dropped it");
  assert.is(after.flushes, before.flushes);
});

test("the ratio that a page must reach rises with the fill level, and falls again", () => {
  const { zmem, area } = setUp({ gradedAdmission: { from: 0.4, to: 0.9, ratio: 4 } });
  const kept = (share: number): boolean => {
    // The level is looked at every 32 puts.
    let answer = false;
    for (let times = 0; times < 33; times++) answer = area.put(90_000, pageOf(times, share));
    area.flush(90_000);
    return answer;
  };
  assert.is(kept(1), true, "an empty pool takes everything");
  let next = 0;
  while (zmem.backend.fillLevel() < 0.6) area.put(next, pageOf(next++, 0.1));
  assert.is(kept(1), false);
  assert.is(kept(0.4), true);
  while (zmem.backend.fillLevel() < 0.92) area.put(next, pageOf(next++, 0.1));
  assert.is(kept(0.4), false);
  assert.is(kept(0.2), true);
  const got = new Uint8Array(4096);
  for (let offset = 0; offset < next; offset++) {
    assert.ok(area.get(offset, got));
    assertSame(got, pageOf(offset, 0.1), `offset ${offset}`);
  }
  for (let offset = 0; offset < next; offset++) area.flush(offset);
  zmem.backend.compact();
  assert.is(kept(1), true, "an empty pool takes everything again");
  assert.ok(zmem.stats().rejectedIncompressible > 0);
});

test("the highest ratio leaves room for a byte, which only same-filled pages need", () => {
  const { zmem, area } = setUp({ gradedAdmission: { from: 0, to: 0.001, ratio: 4096 } });
  assert.is(area.put(0, pageOf(0, 0.1)), false);
  assert.is(area.put(0, new Uint8Array(4096)), true);
  assert.is(zmem.stats().rejectedIncompressible, 1);
});

test("what the demanded ratio is survives a trim", () => {
  const { zmem, area } = setUp({ limitBytes: Infinity });
  zmem.backend.setLongestBlock(1000);
  for (let offset = 0; offset < 400; offset++) assert.ok(area.put(offset, pageOf(offset, 0.2)));
  for (let offset = 0; offset < 399; offset++) area.flush(offset);
  assert.ok(zmem.backend.trim().trimmed);
  assert.is(area.put(0, pageOf(0, 0.5)), false);
  assert.is(area.put(0, pageOf(0, 0.2)), true);
  zmem.backend.setLongestBlock(4096);
  assert.is(area.put(0, pageOf(0, 1)), true, "raw pages are taken again");
});

test("a page that did not compress is not tried again until it changes", () => {
  const { zmem, area } = setUp({ acceptRaw: false, rememberIncompressible: true });
  const random = makePage("random", 1, 4096);
  for (let times = 0; times < 5; times++) assert.is(area.put(7, random), false);
  let stats = zmem.stats();
  assert.is(stats.rejectedIncompressible, 1);
  assert.is(stats.skippedIncompressible, 4);
  assert.is(stats.rejects.incompressible, 1, "the backend was asked once");
  assert.is(stats.failedPuts, 5);
  assert.is(area.put(8, random), false, "another offset is another page");
  assert.is(zmem.stats().rejectedIncompressible, 2);
  assert.is(area.put(7, makePage("random", 2, 4096)), false);
  assert.is(zmem.stats().rejectedIncompressible, 3, "it has changed, so it was tried");
  assert.is(area.put(7, makePage("text", 1, 4096)), true);
  stats = zmem.stats();
  assert.is(stats.skippedIncompressible, 4);
});

test("without the option every page is tried every time", () => {
  const { zmem, area } = setUp({ acceptRaw: false });
  for (let times = 0; times < 5; times++) area.put(7, makePage("random", 1, 4096));
  assert.is(zmem.stats().rejectedIncompressible, 5);
});

test("what was rejected only because the pool was full is tried again when it is not", () => {
  const { zmem, area } = setUp({
    gradedAdmission: { from: 0.4, to: 0.9, ratio: 4 },
    rememberIncompressible: true,
  });
  let next = 0;
  while (zmem.backend.fillLevel() < 0.92) area.put(next, pageOf(next++, 0.1));
  const page = pageOf(1, 0.5);
  for (let times = 0; times < 40; times++) area.put(90_000, page);
  assert.ok(zmem.stats().skippedIncompressible > 0);
  for (let offset = 0; offset < next; offset++) area.flush(offset);
  zmem.backend.compact();
  let kept = false;
  for (let times = 0; times < 33; times++) kept = area.put(90_000, page);
  assert.is(kept, true);
});

test("negative memory: keys, changes of any part, and a table of any size", () => {
  for (const pageSize of [4096, 65536]) {
    const memory = new NegativeMemory(1);
    const page = makePage("random", 3, pageSize);
    assert.is(memory.has(0, 0, page), false);
    memory.note(0, 0, page);
    assert.is(memory.has(0, 0, page), true);
    assert.is(memory.has(1, 0, page), false);
    assert.is(memory.has(0, 1, page), false);
    for (let eighth = 0; eighth < 8; eighth++) {
      const changed = page.slice();
      changed.fill(0, (eighth * pageSize) / 8, ((eighth + 1) * pageSize) / 8);
      assert.is(memory.has(0, 0, changed), false, `eighth ${eighth}`);
    }
    memory.note(5, 9, page);
    assert.is(memory.has(0, 0, page), false, "displaced");
    memory.clear();
    assert.is(memory.has(5, 9, page), false);
  }
});

test("bad options say what was expected", () => {
  assert.throws(() => setUp({ acceptThreshold: 1 }), /acceptThreshold: .* below 1, got 1/);
  assert.throws(
    () => setUp({ gradedAdmission: { from: 0.9, to: 0.5, ratio: 2 } }),
    /from < to ≤ 1, got from 0.9, to 0.5/,
  );
  assert.throws(
    () => setUp({ gradedAdmission: { from: 0.5, to: 0.9, ratio: 1 } }),
    /ratio above 1, 4096 at most, got 1/,
  );
  for (const ratio of [Infinity, NaN, 5000]) {
    assert.throws(
      () => setUp({ gradedAdmission: { from: 0.5, to: 0.9, ratio } }),
      new RegExp(`ratio above 1, 4096 at most, got ${ratio}`),
    );
  }
  assert.throws(() => setUp({ rememberIncompressible: 100 }), /power of two, got 100/);
});

test.run();
