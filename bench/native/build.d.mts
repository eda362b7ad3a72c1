/** Types of build.mjs for the benches in TypeScript; lz4-addon.c says what the arguments are. */
export interface NativeLz4 {
  version(): string;
  flags(): string;
  compressPages(
    memory: ArrayBuffer,
    blocks: number,
    blockStride: number,
    lengths: number,
    capacity: number,
    pages: number,
    pageSize: number,
    pageCount: number,
    mode: number,
    level: number,
    repeat: number,
  ): number;
  decompressPages(
    memory: ArrayBuffer,
    page: number,
    pageSize: number,
    blocks: number,
    blockStride: number,
    lengths: number,
    blockCount: number,
    repeat: number,
  ): number;
}
/**
 * LZ4_compress_default, _fast and HC; all but the first take a level. `hcFresh` zeroes the whole
 * state before each page, as LZ4_compress_HC does, and makes the same blocks.
 */
export const MODES: {
  readonly default: 0;
  readonly fast: 1;
  readonly hc: 2;
  readonly hcFresh: 3;
};
export function loadNativeLz4():
  | { readonly addon: NativeLz4; readonly reason: undefined }
  | { readonly addon: undefined; readonly reason: string };
