/**
 * The page store through the testing build: what a backend's own tests can't reach.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_WASM_PAGES, WASM_PAGE_SIZE } from "../../src/backends/abi.ts";
import type { ZmemBackendOptions } from "../../src/backends/pool-options.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { makePage, type PageKind } from "../conformance/pages.ts";
import { lastInstance, testingModule, type TestingExports } from "./testing-module.ts";

const PAGE_SIZE = 4096;
const GRANULES_PER_WASM_PAGE = 1024;
const ALWAYS = 0x7fff_ffff;

function start(options: ZmemBackendOptions = {}): { pool: ZmemBackend; wasm: TestingExports } {
  const module = testingModule();
  const pool = new ZmemBackend(module.createInstance, options);
  assert.is(pool.init(PAGE_SIZE), 0);
  assert.ok(pool.openType(0));
  return { pool, wasm: lastInstance(module).exports };
}

/** Groups of a slab's first chunk (assembly/index/slab.ts). */
const GROUPS = 5;

/** A page in each group of a chunk: the next one needs a chunk of its own. Leaves an old block. */
function fillChunk(pool: ZmemBackend): void {
  for (let group = 0; group < GROUPS; group++) {
    assert.ok(pool.putPage(0, 400 + group * 4, makePage("text", group, PAGE_SIZE)));
  }
}

/** Rejects the put of a page by refusing memory. */
function rejectPut(pool: ZmemBackend, wasm: TestingExports, offset: number, kind: PageKind): void {
  wasm.failAllocations(0, ALWAYS);
  assert.not.ok(pool.putPage(0, offset, makePage(kind, 7, PAGE_SIZE)));
  assert.ok(wasm.failuresSeen() > 0);
  wasm.failAllocations(-1, 0);
}

const end = suite("page store: the end of 4 GiB");

end("the last wasm page stays unused: no address behind an object wraps", () => {
  const module = testingModule();
  const pool = new ZmemBackend(module.createInstance);
  assert.is(pool.init(PAGE_SIZE), 0);
  const { exports: wasm, memory } = lastInstance(module);
  // Nothing of it is touched; some wasm pages are left for the free map and the rounds below.
  assert.ok(wasm.allocateRun((MAX_WASM_PAGES - 200) * GRANULES_PER_WASM_PAGE));
  let rounds = 0;
  while (wasm.allocateRun(GRANULES_PER_WASM_PAGE)) rounds++;
  assert.ok(rounds > 0);
  assert.is(memory.buffer.byteLength / WASM_PAGE_SIZE, MAX_WASM_PAGES - 1);
});

const retry = suite("page store: retryPut");

for (const kind of ["zero", "word32", "word64", "text", "random"] as const) {
  retry(`keeps the page that was rejected last, not an older block: ${kind}`, () => {
    const { pool, wasm } = start();
    fillChunk(pool);
    rejectPut(pool, wasm, 8, kind);
    assert.is(pool.countPages(0), GROUPS);
    assert.ok(pool.retryPut(0, 8));
    const page = new Uint8Array(PAGE_SIZE);
    assert.ok(pool.getPage(0, 8, page));
    assert.equal(page, makePage(kind, 7, PAGE_SIZE));
    assert.is(wasm.validate(), 0);
  });
}

retry("does nothing when the last put was kept, or was for another key", () => {
  const { pool, wasm } = start();
  assert.not.ok(pool.retryPut(0, 8));
  fillChunk(pool);
  assert.not.ok(pool.retryPut(0, 416));
  rejectPut(pool, wasm, 900, "text");
  assert.not.ok(pool.retryPut(0, 901));
  assert.not.ok(pool.retryPut(1, 900));
  assert.ok(pool.retryPut(0, 900));
  assert.not.ok(pool.retryPut(0, 900));
  assert.is(pool.countPages(0), GROUPS + 1);
  assert.is(wasm.validate(), 0);
});

retry("does nothing after a put that was rejected for another reason than memory", () => {
  const { pool } = start({ acceptRaw: false });
  assert.not.ok(pool.putPage(0, 1, makePage("random", 1, PAGE_SIZE)));
  assert.not.ok(pool.retryPut(0, 1));
  pool.setEnabled(false);
  assert.not.ok(pool.putPage(0, 1, makePage("text", 1, PAGE_SIZE)));
  assert.not.ok(pool.retryPut(0, 1));
  assert.is(pool.stats().pages, 0);
});

retry("does nothing once the block area was used for something else", () => {
  for (const use of ["recompress", "decodeBlock", "trim"] as const) {
    const { pool, wasm } = start();
    fillChunk(pool);
    rejectPut(pool, wasm, 900, "text");
    if (use === "recompress") pool.recompress();
    else if (use === "trim") pool.trim();
    else assert.throws(() => pool.decodeBlock(4, new Uint8Array(9), new Uint8Array(PAGE_SIZE)));
    assert.not.ok(pool.retryPut(0, 900), use);
    assert.is(pool.countPages(0), GROUPS);
  }
});

retry.run();
