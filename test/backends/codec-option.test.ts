/**
 * The codec of a pool: each page's own by its shape, or LZ4 alone, whatever happens to pages later.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { BlockCodec, Codec, PageBlock } from "../../src/backends/pool-options.ts";
import { createZmem, MemorySwapDevice } from "../../src/index.ts";
import { SharedZmem } from "../../src/shared/zmem.ts";
import { makePage, type PageKind } from "../conformance/pages.ts";
import { sharedModule } from "../shared/modules.ts";

const PAGE_SIZE = 4096;
const PAGES = 60;
const KINDS: readonly PageKind[] = ["text", "words", "longWords"];
const ADAPTIVE: readonly BlockCodec[] = ["lz4", "words", "longWords"];

function pageOf(offset: number): Uint8Array {
  return makePage(KINDS[offset % KINDS.length] as PageKind, offset, PAGE_SIZE);
}

function expectedCodec(codec: Codec | undefined, offset: number): BlockCodec {
  return codec === "lz4" ? "lz4" : (ADAPTIVE[offset % ADAPTIVE.length] as BlockCodec);
}

for (const codec of [undefined, "adaptive", "lz4"] as const) {
  for (const maxInstanceBytes of [undefined, 4 << 20]) {
    const name = `codec ${codec}${maxInstanceBytes ? ", several instances" : ""}`;
    test(`${name}: blocks are of it after puts, recompression, compaction and trim`, async () => {
      const limit = maxInstanceBytes ? { maxInstanceBytes, limitBytes: 3 * maxInstanceBytes } : {};
      const chosen = codec === undefined ? {} : { codec };
      const zmem = await createZmem({ effort: "fast", ...limit, ...chosen });
      const area = zmem.swapOn({ pages: PAGES + 2000 });
      const { backend } = zmem;
      const got = new Uint8Array(PAGE_SIZE);
      const check = (when: string): void => {
        for (let offset = 0; offset < PAGES; offset++) {
          const where = `${when}, page ${offset}`;
          const info = backend.inspectPage(area.type, offset);
          assert.is(info?.codec, expectedCodec(codec, offset), where);
          assert.is(area.get(offset, got), true, where);
          assert.equal(got, pageOf(offset), where);
        }
      };
      for (let offset = 0; offset < PAGES; offset++) assert.ok(area.put(offset, pageOf(offset)));
      check("put");
      const { payloadBytes } = zmem.stats();
      while (!backend.recompress({ pages: 100 }).done);
      assert.ok(zmem.stats().payloadBytes < payloadBytes, "recompression saved nothing");
      check("recompressed");
      while (!backend.compact({ objects: 100 }).done);
      // Room to give back: pages that go again.
      for (let more = 0; more < 2000; more++)
        area.put(PAGES + more, makePage("random", more, PAGE_SIZE));
      for (let more = 0; more < 2000; more++) area.flush(PAGES + more);
      assert.is(backend.trim().trimmed, true);
      check("trimmed");
      // A fresh instance of a trim must know the codec, too, and after every other option is set.
      backend.setEnabled(false);
      backend.setEnabled(true);
      backend.setLongestBlock(3000);
      for (let offset = 0; offset < PAGES; offset++) assert.ok(area.put(offset, pageOf(offset)));
      check("put after a trim");
      zmem.close();
    });
  }

  test(`codec ${codec}: blocks are of it in a shared pool, whichever worker puts`, async () => {
    const chosen = codec === undefined ? {} : { codec };
    const options = { maximumBytes: 2 ** 24, recompression: true, effort: "fast" } as const;
    const one = await SharedZmem.create(sharedModule(), { ...options, ...chosen });
    const other = await SharedZmem.attach(one.attachment);
    const areas = [one.swapOn({ pages: PAGES }), other.swapOn({ pages: PAGES })];
    const got = new Uint8Array(PAGE_SIZE);
    const payload = (): number => one.stats().payloadBytes;
    let before = 0;
    for (const round of ["put", "recompressed"]) {
      for (const area of areas) {
        for (let offset = 0; offset < PAGES; offset++) {
          if (round === "put") assert.ok(area.put(offset, pageOf(offset)));
          const info = one.backend.inspectPage(area.type, offset);
          assert.is(info?.codec, expectedCodec(codec, offset), `${round}, page ${offset}`);
          assert.ok(area.get(offset, got));
          assert.equal(got, pageOf(offset), `${round}, page ${offset}`);
        }
      }
      if (round === "recompressed") assert.ok(payload() < before, "recompression saved nothing");
      before = payload();
      while (!one.backend.recompress({ pages: 100 }).done);
    }
    other.close();
    one.close();
  });
}

test("blocks come back from a device with their codec", async () => {
  for (const codec of ["adaptive", "lz4"] as const) {
    const device = new MemorySwapDevice({ pageSize: PAGE_SIZE });
    const zmem = await createZmem({ codec, limitBytes: 2 << 20, writeback: { clusterPages: 8 } });
    const area = zmem.swapOn({ pages: 4000, device });
    for (let offset = 0; offset < 4000; offset++) assert.ok(area.put(offset, pageOf(offset)));
    assert.ok(device.pages > 300, `only ${device.pages} pages were written back`);
    const tags = new Set(Array.from({ length: 4000 }, (_, offset) => device.tagOf(offset)));
    tags.delete(-1);
    assert.equal([...tags].sort(), codec === "lz4" ? [4] : [4, 5, 6], "forms of blocks");
    const got = new Uint8Array(PAGE_SIZE);
    for (let offset = 0; offset < 4000; offset++) {
      assert.is(area.get(offset, got), true);
      assert.equal(got, pageOf(offset), `${codec}, page ${offset}`);
      const info = zmem.backend.inspectPage(area.type, offset);
      if (info) assert.is(info.codec, expectedCodec(codec, offset), `page ${offset}`);
    }
    zmem.close();
  }
});

test("a pool of LZ4 blocks alone decodes and keeps blocks of every codec", async () => {
  const adaptive = await createZmem();
  const lz4 = await createZmem({ codec: "lz4" });
  const [from, to] = [adaptive.swapOn({ pages: 3 }), lz4.swapOn({ pages: 3 })];
  const got = new Uint8Array(PAGE_SIZE);
  for (let offset = 0; offset < 3; offset++) {
    from.put(offset, pageOf(offset));
    const { block, codec } = adaptive.backend.readBlock(from.type, offset) as PageBlock;
    const form = 4 + ADAPTIVE.indexOf(codec as BlockCodec);
    lz4.backend.decodeBlock(form, block, got);
    assert.equal(got, pageOf(offset), `decoded, ${codec}`);
    assert.ok(lz4.backend.restorePage(to.type, offset, form, block, got));
    assert.is(lz4.backend.inspectPage(to.type, offset)?.codec, codec);
    assert.ok(lz4.backend.getPage(to.type, offset, got));
    assert.equal(got, pageOf(offset), `kept, ${codec}`);
    // As another codec it is damaged, or another page: never taken for this one.
    assert.throws(
      () => lz4.backend.decodeBlock(4 + ADAPTIVE.length, block, got),
      /does not decode/,
    );
  }
  adaptive.close();
  lz4.close();
});

test("a codec that is none is refused, with what was expected", async () => {
  for (const codec of ["lz5", "", 1, null] as unknown as Codec[]) {
    const expected = (error: unknown): boolean =>
      error instanceof RangeError &&
      error.message.startsWith('codec: expected "adaptive" or "lz4"');
    let failure: unknown;
    await createZmem({ codec }).catch((error: unknown) => void (failure = error));
    assert.ok(expected(failure), String(failure));
    failure = undefined;
    await SharedZmem.create(sharedModule(), { codec }).catch(
      (error: unknown) => void (failure = error),
    );
    assert.ok(expected(failure), String(failure));
  }
});

test.run();
