/**
 * Sizes and bounds that more than one part of the module uses.
 *
 * Linear memory is handed out in granules of 64 bytes: a finer one wastes less at the tails of
 * zspages, and lets them be shorter, but needs a bit of the free map each, 0.2 % (docs/allocator.md).
 */

/** Bytes of one wasm page, the unit in which linear memory grows. */
export const WASM_PAGE_SIZE: u32 = 65536;
export const WASM_PAGE_SHIFT: u32 = 16;

/** Bytes of one granule, the unit in which linear memory is handed out. */
export const GRANULE_SIZE: u32 = 64;
export const GRANULE_SHIFT: u32 = 6;
export const GRANULES_PER_WASM_PAGE: u32 = WASM_PAGE_SIZE / GRANULE_SIZE;

/** Bytes of one index chunk, which lies at a multiple of them. */
export const CHUNK_SIZE: u32 = 256;
export const CHUNK_SHIFT: u32 = 8;
export const CHUNKS_PER_WASM_PAGE: u32 = WASM_PAGE_SIZE / CHUNK_SIZE;
export const GRANULES_PER_CHUNK: u32 = CHUNK_SIZE / GRANULE_SIZE;

/** The longest zspage of more than one object, in granules: a little under 16 KiB. */
export const MOST_ZSPAGE_GRANULES: u32 = 255;

/** Wasm pages that a 32-bit memory can have at most. */
export const MAX_WASM_PAGES: u32 = 65536;
/**
 * Those that a pool takes of them: the last one stays unused, so that neither the end of an object
 * nor an address a little behind it (the codec adds up to 300 bytes before it compares) wraps to 0.
 */
export const USABLE_WASM_PAGES: u32 = MAX_WASM_PAGES - 1;

/** Bytes of a page: a power of two between these two. */
export const MIN_PAGE_SIZE: u32 = 4096;
export const MAX_PAGE_SIZE: u32 = 65536;

/** Swap types: 0 to MAX_TYPES - 1. */
export const MAX_TYPES: u32 = 1024;
