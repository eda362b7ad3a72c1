/**
 * Every page comes back, by our decoder and by an independent one; independent blocks are read.
 *
 * The page lies flush at the end of memory, so that a byte read behind it traps; canaries lie
 * around the block; the workspace holds other rubbish each time.
 */
import lz4js from "lz4js";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  CODEC_NAMES,
  type CodecName,
  CODECS,
  EFFORTS,
  LENGTH_BITS,
  PAGE_SIZES,
  startCodec,
} from "./module.ts";
import { seededNumbers, SHAPES } from "./pages.ts";
import { decodeBlock } from "./reference-decoder.ts";

const SEED = 20261124;
const { codec, bytes } = await startCodec(64);
const WORKSPACE = 1 << 20;
const WORKSPACE_SIZE = codec.HIGH_WORKSPACE_SIZE.value as number;
const BLOCK = 2 << 20;
const OUTPUT = 3 << 20;
const CANARY = 0xc5;
const CANARY_SIZE = 64;

function setCanaries(address: number, size: number): void {
  bytes.fill(CANARY, address - CANARY_SIZE, address + size + CANARY_SIZE);
}

function checkCanaries(address: number, size: number, where: string): void {
  const before = bytes.subarray(address - CANARY_SIZE, address);
  const after = bytes.subarray(address + size, address + size + CANARY_SIZE);
  assert.ok(
    before.every((byte) => byte === CANARY) && after.every((byte) => byte === CANARY),
    `written outside of ${size} bytes: ${where}`,
  );
}

/** Every effort of every codec, with a name. */
const WAYS = CODEC_NAMES.flatMap((codecName) =>
  Object.entries(EFFORTS).map(([name, effort]) => ({
    codec: codecName,
    effort,
    name: `${codecName}, ${name}`,
  })),
);
type Way = Pick<(typeof WAYS)[number], "codec" | "effort">;

/** Compresses a page that lies flush at the end of memory. */
function compress(page: Uint8Array, capacity: number, way: Way, where: string): Uint8Array {
  const source = bytes.length - page.length;
  bytes.set(page, source);
  setCanaries(BLOCK, capacity);
  const id = CODECS[way.codec];
  const room = [BLOCK, capacity, source, page.length, WORKSPACE] as const;
  const packed = codec.compressPage(...room, way.effort, id);
  const length = packed & ((1 << LENGTH_BITS) - 1);
  assert.is(packed >>> LENGTH_BITS, length > 0 ? id : 0, where);
  assert.ok(length <= capacity, where);
  checkCanaries(BLOCK, capacity, where);
  return bytes.slice(BLOCK, BLOCK + length);
}

/**
 * Decodes a block that lies flush at the end of memory, where the decoder's careful path does it
 * all, and the same where bytes follow, which its quick loop may read.
 */
function decompress(
  block: Uint8Array,
  pageSize: number,
  where: string,
  name: CodecName = "lz4",
): Uint8Array {
  const [careful, quick] = [bytes.length - block.length, BLOCK].map((source) => {
    bytes.set(block, source);
    setCanaries(OUTPUT, pageSize);
    const found = codec.decompressWith(CODECS[name], OUTPUT, pageSize, source, block.length);
    assert.is(found, 1, where);
    checkCanaries(OUTPUT, pageSize, where);
    return Buffer.from(bytes.slice(OUTPUT, OUTPUT + pageSize));
  }) as [Buffer, Buffer];
  assert.is(quick.compare(careful), 0, `the quick loop and the careful path differ: ${where}`);
  return new Uint8Array(quick);
}

function decodeIndependently(block: Uint8Array, pageSize: number): Uint8Array {
  const page = new Uint8Array(pageSize);
  assert.is(lz4js.decompressBlock(block, page, 0, block.length, 0), pageSize);
  return page;
}

/** As assert.equal, which would print all bytes one below the other. */
function assertSame(found: Uint8Array, expected: Uint8Array, where: string): void {
  assert.is(found.length, expected.length, where);
  assert.is(Buffer.compare(found, expected), 0, `other bytes: ${where}`);
}

