/**
 * How a pool over the wasm module is made, and what its calls beyond the verbs answer.
 *
 * Why so: one instance and several behind one backend are made and answer alike; what is checked of
 * their options is checked here.
 */
import { describe } from "../errors.ts";
import { type BLOCK_CODECS, CODECS, EFFORTS, MAX_WASM_PAGES } from "./abi.ts";

/** How a pool is made. */
export interface ZmemBackendOptions {
  /** The most that linear memory may grow to, in bytes; Infinity (the default) is 4 GiB. */
  readonly limitBytes?: number;
  /** Whether pages that don't compress are kept raw (the default) or rejected. */
  readonly acceptRaw?: boolean;
  /** How much time a put may spend on compression; "default" when left out. */
  readonly effort?: Effort;
  /** The format of blocks; "adaptive" when left out. */
  readonly codec?: Codec;
  /** Wasm pages that memory may have at most, 1 to 65536, whatever the limit; for tests of growth. */
  readonly maximumWasmPages?: number;
}

/** Every effort writes the formats of the codec: "fast" larger blocks, "high" smaller ones. */
export type Effort = (typeof EFFORTS)[number];

/**
 * "adaptive": pages of words, as heaps and pixels are, become blocks with near offsets, which are 9 to
 * 17 % smaller than LZ4's (pages of 4 KiB) and take 15 to 20 % longer to decompress; all others LZ4's.
 * "lz4": LZ4 blocks alone. (docs/codec.md has the figures.)
 */
export type Codec = (typeof CODECS)[number];

/** The codec of a stored block: LZ4, or near offsets in words of 4 or 8 bytes. */
export type BlockCodec = (typeof BLOCK_CODECS)[number];

/** What a recompression did. */
export interface RecompressResult {
  /** Pages tried, whether they got smaller or not. */
  readonly triedPages: number;
  /** Bytes of payload saved. */
  readonly savedBytes: number;
  /** Whether every page has been tried. */
  readonly done: boolean;
}

/** How one page is kept. */
export interface PageInfo {
  readonly form: "sameFilled" | "compressed" | "raw";
  /** The codec of a compressed page's block, else null. */
  readonly codec: BlockCodec | null;
  /** Bytes of its block; 0 for a page whose index entry holds all of it. */
  readonly payloadBytes: number;
}

/** How one page is kept, and what of it is stored. */
export interface PageBlock extends PageInfo {
  /** A copy: a block of the codec, the raw page, or the repeated 8-byte word. */
  readonly block: Uint8Array;
}

/** Where the object of a page lies, until a put, flush, compaction or trim moves it. */
export interface PageLocation {
  /** The id of its zspage, 1 or above, which stays when the zspage moves. */
  readonly zspage: number;
  /** Its place in the zspage, 0 to 1023. */
  readonly slot: number;
  /** Byte offset of its block in linear memory. */
  readonly address: number;
}

/** What a compaction did. */
export interface CompactResult {
  /** Objects moved. */
  readonly movedObjects: number;
  /** Whether nothing is left to gain. */
  readonly done: boolean;
}

/** What a trim did. */
export interface TrimResult {
  /** False when no memory was given back: everything is as before. */
  readonly trimmed: boolean;
  /**
   * Why not: "growth" when the engine refused the memory of the fresh instance, "noGain" when that
   * would be no smaller; null when it was.
   */
  readonly reason: "growth" | "noGain" | null;
  /** Memory held before and after, bytes. */
  readonly heldBytesBefore: number;
  readonly heldBytesAfter: number;
}

/** @throws RangeError for an effort that is none */
export function checkEffort(effort: unknown): void {
  if (!EFFORTS.includes(effort as Effort)) {
    throw new RangeError(`effort: expected "fast", "default" or "high", got ${describe(effort)}`);
  }
}

/** @throws RangeError for a codec that is none */
export function checkCodec(codec: unknown): void {
  if (!CODECS.includes(codec as Codec)) {
    throw new RangeError(`codec: expected "adaptive" or "lz4", got ${describe(codec)}`);
  }
}

/** @throws RangeError for a number of wasm pages that a memory can't have */
export function checkWasmPages(pages: unknown): void {
  if (Number.isInteger(pages) && (pages as number) >= 1 && (pages as number) <= MAX_WASM_PAGES)
    return;
  throw new RangeError(
    `maximumWasmPages: expected an integer from 1 to ${MAX_WASM_PAGES}, got ${describe(pages)}`,
  );
}

/** @throws TypeError or RangeError for a limit that is no number of bytes */
export function checkLimit(bytes: unknown, name = "limitBytes"): void {
  if (typeof bytes !== "number") {
    throw new TypeError(`${name}: expected a number of bytes, got ${describe(bytes)}`);
  }
  if (!(bytes >= 0)) {
    throw new RangeError(`${name}: expected 0 or more, or Infinity, got ${describe(bytes)}`);
  }
}
