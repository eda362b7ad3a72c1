/** The shared builds of the module, compiled: what the package ships, and the one with validators. */
import { readFileSync } from "node:fs";

export function sharedModule(): WebAssembly.Module {
  return compile("zmem.shared.wasm");
}

export function sharedTestingModule(): WebAssembly.Module {
  return compile("zmem.shared-testing.wasm");
}

function compile(name: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL(`../../build/${name}`, import.meta.url)));
}
