/**
 * The part of the conformance suite about pages that leave the backend without being flushed:
 * shrink, write-through, writeback and exclusive gets, with the backend under test behind them.
 */
import * as assert from "uvu/assert";
import { MemorySwapDevice } from "../../src/devices/memory.ts";
import { Frontswap } from "../../src/frontswap.ts";
import type { SwapAreaOptions } from "../../src/swap-area-options.ts";
import { SwapArea } from "../../src/swap-area.ts";
import type { FrontswapOps, Page, WritebackPort } from "../../src/types.ts";
import { assertKept, assertSame, type BackendFactory, type CaseList } from "./case.ts";
import { makePage } from "./pages.ts";

interface Setup {
  readonly area: SwapArea;
  readonly frontswap: Frontswap;
  readonly device: MemorySwapDevice;
}

function setUp(factory: BackendFactory, options: Partial<SwapAreaOptions> = {}): Setup {
  const frontswap = new Frontswap({ pageSize: factory.pageSize });
  frontswap.register(factory.create().ops);
  const device = new MemorySwapDevice({ pageSize: factory.pageSize });
  return {
    frontswap,
    device,
    area: new SwapArea(frontswap, { type: 0, pages: 100, device, ...options }),
  };
}

function assertGets(area: SwapArea, offset: number, page: Page): void {
  const got = new Uint8Array(page.length);
  assert.is(area.get(offset, got), true, `offset ${offset} is absent`);
  assertSame(got, page, `offset ${offset}`);
}

/** Adds the cases for one backend. */
export function addMovingCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;
  const pageOf = (seed: number): Page => makePage("text", seed, pageSize);
  const fill = ({ area }: Setup): void => {
    for (let offset = 0; offset < 40; offset++) assert.ok(area.put(offset, pageOf(offset)));
  };

  list.add(25, "an exclusive get clears the bit and takes one off the page count", () => {
    const setup = setUp(factory, { exclusiveGet: true });
    fill(setup);
    assertGets(setup.area, 7, pageOf(7));
    const { currPages, gets, flushes } = setup.frontswap.counters();
    assert.equal([currPages, gets, flushes], [39, 1, 0]);
    assert.is(setup.area.get(7, new Uint8Array(pageSize)), false);
    assert.ok(setup.area.put(7, pageOf(8)));
    assert.is(setup.frontswap.counters().currPages, 40);
  });

  list.add(46, "moving out all but N pages leaves N", () => {
    const setup = setUp(factory);
    fill(setup);
    assert.is(setup.area.repatriate(40 - 15), 25);
    assert.is(setup.frontswap.counters().currPages, 15);
    assert.is(setup.device.pages, 25);
  });

  list.add(47, "pages are moved out in order of their bits, until enough are out", () => {
    const setup = setUp(factory);
    fill(setup);
    setup.area.repatriate(10);
    for (let offset = 0; offset < 40; offset++) {
      assert.is(setup.frontswap.testPage(0, offset), offset >= 10, `offset ${offset}`);
    }
  });

  list.add(48, "a target reached in steps is reached as in one", () => {
    const setup = setUp(factory);
    fill(setup);
    for (let moved = 0; moved < 40; moved += 8) assert.is(setup.area.repatriate(8), 8);
    assert.is(setup.area.repatriate(8), 0);
    assert.is(setup.frontswap.counters().currPages, 0);
    for (let offset = 0; offset < 40; offset++) assertGets(setup.area, offset, pageOf(offset));
  });

  list.add(49, "what neither device nor caller takes stays, and nothing is lost", () => {
    const setup = setUp(factory, { device: new MemorySwapDevice({ pageSize, pages: 5 }) });
    fill(setup);
    const taken: number[] = [];
    const moved = setup.area.repatriate(100, (offset, page) => {
      assertSame(page, pageOf(offset), `offset ${offset}`);
      return offset % 2 === 0 && taken.push(offset) > 0;
    });
    assert.is(moved, 5 + taken.length);
    for (let offset = 0; offset < 40; offset++) {
      assert.is(setup.area.has(offset), !taken.includes(offset));
      if (!taken.includes(offset)) assertGets(setup.area, offset, pageOf(offset));
    }
    const { currPages, flushes } = setup.frontswap.counters();
    assert.equal([currPages, flushes], [40 - moved, 0]);
  });

  list.add(51, "write-through: the device has every page, and the backend may drop its own", () => {
    const setup = setUp(factory, { writeThrough: true });
    fill(setup);
    assert.is(setup.device.pages, 40);
    assert.is(setup.frontswap.counters().currPages, 40);
    for (let offset = 0; offset < 40; offset += 2) setup.frontswap.dropPage(0, offset);
    for (let offset = 0; offset < 40; offset++) assertGets(setup.area, offset, pageOf(offset));
    assert.ok(setup.area.put(3, pageOf(99)));
    setup.frontswap.dropPage(0, 3);
    assertGets(setup.area, 3, pageOf(99));
  });

  const { ops } = factory.create();
  if ("selectCold" in ops) addWritebackCases(list, factory);
}

