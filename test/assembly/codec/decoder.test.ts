/**
 * The decoder on bytes that no compressor wrote: one million damaged blocks in two page sizes (ten
 * times as many in test/slow), every single byte of some small blocks, and named cases.
 */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fuzzDecoder } from "./decoder-fuzz.ts";
import { startCodec } from "./module.ts";
import { decodeBlock } from "./reference-decoder.ts";

const SEED = 20261124;
const { codec, bytes } = await startCodec(16);
const PAGE = 0x40000;
const FAR_FROM_END = 0x60000;

/**
 * Decodes a block flush at the end of memory, by the careful path alone, and far from it, where the
 * quick loop takes part; both must agree.
 *
 * @returns the page, undefined when the block is refused
 */
function decode(block: Uint8Array, pageSize = 4096): Uint8Array | undefined {
  const [careful, quick] = [bytes.length - block.length, FAR_FROM_END].map((source) => {
    bytes.fill(0xee, PAGE, PAGE + pageSize);
    bytes.fill(0xdd, FAR_FROM_END, FAR_FROM_END + 0x10000);
    bytes.set(block, source);
    const ok = codec.decompressBlock(PAGE, pageSize, source, block.length) === 1;
    return { ok, page: bytes.slice(PAGE, PAGE + pageSize) };
  });
  assert.equal(quick, careful, "the quick loop and the careful path differ");
  return quick?.ok ? quick.page : undefined;
}

test(`damaged blocks do no harm (seed ${SEED})`, async () => {
  const report = await fuzzDecoder(980_000, SEED, 4096);
  assert.ok(report.accepted > 1000, `only ${report.accepted} blocks were accepted`);
  assert.ok(report.blocks - report.accepted > 100_000, "hardly a block was refused");
});

test(`damaged blocks of large pages do no harm (seed ${SEED})`, async () => {
  const report = await fuzzDecoder(20_000, SEED, 65536);
  assert.ok(report.accepted > 20, `only ${report.accepted} blocks were accepted`);
});

test("every byte value at every place of a small block has the verdict of the reference", () => {
  // Four literals, a match of period 4 over the page, five last literals.
  const block = Uint8Array.from([
    0x4f,
    1,
    2,
    3,
    4,
    4,
    0,
    ...new Array<number>(15).fill(255),
    4096 - 9 - 19 - 15 * 255,
    0x50,
    5,
    6,
    7,
    8,
    9,
  ]);
  assert.ok(decode(block), "the block itself is good");
  for (let at = 0; at < block.length; at++) {
    const byte = block[at] as number;
    for (let value = 0; value < 256; value++) {
      block[at] = value;
      assert.equal(decode(block), decodeBlock(block, 4096), `byte ${at} set to ${value}`);
    }
    block[at] = byte;
  }
});

test("matches of every short offset and length are repeated byte for byte", () => {
  for (let offset = 1; offset <= 40; offset++) {
    for (let size = 4; size <= 70; size++) {
      const block: number[] = [];
      const putLength = (length: number): void => {
        for (length -= 15; length >= 255; length -= 255) block.push(255);
        block.push(length);
      };
      const rest = 4096 - offset - size;
      block.push((Math.min(offset, 15) << 4) | Math.min(size - 4, 15));
      if (offset >= 15) putLength(offset);
      for (let index = 0; index < offset; index++) block.push(index * 7 + 1);
      block.push(offset, 0);
      if (size - 4 >= 15) putLength(size - 4);
      block.push(0xf0);
      putLength(rest);
      for (let index = 0; index < rest; index++) block.push(index & 0xff);
      const bytesOfBlock = Uint8Array.from(block);
      const page = decodeBlock(bytesOfBlock, 4096);
      assert.ok(page);
      assert.equal(decode(bytesOfBlock), page, `offset ${offset}, size ${size}`);
    }
  }
});

test("an offset of zero, or beyond what was written, is refused", () => {
  assert.is(
    decode(Uint8Array.from([0x4f, 1, 2, 3, 4, 0, 0, 255, 255, 0, 0x50, 1, 2, 3, 4, 5])),
    undefined,
  );
  assert.is(
    decode(Uint8Array.from([0x4f, 1, 2, 3, 4, 5, 0, 255, 255, 0, 0x50, 1, 2, 3, 4, 5])),
    undefined,
  );
});

test("a page whose block is refused is cleared", () => {
  // Long literals, a match, and then the block ends: behind it and in the page lies rubbish.
  const block = Uint8Array.from([0xf0, 5, ...new Array<number>(20).fill(1), 20, 0, 0xe0, 1]);
  assert.is(decode(block), undefined);
  assert.equal(bytes.slice(PAGE, PAGE + 4096), new Uint8Array(4096));
});

test("an empty block, and one that says nothing, are refused", () => {
  assert.is(decode(new Uint8Array(0)), undefined);
  assert.is(decode(Uint8Array.of(0)), undefined);
});

test("a block that decodes to less or more than a page is refused", () => {
  for (const difference of [-1, 1]) {
    const block = new Uint8Array(3 + 16 + 4096 + difference).fill(7);
    const rest = 4096 + difference - 15;
    block[0] = 0xf0;
    block.fill(255, 1, 1 + Math.floor(rest / 255));
    block[1 + Math.floor(rest / 255)] = rest % 255;
    const exact = block.subarray(0, 2 + Math.floor(rest / 255) + 4096 + difference);
    assert.is(decode(exact), undefined);
  }
});

test("the worked bytes of docs/lz4-block-format.md decode to the page they show", () => {
  const document = readFileSync(
    new URL("../../../docs/lz4-block-format.md", import.meta.url),
    "utf8",
  );
  const examples = [...document.matchAll(/```block (.*)\n([^`]*)```/g)];
  assert.ok(examples.length >= 3, `found ${examples.length} examples`);
  for (const [, title, text] of examples) {
    const hex = (text as string).replaceAll(/\s*#.*$/gm, "").trim();
    const block = Uint8Array.from(hex.split(/\s+/), (byte) => Number.parseInt(byte, 16));
    const [, expression] = /page: (.*)/.exec(title as string) ?? [];
    assert.ok(expression, `${title}: says no page`);
    const page = new Uint8Array(4096);
    let at = 0;
    for (const part of (expression as string).split(" + ")) {
      const [, quoted, count] = /^"([^"]*)" × (\d+)$/.exec(part) ?? [];
      assert.ok(quoted, `${title}: can't read ${part}`);
      const piece = new TextEncoder().encode((quoted as string).repeat(Number(count)));
      page.set(piece, at);
      at += piece.length;
    }
    assert.is(at, 4096, `${title}: the page shown has ${at} bytes`);
    assert.equal(decode(block), page, title);
    assert.equal(decodeBlock(block, 4096), page, title);
  }
});

test.run();
