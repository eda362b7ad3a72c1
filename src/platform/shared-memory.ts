/**
 * What a pool shared by workers needs of its platform: a shared memory, and to know whether this
 * thread may sleep.
 *
 * Why so: outside of a cross-origin isolated page a browser has no SharedArrayBuffer to post to a
 * worker; only two HTTP headers change that, so the error names them.
 */
import { ZmemError } from "../errors.ts";

/** @throws ZmemError `ERR_ZMEM_UNSUPPORTED` where memory can't be shared, saying what is missing */
export function checkSharedMemory(): void {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (typeof SharedArrayBuffer === "function" && isolated !== false) return;
  throw new ZmemError(
    "ERR_ZMEM_UNSUPPORTED",
    "a pool shared by workers needs a cross-origin isolated page: serve it with the headers " +
      "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp",
  );
}

/**
 * @param maximumWasmPages address space only, nothing is committed
 * @throws ZmemError as `checkSharedMemory`; RangeError when the engine refuses the memory
 */
export function createSharedMemory(maximumWasmPages: number): WebAssembly.Memory {
  checkSharedMemory();
  return new WebAssembly.Memory({ initial: 1, maximum: maximumWasmPages, shared: true });
}

/** Whether this thread may sleep in `Atomics.wait`: not a browser's main thread. */
export function mayBlock(): boolean {
  const word = new Int32Array(new SharedArrayBuffer(4));
  try {
    Atomics.wait(word, 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
