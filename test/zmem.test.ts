/** Zmem from the default entry: front-end, backend and areas as most programs use them. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  createZmem,
  createZmemSync,
  MemorySwapDevice,
  ShardedZmemBackend,
  ZmemBackend,
  ZmemError,
  type SwapArea,
  type Zmem,
  type ZmemErrorCode,
} from "../src/index.ts";
import { AsyncBlockDevice } from "../src/devices/async-blocks.ts";
import { assertSame } from "./conformance/case.ts";
import { makePage } from "./conformance/pages.ts";
import { MemoryStore } from "./devices/memory-store.ts";

const test = suite("zmem");
const text = makePage("text", 1, 4096);
const noise = makePage("random", 2, 4096);

function hasCode(code: ZmemErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof ZmemError && error.code === code;
}

/** A pool that is full, and what it could not keep on its area's device. */
function makeFull(): { zmem: Zmem; area: SwapArea; device: MemorySwapDevice } {
  const zmem = createZmemSync({ limitBytes: 512 * 1024 });
  const device = new MemorySwapDevice();
  const area = zmem.swapOn({ pages: 1000, device });
  for (let offset = 0; offset < 500; offset++) area.put(offset, makePage("random", offset, 4096));
  assert.ok(device.pages > 0);
  return { zmem, area, device };
}

function assertGets(area: SwapArea, offset: number, page: Uint8Array): void {
  const got = new Uint8Array(page.length);
  assert.is(area.get(offset, got), true);
  assertSame(got, page, `offset ${offset}`);
}

test("a page in, compressed, and back", async () => {
  const zmem = await createZmem();
  const area = zmem.swapOn({ pages: 1000 });
  assert.is(area.put(7, text), true);
  assert.is(area.put(8, noise), true);
  assert.is(area.put(9, new Uint8Array(4096)), true);
  assertGets(area, 7, text);
  assertGets(area, 8, noise);
  assertGets(area, 9, new Uint8Array(4096));
  const stats = zmem.stats();
  assert.is(stats.pages, 3);
  assert.is(stats.logicalBytes, 3 * 4096);
  assert.is(stats.rawPages, 1);
  assert.is(stats.sameFilledPages, 1);
  assert.is(stats.compressedPages, 1);
  assert.ok(stats.payloadBytes < 2 * 4096);
  assert.is(stats.succPuts, 3);
  assert.is(stats.gets, 3);
  assert.is(stats.currPages, 3);
  zmem.close();
});

test("every page size works, and a page of another size is refused", () => {
  for (const pageSize of [4096, 8192, 16384, 32768, 65536]) {
    const zmem = createZmemSync({ pageSize });
    assert.is(zmem.pageSize, pageSize);
    const area = zmem.swapOn({ pages: 10 });
    for (const kind of ["zero", "text", "random"] as const) {
      const page = makePage(kind, 5, pageSize);
      assert.is(area.put(0, page), true);
      assertGets(area, 0, page);
    }
    assert.throws(() => area.put(0, new Uint8Array(pageSize / 2)), RangeError);
    zmem.close();
  }
});

test("areas get the lowest type that is off, or the one they ask for", () => {
  const zmem = createZmemSync();
  const first = zmem.swapOn({ pages: 10 });
  const second = zmem.swapOn({ pages: 10, type: 5 });
  const third = zmem.swapOn({ pages: 10 });
  assert.equal([first.type, second.type, third.type], [0, 5, 1]);
  first.put(1, text);
  third.put(1, noise);
  assert.throws(() => zmem.swapOn({ pages: 10, type: 5 }), /got 5, which is on/);
  first.off();
  const again = zmem.swapOn({ pages: 20 });
  assert.is(again.type, 0);
  assert.is(again.has(1), false);
  assertGets(third, 1, noise);
  zmem.close();
});

test("an area has as many pages as it was given, up to one under every u32", () => {
  const zmem = createZmemSync();
  const area = zmem.swapOn({ pages: 2 ** 32 });
  area.put(0xffff_ffff, text);
  assertGets(area, 0xffff_ffff, text);
  assert.throws(() => area.put(2 ** 32, text), RangeError);
  zmem.close();
});

test("what a full pool rejects goes to the device, and comes back from it", () => {
  const zmem = createZmemSync({ limitBytes: 4 * 65536 });
  const device = new MemorySwapDevice({ pages: 1000 });
  const area = zmem.swapOn({ pages: 1000, device, evict: false });
  for (let offset = 0; offset < 200; offset++) {
    assert.is(area.put(offset, makePage("random", offset, 4096)), true);
  }
  const { currPages, failedPuts, rejects } = zmem.stats();
  assert.is(currPages + device.pages, 200);
  assert.is(failedPuts, device.pages);
  assert.is(rejects.limit, failedPuts);
  assert.ok(currPages > 10 && device.pages > 10, `${currPages} and ${device.pages}`);
  for (let offset = 0; offset < 200; offset++) {
    assertGets(area, offset, makePage("random", offset, 4096));
  }
  zmem.close();
  assert.is(device.pages, 0);
});

