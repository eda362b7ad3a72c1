import { mayDie } from "./crash";
import { identify, selfId } from "../lock";
import { STATUS_HELD, STATUS_NO_WORKER, STATUS_OK } from "../status";
import { superblock } from "../superblock";
import { allocateRun, lastFailure } from "../supply/supply";
import { freeRun } from "../supply/runs";
import {
  lockSupply,
  MAX_WORKERS,
  sharedHeader,
  unlockSupply,
  WORKER_ATTACHED,
  WORKER_FREE,
  WorkerRecord,
  workerRecord,
} from "./header";
import { giveSpare } from "./objects";
import { layOutWindows } from "./window";

/**
 * Workers: an id, a record, windows and scratch for each instance that takes part.
 *
 * Why so: the record's state is taken by one compare-and-exchange. The run of the scratch is taken
 * and named by the record in one supply section, so whatever dies in between leaks nothing.
 */

/**
 * Makes this instance a worker of the pool.
 *
 * @param mayBlock whether it may sleep while it waits for a lock
 * @returns OK; NO_WORKER when all records are taken; LIMIT, GROWTH or HELD
 */
export function attach(mayBlock: bool): i32 {
  for (let worker: u32 = 1; worker <= MAX_WORKERS; worker++) {
    const record = workerRecord(worker);
    if (atomic.cmpxchg<u32>(stateAddress(record), WORKER_FREE, WORKER_ATTACHED)) continue;
    identify(worker, mayBlock);
    const status = takeScratch(record);
    if (status != STATUS_OK) {
      atomic.store<u32>(stateAddress(record), WORKER_FREE);
      identify(0, mayBlock);
      return status;
    }
    layOutWindows(record.scratch, superblock().pageSize, superblock().options);
    return STATUS_OK;
  }
  return STATUS_NO_WORKER;
}

/** Ends this instance's part; it must not be used any more. @returns OK or HELD */
export function detach(): i32 {
  const record = workerRecord(selfId());
  if (!giveSpare(record) || !giveScratch(record)) return STATUS_HELD;
  atomic.store<u32>(stateAddress(record), WORKER_FREE);
  return STATUS_OK;
}

/** Workers that take part. */
export function countWorkers(): u32 {
  let count: u32 = 0;
  for (let worker: u32 = 1; worker <= MAX_WORKERS; worker++) {
    if (workerRecord(worker).state == WORKER_ATTACHED) count++;
  }
  return count;
}

export function stateAddress(record: WorkerRecord): usize {
  return changetype<usize>(record) + offsetof<WorkerRecord>("state");
}

function takeScratch(record: WorkerRecord): i32 {
  if (!lockSupply()) return STATUS_HELD;
  const granules = sharedHeader().scratchGranules;
  const run = allocateRun(granules);
  if (run) {
    superblock().tableGranules += granules;
    mayDie();
    record.scratch = <u32>run;
  }
  unlockSupply();
  return run ? STATUS_OK : lastFailure;
}

/** Gives the scratch of a worker back. @returns false when the supply could not be locked */
export function giveScratch(record: WorkerRecord): bool {
  if (!lockSupply()) return false;
  const run: usize = record.scratch;
  if (run) {
    const granules = sharedHeader().scratchGranules;
    record.scratch = 0;
    mayDie();
    superblock().tableGranules -= granules;
    freeRun(run, granules);
  }
  unlockSupply();
  return true;
}