for (const pageSize of PAGE_SIZES) {
  for (const [shape, makePage] of Object.entries(SHAPES)) {
    test(`${shape} of ${pageSize} bytes comes back at every effort (seed ${SEED})`, () => {
      const next = seededNumbers(SEED + pageSize);
      const rounds = pageSize === 4096 ? 24 : 4;
      for (let round = 0; round < rounds; round++) {
        const page = makePage(pageSize, next);
        for (const way of WAYS) {
          const where = `${shape}, ${pageSize}, ${way.name}, round ${round}`;
          bytes.fill(round * 37, WORKSPACE, WORKSPACE + WORKSPACE_SIZE);
          // Noise grows a little; a block always fits into this.
          const block = compress(page, pageSize + pageSize / 128 + 16, way, where);
          assert.ok(block.length > 0, where);
          assertSame(decompress(block, pageSize, where, way.codec), page, where);
          if (way.codec === "lz4") assertSame(decodeIndependently(block, pageSize), page, where);
          assertSame(decodeBlock(block, pageSize, way.codec) ?? new Uint8Array(0), page, where);
        }
      }
    });
  }
}

test("blocks of an independent compressor are read", () => {
  const next = seededNumbers(SEED);
  for (const pageSize of PAGE_SIZES) {
    for (const [shape, makePage] of Object.entries(SHAPES)) {
      const page = makePage(pageSize, next);
      const block = new Uint8Array(lz4js.compressBound(pageSize));
      const length = lz4js.compressBlock(page, block, 0, pageSize, new Uint32Array(65536));
      if (length === 0) continue;
      const where = `${shape}, ${pageSize}`;
      assert.equal(decompress(block.subarray(0, length), pageSize, where), page, where);
    }
  }
});

test("a block keeps to the rules for the end of a block", () => {
  const next = seededNumbers(SEED + 1);
  for (const makePage of Object.values(SHAPES)) {
    for (const way of WAYS) {
      const unit = { lz4: 0, words: 4, longWords: 8 }[way.codec];
      const [shift, most] = unit === 0 ? [4, 15] : [5, 7];
      const block = compress(makePage(4096, next), 4200, way, "rules");
      let token = 0;
      let input = 0;
      let output = 0;
      let matchStart = 0;
      let literals = 0;
      while (input < block.length) {
        token = block[input++] as number;
        const readLength = (code: number, continued: number): number => {
          let length = code;
          if (code === continued) {
            let byte: number;
            do length += byte = block[input++] as number;
            while (byte === 255);
          }
          return length;
        };
        literals = readLength(token >> shift, most);
        input += literals;
        output += literals;
        if (input === block.length) break;
        matchStart = output;
        if (unit > 0 && (token & 16) === 0) input++;
        else {
          const offset = (block[input] as number) | ((block[input + 1] as number) << 8);
          const isFar = unit === 0 || offset % unit > 0 || offset > 256 * unit;
          assert.ok(isFar, `${way.name}: ${offset} is near, and written as far`);
          input += 2;
        }
        output += readLength(token & 15, 15) + 4;
      }
      assert.is(output, 4096);
      assert.ok(literals >= 5, `the last literals are ${literals}`);
      assert.ok(matchStart <= 4096 - 12, `the last match starts at ${matchStart}`);
      assert.is(token & ((1 << shift) - 1), 0, "the last token says nothing of a match");
    }
  }
});

test("the block depends on page and effort alone, not on the workspace", () => {
  const next = seededNumbers(SEED + 2);
  for (const makePage of Object.values(SHAPES)) {
    const page = makePage(4096, next);
    for (const way of WAYS) {
      bytes.fill(0, WORKSPACE, WORKSPACE + WORKSPACE_SIZE);
      const clean = compress(page, 4200, way, "clean");
      for (let at = WORKSPACE; at < WORKSPACE + WORKSPACE_SIZE; at++) bytes[at] = next() >>> 24;
      assertSame(compress(page, 4200, way, "dirty"), clean, way.name);
    }
  }
});

