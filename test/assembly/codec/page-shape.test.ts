/**
 * The compressor recognises text, words, long words, sparse pages and runs, at every page size, and
 * takes nothing else for any of them.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PAGE_SIZES, startCodec } from "./module.ts";
import { type PageShape, seededNumbers, SHAPES } from "./pages.ts";

const SEED = 20261125;
const ROUNDS = 8;
const { codec, bytes } = await startCodec(32);

/** Objects of 24 bytes, as heaps have them: a pointer to one of few kinds, another pointer, a count. */
const objects: PageShape = (pageSize, next) => {
  const page = new Uint8Array(pageSize);
  const view = new DataView(page.buffer);
  for (let at = 0; at + 24 <= pageSize; at += 24) {
    view.setBigUint64(at, 0x7f3a_0000_0000n + BigInt((next() % 5) * 416), true);
    view.setBigUint64(at + 8, 0x7f3a_1200_0000n + BigInt((next() % 65536) * 16), true);
    view.setBigUint64(at + 16, BigInt(next() % 40), true);
  }
  return page;
};

/** Pixels: an opaque one of four bytes in a gentle slope of colours. */
const pixels: PageShape = (pageSize, next) => {
  const page = new Uint8Array(pageSize);
  let colour = next() & 0x7f;
  for (let at = 0; at < pageSize; at += 4) {
    if (next() % 3 === 0) colour = (colour + (next() & 3)) & 0xff;
    page.set([colour, colour ^ (next() & 1), 200, 255], at);
  }
  return page;
};

/** Odd records with a few bytes that are always the same: words, but hardly any that repeat. */
const records: PageShape = (pageSize, next) => {
  const page = Uint8Array.from({ length: pageSize }, () => next() >>> 24);
  for (let at = 7; at < pageSize; at += 8) page[at] = 0;
  return page;
};

/** Noise in every ninth byte, zeros between: no column of words differs from another. */
const sprinkled: PageShape = (pageSize, next) =>
  Uint8Array.from({ length: pageSize }, (_, at) => (at % 9 === 0 ? 1 + (next() % 255) : 0));

/** Source text without its few letters beyond ASCII. */
const text: PageShape = (pageSize, next) =>
  (SHAPES["sourceText"] as PageShape)(pageSize, next).map((byte) => (byte > 126 ? 32 : byte));

const EXPECTED: readonly [string, PageShape | undefined, keyof typeof codec][] = [
  ["source text", text, "SHAPE_TEXT"],
  ["objects", objects, "SHAPE_LONG_WORDS"],
  ["pointers", SHAPES["pointers"], "SHAPE_LONG_WORDS"],
  ["counters", SHAPES["counters"], "SHAPE_LONG_WORDS"],
  ["pixels", pixels, "SHAPE_WORDS"],
  ["records", records, "SHAPE_OTHER"],
  ["noise", SHAPES["noise"], "SHAPE_OTHER"],
  ["sprinkled noise", sprinkled, "SHAPE_SPARSE"],
  ["zeros", SHAPES["zeros"], "SHAPE_RUNS"],
];

for (const [name, makePage, expected] of EXPECTED) {
  test(`${name}: ${expected} at every page size (seed ${SEED})`, () => {
    const next = seededNumbers(SEED);
    for (const pageSize of PAGE_SIZES) {
      for (let round = 0; round < ROUNDS; round++) {
        const page = makePage?.(pageSize, next) as Uint8Array;
        // Flush at the end of memory: a byte read behind the page traps.
        const source = bytes.length - pageSize;
        bytes.set(page, source);
        const shape = codec.pageToShape(source, pageSize);
        assert.is(shape, (codec[expected] as WebAssembly.Global).value, `${pageSize}, ${round}`);
      }
    }
  });
}

test.run();
