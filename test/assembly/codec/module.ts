/**
 * The codec by itself for its tests: assembly/codec/testing.ts compiled with the options of the
 * release, and an instance on a memory of its own.
 *
 * Why so: the tests of decoder and compressor put input and output at the very end of memory, where
 * a byte too much traps, so the memory must be theirs. The module is the one that the benches
 * compile, once for all.
 *
 * Layout: [0, 1 MiB) free · the tests place everything else, from both ends.
 */
import { buildModule } from "../../../bench/peers/codec-module.ts";

/** Efforts, as assembly/codec/effort.ts numbers them. */
export const EFFORTS = { fast: 0, default: 1, high: 2 } as const;
/** Codecs, as assembly/codec/registry.ts numbers them. */
export const CODECS = { lz4: 1, words: 2, longWords: 3 } as const;
export type CodecName = keyof typeof CODECS;
export const CODEC_NAMES = Object.keys(CODECS) as readonly CodecName[];
/** `compressPage` gives the codec above these bits of its length. */
export const LENGTH_BITS = 20;
/** All page sizes of the backend, in bytes. */
export const PAGE_SIZES = [4096, 8192, 16384, 32768, 65536] as const;

/** What the codec's module exports, as far as tests and benches use it. */
export interface CodecExports {
  readonly COMPRESS_WORKSPACE_SIZE: WebAssembly.Global;
  readonly HIGH_WORKSPACE_SIZE: WebAssembly.Global;
  readonly SHAPE_LONG_WORDS: WebAssembly.Global;
  readonly SHAPE_OTHER: WebAssembly.Global;
  readonly SHAPE_RUNS: WebAssembly.Global;
  readonly SHAPE_SPARSE: WebAssembly.Global;
  readonly SHAPE_TEXT: WebAssembly.Global;
  readonly SHAPE_WORDS: WebAssembly.Global;
  pageToShape(page: number, pageSize: number): number;
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
  /** @param codec 0 for the one that suits the page */
  compressPage(
    destination: number,
    capacity: number,
    source: number,
    pageSize: number,
    workspace: number,
    effort: number,
    codec: number,
  ): number;
  decompressWith(
    codec: number,
    destination: number,
    pageSize: number,
    source: number,
    length: number,
  ): number;
  isSameFilled(page: number, pageSize: number): number;
  fillPage(page: number, pageSize: number, word: bigint): void;
  compressPages(
    blocks: number,
    blockStride: number,
    lengths: number,
    capacity: number,
    pages: number,
    pageSize: number,
    pageCount: number,
    workspace: number,
    effort: number,
    repeat: number,
    adaptive?: number,
  ): number;
  decompressPages(
    page: number,
    pageSize: number,
    blocks: number,
    blockStride: number,
    lengths: number,
    blockCount: number,
    repeat: number,
  ): number;
}

/** A codec and the memory it works on. */
export interface CodecInstance {
  readonly codec: CodecExports;
  readonly memory: WebAssembly.Memory;
  /** All of the memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Compiles the codec unless that has been done. */
export async function compileCodec(): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await buildModule("codec"));
}

/** Starts the codec on a memory of `wasmPages` times 64 KiB. */
export async function startCodec(wasmPages: number): Promise<CodecInstance> {
  const module = await compileCodec();
  const memory = new WebAssembly.Memory({ initial: wasmPages, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return {
    codec: exports as unknown as CodecExports,
    memory,
    bytes: new Uint8Array(memory.buffer),
  };
}
