/** The shared builds of the module, compiled: what the package ships, and the one with validators. */
import { readFileSync } from "node:fs";
import type { SharedZmemBackend } from "../../src/backends/shared.ts";

/** What the shared testing build exports beside the shared ABI. */
export interface SharedTestingExports {
  validate(): number;
  failAllocations(after: number, count: number): void;
  storedAddress(type: number, offset: number): number;
  heldLock(number: number): number;
  journalWord(worker: number, word: number): number;
}

export function sharedModule(): WebAssembly.Module {
  return compile("zmem.shared.wasm");
}

export function sharedTestingModule(): WebAssembly.Module {
  return compile("zmem.shared-testing.wasm");
}

/** @param backend over the shared testing build */
export function testingExports(backend: SharedZmemBackend): SharedTestingExports {
  return backend.instance.exports as unknown as SharedTestingExports;
}

function compile(name: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL(`../../build/${name}`, import.meta.url)));
}