test("a pool that refuses raw pages rejects what does not compress", () => {
  const zmem = createZmemSync({ acceptRaw: false });
  const area = zmem.swapOn({ pages: 10 });
  area.put(1, text);
  assert.is(area.put(1, noise), false);
  assert.is(area.has(1), false);
  assert.is(zmem.stats().rejects.incompressible, 1);
  zmem.close();
});

test("one device serves one area at a time", () => {
  const zmem = createZmemSync();
  const device = new MemorySwapDevice();
  const area = zmem.swapOn({ pages: 10, device });
  assert.throws(
    () => zmem.swapOn({ pages: 10, device }),
    /one of its own, got that of swap type 0/,
  );
  area.off();
  assert.is(zmem.swapOn({ pages: 10, device }).isOn, true);
  zmem.close();
});

test("a limit above what one memory may hold makes a pool over several", () => {
  const one = createZmemSync({ limitBytes: 2 ** 20 });
  assert.instance(one.backend, ZmemBackend);
  one.close();
  const several = createZmemSync({ limitBytes: 3 * 2 ** 20, maxInstanceBytes: 2 ** 20 });
  assert.instance(several.backend, ShardedZmemBackend);
  assert.is(several.stats().instances, 3);
  const area = several.swapOn({ pages: 10_000 });
  for (let offset = 0; offset < 10_000; offset += 97) area.put(offset, text);
  for (let offset = 0; offset < 10_000; offset += 97) assertGets(area, offset, text);
  several.close();
});

