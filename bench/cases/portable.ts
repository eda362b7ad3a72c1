/**
 * The cases that run in every engine, Node or browser.
 */
import type { BenchCase } from "../harness/case.ts";
import { callsCase } from "./calls.ts";
import { codecCase } from "./codec.ts";
import { storeCase, storeStatesCase } from "./store.ts";

export const PORTABLE_CASES: readonly BenchCase[] = [
  callsCase,
  codecCase,
  storeCase,
  storeStatesCase,
];
