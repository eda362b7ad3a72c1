/**
 * Starts instances of the zmem module, through @assemblyscript/loader.
 *
 * Why so: the loader is what turns an `abort` of a testing build into a readable message. It is
 * officially deprecated, so this is the only file that knows it: a replacement is the four lines of
 * `new WebAssembly.Instance`, which a test also runs. Its wrapped exports are not used: they gather
 * arguments in an array on every call; the raw exports take numbers and allocate nothing.
 */
import { instantiateSync } from "@assemblyscript/loader";

/** A running module and the memory that it was given. */
export interface WasmInstance {
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
}

/**
 * Starts one more instance of the module, on a fresh memory.
 *
 * @param initialWasmPages 64 KiB each
 * @param maximumWasmPages 65536 at most; address space only, nothing is committed
 */
export type CreateInstance = (initialWasmPages: number, maximumWasmPages: number) => WasmInstance;

/** @param module a compiled zmem module */
export function instantiator(module: WebAssembly.Module): CreateInstance {
  return (initial, maximum) => {
    const memory = new WebAssembly.Memory({ initial, maximum });
    const { instance } = instantiateSync(module, { env: { memory } });
    return { exports: instance.exports, memory };
  };
}
