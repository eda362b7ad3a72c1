/**
 * src/backends/abi.ts says what the module's sources say, and the module needs nothing but memory.
 */
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as abi from "../../src/backends/abi.ts";
import type { ZmemExports } from "../../src/backends/abi.ts";
import { MAX_OFFSET, MAX_PAGE_SIZE, MAX_TYPES, MIN_PAGE_SIZE } from "../../src/errors.ts";

const ROOT = new URL("../../", import.meta.url);
const bytes = readFileSync(new URL("build/zmem.wasm", ROOT));

/** The `const NAME: type = number` of an assembly source, exported or not. */
function constantsOf(path: string): Map<string, number> {
  const text = readFileSync(new URL(path, ROOT), "utf8");
  const found = new Map<string, number>();
  const pattern = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?::\s*\w+)?\s*=\s*([\w\s*+/<()-]+);/gm;
  for (const [, name, expression] of text.matchAll(pattern)) {
    if (name === undefined || expression === undefined) continue;
    const value = evaluate(expression, found);
    if (value !== undefined) found.set(name, value);
  }
  assert.ok(found.size > 0, `constants in ${path}`);
  return found;
}

/** A literal, a constant of the same file, or a product, quotient, sum or shift of two of them. */
function evaluate(expression: string, known: ReadonlyMap<string, number>): number | undefined {
  const [left, operator, right, ...rest] = expression.trim().split(/\s+/);
  if (left === undefined || rest.length > 0) return undefined;
  const value = (word: string): number | undefined =>
    known.get(word) ?? (/^(0x[0-9a-f]+|\d+)$/.test(word) ? Number(word) : undefined);
  const a = value(left);
  if (operator === undefined) return a;
  const b = right === undefined ? undefined : value(right);
  if (a === undefined || b === undefined) return undefined;
  if (operator === "*") return a * b;
  if (operator === "/") return a / b;
  if (operator === "+") return a + b;
  return operator === "<<" ? a * 2 ** b : undefined;
}

const names = suite("ABI");

names("has every status of the module and no other", () => {
  const sources = constantsOf("assembly/status.ts");
  const theirs = [...sources].filter(([name]) => name.startsWith("STATUS_"));
  const ours = Object.entries(abi).filter(([name]) => name.startsWith("STATUS_"));
  assert.equal(Object.fromEntries(ours), Object.fromEntries(theirs));
});

names("has the forms of an entry", () => {
  const sources = constantsOf("assembly/index/entry.ts");
  for (const [name, value] of Object.entries(abi)) {
    if (name.startsWith("FORM_")) assert.is(value, sources.get(name), name);
  }
  assert.is(abi.FORM_RAW, sources.get("FORM_BLOCK"), "a block of codec 1 is above raw");
});

names("has the codecs of blocks, and what a pool may be told of them", () => {
  const sources = constantsOf("assembly/codec/registry.ts");
  const ids = ["CODEC_LZ4", "CODEC_WORDS", "CODEC_LONG_WORDS"].map((name) => sources.get(name));
  assert.equal(
    ids,
    abi.BLOCK_CODECS.map((_, index) => index + 1),
  );
  assert.is(abi.CODECS.indexOf("lz4"), sources.get("CODEC_LZ4"));
  const superblock = constantsOf("assembly/superblock.ts");
  assert.is(abi.OPTION_CODEC_SHIFT, superblock.get("OPTION_CODEC_SHIFT"));
});

names("has the sizes and bounds", () => {
  const sources = constantsOf("assembly/constants.ts");
  assert.is(abi.GRANULE_SIZE, sources.get("GRANULE_SIZE"));
  const zspage = constantsOf("assembly/zsmalloc/zspage.ts");
  assert.is(abi.ZSPAGE_HEADER_SIZE, zspage.get("ZSPAGE_HEADER_SIZE"));
  const granules = sources.get("MOST_ZSPAGE_GRANULES") ?? 0;
  assert.is(abi.MOST_ZSPAGE_BYTES, granules * abi.GRANULE_SIZE);
  assert.is(abi.WASM_PAGE_SIZE, sources.get("WASM_PAGE_SIZE"));
  assert.is(abi.MAX_WASM_PAGES, sources.get("MAX_WASM_PAGES"));
  assert.is(MIN_PAGE_SIZE, sources.get("MIN_PAGE_SIZE"));
  assert.is(MAX_PAGE_SIZE, sources.get("MAX_PAGE_SIZE"));
  assert.is(MAX_TYPES, sources.get("MAX_TYPES"));
  assert.is(MAX_OFFSET, 2 ** 32 - 1);
  const superblock = constantsOf("assembly/superblock.ts");
  assert.is(abi.OPTION_ACCEPT_RAW, superblock.get("OPTION_ACCEPT_RAW"));
  assert.ok(abi.STATS_COLUMNS.length <= (superblock.get("STATS_COUNT") ?? 0));
  assert.is(abi.INSPECT_LENGTH_BITS, constantsOf("assembly/transfer.ts").get("LENGTH_BITS"));
  assert.is(abi.INSPECT_LENGTH_BITS, constantsOf("assembly/writeback.ts").get("LENGTH_BITS"));
});

