/**
 * `readBlock` and `locatePage`: what is stored for a page, decoded by an independent decoder, and
 * where it lies before and after pages move.
 */
import lz4 from "lz4js";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createZmem as createShared } from "../../src/index.shared.ts";
import { createZmem } from "../../src/index.ts";

const LIMIT = { limitBytes: 2 ** 22 };
/** What all pools with these calls have in common. */
const POOLS = {
  "one instance": () => createZmem(LIMIT),
  "small instances": () => createZmem({ ...LIMIT, maxInstanceBytes: 2 ** 20 }),
  "a shared pool": () => createShared(LIMIT),
} as const;

const test = suite("reading blocks");
const PAGE = 4096;

function textPage(seed: number): Uint8Array {
  const page = new Uint8Array(PAGE);
  for (let at = 0; at < PAGE; at++) page[at] = 97 + (((at % 61) * seed) % 23);
  return page;
}

function noisePage(): Uint8Array {
  let state = 7;
  return Uint8Array.from({ length: PAGE }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

for (const [name, create] of Object.entries(POOLS)) {
  test(`gives each form as it is stored, ${name}`, async () => {
    const zmem = await create();
    const area = zmem.swapOn({ pages: 300 });
    const { backend } = zmem;
    const text = textPage(3);
    area.put(0, text);
    area.put(64, noisePage());
    area.put(128, new Uint8Array(PAGE).fill(9));
    area.put(192, new Uint8Array(new BigUint64Array(PAGE / 8).fill(0x0102030405060708n).buffer));

    const stored = backend.readBlock(area.type, 0);
    assert.ok(stored);
    const { block, ...info } = stored;
    assert.equal(info, backend.inspectPage(area.type, 0));
    assert.equal(info, { form: "compressed", codec: "lz4", payloadBytes: block.length });
    const decoded = new Uint8Array(PAGE);
    assert.is(lz4.decompressBlock(block, decoded, 0, block.length, 0), PAGE);
    assert.equal(decoded, text);
    assert.equal(backend.readBlock(area.type, 64), {
      form: "raw",
      codec: null,
      payloadBytes: PAGE,
      block: noisePage(),
    });
    assert.is(backend.readBlock(area.type, 128), undefined);
    assert.equal(backend.readBlock(area.type, 192), {
      form: "sameFilled",
      codec: null,
      payloadBytes: 8,
      block: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1),
    });
    assert.is(backend.readBlock(area.type, 5), undefined);
    assert.is(backend.locatePage(area.type, 128), undefined);
    zmem.close();
  });

  test(`the copy stays what it was when its page goes, ${name}`, async () => {
    const zmem = await create();
    const area = zmem.swapOn({ pages: 10 });
    area.put(0, textPage(3));
    const block = zmem.backend.readBlock(area.type, 0)?.block ?? new Uint8Array(0);
    assert.ok(block.length > 0);
    const before = block.slice();
    area.put(0, textPage(5));
    assert.equal(block, before);
    zmem.close();
  });

  test(`bad offsets are refused, ${name}`, async () => {
    const zmem = await create();
    const area = zmem.swapOn({ pages: 10 });
    assert.throws(() => zmem.backend.readBlock(area.type, -1), /offset: expected/);
    assert.throws(() => zmem.backend.locatePage(area.type, 1.5), /offset: expected/);
    zmem.close();
    assert.throws(() => zmem.backend.readBlock(area.type, 0), /closed|detached/);
  });

  // Each of several instances has zspages of its own, by the same ids.
  if (name === "small instances") continue;

  test(`a compaction moves pages, and their location says so, ${name}`, async () => {
    const zmem = await create();
    const area = zmem.swapOn({ pages: 2000 });
    for (let page = 0; page < 2000; page++) area.put(page, textPage(1 + (page % 5)));
    for (let page = 0; page < 2000; page++) if (page % 7 !== 0) area.flush(page);
    const locate = (): string[] =>
      Array.from({ length: 286 }, (_, index) => {
        const found = zmem.backend.locatePage(area.type, index * 7);
        return `${found?.zspage} ${found?.slot}`;
      });
    const before = locate();
    assert.is(new Set(before).size, before.length, "two pages in one slot");
    const { movedObjects } = zmem.backend.compact();
    const after = locate();
    assert.is(new Set(after).size, after.length, "two pages in one slot");
    const moved = after.filter((place, index) => place !== before[index]).length;
    assert.ok(movedObjects > 0 && moved > 0 && moved <= movedObjects, `${moved}, ${movedObjects}`);
    zmem.close();
  });
}

test.run();
