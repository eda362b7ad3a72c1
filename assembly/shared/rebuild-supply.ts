import { GRANULE_SHIFT, GRANULES_PER_WASM_PAGE, MAX_TYPES } from "../constants";
import { segmentGranules, SEGMENTS_OFFSET } from "../index/type-root";
import { BIN_HEADS_ADDRESS, superblock } from "../superblock";
import { BIN_COUNT } from "../supply/bins";
import { FREE_MAP_BYTES_PER_WASM_PAGE } from "../supply/free-map";
import { freeRun } from "../supply/runs";
import { Zspage } from "../zsmalloc/zspage";
import { isGranuleSet, nextGranule, setGranules } from "./granule-map";
import { MAX_WORKERS, sharedHeader, workerRecord } from "./header";
import { ROOTS_GRANULES, stripeAt, STRIPES, typeRoots } from "./stripe";

/**
 * The supply from what is true: everything that is in use is named by a table, a bit or a record;
 * the rest of memory is free runs. The supply is locked, under the dead worker's id.
 */

export function rebuildSupply(): void {
  const block = superblock();
  const header = sharedHeader();
  // Of a growth by another worker `memory.size` may know later than the supply; `grow` always does.
  block.heldWasmPages = max(block.heldWasmPages, <u32>max(memory.size(), memory.grow(0)));
  block.peakWasmPages = max(block.peakWasmPages, block.heldWasmPages);
  const held = block.heldWasmPages * GRANULES_PER_WASM_PAGE;
  const used: usize = header.usedMapAddress;
  const mapBytes = block.heldWasmPages * FREE_MAP_BYTES_PER_WASM_PAGE;
  memory.fill(used, 0, mapBytes);
  setGranules(used, 0, block.fixedGranules);
  markZspages(used);
  markIndex(used, held);
  block.tableGranules = 0;
  for (let worker: u32 = 1; worker <= MAX_WORKERS; worker++) {
    const scratch = workerRecord(worker).scratch;
    if (!scratch) continue;
    setGranules(used, scratch >> GRANULE_SHIFT, header.scratchGranules);
    block.tableGranules += header.scratchGranules;
  }

  memory.fill(block.freeMapAddress, 0, mapBytes);
  memory.fill(BIN_HEADS_ADDRESS, 0, BIN_COUNT << 2);
  block.binMask0 = 0;
  block.binMask1 = 0;
  block.binMask2 = 0;
  block.freeGranules = 0;
  let granule = block.fixedGranules;
  while (granule < held) {
    if (isGranuleSet(used, granule)) {
      granule++;
      continue;
    }
    const end = nextGranule(used, granule, held);
    freeRun((<usize>granule) << GRANULE_SHIFT, end - granule);
    granule = end;
  }
}

function markZspages(used: usize): void {
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
    const granules: u32 = changetype<Zspage>(address).granules;
    setGranules(used, address >> GRANULE_SHIFT, granules);
    block.zspageCount++;
    block.zspageGranules += granules;
  }
}

function markIndex(used: usize, held: u32): void {
  const block = superblock();
  const chunks: usize = sharedHeader().chunkMapAddress;
  let count: u32 = 0;
  let granule = nextGranule(chunks, block.fixedGranules, held);
  while (granule < held) {
    setGranules(used, granule, 1);
    count++;
    granule = nextGranule(chunks, granule + 1, held);
  }
  for (let type: u32 = 0; type < MAX_TYPES; type++) {
    const roots = typeRoots(type);
    if (!roots) continue;
    setGranules(used, <u32>(roots >> GRANULE_SHIFT), ROOTS_GRANULES);
    count += ROOTS_GRANULES;
    for (let stripe: u32 = 0; stripe < STRIPES; stripe++) {
      const segments = changetype<usize>(stripeAt(roots, stripe)) + SEGMENTS_OFFSET;
      for (let segment: u32 = 1; ; segment++) {
        const run = load<u32>(segments + (segment << 2));
        if (!run) break;
        setGranules(used, run >> GRANULE_SHIFT, segmentGranules(segment));
        count += segmentGranules(segment);
      }
    }
  }
  block.indexGranules = count;
}
