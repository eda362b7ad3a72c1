/**
 * The default entry: the wasm module is inside, so it works with every bundler and without a fetch.
 *
 * A page with a strict content security policy needs `'wasm-unsafe-eval'` in `script-src`. Programs
 * that would rather serve the module as a file use the entry `zmem/core`.
 */
import { loadModule, loadModuleSync } from "./load.ts";
import { compileInline, compileInlineSync } from "./platform/inline.ts";
import { Zmem, type ZmemOptions } from "./zmem.ts";

/**
 * Makes a compressed page store with its front-end.
 *
 * @throws RangeError or TypeError for bad options; ZmemError `ERR_ZMEM_UNSUPPORTED` when the engine
 *   can't run the module, `ERR_ZMEM_MEMORY` when it refuses even the first memory
 */
export async function createZmem(options: ZmemOptions = {}): Promise<Zmem> {
  return new Zmem(await loadModule(compileInline), options);
}

/**
 * Makes a compressed page store at once. Compiling takes some milliseconds, and browsers may refuse
 * it outside of a worker.
 *
 * @throws as createZmem
 */
export function createZmemSync(options: ZmemOptions = {}): Zmem {
  return new Zmem(loadModuleSync(compileInlineSync), options);
}

export * from "./exports.ts";
