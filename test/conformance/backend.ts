/**
 * The conformance suite of a backend: what the five verbs and the opening of a type must hold.
 *
 * What: one case or more for each invariant of docs/contract.md that a backend can be asked alone.
 * `conformanceCases` adds those that show only behind the front-end and the swap area.
 *
 * Source: the posting of 22 April 2010 and what its successors got wrong, numbered 1 to 52.
 */
import * as assert from "uvu/assert";
import type { FrontswapOps, Page } from "../../src/types.ts";
import {
  assertAbsent,
  assertKept,
  assertSound,
  CaseList,
  KEY_TYPE,
  type BackendFactory,
  type BackendUnderTest,
  type ConformanceCase,
  type ProvokedBackend,
} from "./case.ts";
import { addFrontEndCases } from "./front-end.ts";
import { makePage, PAGE_KINDS } from "./pages.ts";
import { addMovingCases } from "./moving.ts";
import { addSwapAreaCases } from "./swap-area.ts";

/** All cases for a backend: by itself, behind the front-end, behind a swap area. */
export function conformanceCases(factory: BackendFactory): ConformanceCase[] {
  const list = new CaseList();
  addStartCases(list, factory);
  addPutCases(list, factory);
  addRejectCases(list, factory);
  addGetCases(list, factory);
  addFlushCases(list, factory);
  addFrontEndCases(list, factory);
  addSwapAreaCases(list, factory);
  addMovingCases(list, factory);
  return list.cases.sort((a, b) => a.number - b.number);
}

/** A backend with some types open. */
function start(factory: BackendFactory, types: readonly number[] = [0]): BackendUnderTest {
  const backend = factory.create();
  assert.ok(backend.ops.init(factory.pageSize) >= 0, "init");
  for (const type of types) assert.is(backend.ops.openType(type), true, `open type ${type}`);
  return backend;
}

function addStartCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;

  list.add(1, "init gives a pool id of 0 or above, and that one pool serves every type", () => {
    const { ops } = factory.create();
    const poolId = ops.init(pageSize);
    assert.ok(Number.isInteger(poolId) && poolId >= 0, `pool id ${poolId}`);
    for (const type of [0, 1, 1023]) {
      assert.is(ops.openType(type), true);
      assert.is(ops.putPage(type, 3, makePage("text", type, pageSize)), true);
    }
    for (const type of [0, 1, 1023]) {
      assertKept(ops, type, 3, makePage("text", type, pageSize));
      assert.is(ops.countPages(type), 1);
    }
  });

  list.add(2, "a second init gives the same id and keeps what is there", () => {
    const { ops } = factory.create();
    const poolId = ops.init(pageSize);
    ops.openType(0);
    ops.putPage(0, 1, makePage("text", 1, pageSize));
    assert.is(ops.init(pageSize), poolId);
    assertKept(ops, 0, 1, makePage("text", 1, pageSize));
  });

  list.add(4, "opening a type that is open keeps its pages", () => {
    const { ops } = start(factory, [2]);
    ops.putPage(2, 1, makePage("text", 1, pageSize));
    assert.is(ops.openType(2), true);
    assertKept(ops, 2, 1, makePage("text", 1, pageSize));
  });

  list.add(5, "a type that was never opened rejects puts, has no pages, and nothing breaks", () => {
    const { ops } = start(factory, [0]);
    assert.is(ops.putPage(9, 0, makePage("text", 1, pageSize)), false);
    assert.is(ops.putPage(1023, 0, makePage("zero", 1, pageSize)), false);
    assertAbsent(ops, 9, 0, pageSize);
    assert.is(ops.flushPage(9, 0), false);
    assert.is(ops.countPages(9), 0);
    assert.is(ops.openType(9), true);
    assertAbsent(ops, 9, 0, pageSize);
  });

  list.add(10, "every call answers at once: its result is a value, not a promise", () => {
    const { ops } = start(factory);
    const page = makePage("text", 1, pageSize);
    assert.type(ops.init(pageSize), "number");
    assert.type(ops.openType(0), "boolean");
    assert.type(ops.putPage(0, 1, page), "boolean");
    assert.type(ops.getPage(0, 1, page), "boolean");
    assert.type(ops.flushPage(0, 1), "boolean");
    assert.type(ops.countPages(0), "number");
    assert.is(ops.flushArea(0), undefined);
  });
}

function addPutCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;

  list.add(11, "put copies: what the program writes to its page afterwards changes nothing", () => {
    const { ops } = start(factory);
    for (const [offset, kind] of PAGE_KINDS.entries()) {
      const page = makePage(kind, offset, pageSize);
      assert.is(ops.putPage(0, offset, page), true);
      page.fill(0xee);
      assertKept(ops, 0, offset, makePage(kind, offset, pageSize));
    }
  });

  list.add(11, "put takes a view into the middle of a buffer, and one on shared memory", () => {
    const { ops } = start(factory);
    const page = makePage("text", 1, pageSize);
    const wide = new Uint8Array(pageSize + 64).fill(0xee);
    const middle = wide.subarray(7, 7 + pageSize);
    middle.set(page);
    assert.is(ops.putPage(0, 1, middle), true);
    assertKept(ops, 0, 1, page);
    // Browsers hide the constructor on pages that are not isolated.
    if (typeof SharedArrayBuffer === "undefined") return;
    const shared = new Uint8Array(new SharedArrayBuffer(pageSize));
    shared.set(page);
    assert.is(ops.putPage(0, 2, shared), true);
    shared.fill(0);
    assert.is(ops.getPage(0, 2, shared), true);
    assertKept(ops, 0, 2, shared.slice());
  });

  list.add(11, "keys are apart: type and offset together say which page it is", () => {
    const { ops } = start(factory, [0, 1, 1023]);
    const offsets = [0, 1, 63, 64, 65, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
    for (const type of [0, 1, 1023]) {
      for (const [at, offset] of offsets.entries()) {
        assert.is(ops.putPage(type, offset, makePage("text", type * 100 + at, pageSize)), true);
      }
    }
    for (const type of [0, 1, 1023]) {
      for (const [at, offset] of offsets.entries()) {
        assertKept(ops, type, offset, makePage("text", type * 100 + at, pageSize));
      }
      assert.is(ops.countPages(type), offsets.length);
    }
  });

  list.add(13, "a page that was put is got, byte for byte, until it is flushed", () => {
    const backend = start(factory);
    const { ops } = backend;
    const count = 60;
    for (let offset = 0; offset < count; offset++) {
      assert.is(ops.putPage(0, offset, manyPage(offset, pageSize)), true);
    }
    for (let offset = 0; offset < count; offset += 2) assert.is(ops.flushPage(0, offset), true);
    for (let offset = 0; offset < count; offset++) {
      if (offset % 2 === 0) assertAbsent(ops, 0, offset, pageSize);
      else assertKept(ops, 0, offset, manyPage(offset, pageSize));
    }
    assertSound(backend);
  });

  list.add(14, "a duplicate put that is kept replaces the page, whatever both are", () => {
    const backend = start(factory);
    for (const older of PAGE_KINDS) {
      for (const newer of PAGE_KINDS) {
        assert.is(backend.ops.putPage(0, 7, makePage(older, 1, pageSize)), true);
        assert.is(backend.ops.putPage(0, 7, makePage(newer, 2, pageSize)), true);
        assertKept(backend.ops, 0, 7, makePage(newer, 2, pageSize));
        assert.is(backend.ops.countPages(0), 1, `${older} over ${newer}`);
        assertSound(backend);
      }
    }
  });

  list.add(18, "true means kept and false means rejected, never a number", () => {
    const { ops } = start(factory);
    assert.is(ops.putPage(0, 1, makePage("text", 1, pageSize)), true);
    ops.flushArea(0);
    assert.is(ops.putPage(0, 1, makePage("text", 1, pageSize)), false);
  });
}

/** The kinds in turn, each page different. */
function manyPage(offset: number, pageSize: number): Page {
  return makePage(PAGE_KINDS[offset % PAGE_KINDS.length] ?? "zero", offset, pageSize);
}

function addRejectCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;
  const older = PAGE_KINDS.map((kind) => makePage(kind, 77, pageSize));

  for (const point of factory.rejectPoints) {
    list.add(12, `a put rejected by "${point.name}" leaves nothing under its key`, () => {
      const backend = point.make();
      // The key must not be the first of its surroundings: metadata is there already.
      backend.ops.putPage(KEY_TYPE, 1, makePage("zero", 1, pageSize));
      backend.provoke();
      for (const page of backend.pagesThatWillBeRejected) {
        assert.is(backend.ops.putPage(KEY_TYPE, 0, page), false);
        assertAbsent(backend.ops, KEY_TYPE, 0, pageSize);
      }
      assertSound(backend);
    });

    list.add(15, `a duplicate put rejected by "${point.name}" has dropped the older page`, () => {
      const { olderPages, pagesThatWillBeRejected } = point.make();
      for (const old of olderPages) {
        for (const page of pagesThatWillBeRejected) expectDropped(point.make(), old, page);
      }
    });
  }

  list.add(12, "a put for a closed type leaves nothing, also when the type is opened again", () => {
    const { ops } = start(factory);
    ops.flushArea(0);
    assert.is(ops.putPage(0, 7, makePage("text", 1, pageSize)), false);
    ops.openType(0);
    assertAbsent(ops, 0, 7, pageSize);
  });

  list.add(15, "a duplicate put rejected by a closed type has dropped the older page", () => {
    const { ops } = start(factory);
    for (const old of older) {
      assert.is(ops.putPage(0, 7, old), true);
      ops.flushArea(0);
      assert.is(ops.putPage(0, 7, makePage("text", 2, pageSize)), false);
      assertAbsent(ops, 0, 7, pageSize);
      ops.openType(0);
      assertAbsent(ops, 0, 7, pageSize);
    }
  });

  if (factory.create().failAllocations !== undefined) addAllocationCase(list, factory);

  if (factory.create().setEnabled === undefined) return;
  list.add(
    17,
    "a put while puts are off flushes its key; puts come back, the page does not",
    () => {
      const backend = start(factory);
      for (const old of older) {
        assert.is(backend.ops.putPage(0, 7, old), true);
        assert.is(backend.ops.putPage(0, 8, old), true);
        backend.setEnabled?.(false);
        assert.is(backend.ops.putPage(0, 7, makePage("text", 2, pageSize)), false);
        assertAbsent(backend.ops, 0, 7, pageSize);
        assertKept(backend.ops, 0, 8, old);
        assert.is(backend.ops.countPages(0), 1);
        backend.setEnabled?.(true);
        assertAbsent(backend.ops, 0, 7, pageSize);
        assertSound(backend);
      }
    },
  );
}

/** One rejected duplicate put: gone now, gone after recovery, and the key is as good as new. */
function expectDropped(backend: ProvokedBackend, old: Page, rejected: Page): void {
  const { ops } = backend;
  assert.is(ops.putPage(KEY_TYPE, 7, old), true, "the older page was not kept");
  backend.provoke();
  const rejects = backend.countRejects?.() ?? 0;
  assert.is(ops.putPage(KEY_TYPE, 7, rejected), false, "the put was not rejected");
  if (backend.countRejects !== undefined) {
    assert.is(backend.countRejects(), rejects + 1, "rejects for the reason provoked");
  }
  assertAbsent(ops, KEY_TYPE, 7, old.length);
  assert.is(ops.countPages(KEY_TYPE), 0);
  assert.is(ops.flushPage(KEY_TYPE, 7), false);
  assertSound(backend);
  backend.recover();
  assertAbsent(ops, KEY_TYPE, 7, old.length);
  assert.is(ops.putPage(KEY_TYPE, 7, old), true, "not kept after recovery");
  assertKept(ops, KEY_TYPE, 7, old);
  assertSound(backend);
}

