/**
 * Codecs that run wherever JavaScript does: zmem's own, and the peers written in JavaScript.
 *
 * Why so: zmem's codec is measured here as a peer would be, one call per page from JavaScript with
 * the copies in and out, and not as the loop inside the module that the comparison with C uses. It
 * writes LZ4 blocks here, as its peers do; what pools make of words is in "codec-native".
 * Peers are called as their documentation says for one block; what they need per page (the hash
 * table of lz4js) is reused where they let it.
 */
import { deflateSync, inflateSync } from "fflate";
import lz4js from "lz4js";
import { deflateRaw, inflateRaw } from "pako";
import * as snappyjs from "snappyjs";
import type { Codec, CodecContender } from "./contender.ts";

const EFFORTS = { fast: 0, default: 1, high: 2 } as const;

/** What the codec module exports (assembly/codec/testing.ts), as far as it is used here. */
interface CodecModule {
  workspaceSize(pageSize: number, effort: number): number;
  compressBlock(
    destination: number,
    capacity: number,
    source: number,
    pageSize: number,
    workspace: number,
    effort: number,
  ): number;
  decompressBlock(destination: number, pageSize: number, source: number, length: number): number;
}

const MAX_PAGE = 65536;
/** The codec module keeps constants in low memory; ours lies above. */
const PAGE_ADDRESS = MAX_PAGE;
const BLOCK_ADDRESS = 2 * MAX_PAGE;
const WORKSPACE_ADDRESS = 3 * MAX_PAGE;
const WASM_PAGES = 64;

/**
 * zmem's codec at one effort.
 *
 * @param compile gives the compiled codec module
 */
export function zmemCodec(
  effort: keyof typeof EFFORTS,
  version: string,
  compile: () => Promise<WebAssembly.Module>,
): CodecContender {
  return {
    name: `zmem ${effort}`,
    family: "lz4",
    runtime: "wasm",
    version,
    slow: effort === "high",
    load: async () => {
      const memory = new WebAssembly.Memory({ initial: WASM_PAGES, maximum: WASM_PAGES });
      const instance = await WebAssembly.instantiate(await compile(), { env: { memory } });
      return wrapModule(instance.exports as unknown as CodecModule, memory, EFFORTS[effort]);
    },
  };
}

function wrapModule(module: CodecModule, memory: WebAssembly.Memory, effort: number): Codec {
  const bytes = new Uint8Array(memory.buffer);
  return {
    compress: (page) => {
      const { length } = page;
      bytes.set(page, PAGE_ADDRESS);
      const stored = module.compressBlock(
        BLOCK_ADDRESS,
        length,
        PAGE_ADDRESS,
        length,
        WORKSPACE_ADDRESS,
        effort,
      );
      // 0: the page does not get shorter, so it is kept as it is.
      if (stored === 0) return page.slice();
      return bytes.slice(BLOCK_ADDRESS, BLOCK_ADDRESS + stored);
    },
    decompress: (block, pageSize) => {
      if (block.length === pageSize) return block.slice();
      bytes.set(block, BLOCK_ADDRESS);
      if (module.decompressBlock(PAGE_ADDRESS, pageSize, BLOCK_ADDRESS, block.length) === 0) {
        throw new Error("the block is damaged");
      }
      return bytes.slice(PAGE_ADDRESS, PAGE_ADDRESS + pageSize);
    },
  };
}

/** The peers in JavaScript. @param versions by package name */
export function javascriptCodecs(versions: Readonly<Record<string, string>>): CodecContender[] {
  const version = (name: string): string => versions[name] ?? "unknown";
  return [
    {
      name: "lz4js",
      family: "lz4",
      runtime: "javascript",
      version: version("lz4js"),
      slow: true,
      load: async () => lz4jsCodec(),
    },
    {
      name: "snappyjs",
      family: "snappy",
      runtime: "javascript",
      version: version("snappyjs"),
      load: async () => ({
        compress: (page) => snappyjs.compress(page),
        decompress: (block) => snappyjs.uncompress(block),
      }),
    },
    {
      name: "fflate 1",
      family: "deflate",
      runtime: "javascript",
      version: version("fflate"),
      slow: true,
      load: async () => ({
        compress: (page) => deflateSync(page, { level: 1 }),
        decompress: (block, pageSize) => inflateSync(block, { out: new Uint8Array(pageSize) }),
      }),
    },
    {
      name: "pako 1",
      family: "deflate",
      runtime: "javascript",
      version: version("pako"),
      slow: true,
      load: async () => ({
        compress: (page) => deflateRaw(page, { level: 1 }),
        decompress: (block) => inflateRaw(block),
      }),
    },
  ];
}

let zstdLoading: Promise<typeof import("@bokuweb/zstd-wasm")> | undefined;

/** Once: a second `init` pulls the memory away from under what the first one has made. */
function loadZstd(address: string | undefined): Promise<typeof import("@bokuweb/zstd-wasm")> {
  zstdLoading ??= import("@bokuweb/zstd-wasm").then(async (zstd) => {
    // The types are those of the entry for Node, which takes no address.
    await (zstd.init as (address?: string) => Promise<void>)(address);
    return zstd;
  });
  return zstdLoading;
}

/** zstd in wasm. @param address of its module, in a browser */
export function zstdCodec(
  versions: Readonly<Record<string, string>>,
  address?: string,
): CodecContender {
  return {
    name: "zstd-wasm 1",
    family: "zstd",
    runtime: "wasm",
    slow: true,
    version: `@bokuweb/zstd-wasm ${versions["@bokuweb/zstd-wasm"]}`,
    load: async () => {
      const zstd = await loadZstd(address);
      return {
        compress: (page) => zstd.compress(page, 1),
        decompress: (block) => zstd.decompress(block),
      };
    },
  };
}

/** Entries of the table that lz4js hashes into. */
const LZ4JS_TABLE = 1 << 16;

function lz4jsCodec(): Codec {
  const table = new Uint32Array(LZ4JS_TABLE);
  let buffer = new Uint8Array(0);
  return {
    compress: (page) => {
      const bound = lz4js.compressBound(page.length);
      if (buffer.length < bound) buffer = new Uint8Array(bound);
      // It takes what is left in the table for positions of this page.
      table.fill(0);
      const length = lz4js.compressBlock(page, buffer, 0, page.length, table);
      // 0: it found no match and leaves it to the caller to keep the page.
      return length === 0 ? page.slice() : buffer.slice(0, length);
    },
    decompress: (block, pageSize) => {
      if (block.length === pageSize) return block.slice();
      const page = new Uint8Array(pageSize);
      lz4js.decompressBlock(block, page, 0, block.length, 0);
      return page;
    },
  };
}
