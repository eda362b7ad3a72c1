import { GRANULE_SHIFT } from "../constants";
import { acquire, release, selfId } from "../lock";
import { SUPERBLOCK_END } from "../superblock";

/**
 * What the shared build keeps beside the superblock: pool-wide locks, fixed tables, worker records.
 *
 * Why so: tables are laid out once for all the memory that there can be and never move, so that
 * they can be read without a lock. A worker's record holds its journal: which slots it is about to
 * take or to give back for which entry. With that, and with tags, cells and bits that are true at
 * any instruction, whatever a dead worker left can be worked out again (shared/recovery).
 *
 * Layout: header at SUPERBLOCK_END, 64 bytes; the locks, 64 bytes, so that who takes one doesn't take
 * what a get reads; then MAX_WORKERS + 1 records of 64 bytes, the first unused; then class table and
 * maps (shared/boot).
 */
@unmanaged
export class SharedHeader {
  /** Wasm pages that the tables were made for. */
  maximumWasmPages: u32;
  /** One bit for each multiple of CHUNK_SIZE: an index chunk is there, its first word and root valid. */
  chunkMapAddress: u32;
  /** Ids that the zspage table has room for. */
  zspageIds: u32;
  /** Granules of one worker's windows and scratch. */
  scratchGranules: u32;
  /** Counts the workers that were reaped. */
  generation: u32;
  /** Where a zspage is kept for the moment in which it moves (shared/slide). */
  spareAddress: u32;
  movedObjects: u64;
  /** The limit as it was asked for, bytes. */
  limitBytes: f64;
}

/** Locks of the pool as a whole. */
@unmanaged
export class SharedLocks {
  supply: u32;
  /** The worker that declares another one dead just now. */
  reap: u32;
  compact: u32;
}

/** What one worker is doing. */
@unmanaged
export class WorkerRecord {
  /** One of the WORKER_ constants. */
  state: u32;
  /** Address of its windows and scratch, 0 while it has none. */
  scratch: u32;
  /** What it is doing: one of the JOB_ constants. */
  job: u32;
  /** The type whose area it opens or flushes, plus 1; 0 when it does neither. */
  areaType: u32;
  /** Whether it opens that area. */
  areaOpen: u32;
  /** Address of the entry that the slots below are for. */
  entry: u32;
  /** A slot that it is about to take: its location and class; written before the slot's tag. */
  pending: u32;
  pendingClass: u32;
  /** A slot that it is about to give back, once the entry names another one. */
  old: u32;
  oldClass: u32;
  /** A slot that it could not give back: its location and class. Its tag names `nothing`. */
  spare: u32;
  spareClass: u32;
  /** Always 0, as an absent entry is: what the tag of the spare names. */
  nothing: u64;
}

export const WORKER_FREE: u32 = 0;
export const WORKER_ATTACHED: u32 = 1;
/** Declared dead, and not reaped yet. */
export const WORKER_DEAD: u32 = 2;

export const JOB_NONE: u32 = 0;
/** A put or a flush: its stripe is locked as long as the journal is not empty. */
export const JOB_PAGE: u32 = 1;
/** A move by compaction: the class is locked as long as the journal is not empty. */
export const JOB_MOVE: u32 = 2;

/** A zspage that slides down: its class and the supply are locked as long as the journal says so. */
export const JOB_SLIDE: u32 = 3;

export const MAX_WORKERS: u32 = 63;
const HEADER_SIZE: u32 = 64;
const RECORD_SHIFT: u32 = 6;
const HEADER_ADDRESS: usize = (SUPERBLOCK_END + 63) & ~63;
const LOCKS_ADDRESS: usize = HEADER_ADDRESS + HEADER_SIZE;
const LOCKS_SIZE: u32 = 64;
const RECORDS_ADDRESS: usize = LOCKS_ADDRESS + LOCKS_SIZE;
/** First byte behind the records, 64-aligned. */
export const SHARED_END: usize = RECORDS_ADDRESS + ((MAX_WORKERS + 1) << RECORD_SHIFT);

if (offsetof<SharedHeader>() > HEADER_SIZE) ERROR("shared header: the record is too long");
if (offsetof<SharedLocks>() > LOCKS_SIZE) ERROR("shared locks: the record is too long");
if (offsetof<WorkerRecord>() > 1 << RECORD_SHIFT) ERROR("worker record: too long");

/** The pool's shared header. */
// @ts-ignore: decorator
@inline
export function sharedHeader(): SharedHeader {
  return changetype<SharedHeader>(HEADER_ADDRESS);
}

/** The locks of the pool. */
export function sharedLocks(): SharedLocks {
  return changetype<SharedLocks>(LOCKS_ADDRESS);
}

/** The record of a worker, 1 to MAX_WORKERS. */
export function workerRecord(worker: u32): WorkerRecord {
  return changetype<WorkerRecord>(RECORDS_ADDRESS + (worker << RECORD_SHIFT));
}

/** The record of this instance's worker. */
export function ownRecord(): WorkerRecord {
  return workerRecord(selfId());
}

/** @returns false when the holder kept it beyond the bound */
export function lockSupply(): bool {
  return acquire(supplyLock());
}

export function unlockSupply(): void {
  release(supplyLock());
}

/** Address of the lock of the supply. */
export function supplyLock(): usize {
  return LOCKS_ADDRESS + offsetof<SharedLocks>("supply");
}

/** Address of the lock that only one reaper has. */
export function reapLock(): usize {
  return LOCKS_ADDRESS + offsetof<SharedLocks>("reap");
}

/** Address of the lock that only one compactor has. */
export function compactLock(): usize {
  return LOCKS_ADDRESS + offsetof<SharedLocks>("compact");
}

/** Address of the count of moved objects. */
export function movedObjectsAddress(): usize {
  return HEADER_ADDRESS + offsetof<SharedHeader>("movedObjects");
}

/** Address of the count of workers that were reaped. */
export function generationAddress(): usize {
  return HEADER_ADDRESS + offsetof<SharedHeader>("generation");
}

/** Granules that so many bytes need. */
export function bytesToGranules(bytes: u32): u32 {
  return (bytes + (1 << GRANULE_SHIFT) - 1) >> GRANULE_SHIFT;
}