function addWritebackCases(list: CaseList, factory: BackendFactory): void {
  const { pageSize } = factory;
  const pageOf = (seed: number): Page => makePage("text", seed, pageSize);
  const start = (): FrontswapOps & WritebackPort => {
    const ops = factory.create().ops as FrontswapOps & WritebackPort;
    ops.init(pageSize);
    ops.openType(0);
    ops.allowWriteback(0, true);
    return ops;
  };

  list.add(52, "a page selected for writeback is dropped only if it is still the same", () => {
    const ops = start();
    for (let offset = 0; offset < 3; offset++) ops.putPage(0, offset, pageOf(offset));
    const cold = ops.selectCold(3);
    assert.equal(cold.map(({ offset }) => offset).sort(), [0, 1, 2]);
    const index = (wanted: number): number => cold.findIndex(({ offset }) => offset === wanted);
    ops.putPage(0, 0, pageOf(77));
    ops.flushPage(0, 1);
    assert.is(ops.dropCold(index(0)), false, "it was put anew");
    assert.is(ops.dropCold(index(1)), false, "it was flushed");
    assert.is(ops.dropCold(index(2)), true);
    assert.is(ops.dropCold(index(2)), false, "it is gone");
    assertKept(ops, 0, 0, pageOf(77));
    assert.is(ops.countPages(0), 1);
  });

  list.add(52, "a page that was got since the hand passed is not selected", () => {
    const ops = start();
    const got = new Uint8Array(pageSize);
    for (let offset = 0; offset < 20; offset++) ops.putPage(0, offset, pageOf(offset));
    for (let offset = 0; offset < 20; offset += 2) ops.getPage(0, offset, got);
    const first = ops.selectCold(20).map(({ offset }) => offset);
    assert.ok(first.length > 0 && first.every((offset) => offset % 2 === 1), first.join());
  });

  list.add(52, "same-filled pages and pages of other types are never selected", () => {
    const ops = start();
    ops.openType(1);
    ops.putPage(0, 0, new Uint8Array(pageSize));
    ops.putPage(0, 1, makePage("word64", 1, pageSize));
    ops.putPage(1, 2, pageOf(2));
    for (let times = 0; times < 4; times++) assert.is(ops.selectCold(10).length, 0);
    ops.allowWriteback(1, true);
    assert.equal(
      ops.selectCold(10).map(({ offset }) => offset),
      [2],
    );
    ops.allowWriteback(1, false);
    assert.is(ops.selectCold(10).length, 0);
  });

  list.add(52, "a block decodes to its page, and comes back as it was", () => {
    const ops = start();
    for (const [offset, kind] of (["text", "sparse", "random"] as const).entries()) {
      const page = makePage(kind, offset, pageSize);
      ops.putPage(0, offset, page);
      const [cold] = ops.selectCold(1);
      assert.ok(cold);
      const form = cold.form;
      const block = cold.block.slice();
      assert.is(ops.dropCold(0), true);
      const got = new Uint8Array(pageSize);
      ops.decodeBlock(form, block, got);
      assertSame(got, page, kind);
      assert.is(ops.countPages(0), 0);
      got.fill(0);
      assert.is(ops.restorePage(0, offset, form, block, got), true);
      assertSame(got, page, kind);
      assertKept(ops, 0, offset, page);
      ops.flushPage(0, offset);
    }
  });

  list.add(
    52,
    "a damaged block is an error, keeps nothing and leaves the destination alone",
    () => {
      const ops = start();
      const got = new Uint8Array(pageSize).fill(0xa5);
      const damaged = new Uint8Array(100).fill(0xff);
      for (const form of [0, 2, 3, 4, 15]) {
        assert.throws(() => ops.decodeBlock(form, damaged, got), /does not decode/);
        assert.throws(() => ops.restorePage(0, 1, form, damaged, got), /does not decode/);
      }
      assert.throws(() => ops.decodeBlock(4, new Uint8Array(0), got), /does not decode/);
      assert.throws(() => ops.decodeBlock(4, new Uint8Array(pageSize + 1), got), /does not decode/);
      assert.ok(got.every((byte) => byte === 0xa5));
      assert.is(ops.countPages(0), 0);
    },
  );

  list.add(
    52,
    "the block of a rejected page can be had until the next put, under its key only",
    () => {
      const ops = start();
      // Every backend with the port has a limit, too.
      (ops as unknown as { setLimit(bytes: number): void }).setLimit(0);
      const page = makePage("random", 1, pageSize);
      page.fill(0, pageSize / 2);
      const offset = 3;
      assert.is(ops.putPage(0, offset, page), false);
      assert.is(ops.lastReject, "limit");
      const rejected = ops.rejectedBlock(0, offset);
      assert.ok(rejected);
      const got = new Uint8Array(pageSize);
      const block = rejected.block.slice();
      assert.is(ops.rejectedBlock(0, offset + 1), null);
      assert.is(ops.rejectedBlock(1, offset), null);
      ops.decodeBlock(rejected.form, block, got);
      assertSame(got, page, "the rejected page");
      assert.is(ops.rejectedBlock(0, offset), null, "a decoded block has taken its place");
      assert.is(ops.putPage(0, offset, page), false);
      ops.forgetRejected();
      assert.is(ops.rejectedBlock(0, offset), null);
      assert.is(ops.retryPut(0, offset), false);
    },
  );

  list.add(
    52,
    "blocks longer than the longest allowed are rejected, and so are raw pages then",
    () => {
      const ops = start();
      const [random, half] = [makePage("random", 1, pageSize), makePage("random", 2, pageSize)];
      half.fill(0, pageSize / 2);
      ops.setLongestBlock(pageSize / 4);
      for (const page of [random, half]) {
        assert.is(ops.putPage(0, 1, page), false);
        assert.is(ops.lastReject, "incompressible");
      }
      assert.is(ops.putPage(0, 1, makePage("sparse", 1, pageSize)), true);
      assert.is(ops.lastReject, null);
      ops.setLongestBlock((pageSize * 3) / 4);
      assert.is(ops.putPage(0, 1, half), true);
      assert.is(ops.putPage(0, 2, random), false);
      ops.setLongestBlock(pageSize);
      assert.is(ops.putPage(0, 2, random), true);
      assertKept(ops, 0, 1, half);
      assertKept(ops, 0, 2, random);
      for (const bytes of [0, 0.5, NaN]) {
        assert.throws(() => ops.setLongestBlock(bytes), /expected 1 or more, got/);
      }
    },
  );

  list.add(52, "the fill level rises with what is kept, and falls when it goes", () => {
    const ops = start();
    const empty = ops.fillLevel();
    assert.ok(empty >= 0 && empty < 1);
    for (let offset = 0; offset < 200; offset++) {
      ops.putPage(0, offset, makePage("random", offset, pageSize));
    }
    const full = ops.fillLevel();
    assert.ok(full > empty);
    assert.ok(ops.findFullest() >= full * 0.99, "the fullest is no emptier than the mean");
    ops.flushArea(0);
    assert.ok(ops.fillLevel() < full);
  });
}
