/**
 * From a compiled module to something that starts instances; every failure gets a ZmemError.
 *
 * Why so: what engines throw when they can't run a module says little ("wasm validation error at
 * offset 4711"). Whether it is the engine that lacks SIMD, or the bytes that are wrong, is found
 * out only after a failure, so the good case pays nothing.
 *
 * Invariant: what is returned has every export that src/backends/abi.ts names.
 */
import type { ZmemExports } from "./backends/abi.ts";
import { ZmemError } from "./errors.ts";
import { SourceError } from "./platform/compile.ts";
import { instantiator, type CreateInstance } from "./platform/instantiate.ts";

/** The type makes this list complete. */
const EXPORTS: Readonly<Record<keyof ZmemExports, true>> = {
  boot: true,
  setLimit: true,
  setEnabled: true,
  setWorthLength: true,
  openType: true,
  putPage: true,
  retryPut: true,
  pendingBlock: true,
  pendingInfo: true,
  keepBlock: true,
  getPage: true,
  flushPage: true,
  flushArea: true,
  countPages: true,
  inspectPage: true,
  storedBlock: true,
  storedLocation: true,
  putWindow: true,
  getWindow: true,
  usedBytes: true,
  writeStats: true,
  compact: true,
  isCompacted: true,
  freeableBytes: true,
  classCount: true,
  classColumn: true,
  setEffort: true,
  recompress: true,
  setWriteback: true,
  selectCold: true,
  dropCold: true,
  blockWindow: true,
  decodeBlock: true,
  startExport: true,
  exportBatch: true,
  expectObjects: true,
  importBatch: true,
};

/**
 * The smallest module that needs SIMD: one function that returns a v128.
 * Bytes: magic, version │ type () → v128 │ function 0 │ code: i32.const 0, i8x16.splat, end.
 */
// prettier-ignore
const SIMD_PROBE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b,
  0x03, 0x02, 0x01, 0x00,
  0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b,
]);

/**
 * @param compile gives the compiled module
 * @throws ZmemError `ERR_ZMEM_UNSUPPORTED` or `ERR_ZMEM_MODULE`, with what was thrown as `cause`;
 *   TypeError for what is no source of a module
 */
export async function loadModule(
  compile: () => Promise<WebAssembly.Module>,
): Promise<CreateInstance> {
  let module;
  try {
    module = await compile();
  } catch (error) {
    throw error instanceof SourceError ? error : loadFailure(error);
  }
  return toInstantiator(module);
}

/** The same, at once. */
export function loadModuleSync(compile: () => WebAssembly.Module): CreateInstance {
  let module;
  try {
    module = compile();
  } catch (error) {
    throw loadFailure(error);
  }
  return toInstantiator(module);
}

/** Whether the engine has what zmem needs: WebAssembly with SIMD. */
export function isSupported(): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(SIMD_PROBE);
}

function toInstantiator(module: WebAssembly.Module): CreateInstance {
  const present = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = Object.keys(EXPORTS).filter((name) => !present.has(name));
  if (missing.length > 0) {
    throw new ZmemError(
      "ERR_ZMEM_MODULE",
      `expected the wasm module of this version of zmem, got one without ${missing.join(", ")}`,
    );
  }
  return instantiator(module);
}

function loadFailure(error: unknown): ZmemError {
  const what = error instanceof Error ? error.message : String(error);
  return isSupported()
    ? new ZmemError("ERR_ZMEM_MODULE", `could not load the wasm module: ${what}`, { cause: error })
    : new ZmemError("ERR_ZMEM_UNSUPPORTED", "zmem needs an engine with WebAssembly and its SIMD", {
        cause: error,
      });
}