test("bad options say what was expected and what came", async () => {
  const cases: [object, RegExp][] = [
    [{ pageSize: 1234 }, /page size: expected a power of two from 4096 to 65536, got 1234/],
    [{ pageSize: "4096" }, /page size: .* got "4096"/],
    [{ limitBytes: -1 }, /limitBytes: .* got -1/],
    [{ limitBytes: NaN }, /limitBytes: .* got NaN/],
    [{ limitBytes: "64M" }, /limitBytes: .* got "64M"/],
    [{ maxInstanceBytes: NaN }, /maxInstanceBytes: expected 65536 to 4294967296, got NaN/],
    [{ maxInstanceBytes: "1G" }, /maxInstanceBytes: .* got "1G"/],
    [{ maximumWasmPages: 0 }, /maximumWasmPages: expected an integer from 1 to 65536, got 0/],
    [{ limitBytes: 1000 }, /limitBytes: expected room for the pool's fixed part .* got 1000/],
  ];
  for (const [options, message] of cases) {
    assert.throws(() => createZmemSync(options), message);
    const outcome = await createZmem(options).then(
      () => "made",
      (error: Error) => error.message,
    );
    assert.match(outcome, message);
  }
  const zmem = createZmemSync();
  assert.throws(() => zmem.swapOn({ pages: 0 }), /pages: .* got 0/);
  assert.throws(() => zmem.swapOn({ pages: 1, type: 1024 }), /swap type: .* got 1024/);
  assert.throws(
    () => zmem.swapOn({ pages: 1, device: new MemorySwapDevice({ pageSize: 8192 }) }),
    /device: expected pages of 4096 bytes, got 8192/,
  );
  zmem.close();
});

test("an engine that refuses even the first memory is an error of its own", () => {
  const memory = WebAssembly.Memory;
  function RefusingMemory(): never {
    throw new RangeError("out of memory");
  }
  WebAssembly.Memory = RefusingMemory as never;
  try {
    assert.throws(() => createZmemSync(), hasCode("ERR_ZMEM_MEMORY"));
  } finally {
    WebAssembly.Memory = memory;
  }
});

test("after close every call throws ERR_ZMEM_CLOSED, of whatever part", () => {
  const zmem = createZmemSync();
  const area = zmem.swapOn({ pages: 10 });
  area.put(1, text);
  zmem.close();
  zmem.close();
  const got = new Uint8Array(4096);
  const calls: (() => unknown)[] = [
    () => zmem.stats(),
    () => zmem.swapOn({ pages: 10 }),
    () => area.put(1, text),
    () => area.get(1, got),
    () => area.flush(1),
    () => area.has(1),
    () => zmem.frontswap.putPage(0, 1, text),
    () => zmem.frontswap.counters(),
    () => zmem.backend.putPage(0, 1, text),
    () => zmem.backend.getPage(0, 1, got),
    () => zmem.backend.stats(),
    () => zmem.backend.setLimit(1e6),
    () => zmem.backend.compact(),
    () => zmem.backend.trim(),
  ];
  for (const call of calls) assert.throws(call, hasCode("ERR_ZMEM_CLOSED"), String(call));
  area.off();
});

test("closing works when the program has closed the backend or turned types off before", () => {
  const first = createZmemSync();
  const area = first.swapOn({ pages: 10 });
  area.put(1, text);
  first.backend.close();
  assert.throws(() => area.put(1, text), hasCode("ERR_ZMEM_CLOSED"));
  first.close();

  const second = createZmemSync();
  const off = second.swapOn({ pages: 10 });
  second.frontswap.typeOff(off.type);
  assert.throws(() => off.put(1, text), hasCode("ERR_ZMEM_TYPE_OFF"));
  second.close();

  const { zmem: third, device } = makeFull();
  third.frontswap.close();
  third.close();
  assert.is(device.pages, 0);
});

test("an area whose backend was closed gives the slots of its device back", () => {
  const { zmem, area, device } = makeFull();
  zmem.backend.close();
  area.off();
  assert.is(device.pages, 0);
  zmem.close();
});

test("closing leaves no rejection behind, whatever was closed or fails at it", async () => {
  const rejections: unknown[] = [];
  const listen = (error: unknown): void => void rejections.push(error);
  process.on("unhandledRejection", listen);
  try {
    for (const failing of [false, true]) {
      const zmem = createZmemSync();
      zmem.swapOn({ pages: 10, asyncDevice: new AsyncBlockDevice(new MemoryStore()) });
      if (failing) {
        zmem.backend.flushArea = () => {
          throw new Error("trap");
        };
      } else {
        zmem.frontswap.close();
      }
      zmem.close();
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(rejections, []);
  } finally {
    process.off("unhandledRejection", listen);
  }
});

test("a device of the other kind, or none at all, is refused", () => {
  const zmem = createZmemSync();
  const [device, asyncDevice] = [new MemorySwapDevice(), new AsyncBlockDevice(new MemoryStore())];
  const cases: [object, RegExp][] = [
    [{ device: asyncDevice }, /^device: .* got AsyncBlockDevice, .*: give it as asyncDevice$/],
    [{ asyncDevice: device }, /^asyncDevice: .* got MemorySwapDevice, .*: give it as device$/],
    [{ device: null }, /^device: expected a SwapDevice, got null$/],
    [{ asyncDevice: null }, /^asyncDevice: expected an AsyncSwapDevice, got null$/],
    [{ device: {} }, /^device: expected a SwapDevice, got Object$/],
    [{ device, asyncDevice }, /^device: expected none beside an asyncDevice$/],
  ];
  for (const [options, message] of cases) {
    assert.throws(() => zmem.swapOn({ pages: 10, ...options } as never), message);
  }
  assert.is(zmem.frontswap.isOn(0), false);
  const bare = zmem.swapOn({ pages: 10, device: undefined, asyncDevice: undefined } as never);
  assert.ok("swapOff" in bare);
  zmem.close();
});

test("a page can be put from the backend's own window, and got into it", () => {
  const zmem = createZmemSync();
  const area = zmem.swapOn({ pages: 3000 });
  area.put(0, noise);
  for (let offset = 1; offset < 3000; offset++) {
    // Memory grows in some of these puts, which detaches the view that is being put.
    const view = zmem.backend.viewPage(area.type, offset - 1);
    assert.ok(view);
    assert.is(area.put(offset, view), true);
  }
  assertGets(area, 2999, noise);
  assert.is(area.get(2999, zmem.backend.putWindow), true);
  assertSame(zmem.backend.putWindow, noise, "the put window");
  zmem.close();
});

test("it can be disposed of", () => {
  const zmem: Zmem = createZmemSync();
  zmem[Symbol.dispose]();
  assert.throws(() => zmem.stats(), hasCode("ERR_ZMEM_CLOSED"));
});

test("a put and a get through area, front-end and module allocate nothing to be collected", () => {
  const zmem = createZmemSync();
  const area = zmem.swapOn({ pages: 100, device: new MemorySwapDevice() });
  const got = new Uint8Array(4096);
  const run = (): number => {
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < 10_000; round++) {
      area.put(round % 100, text);
      area.get(round % 100, got);
    }
    return process.memoryUsage().heapUsed - before;
  };
  for (let times = 0; times < 3; times++) run();
  // 20,000 calls that made one object of 16 bytes each would take 320 KB.
  const grown = Math.min(...Array.from({ length: 5 }, run).map(Math.abs));
  assert.ok(grown < 100_000, `20,000 calls took ${grown} bytes of heap`);
  zmem.close();
});

test.run();