/** Makes the first, second, third … allocation of a put fail, until the put needs no more. */
function addAllocationCase(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;
  list.add(5, "a type for which there is no memory rejects puts, until it can be opened", () => {
    const backend = start(factory);
    const { ops } = backend;
    backend.failAllocations?.(0);
    assert.is(ops.openType(9), false);
    backend.failAllocations?.(-1);
    assert.is(ops.putPage(9, 1, makePage("zero", 1, pageSize)), false);
    assertAbsent(ops, 9, 1, pageSize);
    ops.flushArea(9);
    assertSound(backend);
    assert.is(ops.openType(9), true);
    assert.is(ops.putPage(9, 1, makePage("zero", 1, pageSize)), true);
  });

  const title = "whichever allocation of a put fails, it leaves the new page or nothing";
  list.add(15, title, () => {
    for (const olderKind of [null, ...PAGE_KINDS]) {
      for (const newerKind of PAGE_KINDS) {
        const newer = makePage(newerKind, 2, pageSize);
        let kept = false;
        for (let after = 0; !kept; after++) {
          assert.ok(after < 50, `${olderKind} → ${newerKind} needs ${after} allocations`);
          const backend = start(factory);
          if (olderKind) backend.ops.putPage(0, 7, makePage(olderKind, 1, pageSize));
          backend.failAllocations?.(after);
          kept = backend.ops.putPage(0, 7, newer);
          backend.failAllocations?.(-1);
          if (kept) assertKept(backend.ops, 0, 7, newer);
          else assertAbsent(backend.ops, 0, 7, pageSize);
          assert.is(backend.ops.countPages(0), kept ? 1 : 0);
          assertSound(backend);
        }
      }
    }
  });
}

function addGetCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;

  list.add(21, "get does not remove: many in a row give the same bytes", () => {
    const { ops } = start(factory);
    for (const [offset, kind] of PAGE_KINDS.entries()) {
      const page = makePage(kind, offset, pageSize);
      ops.putPage(0, offset, page);
      for (let times = 0; times < 4; times++) assertKept(ops, 0, offset, page);
    }
    assert.is(ops.countPages(0), PAGE_KINDS.length);
  });

  list.add(21, "what the program does to the page it got changes nothing", () => {
    const { ops } = start(factory);
    const got = new Uint8Array(pageSize);
    ops.putPage(0, 1, makePage("text", 1, pageSize));
    ops.getPage(0, 1, got);
    got.fill(0);
    assertKept(ops, 0, 1, makePage("text", 1, pageSize));
  });

  list.add(22, "get of a page that is not there fails and leaves its destination alone", () => {
    const { ops } = start(factory);
    assertAbsent(ops, 0, 0, pageSize);
    ops.putPage(0, 1, makePage("text", 1, pageSize));
    for (const offset of [0, 2, 65, 0xffff_ffff]) assertAbsent(ops, 0, offset, pageSize);
    ops.flushPage(0, 1);
    assertAbsent(ops, 0, 1, pageSize);
  });

  list.add(23, "once a get has failed it goes on failing until the next put", () => {
    const { ops } = start(factory);
    const page = makePage("text", 1, pageSize);
    ops.putPage(0, 1, page);
    ops.flushPage(0, 1);
    ops.putPage(0, 2, page);
    for (let times = 0; times < 3; times++) assertAbsent(ops, 0, 1, pageSize);
    ops.putPage(0, 1, page);
    assertKept(ops, 0, 1, page);
  });

  list.add(24, "the pool is persistent: gets of one page don't cost another", () => {
    const { ops } = start(factory);
    const first = makePage("text", 1, pageSize);
    const second = makePage("random", 2, pageSize);
    ops.putPage(0, 1, first);
    ops.putPage(0, 2, second);
    for (let times = 0; times < 3; times++) {
      assertKept(ops, 0, 1, first);
      assertKept(ops, 0, 2, second);
    }
  });

  if (factory.create().corrupt === undefined) return;
  list.add(26, "a damaged page is an error of its own: not absent, and no bytes come back", () => {
    const backend = start(factory);
    const { ops } = backend;
    ops.putPage(0, 1, makePage("text", 1, pageSize));
    ops.putPage(0, 2, makePage("text", 2, pageSize));
    backend.corrupt?.(0, 1);
    const got = new Uint8Array(pageSize).fill(0xa5);
    const isCorrupt = (error: unknown): boolean =>
      error instanceof Error && (error as { code?: unknown }).code === "ERR_ZMEM_CORRUPT";
    for (let times = 0; times < 2; times++) {
      assert.throws(() => ops.getPage(0, 1, got), isCorrupt);
      assert.is(
        got.findIndex((byte) => byte !== 0xa5),
        -1,
      );
    }
    assertKept(ops, 0, 2, makePage("text", 2, pageSize));
    assert.is(ops.putPage(0, 1, makePage("text", 3, pageSize)), true);
    assertKept(ops, 0, 1, makePage("text", 3, pageSize));
  });
}

function addFlushCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;

  list.add(28, "after a flush the page is gone; flushing what is absent is harmless", () => {
    const backend = start(factory);
    const { ops } = backend;
    for (const [offset, kind] of PAGE_KINDS.entries()) {
      ops.putPage(0, offset, makePage(kind, 1, pageSize));
      assert.is(ops.flushPage(0, offset), true);
      assertAbsent(ops, 0, offset, pageSize);
      assert.is(ops.flushPage(0, offset), false);
      assert.is(ops.flushPage(0, offset + 1000), false);
    }
    assert.is(ops.countPages(0), 0);
    assertSound(backend);
  });

  list.add(29, "flushing an area removes all of its pages and no others", () => {
    const backend = start(factory, [0, 1, 2]);
    const { ops } = backend;
    for (const type of [0, 1, 2]) fillSpread(ops, type, pageSize);
    ops.flushArea(1);
    for (const type of [0, 2]) {
      assert.is(ops.countPages(type), SPREAD.length);
      for (const offset of SPREAD)
        assertKept(ops, type, offset, spreadPage(type, offset, pageSize));
    }
    assert.is(ops.countPages(1), 0);
    for (const offset of SPREAD) assertAbsent(ops, 1, offset, pageSize);
    assertSound(backend);
  });

  list.add(30, "after a flush of its area a type rejects puts until it is opened again", () => {
    const { ops } = start(factory, [0, 1]);
    const page = makePage("text", 1, pageSize);
    ops.putPage(0, 1, page);
    ops.flushArea(0);
    for (let times = 0; times < 3; times++) assert.is(ops.putPage(0, 1, page), false);
    assert.is(ops.putPage(1, 1, page), true);
    assert.is(ops.openType(0), true);
    assert.is(ops.putPage(0, 1, page), true);
    assertKept(ops, 0, 1, page);
  });

  list.add(31, "gets and flushes of a closed type find nothing and break nothing", () => {
    const backend = start(factory);
    const { ops } = backend;
    fillSpread(ops, 0, pageSize);
    ops.flushArea(0);
    for (const offset of SPREAD) {
      assertAbsent(ops, 0, offset, pageSize);
      assert.is(ops.flushPage(0, offset), false);
    }
    assert.is(ops.countPages(0), 0);
    assertSound(backend);
  });

  list.add(32, "no page survives the flush of its area, however often the type is reopened", () => {
    const backend = start(factory);
    const { ops } = backend;
    for (let round = 0; round < 3; round++) {
      fillSpread(ops, 0, pageSize);
      ops.flushArea(0);
      ops.openType(0);
      assert.is(ops.countPages(0), 0);
      for (const offset of SPREAD) assertAbsent(ops, 0, offset, pageSize);
      assertSound(backend);
    }
  });

  list.add(33, "flushing the area of a type that was never opened, or twice, is harmless", () => {
    const { ops } = start(factory);
    ops.putPage(0, 1, makePage("text", 1, pageSize));
    ops.flushArea(8);
    ops.flushArea(1023);
    ops.flushArea(8);
    assertKept(ops, 0, 1, makePage("text", 1, pageSize));
    assert.is(ops.openType(8), true);
  });
}

/** Dense offsets, sparse ones, and both ends of the range. */
const SPREAD = [0, 1, 2, 3, 63, 64, 1000, 100_000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

function spreadPage(type: number, offset: number, pageSize: number): Page {
  const kind = PAGE_KINDS[offset % PAGE_KINDS.length] ?? "zero";
  return makePage(kind, offset ^ (type << 8), pageSize);
}

function fillSpread(ops: FrontswapOps, type: number, pageSize: number): void {
  for (const offset of SPREAD) {
    assert.is(ops.putPage(type, offset, spreadPage(type, offset, pageSize)), true);
  }
}
