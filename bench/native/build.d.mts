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
/** LZ4_compress_default, _fast and _HC; the last two take a level. */
export const MODES: { readonly default: 0; readonly fast: 1; readonly hc: 2 };
export function loadNativeLz4():
  | { readonly addon: NativeLz4; readonly reason: undefined }
  | { readonly addon: undefined; readonly reason: string };
