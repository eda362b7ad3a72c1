/**
 * The contenders in Node: the portable ones, and the peers that are native or need Node's loader.
 *
 * Why so: each package is imported when its turn comes, so that one without a build for this
 * platform is reported as a failure and the others are measured.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as zlib from "node:zlib";
import type { Codec, CodecContender } from "./contender.ts";
import { javascriptCodecs, zmemCodec, zstdCodec } from "./portable.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Packages whose versions go into the result file. */
const PEER_PACKAGES = [
  "@bokuweb/zstd-wasm",
  "fflate",
  "lru-cache",
  "lz4-napi",
  "lz4-wasm",
  "lz4-wasm-nodejs",
  "lz4js",
  "pako",
  "snappy",
  "snappyjs",
  "sql.js",
];

/** Versions of the installed peers and of what Node brings. */
export function peerVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const name of PEER_PACKAGES) {
    const path = join(ROOT, "node_modules", name, "package.json");
    if (!existsSync(path)) continue;
    versions[name] = (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
  }
  for (const name of ["zlib", "brotli", "zstd"]) {
    const version = process.versions[name];
    if (version !== undefined) versions[`node:${name}`] = version;
  }
  return versions;
}

/**
 * All codecs that this Node can be asked for.
 *
 * @param compile gives zmem's codec module
 */
export function nodeCodecs(
  version: string,
  versions: Record<string, string>,
  compile: () => Promise<WebAssembly.Module>,
): CodecContender[] {
  const own = (["default", "fast", "high"] as const).map((effort) =>
    zmemCodec(effort, version, compile),
  );
  return [
    ...own,
    ...packagedCodecs(versions),
    ...zlibCodecs(versions),
    ...javascriptCodecs(versions),
  ];
}

function packagedCodecs(versions: Record<string, string>): CodecContender[] {
  return [
    {
      name: "lz4-wasm",
      family: "lz4",
      runtime: "wasm",
      version: `lz4-wasm-nodejs ${versions["lz4-wasm-nodejs"]}`,
      load: async () => {
        const { default: lz4 } = await import("lz4-wasm-nodejs");
        return {
          compress: (page) => lz4.compress(page),
          decompress: (block) => lz4.decompress(block),
        };
      },
    },
    {
      name: "lz4-napi",
      family: "lz4",
      runtime: "native",
      version: versions["lz4-napi"] ?? "unknown",
      load: async () => {
        // Its results lie outside the heap. Copies of them would cost more memory yet: seen from outside
        // 0.96 instead of 0.54 per byte of text pages, 0.67 instead of 0.42 of sparse ones (2026-11).
        const { compressSync, uncompressSync } = await import("lz4-napi");
        return {
          compress: (page) => compressSync(asBuffer(page)),
          decompress: (block) => uncompressSync(block),
        };
      },
    },
    {
      name: "snappy",
      family: "snappy",
      runtime: "native",
      version: versions["snappy"] ?? "unknown",
      load: async () => {
        const { compressSync, uncompressSync } = await import("snappy");
        // Without this option each result is a buffer of its own outside the heap: 2 times slower.
        const options = { copyOutputData: true };
        return {
          compress: (page) => compressSync(page, options),
          decompress: (block) => uncompressSync(block, options) as Uint8Array,
        };
      },
    },
    zstdCodec(versions),
  ];
}

/** lz4-napi's types ask for a Buffer where any view does. */
function asBuffer(page: Uint8Array): Buffer {
  return Buffer.from(page.buffer, page.byteOffset, page.length);
}

function zlibCodecs(versions: Record<string, string>): CodecContender[] {
  const brotli = (quality: number): CodecContender => ({
    name: `node:zlib brotli ${quality}`,
    family: "brotli",
    runtime: "native",
    version: versions["node:brotli"] ?? "unknown",
    slow: true,
    load: async () => {
      const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: quality };
      return {
        compress: (page) => compact(zlib.brotliCompressSync(page, { params })),
        decompress: (block) => zlib.brotliDecompressSync(block),
      };
    },
  });
  return [
    {
      name: "node:zlib deflate 1",
      family: "deflate",
      runtime: "native",
      version: versions["node:zlib"] ?? "unknown",
      slow: true,
      load: async () => ({
        // A chunk of 16 KiB, the default, would stay alive behind every result.
        compress: (page) =>
          compact(zlib.deflateRawSync(page, { level: 1, chunkSize: page.length + 128 })),
        decompress: (block, pageSize) => zlib.inflateRawSync(block, { chunkSize: pageSize }),
      }),
    },
    brotli(0),
    brotli(1),
    {
      name: "node:zlib zstd 1",
      family: "zstd",
      runtime: "native",
      version: versions["node:zstd"] ?? "unknown",
      load: async () => zstdOfNode(),
    },
  ];
}

/** Since Node 22.15; the types of Node 20 don't know it. */
interface ZstdOfNode {
  readonly zstdCompressSync?: (page: Uint8Array, options: object) => Uint8Array;
  readonly zstdDecompressSync?: (block: Uint8Array) => Uint8Array;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
}

function zstdOfNode(): Codec {
  const { zstdCompressSync, zstdDecompressSync, constants } = zlib as unknown as ZstdOfNode;
  const parameter = constants.ZSTD_c_compressionLevel;
  if (!zstdCompressSync || !zstdDecompressSync || parameter === undefined) {
    throw new Error(`Node ${process.version} has no zstd (22.15 and later have)`);
  }
  return {
    compress: (page) => compact(zstdCompressSync(page, { params: { [parameter]: 1 } })),
    decompress: (block) => zstdDecompressSync(block),
  };
}

/** Cuts a result loose from the larger buffer behind it. */
function compact(result: Uint8Array): Uint8Array {
  return new Uint8Array(result);
}
