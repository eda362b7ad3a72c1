/**
 * The codec of a pool: each page's own by its shape, or LZ4 alone, whatever happens to pages later.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { BlockCodec, Codec } from "../../src/backends/pool-options.ts";
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
      const area = zmem.swapOn({ pages: PAGES });
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
      backend.trim();
      check("trimmed");
      // A fresh instance of a trim must know the codec, too.
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
      while (!one.backend.recompress({ pages: 100 }).done);
    }
    other.close();
    one.close();
  });
}

test("blocks of every codec come back from a device, also by a pool of the other codec", async () => {
  for (const codec of ["adaptive", "lz4"] as const) {
    const device = new MemorySwapDevice({ pageSize: PAGE_SIZE });
    const zmem = await createZmem({ codec, limitBytes: 2 << 20, writeback: { clusterPages: 8 } });
    const area = zmem.swapOn({ pages: 4000, device });
    for (let offset = 0; offset < 4000; offset++) assert.ok(area.put(offset, pageOf(offset)));
    assert.ok(device.pages > 300, `only ${device.pages} pages were written back`);
    const got = new Uint8Array(PAGE_SIZE);
    for (let offset = 0; offset < 4000; offset++) {
      assert.is(area.get(offset, got), true);
      assert.equal(got, pageOf(offset), `${codec}, page ${offset}`);
    }
    zmem.close();
  }
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