test("the block does not depend on what lies before the page", () => {
  const next = seededNumbers(SEED + 6);
  for (const [shape, makePage] of Object.entries(SHAPES)) {
    const page = makePage(4096, next);
    const source = bytes.length - page.length;
    for (const way of WAYS) {
      const where = `${shape}, ${way.name}`;
      bytes.fill(0xa7, source - 16, source);
      const other = compress(page, 4200, way, where);
      // The same bytes as at the start of the page: matches there would reach out of it.
      for (let before = 1; before <= 16; before++) {
        bytes[source - before] = page[(4096 - before) % 4096] as number;
      }
      assertSame(compress(page, 4200, way, where), other, `${where}, end repeated`);
      bytes.fill(page[0] as number, source - 16, source);
      assertSame(compress(page, 4200, way, where), other, `${where}, start repeated`);
    }
  }
});

test("the workspace is not written behind its stated size", () => {
  const next = seededNumbers(SEED + 3);
  for (const pageSize of PAGE_SIZES) {
    for (const { codec: name, effort } of WAYS) {
      const size = codec.workspaceSize(pageSize, effort);
      assert.is(size % 16, 0);
      const most = effort === EFFORTS.high ? WORKSPACE_SIZE : codec.COMPRESS_WORKSPACE_SIZE.value;
      assert.ok(size <= most, `${size} is above the stated maximum of ${most}`);
      const workspace = bytes.length - size;
      const page = SHAPES["machineCode"]?.(pageSize, next) as Uint8Array;
      bytes.set(page, OUTPUT);
      // A byte too far traps.
      const room = [BLOCK, pageSize * 2, OUTPUT, pageSize, workspace] as const;
      assert.ok(codec.compressPage(...room, effort, CODECS[name]) > 0);
    }
  }
});

test("every capacity is kept to: the block fits, or there is none", () => {
  const next = seededNumbers(SEED + 4);
  for (const [shape, makePage] of Object.entries(SHAPES)) {
    const page = makePage(4096, next);
    for (const way of WAYS) {
      const whole = compress(page, 4200, way, shape);
      const capacities = new Set<number>();
      for (let near = -70; near <= 70; near++) capacities.add(whole.length + near);
      for (let small = 0; small <= 70; small++) capacities.add(small);
      for (let any = 0; any < 40; any++) capacities.add(next() % 4097);
      for (const capacity of capacities) {
        if (capacity < 0) continue;
        const where = `${shape}, ${way.name}, capacity ${capacity} of ${whole.length}`;
        const block = compress(page, capacity, way, where);
        if (capacity >= whole.length) assertSame(block, whole, where);
        else assert.is(block.length, 0, where);
      }
    }
  }
});

test("a search that finds a match at its last position ends it before the last literals", () => {
  const next = seededNumbers(SEED + 7);
  // A match that ends 20 bytes before the end of the page, so that the next group of four positions
  // begins there; three bytes that are new, and in its last position the start of 17 known ones.
  const page = SHAPES["noise"]?.(4096, next) as Uint8Array;
  page.copyWithin(4096 - 40, 100, 120);
  page.copyWithin(4096 - 17, 200, 217);
  for (const way of WAYS) {
    const whole = compress(page, 4200, way, way.name);
    assertSame(decompress(whole, 4096, way.name, way.codec), page, way.name);
    for (let more = 0; more < 80; more++) {
      const block = compress(page, whole.length + more, way, way.name);
      assertSame(block, whole, `${way.name}, ${more} bytes more than it needs`);
    }
  }
});

