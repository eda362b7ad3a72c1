import { MAX_TYPES } from "../constants";
import { superblock } from "../superblock";
import { sizeClass } from "../zsmalloc/size-classes";
import { storeAfter } from "./crash";
import { compactLock, reapLock, supplyLock, WORKER_DEAD, workerRecord } from "./header";
import { classLock } from "./objects";
import { areaLock, stripeAt, stripeLock, STRIPES, typeRoots } from "./stripe";
import { stateAddress } from "./workers";

/**
 * Who holds what, for the testing build: read when a test finds that a worker waits for good.
 *
 * Nothing is locked for it; what is seen was true at some moment.
 */

const SUPPLY: u32 = 1;
const REAP: u32 = 2;
const COMPACTION: u32 = 3;
const CLASS: u32 = 4;
const STRIPE: u32 = 5;
const AREA: u32 = 6;

let left: u32 = 0;

/**
 * The locks that are held, by number from 0.
 *
 * @returns kind << 28 | place << 8 | holder; place: the class, the type, or type << 4 | stripe; 0
 *   when no more are held
 */
export function heldLock(number: u32): u32 {
  left = number + 1;
  let found = look(supplyLock(), SUPPLY, 0);
  if (!found) found = look(reapLock(), REAP, 0);
  if (!found) found = look(compactLock(), COMPACTION, 0);
  for (let index: u32 = 1; !found && index < superblock().classCount; index++) {
    found = look(classLock(sizeClass(index)), CLASS, index);
  }
  for (let type: u32 = 0; !found && type < MAX_TYPES; type++) {
    const roots = typeRoots(type);
    if (!roots) continue;
    found = look(areaLock(roots), AREA, type);
    for (let stripe: u32 = 0; !found && stripe < STRIPES; stripe++) {
      found = look(stripeLock(stripeAt(roots, stripe)), STRIPE, (type << 4) | stripe);
    }
  }
  return found;
}

function look(lock: usize, kind: u32, place: u32): u32 {
  const holder = atomic.load<u32>(lock);
  if (!holder || --left) return 0;
  return (kind << 28) | (place << 8) | holder;
}

/** Declares a worker dead at the point after so many others, as another reaper would just then. */
export function declareDeadAfter(count: u32, worker: u32): void {
  storeAfter(count, stateAddress(workerRecord(worker)), WORKER_DEAD);
}

/** A word of a worker's record, in the order of WorkerRecord. */
export function journalWord(worker: u32, word: u32): u32 {
  return load<u32>(changetype<usize>(workerRecord(worker)) + (word << 2));
}
