/**
 * What can be compared: codecs, which know blocks, and stores, which know pages under keys.
 *
 * Why so: a codec is measured by what a JavaScript caller pays for one page: bytes in, bytes out
 * that the caller owns, whatever copies that takes. A store is measured end to end. Families tell
 * whom a figure is fair to compare with: LZ4 and snappy trade ratio for speed, zstd and deflate the
 * other way round.
 */

/** What kind of format. */
export type Family = "lz4" | "snappy" | "zstd" | "deflate" | "brotli" | "uncompressed";

/** How it is executed. */
export type Runtime = "wasm" | "native" | "javascript";

/** A codec that compresses a page by itself. */
export interface Codec {
  /** @returns a block that the caller may keep */
  compress(page: Uint8Array): Uint8Array;
  /** @returns `pageSize` bytes that the caller may keep */
  decompress(block: Uint8Array, pageSize: number): Uint8Array;
}

/** A codec by name, loaded when its turn comes: one that fails to load is reported. */
export interface CodecContender {
  readonly name: string;
  readonly family: Family;
  readonly runtime: Runtime;
  readonly version: string;
  /** Over 50 µs for a page of 4 KiB: left out of quick runs. */
  readonly slow?: boolean;
  load(): Promise<Codec>;
}

/** Pages under keys. */
export interface Store {
  /** @returns false when the page was rejected */
  put(key: number, page: Uint8Array): boolean;
  /**
   * @param into a page of the caller, which the store may fill and return
   * @returns the page, valid until the next call; undefined when there is none
   */
  get(key: number, into: Uint8Array): Uint8Array | undefined;
  flush(key: number): boolean;
  close(): void;
  /** Bytes that it says it holds, everything counted; absent where it can't know. */
  heldBytes?(): number;
  /** What can be counted from inside: everything that zmem holds, the data alone of others. */
  accountedBytes(): number;
  /** Moves its contents together; absent where there is nothing to move. */
  compact?(): void;
  /** Gives unused memory back. */
  trim?(): void;
}

/** A store by name. */
export interface StoreContender {
  readonly name: string;
  readonly family: Family;
  readonly runtime: Runtime;
  /** Over 50 µs a put. */
  readonly slow?: boolean;
  /** @param limitBytes the most it may hold by its own count; Infinity when left out */
  open(pageSize: number, limitBytes?: number): Promise<Store>;
}
