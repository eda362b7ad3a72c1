/**
 * Starts an instance of the module and makes a pool in its memory.
 */
import type { Codec } from "./pool-options.ts";
import type { CreateInstance } from "../platform/instantiate.ts";
import {
  CODECS,
  MAX_WASM_PAGES,
  OPTION_ACCEPT_RAW,
  OPTION_CODEC_SHIFT,
  STATUS_LIMIT,
  STATUS_OK,
  type ZmemExports,
} from "./abi.ts";

/** A pool in a memory of its own. */
export interface RunningInstance {
  readonly exports: ZmemExports;
  readonly memory: WebAssembly.Memory;
}

/** What a pool is started with. */
export interface InstanceOptions {
  readonly pageSize: number;
  readonly limitBytes: number;
  readonly acceptRaw: boolean;
  readonly codec: Codec;
  readonly initialWasmPages: number;
  readonly maximumWasmPages: number;
}

/**
 * @returns undefined when the engine refuses the memory
 * @throws RangeError when the limit has no room for the pool's fixed part
 */
export function startInstance(
  createInstance: CreateInstance,
  options: InstanceOptions,
): RunningInstance | undefined {
  const { pageSize, limitBytes, initialWasmPages, maximumWasmPages } = options;
  let instance;
  try {
    instance = createInstance(initialWasmPages, maximumWasmPages);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const exports = instance.exports as unknown as ZmemExports;
  const status = exports.boot(pageSize, limitBytes, toOptionBits(options));
  if (status === STATUS_OK) return { exports, memory: instance.memory };
  if (status === STATUS_LIMIT) {
    throw new RangeError(
      `limitBytes: expected room for the pool's fixed part (${fixedBytes(createInstance, pageSize)} bytes for pages of ${pageSize}), got ${limitBytes}`,
    );
  }
  return undefined;
}

/** What boots take of the options that a pool keeps for good. */
export function toOptionBits({ acceptRaw, codec }: Pick<InstanceOptions, "acceptRaw" | "codec">) {
  return (acceptRaw ? OPTION_ACCEPT_RAW : 0) | (CODECS.indexOf(codec) << OPTION_CODEC_SHIFT);
}

/** Bytes that an empty pool holds; found by making one. */
function fixedBytes(createInstance: CreateInstance, pageSize: number): number {
  const { exports, memory } = createInstance(1, MAX_WASM_PAGES);
  (exports as unknown as ZmemExports).boot(pageSize, Infinity, 0);
  return memory.buffer.byteLength;
}
