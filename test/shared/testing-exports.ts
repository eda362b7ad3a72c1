/** What the shared testing build exports beside the shared ABI. */
import type { SharedZmemBackend } from "../../src/backends/shared.ts";

export interface SharedTestingExports {
  validate(): number;
  failAllocations(after: number, count: number): void;
  heldLock(number: number): number;
  deathPoints(): number;
  declareDeadAfter(count: number, worker: number): void;
  journalWord(worker: number, word: number): number;
}

/** @param backend over the shared testing build */
export function testingExports(backend: SharedZmemBackend): SharedTestingExports {
  return backend.instance.exports as unknown as SharedTestingExports;
}
