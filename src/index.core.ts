/**
 * The entry without the wasm module: the program says where it is.
 *
 * Why so: a module served as a file is cached and compiled apart from the script, and a program
 * that starts several workers can compile it once and hand it on. The file is `zmem/zmem.wasm`.
 */
import { describe } from "./errors.ts";
import { loadModule, loadModuleSync } from "./load.ts";
import { compileFrom, type WasmSource } from "./platform/compile.ts";
import { Zmem, type ZmemOptions } from "./zmem.ts";

/** How a pool is made when the module is not inside the entry. */
export interface CoreZmemOptions extends ZmemOptions {
  /** The module: an address, a Response or a promise of one, its bytes, or compiled. */
  readonly wasm: WasmSource;
}

/** The same for a pool that is made at once: nothing can be fetched. */
export interface CoreZmemSyncOptions extends ZmemOptions {
  /** The module: its bytes, or compiled. */
  readonly wasm: BufferSource | WebAssembly.Module;
}

/**
 * Makes a compressed page store with its front-end.
 *
 * @throws RangeError or TypeError for bad options; ZmemError `ERR_ZMEM_MODULE` when the module
 *   can't be loaded or is not zmem's, `ERR_ZMEM_UNSUPPORTED` when the engine can't run it,
 *   `ERR_ZMEM_MEMORY` when it refuses even the first memory
 */
export async function createZmem(options: CoreZmemOptions): Promise<Zmem> {
  const { wasm, ...rest } = checkWasm(options);
  return new Zmem(await loadModule(() => compileFrom(wasm)), rest);
}

/**
 * Makes a compressed page store at once. Compiling takes some milliseconds, and browsers may refuse
 * it outside of a worker; a compiled module is always accepted.
 *
 * @throws as createZmem
 */
export function createZmemSync(options: CoreZmemSyncOptions): Zmem {
  const { wasm, ...rest } = checkWasm(options);
  if (wasm instanceof WebAssembly.Module)
    return new Zmem(
      loadModuleSync(() => wasm),
      rest,
    );
  if (!(wasm instanceof ArrayBuffer || ArrayBuffer.isView(wasm))) {
    throw new TypeError(`wasm: expected bytes or a WebAssembly.Module, got ${describe(wasm)}`);
  }
  return new Zmem(
    loadModuleSync(() => new WebAssembly.Module(wasm)),
    rest,
  );
}

/** What no part of the options can be understood without. */
function checkWasm<Options extends CoreZmemOptions | CoreZmemSyncOptions>(
  options: Options,
): Options {
  const wasm: unknown = (options as Partial<Options> | undefined)?.wasm;
  if (typeof wasm === "string" || (typeof wasm === "object" && wasm !== null)) return options;
  throw new TypeError(
    `wasm: expected a URL, a Response, bytes or a WebAssembly.Module, got ${describe(wasm)}`,
  );
}

export * from "./exports.ts";
export type { WasmSource } from "./platform/compile.ts";
