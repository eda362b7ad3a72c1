import { CHUNK_SHIFT, CHUNK_SIZE, GRANULES_PER_CHUNK } from "../constants";
import { superblock } from "../superblock";
import { freeRun } from "../supply/runs";
import { allocateAlignedRun } from "../supply/supply";

/**
 * Slabs: the runs that the plain build cuts its index chunks from.
 *
 * Why so: a chunk never moves, so one that lies among zspages keeps the free runs on both sides
 * apart for good. Side by side in a slab, chunks leave the rest of memory to what can move. A slab
 * is a sixteenth of the index, so the chunks that are not used yet are a 32nd of it on average,
 * 0.02 % of what is held.
 *
 * Invariants: a slab without chunks in use is given back; one with a free chunk is in the list.
 *
 * ```
 * slab                  │ chunk 0 │ chunk 1 │ … 64 at most
 * first word of a chunk │ bits 0-5: its groups in use │ bits 8-13: its place in the slab │
 * record, in the place of the last group of chunk 0, whose bit is always set:
 *                       │ u64 free chunks, a bit each │ u32 next │ u32 previous │ u32 chunks │
 * ```
 */

const MOST_CHUNKS: u32 = 64;
const INDEX_SHARE_SHIFT: u32 = 4;

const CHUNK_PLACE_SHIFT: u32 = 8;
/** Where the place of the last group begins; index/group proves it. */
export const SLAB_RECORD_OFFSET: usize = 216;
/** The bit of that group in the first word of chunk 0. */
export const SLAB_RECORD_BIT: u32 = 1 << 5;

const FREE: usize = SLAB_RECORD_OFFSET;
const NEXT: usize = SLAB_RECORD_OFFSET + 8;
const PREVIOUS: usize = SLAB_RECORD_OFFSET + 12;
const CHUNKS: usize = SLAB_RECORD_OFFSET + 16;

/** Its first word says which groups of a chunk are in use. @returns the word of an empty chunk */
export function emptyChunkWord(word: u32): u32 {
  const place = word >> CHUNK_PLACE_SHIFT;
  return place ? place << CHUNK_PLACE_SHIFT : SLAB_RECORD_BIT;
}

/** @returns a chunk whose first word is set and nothing else; 0 when memory is refused */
export function takeChunk(): usize {
  let slab: usize = superblock().partialSlab;
  if (!slab) {
    slab = createSlab();
    if (!slab) return 0;
  }
  const free = load<u64>(slab, FREE);
  const place = <u32>ctz(free);
  const left = free & (free - 1);
  store<u64>(slab, left, FREE);
  if (!left) unlinkSlab(slab);
  const chunk = slab + ((<usize>place) << CHUNK_SHIFT);
  store<u32>(chunk, emptyChunkWord(place << CHUNK_PLACE_SHIFT));
  return chunk;
}

/** Gives an empty chunk back, and its slab with the last one. */
export function freeChunk(chunk: usize): void {
  const place = load<u32>(chunk) >> CHUNK_PLACE_SHIFT;
  const slab = chunk - ((<usize>place) << CHUNK_SHIFT);
  const before = load<u64>(slab, FREE);
  const free = before | ((<u64>1) << place);
  store<u64>(slab, free, FREE);
  if (!before) linkSlab(slab);
  const chunks = load<u32>(slab, CHUNKS);
  if (free != allChunks(chunks)) return;
  unlinkSlab(slab);
  superblock().indexGranules -= chunks * GRANULES_PER_CHUNK;
  freeRun(slab, chunks * GRANULES_PER_CHUNK);
}

/** For the validator: granules of the slab of a chunk that is the first in use, 0 for another one. */
export function slabGranulesAt(chunk: usize): u32 {
  const place = load<u32>(chunk) >> CHUNK_PLACE_SHIFT;
  const slab = chunk - ((<usize>place) << CHUNK_SHIFT);
  return <u32>ctz(~load<u64>(slab, FREE)) == place
    ? load<u32>(slab, CHUNKS) * GRANULES_PER_CHUNK
    : 0;
}

function createSlab(): usize {
  const block = superblock();
  const share = (block.indexGranules / GRANULES_PER_CHUNK) >> INDEX_SHARE_SHIFT;
  let chunks = min(max(share, 1), MOST_CHUNKS);
  let slab = allocateAlignedRun(chunks * GRANULES_PER_CHUNK);
  if (!slab && chunks > 1) {
    // One chunk is what is needed.
    chunks = 1;
    slab = allocateAlignedRun(GRANULES_PER_CHUNK);
  }
  if (!slab) return 0;
  block.indexGranules += chunks * GRANULES_PER_CHUNK;
  store<u64>(slab, allChunks(chunks), FREE);
  store<u32>(slab, chunks, CHUNKS);
  linkSlab(slab);
  return slab;
}

function allChunks(chunks: u32): u64 {
  return (<u64>-1) >> (64 - chunks);
}

function linkSlab(slab: usize): void {
  const block = superblock();
  const next: usize = block.partialSlab;
  store<u32>(slab, <u32>next, NEXT);
  store<u32>(slab, 0, PREVIOUS);
  if (next) store<u32>(next, <u32>slab, PREVIOUS);
  block.partialSlab = <u32>slab;
}

function unlinkSlab(slab: usize): void {
  const next: usize = load<u32>(slab, NEXT);
  const previous: usize = load<u32>(slab, PREVIOUS);
  if (next) store<u32>(next, <u32>previous, PREVIOUS);
  if (previous) store<u32>(previous, <u32>next, NEXT);
  else superblock().partialSlab = <u32>next;
}

if (SLAB_RECORD_OFFSET + 20 > CHUNK_SIZE) ERROR("slab: the record does not fit its chunk");
