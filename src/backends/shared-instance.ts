/**
 * A worker's instance of the shared build: started on a new memory, or on that of a pool.
 */
import { ZmemError } from "../errors.ts";
import { createSharedMemory } from "../platform/shared-memory.ts";
import {
  EFFORTS,
  MAX_WASM_PAGES,
  OPTION_HIGH_EFFORT,
  STATUS_LIMIT,
  STATUS_OK,
  WASM_PAGE_SIZE,
  type SharedZmemExports,
} from "./abi.ts";
import { toOptionBits } from "./instance.ts";
import type { SharedZmemOptions } from "./shared-options.ts";

/** An instance, and the memory that it shares. */
export interface SharedInstance {
  readonly exports: SharedZmemExports;
  readonly memory: WebAssembly.Memory;
}

/**
 * Makes a pool in a memory of its own.
 *
 * @returns undefined when the engine refuses the memory
 * @throws RangeError when the limit has no room for the pool's fixed part
 */
export function startShared(
  module: WebAssembly.Module,
  pageSize: number,
  options: SharedZmemOptions,
): SharedInstance | undefined {
  const { limitBytes = Infinity, acceptRaw = true } = options;
  const { effort = "default", codec = "adaptive" } = options;
  const { recompression = effort === "high", maximumBytes = limitBytes } = options;
  const maximumWasmPages = Math.min(Math.floor(maximumBytes / WASM_PAGE_SIZE), MAX_WASM_PAGES);
  let memory;
  try {
    memory = createSharedMemory(Math.max(maximumWasmPages, 1));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const exports = instantiate(module, memory);
  const bits = toOptionBits({ acceptRaw, codec }) | (recompression ? OPTION_HIGH_EFFORT : 0);
  const status = exports.bootShared(pageSize, limitBytes, bits, maximumWasmPages);
  if (status === STATUS_LIMIT) {
    throw new RangeError(`limitBytes: expected room for the pool's fixed part, got ${limitBytes}`);
  }
  if (status !== STATUS_OK) return undefined;
  exports.setEffort(EFFORTS.indexOf(effort));
  return { exports, memory };
}

/** An instance on the memory of a pool. @throws ZmemError `ERR_ZMEM_MEMORY` when it is none */
export function openShared(module: WebAssembly.Module, memory: WebAssembly.Memory): SharedInstance {
  const exports = instantiate(module, memory);
  if (exports.isBooted() !== 0) return { exports, memory };
  throw new ZmemError("ERR_ZMEM_MEMORY", "attachment: expected the memory of a pool");
}

/** The memory's buffer, as long as the memory is now: others may have grown it. */
export function currentBuffer(memory: WebAssembly.Memory): ArrayBufferLike {
  memory.grow(0);
  return memory.buffer;
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): SharedZmemExports {
  // `abort` is imported by the testing build alone, which asserts.
  const abort = (): never => {
    throw new WebAssembly.RuntimeError("the module aborted");
  };
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
  return instance.exports as unknown as SharedZmemExports;
}