test("a large page of many short sequences fits into the length of its block", () => {
  const next = seededNumbers(SEED + 8);
  const words = Uint32Array.from({ length: 300 }, () => next());
  for (const pageSize of PAGE_SIZES) {
    const page = new Uint8Array(pageSize);
    const view = new DataView(page.buffer);
    for (let at = 0; at < pageSize; at += 4)
      view.setUint32(at, words[next() % 300] as number, true);
    for (const way of WAYS) {
      const where = `${pageSize}, ${way.name}`;
      const whole = compress(page, pageSize + pageSize / 128 + 16, way, where);
      assert.ok(whole.length > 0, where);
      assertSame(compress(page, whole.length, way, where), whole, where);
      assert.is(compress(page, whole.length - 1, way, where).length, 0, where);
    }
  }
});

test("each block of every shape and size fits into its own length", () => {
  const next = seededNumbers(SEED + 9);
  for (const pageSize of PAGE_SIZES) {
    for (const [shape, makePage] of Object.entries(SHAPES)) {
      const page = makePage(pageSize, next);
      for (const way of WAYS) {
        const where = `${shape}, ${pageSize}, ${way.name}`;
        const whole = compress(page, pageSize + pageSize / 128 + 16, way, where);
        assertSame(compress(page, whole.length, way, where), whole, where);
        assert.is(compress(page, whole.length - 1, way, where).length, 0, where);
      }
    }
  }
});

test("a page of noise is rejected at the capacity of its own size", () => {
  const next = seededNumbers(SEED + 5);
  for (const pageSize of PAGE_SIZES) {
    const page = SHAPES["noise"]?.(pageSize, next) as Uint8Array;
    for (const way of WAYS) assert.is(compress(page, pageSize, way, way.name).length, 0);
  }
});

test("an unknown codec compresses and decodes nothing", () => {
  bytes.fill(0, OUTPUT, OUTPUT + 4096);
  const room = [BLOCK, 4096, OUTPUT, 4096, WORKSPACE, EFFORTS.default] as const;
  assert.is(codec.compressPage(...room, CODECS.longWords) > 0, true);
  assert.is(codec.compressPage(...room, 4), 0);
  assert.is(codec.decompressWith(0, OUTPUT, 4096, BLOCK, 20), 0);
  assert.is(codec.decompressWith(4, OUTPUT, 4096, BLOCK, 20), 0);
});

test("each page gets the codec that suits its shape, at every size and effort", () => {
  const next = seededNumbers(SEED + 10);
  /** Words of a palette with two random bytes each; half of them like the one before. */
  const words = (pageSize: number, size: number): Uint8Array => {
    const palette = Array.from({ length: 64 }, () =>
      Uint8Array.from({ length: size }, (_, at) => (at < 2 ? next() >>> 24 : 0x50 + at)),
    );
    const page = new Uint8Array(pageSize);
    for (let at = 0; at < pageSize; at += size) {
      if (at > 0 && next() % 2 === 0) page.copyWithin(at, at - size, at);
      else page.set(palette[next() % 64] as Uint8Array, at);
    }
    return page;
  };
  const source = bytes.length - 65536;
  for (const pageSize of PAGE_SIZES) {
    const pages = {
      lz4: SHAPES["sourceText"]?.(pageSize, next) as Uint8Array,
      words: words(pageSize, 4),
      longWords: words(pageSize, 8),
    };
    for (const name of CODEC_NAMES) {
      for (const effort of Object.values(EFFORTS)) {
        const where = `${name}, ${pageSize}, effort ${effort}`;
        bytes.set(pages[name], source);
        const room = [BLOCK, pageSize, source, pageSize, WORKSPACE, effort] as const;
        const suits = codec.compressPage(...room, 0);
        assert.is(suits >>> LENGTH_BITS, CODECS[name], where);
        assert.is(codec.compressPage(...room, CODECS[name]), suits, where);
        const asLz4 = codec.compressPage(...room, CODECS.lz4) & ((1 << LENGTH_BITS) - 1);
        const length = suits & ((1 << LENGTH_BITS) - 1);
        assert.ok(name === "lz4" ? length === asLz4 : length < asLz4, `${where}: ${length}`);
      }
    }
  }
});

test.run();
