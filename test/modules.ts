/** The compiled modules that Node tests start: the release build and the testing build. */
import { readFileSync } from "node:fs";
import { instantiator, type CreateInstance } from "../src/platform/instantiate.ts";

function compile(name: string): WebAssembly.Module {
  const url = new URL(`../build/${name}`, import.meta.url);
  return new WebAssembly.Module(readFileSync(url));
}

/** Starts the module that the package ships. */
export function releaseInstantiator(): CreateInstance {
  return instantiator(compile("zmem.wasm"));
}

/** Starts the module with the validators and the fault injection. */
export function testingInstantiator(): CreateInstance {
  return instantiator(compile("zmem.testing.wasm"));
}
