/**
 * Every page comes back, by our decoder and by an independent one; independent blocks are read.
 *
 * The page lies flush at the end of memory, so that a byte read behind it traps; canaries lie
 * around the block; the workspace holds other rubbish each time.
 */
import lz4js from "lz4js";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EFFORTS, PAGE_SIZES, startCodec } from "./module.ts";
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

/** Compresses a page that lies flush at the end of memory. */
function compress(page: Uint8Array, capacity: number, effort: number, where: string): Uint8Array {
  const source = bytes.length - page.length;
  bytes.set(page, source);
  setCanaries(BLOCK, capacity);
  const length = codec.compressBlock(BLOCK, capacity, source, page.length, WORKSPACE, effort);
  assert.ok(length <= capacity, where);
  checkCanaries(BLOCK, capacity, where);
  return bytes.slice(BLOCK, BLOCK + length);
}

/**
 * Decodes a block that lies flush at the end of memory, where the decoder's careful path does it
 * all, and the same where bytes follow, which its quick loop may read.
 */
function decompress(block: Uint8Array, pageSize: number, where: string): Uint8Array {
  const [careful, quick] = [bytes.length - block.length, BLOCK].map((source) => {
    bytes.set(block, source);
    setCanaries(OUTPUT, pageSize);
    assert.is(codec.decompressBlock(OUTPUT, pageSize, source, block.length), 1, where);
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
        for (const [name, effort] of Object.entries(EFFORTS)) {
          const where = `${shape}, ${pageSize}, ${name}, round ${round}`;
          bytes.fill(round * 37, WORKSPACE, WORKSPACE + WORKSPACE_SIZE);
          // Noise grows a little; a block always fits into this.
          const block = compress(page, pageSize + pageSize / 128 + 16, effort, where);
          assert.ok(block.length > 0, where);
          assert.equal(decompress(block, pageSize, where), page, where);
          assert.equal(decodeIndependently(block, pageSize), page, where);
          assert.equal(decodeBlock(block, pageSize), page, where);
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
    for (const effort of Object.values(EFFORTS)) {
      const block = compress(makePage(4096, next), 4200, effort, "rules");
      let input = 0;
      let output = 0;
      let matchStart = 0;
      let literals = 0;
      while (input < block.length) {
        const token = block[input++] as number;
        const readLength = (code: number): number => {
          let length = code;
          if (code === 15) {
            let byte: number;
            do length += byte = block[input++] as number;
            while (byte === 255);
          }
          return length;
        };
        literals = readLength(token >> 4);
        input += literals;
        output += literals;
        if (input === block.length) break;
        matchStart = output;
        input += 2;
        output += readLength(token & 15) + 4;
      }
      assert.is(output, 4096);
      assert.ok(literals >= 5, `the last literals are ${literals}`);
      assert.ok(matchStart <= 4096 - 12, `the last match starts at ${matchStart}`);
    }
  }
});

test("the block depends on page and effort alone, not on the workspace", () => {
  const next = seededNumbers(SEED + 2);
  for (const makePage of Object.values(SHAPES)) {
    const page = makePage(4096, next);
    for (const effort of Object.values(EFFORTS)) {
      bytes.fill(0, WORKSPACE, WORKSPACE + WORKSPACE_SIZE);
      const clean = compress(page, 4200, effort, "clean");
      for (let at = WORKSPACE; at < WORKSPACE + WORKSPACE_SIZE; at++) bytes[at] = next() >>> 24;
      assert.equal(compress(page, 4200, effort, "dirty"), clean);
    }
  }
});

test("the block does not depend on what lies before the page", () => {
  const next = seededNumbers(SEED + 6);
  for (const [shape, makePage] of Object.entries(SHAPES)) {
    const page = makePage(4096, next);
    const source = bytes.length - page.length;
    for (const [name, effort] of Object.entries(EFFORTS)) {
      bytes.fill(0xa7, source - 16, source);
      const other = compress(page, 4200, effort, shape);
      // The same bytes as at the start of the page: matches there would reach out of it.
      for (let before = 1; before <= 16; before++) {
        bytes[source - before] = page[(4096 - before) % 4096] as number;
      }
      assert.equal(compress(page, 4200, effort, shape), other, `${shape}, ${name}, end repeated`);
      bytes.fill(page[0] as number, source - 16, source);
      assert.equal(compress(page, 4200, effort, shape), other, `${shape}, ${name}, start repeated`);
    }
  }
});

test("the workspace is not written behind its stated size", () => {
  const next = seededNumbers(SEED + 3);
  for (const pageSize of PAGE_SIZES) {
    for (const effort of Object.values(EFFORTS)) {
      const size = codec.workspaceSize(pageSize, effort);
      assert.is(size % 16, 0);
      const most = effort === EFFORTS.high ? WORKSPACE_SIZE : codec.COMPRESS_WORKSPACE_SIZE.value;
      assert.ok(size <= most, `${size} is above the stated maximum of ${most}`);
      const workspace = bytes.length - size;
      const page = SHAPES["machineCode"]?.(pageSize, next) as Uint8Array;
      bytes.set(page, OUTPUT);
      // A byte too far traps.
      assert.ok(codec.compressBlock(BLOCK, pageSize * 2, OUTPUT, pageSize, workspace, effort) > 0);
    }
  }
});

test("every capacity is kept to: the block fits, or there is none", () => {
  const next = seededNumbers(SEED + 4);
  for (const [shape, makePage] of Object.entries(SHAPES)) {
    const page = makePage(4096, next);
    for (const [name, effort] of Object.entries(EFFORTS)) {
      const whole = compress(page, 4200, effort, shape);
      const capacities = new Set<number>();
      for (let near = -70; near <= 70; near++) capacities.add(whole.length + near);
      for (let small = 0; small <= 70; small++) capacities.add(small);
      for (let any = 0; any < 40; any++) capacities.add(next() % 4097);
      for (const capacity of capacities) {
        if (capacity < 0) continue;
        const where = `${shape}, ${name}, capacity ${capacity} of ${whole.length}`;
        const block = compress(page, capacity, effort, where);
        if (capacity >= whole.length) assert.equal(block, whole, where);
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
  for (const [name, effort] of Object.entries(EFFORTS)) {
    const whole = compress(page, 4200, effort, name);
    assertSame(decompress(whole, 4096, name), page, name);
    for (let more = 0; more < 80; more++) {
      const block = compress(page, whole.length + more, effort, name);
      assertSame(block, whole, `${name}, ${more} bytes more than it needs`);
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
    for (const [name, effort] of Object.entries(EFFORTS)) {
      const where = `${pageSize}, ${name}`;
      const whole = compress(page, pageSize + pageSize / 128 + 16, effort, where);
      assert.ok(whole.length > 0, where);
      assertSame(compress(page, whole.length, effort, where), whole, where);
      assert.is(compress(page, whole.length - 1, effort, where).length, 0, where);
    }
  }
});

test("each block of every shape and size fits into its own length", () => {
  const next = seededNumbers(SEED + 9);
  for (const pageSize of PAGE_SIZES) {
    for (const [shape, makePage] of Object.entries(SHAPES)) {
      const page = makePage(pageSize, next);
      for (const [name, effort] of Object.entries(EFFORTS)) {
        const where = `${shape}, ${pageSize}, ${name}`;
        const whole = compress(page, pageSize + pageSize / 128 + 16, effort, where);
        assertSame(compress(page, whole.length, effort, where), whole, where);
        assert.is(compress(page, whole.length - 1, effort, where).length, 0, where);
      }
    }
  }
});

test("a page of noise is rejected at the capacity of its own size", () => {
  const next = seededNumbers(SEED + 5);
  for (const pageSize of PAGE_SIZES) {
    const page = SHAPES["noise"]?.(pageSize, next) as Uint8Array;
    for (const effort of Object.values(EFFORTS)) {
      assert.is(compress(page, pageSize, effort, "noise").length, 0);
    }
  }
});

test("an unknown codec compresses and decodes nothing", () => {
  bytes.fill(0, OUTPUT, OUTPUT + 4096);
  assert.is(codec.compressWith(1, BLOCK, 4096, OUTPUT, 4096, WORKSPACE, 1) > 0, true);
  assert.is(codec.compressWith(2, BLOCK, 4096, OUTPUT, 4096, WORKSPACE, 1), 0);
  assert.is(codec.decompressWith(2, OUTPUT, 4096, BLOCK, 20), 0);
});

test.run();
