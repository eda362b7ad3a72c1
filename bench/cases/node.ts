/**
 * All cases in the order in which they run in Node: those that run everywhere, then those that need
 * a process of their own or native code.
 */
import type { BenchCase } from "../harness/case.ts";
import { allocatorCase } from "./allocator.ts";
import { codecNativeCase } from "./codec-native.ts";
import { enginesCase } from "./engines.ts";
import { memoryCase } from "./memory.ts";
import { poolHeapCase } from "./pool-heap.ts";
import { processCase } from "./process.ts";
import { recencyCase } from "./recency.ts";
import { sizesCase } from "./sizes.ts";
import { storeNativeCase } from "./store-native.ts";
import { PORTABLE_CASES } from "./portable.ts";
import { sharedCase } from "./shared.ts";
import { writebackCase } from "./writeback.ts";

export const NODE_CASES: readonly BenchCase[] = [
  ...PORTABLE_CASES,
  codecNativeCase,
  storeNativeCase,
  allocatorCase,
  poolHeapCase,
  memoryCase,
  processCase,
  writebackCase,
  recencyCase,
  sharedCase,
  enginesCase,
  sizesCase,
];
