/**
 * Compaction and recompression of a shared pool in small steps, while the other workers go on.
 *
 * A step ends at the first lock that stays held. What was done by then is kept.
 */
import type { SharedZmemExports } from "./abi.ts";
import { runBudgeted } from "./budget.ts";
import type { HeldLocks } from "./held.ts";

/** Objects that a step of compaction moves, and pages that one of recompression tries. */
const COMPACT_BATCH = 32;
const RECOMPRESS_BATCH = 16;

/** What a call did, and whether nothing is left to do. */
type Done = ReturnType<typeof runBudgeted>;

/** @returns the objects moved @throws ZmemError `ERR_ZMEM_HELD` */
export function compactShared(
  exports: SharedZmemExports,
  locks: HeldLocks,
  { objects, microseconds }: { readonly objects?: number; readonly microseconds?: number },
): Done {
  return runBudgeted(
    objects,
    microseconds,
    COMPACT_BATCH,
    (batch) => locks.unlessHeld(exports.compact(batch)),
    () => exports.isCompacted() !== 0,
  );
}

/** @returns the pages tried @throws ZmemError `ERR_ZMEM_HELD` */
export function recompressShared(
  exports: SharedZmemExports,
  locks: HeldLocks,
  { pages, microseconds }: { readonly pages?: number; readonly microseconds?: number },
): Done {
  return runBudgeted(pages, microseconds, RECOMPRESS_BATCH, (batch) =>
    locks.unlessHeld(exports.recompress(batch)),
  );
}