names("has the columns of a size class", () => {
  const sources = constantsOf("assembly/zsmalloc/class-stats.ts");
  assert.is(abi.CLASS_SIZE, sources.get("COLUMN_SIZE"));
  assert.is(abi.CLASS_USED, sources.get("COLUMN_USED"));
  assert.is(abi.CLASS_CAPACITY, sources.get("COLUMN_CAPACITY"));
  assert.is(abi.CLASS_ZSPAGES, sources.get("COLUMN_ZSPAGES"));
  assert.is(abi.CLASS_GRANULES, sources.get("COLUMN_GRANULES"));
  assert.is(abi.CLASS_FIRST_GROUP, sources.get("COLUMN_FIRST_GROUP"));
  assert.is(abi.CLASS_GROUPS, constantsOf("assembly/zsmalloc/size-classes.ts").get("GROUP_COUNT"));
});

names("names the columns of the statistics in the order in which they are written", () => {
  const text = readFileSync(new URL("assembly/stats.ts", ROOT), "utf8");
  const body = text.slice(text.indexOf("export function writeStats"));
  const figures = [...body.matchAll(/column = write\(column, (.+)\);/g)].map(([, what]) => what);
  const expected = [
    /block\.pages/,
    /block\.filledPages/,
    /block\.rawPages/,
    /block\.payloadBytes/,
    /objectBytes\(\)/,
    /zspageGranules/,
    /indexGranules/,
    /fixedGranules \+ block\.tableGranules/,
    /freeGranules/,
    /heldWasmPages/,
    /peakWasmPages/,
    /zspageCount/,
    /movedObjects/,
    /REJECTS_ADDRESS/,
  ];
  assert.is(figures.length, expected.length);
  expected.forEach((pattern, at) => assert.match(figures[at] ?? "", pattern));
  // The rejects are written by reason, from the first status that is one.
  const statuses = constantsOf("assembly/status.ts");
  const rejects = abi.STATS_COLUMNS.slice(expected.length - 1);
  assert.is(rejects.length, statuses.get("REJECT_COUNT"));
  const reasons = [...statuses].filter(([name]) => name.startsWith("STATUS_"));
  const first = reasons.findIndex(([name]) => name === "STATUS_CLOSED_TYPE");
  rejects.forEach((column, at) => {
    const name = `STATUS_${column.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    assert.is(reasons[first + at]?.[0], name);
  });
});

const release = suite("release module");

release("imports its memory and nothing else", () => {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  assert.equal(imports, [{ module: "env", name: "memory", kind: "memory" }]);
});

release("starts with plain WebAssembly.instantiate and keeps a page", async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: abi.MAX_WASM_PAGES });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const wasm = instance.exports as unknown as ZmemExports;
  assert.is(wasm.boot(4096, 1 << 24, abi.OPTION_ACCEPT_RAW), abi.STATUS_OK);
  assert.is(wasm.putPage(3, 7), abi.STATUS_CLOSED_TYPE);
  assert.is(wasm.openType(3), abi.STATUS_OK);
  const page = new Uint8Array(4096).map((_, at) => (at % 61) * (at % 7));
  new Uint8Array(memory.buffer, wasm.putWindow(), 4096).set(page);
  assert.is(wasm.putPage(3, 0xffff_ffff), abi.STATUS_OK);
  assert.is(wasm.getPage(3, 7), abi.STATUS_ABSENT);
  assert.is(wasm.getPage(3, 0xffff_ffff), abi.STATUS_OK);
  assert.equal(new Uint8Array(memory.buffer, wasm.getWindow(), 4096), page);
  assert.is(wasm.flushPage(3, 0xffff_ffff), abi.STATUS_OK);
  assert.is(wasm.flushPage(3, 0xffff_ffff), abi.STATUS_ABSENT);
  assert.is(wasm.countPages(3), 0);
});

release("refuses a second boot, bad page sizes and a limit under its fixed part", () => {
  const module = new WebAssembly.Module(bytes);
  const start = (): ZmemExports => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 64 });
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    return instance.exports as unknown as ZmemExports;
  };
  for (const pageSize of [0, 1, 2048, 4095, 4097, 12288, 131072, -4096]) {
    assert.is(start().boot(pageSize, Infinity, 0), abi.STATUS_INVALID, `page size ${pageSize}`);
  }
  for (const pageSize of [4096, 8192, 16384, 32768, 65536]) {
    assert.is(start().boot(pageSize, 65535, 0), abi.STATUS_LIMIT);
    const wasm = start();
    assert.is(wasm.boot(pageSize, Infinity, 0), abi.STATUS_OK);
    assert.is(wasm.boot(pageSize, Infinity, 0), abi.STATUS_INVALID);
  }
});

release("is not started by a memory that is too small for its fixed part", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const wasm = instance.exports as unknown as ZmemExports;
  assert.is(wasm.boot(65536, Infinity, 0), abi.STATUS_GROWTH);
});

names.run();
release.run();
