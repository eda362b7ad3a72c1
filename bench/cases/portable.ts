/**
 * The cases that run in every engine, Node or browser.
 */
import type { BenchCase } from "../harness/case.ts";
import { accountedCase } from "./accounted.ts";
import { callsCase } from "./calls.ts";
import { codecCase } from "./codec.ts";
import { controlCase } from "./control.ts";
import { moduleCase } from "./module.ts";
import { poolCase } from "./pool.ts";
import { repeatCase } from "./repeat.ts";
import { storeCase, storeStatesCase } from "./store.ts";
import { zipfCase } from "./zipf.ts";

export const PORTABLE_CASES: readonly BenchCase[] = [
  callsCase,
  codecCase,
  moduleCase,
  storeCase,
  storeStatesCase,
  accountedCase,
  poolCase,
  zipfCase,
  controlCase,
  repeatCase,
];
