/**
 * The testing build of the module for tests: instances with the validator and fault injection.
 *
 * Why so: a backend makes its own instances (a trim makes another), so what a test needs is a
 * `CreateInstance` that remembers them: the last one is the one in use, unless a trim failed.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ZmemExports } from "../../src/backends/abi.ts";
import { instantiator, type CreateInstance } from "../../src/platform/instantiate.ts";

const PATH = fileURLToPath(new URL("../../build/zmem.testing.wasm", import.meta.url));

/** What the testing module exports beyond the ABI, as far as the allocator's tests use it. */
export interface TestingExports extends ZmemExports {
  /** 0 when every invariant holds, else the number of the first check that failed. */
  validate(): number;
  /** Lets `after` allocations pass, then makes `count` fail; a negative `after`: none fails. */
  failAllocations(after: number, count: number): void;
  /** Injected failures since `failAllocations`: whether the point was reached at all. */
  failuresSeen(): number;
  /** Allocation and growth points passed since the instance started. */
  pointsSeen(): number;
  storedAddress(type: number, offset: number): number;
  lengthToClass(length: number): number;
  classToSize(index: number): number;
  classToLength(index: number): number;
  granulesToBin(granules: number): number;
  granulesToFittingBin(granules: number): number;
  takeRun(granules: number): number;
  takeAlignedRun(granules: number): number;
  startDefragmentation(): void;
  freeRun(address: number, granules: number): void;
  allocateRun(granules: number): number;
  memory: never;
}

/** One instance that a backend under test has started. */
export interface TestedInstance {
  readonly exports: TestingExports;
  readonly memory: WebAssembly.Memory;
}

/** Instances of the testing build, remembered. */
export interface TestingModule {
  readonly createInstance: CreateInstance;
  /** All instances made, oldest first. */
  readonly instances: TestedInstance[];
  /** Called with every instance before the backend gets it. */
  onCreate: (instance: TestedInstance) => void;
}

const compiled = new WebAssembly.Module(readFileSync(PATH));

/** A fresh record of instances; the module is compiled once. */
export function testingModule(): TestingModule {
  const create = instantiator(compiled);
  const module: TestingModule = {
    instances: [],
    onCreate: () => {},
    createInstance: (initial, maximum) => {
      const instance = create(initial, maximum);
      const tested = {
        exports: instance.exports as unknown as TestingExports,
        memory: instance.memory,
      };
      module.instances.push(tested);
      module.onCreate(tested);
      return instance;
    },
  };
  return module;
}

/** The instance made last. @throws Error when there is none */
export function lastInstance(module: TestingModule): TestedInstance {
  const last = module.instances.at(-1);
  if (last === undefined) throw new Error("no instance was started");
  return last;
}
