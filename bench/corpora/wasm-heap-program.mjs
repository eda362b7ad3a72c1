/**
 * A wasm program at real work, whose memory is then written to a file: binaryen, the C++ compiler
 * backend, reads WebAssembly modules into its own tree and optimises some of them.
 *
 * Why so: it is started as a process of its own because the memory is caught by wrapping
 * `WebAssembly.instantiate` before binaryen is loaded, and because hundreds of MiB go with it.
 * Passes are chosen by name, so that it takes seconds.
 *
 * Usage: node wasm-heap-program.mjs OUTPUT BYTES MODULE...
 */
import { readFileSync, writeFileSync } from "node:fs";

const [output, wanted, ...modules] = process.argv.slice(2);

let memory;
let ownBytes;
const instantiate = WebAssembly.instantiate;
WebAssembly.instantiate = async (source, imports) => {
  const result = await instantiate(source, imports);
  const instance = result.instance ?? result;
  memory ??= Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
  ownBytes ??= source;
  return result;
};
const { default: binaryen } = await import("binaryen");

const PASSES = ["simplify-locals", "vacuum", "coalesce-locals", "precompute", "dce"];
const kept = [];
for (const path of modules) {
  if (memory.buffer.byteLength > Number(wanted) * 1.5 && kept.length > 0) break;
  const bytes = path === "own" ? new Uint8Array(ownBytes) : new Uint8Array(readFileSync(path));
  const module = binaryen.readBinary(bytes);
  module.setFeatures(binaryen.Features.All);
  if (path !== "own") module.runPasses(PASSES);
  kept.push(module);
}
writeFileSync(output, new Uint8Array(memory.buffer));
