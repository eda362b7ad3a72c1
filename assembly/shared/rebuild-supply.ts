import {
  CHUNK_SHIFT,
  CHUNKS_PER_WASM_PAGE,
  GRANULE_SHIFT,
  GRANULES_PER_CHUNK,
  GRANULES_PER_WASM_PAGE,
  MAX_TYPES,
} from "../constants";
import { segmentGranules, SEGMENTS_OFFSET } from "../index/type-root";
import { BIN_HEADS_ADDRESS, BIN_MASKS_ADDRESS, superblock } from "../superblock";
import { BIN_COUNT, BIN_MASK_COUNT } from "../supply/bins";
import { FREE_MAP_BYTES_PER_WASM_PAGE } from "../supply/free-map";
import { addRun } from "../supply/runs";
import { Zspage } from "../zsmalloc/zspage";
import { clearBits, nextClearBit, nextSetBit, setBits } from "./bit-map";
import { MAX_WORKERS, sharedHeader, workerRecord } from "./header";
import { ROOTS_GRANULES, stripeAt, STRIPES, typeRoots } from "./stripe";

/**
 * The supply from what is true: everything that is in use is named by a table, a bit or a record;
 * the rest of memory is free runs. The supply is locked, under the dead worker's id.
 *
 * What is in use is marked in the free map, whose old bits are of no worth; going upwards, each
 * stretch of marks gives way to the two of the free run behind it.
 */

export function rebuildSupply(): void {
  const block = superblock();
  const header = sharedHeader();
  // Of a growth by another worker `memory.size` may know later than the supply; `grow` always does.
  block.heldWasmPages = max(block.heldWasmPages, <u32>max(memory.size(), memory.grow(0)));
  block.peakWasmPages = max(block.peakWasmPages, block.heldWasmPages);
  const held = block.heldWasmPages * GRANULES_PER_WASM_PAGE;
  const map: usize = block.freeMapAddress;
  memory.fill(map, 0, block.heldWasmPages * FREE_MAP_BYTES_PER_WASM_PAGE);
  setBits(map, 0, block.fixedGranules);
  markZspages(map);
  markIndex(map);
  block.tableGranules = 0;
  for (let worker: u32 = 1; worker <= MAX_WORKERS; worker++) {
    const scratch = workerRecord(worker).scratch;
    if (!scratch) continue;
    mark(map, scratch, header.scratchGranules);
    block.tableGranules += header.scratchGranules;
  }

  memory.fill(BIN_MASKS_ADDRESS, 0, BIN_MASK_COUNT << 3);
  memory.fill(BIN_HEADS_ADDRESS, 0, BIN_COUNT << 2);
  block.freeGranules = 0;
  let used: u32 = 0;
  while (used < held) {
    const free = nextClearBit(map, used, held);
    clearBits(map, used, free);
    used = nextSetBit(map, free, held);
    if (used > free) addRun((<usize>free) << GRANULE_SHIFT, used - free);
  }
}

/** Marks `granules` at `address` as used. */
function mark(map: usize, address: u32, granules: u32): void {
  const first = address >> GRANULE_SHIFT;
  setBits(map, first, first + granules);
}

function markZspages(map: usize): void {
  const block = superblock();
  const table: usize = block.zspageTableAddress;
  block.zspageTableFreeHead = 0;
  block.zspageCount = 0;
  block.zspageGranules = 0;
  for (let id = block.zspageTableCapacity - 1; id >= 1; id--) {
    const address = load<u32>(table + (id << 2));
    if (!address || address & 1) {
      store<u32>(table + (id << 2), (block.zspageTableFreeHead << 1) | 1);
      block.zspageTableFreeHead = id;
      continue;
    }
    const granules = changetype<Zspage>(address).granules;
    mark(map, address, granules);
    block.zspageCount++;
    block.zspageGranules += granules;
  }
}

function markIndex(map: usize): void {
  const block = superblock();
  const chunks: usize = sharedHeader().chunkMapAddress;
  const end = block.heldWasmPages * CHUNKS_PER_WASM_PAGE;
  let granules: u32 = 0;
  for (let chunk: u32 = 0; ; chunk++) {
    chunk = nextSetBit(chunks, chunk, end);
    if (chunk == end) break;
    mark(map, chunk << CHUNK_SHIFT, GRANULES_PER_CHUNK);
    granules += GRANULES_PER_CHUNK;
  }
  for (let type: u32 = 0; type < MAX_TYPES; type++) {
    const roots = typeRoots(type);
    if (!roots) continue;
    mark(map, <u32>roots, ROOTS_GRANULES);
    granules += ROOTS_GRANULES;
    for (let stripe: u32 = 0; stripe < STRIPES; stripe++) {
      const segments = changetype<usize>(stripeAt(roots, stripe)) + SEGMENTS_OFFSET;
      for (let segment: u32 = 1; ; segment++) {
        const run = load<u32>(segments + (segment << 2));
        if (!run) break;
        mark(map, run, segmentGranules(segment));
        granules += segmentGranules(segment);
      }
    }
  }
  block.indexGranules = granules;
}
