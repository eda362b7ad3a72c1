/**
 * The decoder on bytes that no compressor wrote: one million damaged blocks in two page sizes (ten
 * times as many in test/slow), every single byte of some small blocks, and named cases.
 */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fuzzDecoder } from "./decoder-fuzz.ts";
import { CODEC_NAMES, type CodecName, CODECS, startCodec } from "./module.ts";
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
function decode(
  block: Uint8Array,
  name: CodecName = "lz4",
  pageSize = 4096,
): Uint8Array | undefined {
  const [careful, quick] = [bytes.length - block.length, FAR_FROM_END].map((source) => {
    bytes.fill(0xee, PAGE, PAGE + pageSize);
    bytes.fill(0xdd, FAR_FROM_END, FAR_FROM_END + 0x10000);
    bytes.set(block, source);
    const verdict = codec.decompressWith(CODECS[name], PAGE, pageSize, source, block.length);
    const ok = verdict === 1;
    return { ok, page: bytes.slice(PAGE, PAGE + pageSize) };
  });
  assert.equal(quick, careful, "the quick loop and the careful path differ");
  return quick?.ok ? quick.page : undefined;
}

for (const name of CODEC_NAMES) {
  const count = name === "lz4" ? 680_000 : 150_000;
  test(`damaged blocks do no harm: ${name} (seed ${SEED})`, async () => {
    const report = await fuzzDecoder(count, SEED, 4096, name);
    assert.ok(report.accepted > count / 1000, `only ${report.accepted} blocks were accepted`);
    assert.ok(report.blocks - report.accepted > count / 10, "hardly a block was refused");
  });
}

for (const name of CODEC_NAMES) {
  test(`damaged blocks of large pages do no harm: ${name} (seed ${SEED})`, async () => {
    const report = await fuzzDecoder(name === "lz4" ? 14_000 : 3000, SEED, 65536, name);
    assert.ok(report.accepted > 10, `only ${report.accepted} blocks were accepted`);
  });
}

/** Bytes of the length of a match over a page, but for so many of it, beside 19 in the token. */
function wholeMatch(others: number): number[] {
  return [...new Array<number>(15).fill(255), 4096 - others - 19 - 15 * 255];
}

/** Four or more literals, a match of their period over the page, last literals. */
const SMALL_BLOCKS: readonly (readonly [CodecName, readonly number[]])[] = [
  ["lz4", [0x4f, 1, 2, 3, 4, 4, 0, ...wholeMatch(9), 0x50, 5, 6, 7, 8, 9]],
  ["words", [0x8f, 1, 2, 3, 4, 0, ...wholeMatch(9), 0xa0, 5, 6, 7, 8, 9]],
  ["words", [0x9f, 1, 2, 3, 4, 4, 0, ...wholeMatch(9), 0xa0, 5, 6, 7, 8, 9]],
  [
    "longWords",
    [0xef, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0, ...wholeMatch(15), 0xe0, 0, 3, 4, 5, 6, 7, 8, 9],
  ],
];

for (const [name, good] of SMALL_BLOCKS) {
  test(`every byte value at every place of a small block has the verdict of the reference: ${name} ${good[0]}`, () => {
    const block = Uint8Array.from(good);
    assert.ok(decode(block, name), "the block itself is good");
    for (let at = 0; at < block.length; at++) {
      const byte = block[at] as number;
      for (let value = 0; value < 256; value++) {
        block[at] = value;
        const expected = decodeBlock(block, 4096, name);
        assert.equal(decode(block, name), expected, `byte ${at} set to ${value}`);
      }
      block[at] = byte;
    }
  });
}

for (const [name, unit] of [
  ["words", 4],
  ["longWords", 8],
] as const) {
  test(`near and far offsets at both sides of the bound are read: ${name}`, () => {
    for (const units of [1, 2, 3, 4, 5, 255, 256, 257]) {
      for (const size of [4, 16, 17, 18, 19, 40, 64, 65, 80, 300]) {
        for (const literals of [0, 6, 7, 16, 70, 270]) {
          const offset = units * unit;
          const block: number[] = [];
          const putLength = (length: number): void => {
            for (; length >= 255; length -= 255) block.push(255);
            block.push(length);
          };
          const put = (count: number, isFar: boolean, code: number): void => {
            block.push((Math.min(count, 7) << 5) | (isFar ? 16 : 0) | Math.min(code, 15));
            if (count >= 7) putLength(count - 7);
            for (let index = 0; index < count; index++) block.push((block.length * 7) & 0xff);
          };
          // As many literals as the offset needs, so many bytes from there, literals, the same again.
          for (const [count, isFar] of [
            [offset, units > 256],
            [literals, true],
          ] as const) {
            put(count, isFar, size - 4);
            if (isFar) block.push(offset & 0xff, offset >> 8);
            else block.push(units - 1);
            if (size - 4 >= 15) putLength(size - 4 - 15);
          }
          put(4096 - offset - literals - 2 * size, false, 0);
          const bytesOfBlock = Uint8Array.from(block);
          const page = decodeBlock(bytesOfBlock, 4096, name);
          const where = `${units} units, size ${size}, ${literals} literals`;
          assert.ok(page, where);
          assert.equal(decode(bytesOfBlock, name), page, where);
        }
      }
    }
  });
}

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

const DOCUMENTS = [
  ["lz4-block-format.md", "lz4", "block", 3],
  ["near-offset-format.md", "words", "block of words", 1],
  ["near-offset-format.md", "longWords", "block of long words", 2],
] as const;
for (const [file, name, fence, least] of DOCUMENTS) {
  test(`the worked bytes of docs/${file} decode to the page they show: ${name}`, () => {
    const document = readFileSync(new URL(`../../../docs/${file}`, import.meta.url), "utf8");
    const examples = [
      ...document.matchAll(new RegExp(`\`\`\`${fence} (page: .*)\\n([^\`]*)\`\`\``, "g")),
    ];
    assert.ok(examples.length >= least, `found ${examples.length} examples`);
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
      assert.equal(decode(block, name), page, title);
      assert.equal(decodeBlock(block, 4096, name), page, title);
    }
  });
}

test.run();
