/** Compiles the shared module; a failure gets a ZmemError that says what the engine lacks. */
import { ZmemError } from "../errors.ts";
import { checkSharedMemory } from "../platform/shared-memory.ts";

/** @throws ZmemError `ERR_ZMEM_UNSUPPORTED`, with what was thrown as its cause */
export async function loadSharedModule(
  compile: () => Promise<WebAssembly.Module>,
): Promise<WebAssembly.Module> {
  checkSharedMemory();
  try {
    return await compile();
  } catch (error) {
    throw new ZmemError(
      "ERR_ZMEM_UNSUPPORTED",
      "a shared pool needs an engine with WebAssembly, its SIMD and its threads",
      { cause: error },
    );
  }
}
