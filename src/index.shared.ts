/**
 * The entry `zmem/shared`: one pool for many workers, on shared memory. The module is inside.
 *
 * A page has to be cross-origin isolated for it; docs/shared.md says how.
 */
import { loadSharedModule } from "./shared/load.ts";
import { compileInlineShared } from "./platform/inline-shared.ts";
import { SharedZmem, type SharedZmemPoolOptions, type ZmemAttachment } from "./shared/zmem.ts";

/**
 * Makes a pool that several workers share.
 *
 * @param options.shared true; may be left out here
 * @throws RangeError or TypeError for bad options; ZmemError `ERR_ZMEM_UNSUPPORTED` where memory
 *   can't be shared, saying which headers are missing, or the engine can't run the module;
 *   `ERR_ZMEM_MEMORY` when it refuses the memory
 */
export async function createZmem(
  options: SharedZmemPoolOptions & { readonly shared?: true } = {},
): Promise<SharedZmem> {
  const { shared: _, ...rest } = options;
  return SharedZmem.create(await loadSharedModule(compileInlineShared), rest);
}

/** Takes part in a pool, in a worker. @throws as SharedZmem.attach */
export function attachZmem(attachment: ZmemAttachment): Promise<SharedZmem> {
  return SharedZmem.attach(attachment);
}

export type {
  BlockCodec,
  Codec,
  Effort,
  PageBlock,
  PageInfo,
  PageLocation,
} from "./backends/pool-options.ts";
export {
  SharedZmemBackend,
  type SharedAttachment,
  type SharedZmemOptions,
} from "./backends/shared.ts";
export { MemoryStorage, type MemoryStorageLink } from "./devices/memory-storage.ts";
export type { SharedStorage } from "./devices/storage.ts";
export { ZmemError, type ZmemErrorCode } from "./errors.ts";
export { SharedSwapArea } from "./shared/area.ts";
export type { SharedDeviceOnOptions, SharedSwapOnOptions } from "./shared/area-set.ts";
export { SharedDeviceArea, type SharedDeviceOptions } from "./shared/device-area.ts";
export type { EndableWorker } from "./shared/end-worker.ts";
export {
  SharedFrontswap,
  type JoinOptions,
  type SharedFrontswapOptions,
  type SharedOps,
} from "./shared/frontswap.ts";
export type { WorkerTicket } from "./shared/workers.ts";
export type { SharedWritebackOptions } from "./shared/writeback.ts";
export {
  SharedZmem,
  type SharedZmemPoolOptions,
  type SharedZmemStats,
  type ZmemAttachment,
} from "./shared/zmem.ts";
