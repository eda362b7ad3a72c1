/**
 * The work on one instance that nobody waits for: compaction and recompression in small steps.
 *
 * Why so: a step has to be short enough that a look at the clock between two keeps to a budget of
 * some hundred microseconds, and long enough that the looks cost nothing.
 */
import type { ZmemExports } from "./abi.ts";
import { runBudgeted } from "./budget.ts";

/** Objects that a step of compaction moves: as many as these bytes hold pages, and no fewer than. */
const COMPACT_BATCH_BYTES = 131072;
const COMPACT_LEAST = 4;
/** Pages that a step of recompression tries. */
const RECOMPRESS_BATCH = 4;

/** Compacts within a budget. @returns whether nothing is left to gain */
export function compactWithin(
  wasm: ZmemExports,
  pageSize: number,
  budget: { readonly objects?: number; readonly microseconds?: number },
): boolean {
  const { done } = runBudgeted(
    budget.objects,
    budget.microseconds,
    Math.max(COMPACT_LEAST, COMPACT_BATCH_BYTES / pageSize),
    (batch) => wasm.compact(batch),
    () => wasm.isCompacted() !== 0,
  );
  return done;
}

/** Recompresses within a budget. @returns how many pages were tried, and whether all have been */
export function recompressWithin(
  wasm: ZmemExports,
  budget: { readonly pages?: number; readonly microseconds?: number },
): { count: number; done: boolean } {
  return runBudgeted(budget.pages, budget.microseconds, RECOMPRESS_BATCH, (batch) =>
    wasm.recompress(batch),
  );
}

/** Bytes that compaction would free, about. */
export function sumFreeableBytes(wasm: ZmemExports): number {
  let bytes = 0;
  const count = wasm.classCount();
  for (let index = 1; index < count; index++) bytes += wasm.freeableBytes(index) >>> 0;
  return bytes;
}
