import { MAX_TYPES } from "./constants";
import { BIN_COUNT, BIN_MASK_COUNT } from "./supply/bins";
import { REJECT_COUNT } from "./status";

/**
 * The superblock: the one record at a fixed address from which everything else is reached.
 *
 * Why so: a second instance on the same memory, or a copy of the memory, finds the pool through
 * this address alone. Module globals hold only what belongs to one instance (its windows). What every
 * call reads has a cache line (64 bytes) to itself, apart from what changes: workers on one memory
 * would take it from each other.
 *
 * Layout of linear memory after `boot`:
 * ```
 * 0        1024         + superblock      + lists, types       + class table    + windows, scratch
 * ├─ null ──┼─ superblock ┼─ type roots, rejects, bins ──────┼─ size classes ─┼─ put, get, block ─┤
 * └ first free granule: zspages, index chunks, directories, free runs, in any order, to the end
 * ```
 *
 * Static data, which every instance writes anew with the same bytes, lies at 256 (`memoryBase` in
 * asconfig.base.json): the decoder's table of patterns. It must end below the superblock.
 *
 * Invariant: heldGranules = fixed + free + index + table + zspage granules (validate.ts walks it).
 */
@unmanaged
export class Superblock {
  magic: u32;
  /** Bytes of one page, set once by `boot`. */
  pageSize: u32;
  /** The bits of OPTION_ constants, and above OPTION_CODEC_SHIFT a codec. */
  options: u32;
  effort: u32;
  /** The longest block that is worth keeping: the longest of the last class that pays. */
  worthLength: u32;
  /** The limit, in granules and in wasm pages. */
  limitGranules: u32;
  limitWasmPages: u32;
  /** What linear memory has grown to. */
  heldWasmPages: u32;
  /** Granules below the first one that is handed out. */
  fixedGranules: u32;
  /** Size classes (zsmalloc/size-classes). */
  classTableAddress: u32;
  classCount: u32;
  /** zspage id to address (zsmalloc/zspage). */
  zspageTableAddress: u32;
  putWindowAddress: u32;
  getWindowAddress: u32;
  blockAddress: u32;
  workspaceAddress: u32;

  // From here on, at 64: what single calls change, in the build for one thread.
  /** Workspace of the effort `high`, 0 until it is first wanted. */
  highWorkspaceAddress: u32;
  /** One bit per granule (supply/free-map). */
  freeMapAddress: u32;
  freeMapGranules: u32;
  freeMapWasmPages: u32;
  pages: u32;
  filledPages: u32;
  rawPages: u32;
  /** The hand of writeback: type and bucket that come next. */
  handType: u32;
  handBucket: u32;
  /** The step of its lap that recompression takes next (recompress.ts). */
  recompressStep: u32;
  /** Bytes of all blocks and raw pages. */
  payloadBytes: u64;
  /** Objects that compaction has moved, since boot. */
  movedObjects: u64;
  /** Where compaction goes on: index of the next class to look at. */
  compactionCursor: u32;
  /** The granule at which defragmentation goes on. */
  defragmentCursor: u32;

  // From here on, at 128: what changes with every zspage that comes or goes.
  /** The highest that linear memory ever was. */
  peakWasmPages: u32;
  freeGranules: u32;
  indexGranules: u32;
  /** Granules of the free map and of the zspage table. */
  tableGranules: u32;
  zspageGranules: u32;
  zspageTableGranules: u32;
  zspageTableCapacity: u32;
  zspageTableFreeHead: u32;
  zspageCount: u32;
  /** New zspages until a put looks at the next step of compaction. */
  compactionPause: u32;
  /** Slabs of index chunks with a free one (index/slab). */
  partialSlab: u32;
}

export const SUPERBLOCK_ADDRESS: usize = 1024;
export const SUPERBLOCK_MAGIC: u32 = 0x6d656d7a; // "zmem"

/** Columns of the statistics. */
export const STATS_COUNT: u32 = 32;

/** Puts are accepted. */
export const OPTION_ENABLED: u32 = 1;
/** Incompressible pages are kept raw. */
export const OPTION_ACCEPT_RAW: u32 = 2;
/** From this bit on: the codec of all blocks, 0 where the shape of each page chooses it. */
export const OPTION_CODEC_SHIFT: u32 = 8;

if (offsetof<Superblock>() != 172) ERROR("superblock: the diagram and the record differ");
// Each of the three parts begins a cache line.
if (offsetof<Superblock>("highWorkspaceAddress") != 64)
  ERROR("superblock: what calls read must fill a cache line");
if (offsetof<Superblock>("peakWasmPages") != 128)
  ERROR("superblock: what zspages change must begin a cache line");

/** u32 address of each type's root, 0 while the type is closed; begins a cache line. */
export const TYPE_ROOTS_ADDRESS: usize = SUPERBLOCK_ADDRESS + 256;
/** u32 counters of rejected puts, by reason. */
export const REJECTS_ADDRESS: usize = TYPE_ROOTS_ADDRESS + MAX_TYPES * 4;
/** f64 columns of the statistics (stats.ts), 8-aligned. */
export const STATS_ADDRESS: usize = (REJECTS_ADDRESS + REJECT_COUNT * 4 + 7) & ~7;
/** u64 words with a bit for each bin of free runs that is not empty. */
export const BIN_MASKS_ADDRESS: usize = STATS_ADDRESS + STATS_COUNT * 8;
/** u32 heads of the lists of free runs, one per bin. */
export const BIN_HEADS_ADDRESS: usize = BIN_MASKS_ADDRESS + BIN_MASK_COUNT * 8;
/** First byte behind the superblock's own records, 16-aligned. */
export const SUPERBLOCK_END: usize = (BIN_HEADS_ADDRESS + BIN_COUNT * 4 + 15) & ~15;

/** The pool's superblock. */
// @ts-ignore: decorator; a call per field access would cost more than the access
@inline
export function superblock(): Superblock {
  return changetype<Superblock>(SUPERBLOCK_ADDRESS);
}
