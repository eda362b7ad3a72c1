import { CHUNK_SHIFT, CHUNKS_PER_WASM_PAGE } from "../constants";
import { linkGroup } from "../index/directory";
import {
  adoptChunk,
  CHUNK_HEADER_SIZE,
  ENTRIES_PER_GROUP,
  entryAddress,
  GROUP_SIZE,
  GROUPS_PER_CHUNK,
  setGroupLive,
} from "../index/group";
import { bucketAddress, FIRST_BUCKETS, TypeRoot } from "../index/type-root";
import { superblock } from "../superblock";
import { chunkToRoot } from "./chunks";
import { lockSupply, sharedHeader, unlockSupply } from "./header";
import { nextSetBit } from "./bit-map";
import { count } from "./store";
import { beginChange, clearCounts, endChange } from "./stripe";

/**
 * A stripe from what is true: its chunks, by the chunk map, and their entries. A group lives if one
 * of its entries does. The stripe is locked, under the dead worker's id; gets go on meanwhile, by
 * way of the chunk map, for the sequence is odd.
 */

/** @returns false when the supply could not be locked; it can be done again then */
export function rebuildStripe(root: TypeRoot): bool {
  beginChange(root);
  settleBuckets(root);
  root.pages = 0;
  root.groups = 0;
  root.partialChunk = 0;
  clearCounts(root);
  const map: usize = sharedHeader().chunkMapAddress;
  const owner = <u32>changetype<usize>(root);
  let place: u32 = 0;
  while (true) {
    // Locked for each look: the map and the memory behind a bit change under this lock only.
    if (!lockSupply()) return false;
    const end = superblock().heldWasmPages * CHUNKS_PER_WASM_PAGE;
    place = nextSetBit(map, place, end);
    let chunk: usize = 0;
    for (; place < end; place = nextSetBit(map, place + 1, end)) {
      chunk = (<usize>place) << CHUNK_SHIFT;
      if (chunkToRoot(chunk) == owner) break;
    }
    unlockSupply();
    if (place >= end) break;
    if (!adoptChunk(root, chunk, rebuildGroups(root, chunk))) return false;
    place++;
  }
  endChange(root);
  return true;
}

/** @returns the mask of the groups that live */
function rebuildGroups(root: TypeRoot, chunk: usize): u32 {
  let mask: u32 = 0;
  for (let place: u32 = 0; place < GROUPS_PER_CHUNK; place++) {
    const group = chunk + CHUNK_HEADER_SIZE + place * GROUP_SIZE;
    let live: u32 = 0;
    for (let inGroup: u32 = 0; inGroup < ENTRIES_PER_GROUP; inGroup++) {
      const entry = atomic.load<u64>(entryAddress(group, inGroup));
      if (!entry) continue;
      live++;
      count(root, entry, 1);
    }
    if (!live) continue;
    mask |= 1 << place;
    root.pages += live;
    setGroupLive(group, live);
    linkGroup(root, group);
  }
  return mask;
}

/** Makes the split level fit the number of buckets, which is stored last, and empties them. */
function settleBuckets(root: TypeRoot): void {
  let level = FIRST_BUCKETS * 2;
  while (level < root.buckets) level <<= 1;
  root.mask = level - 1;
  for (let bucket: u32 = 0; bucket < root.buckets; bucket++) {
    store<u32>(bucketAddress(root, bucket), 0);
  }
}
