/**
 * What both entries export beside their `createZmem`: the parts, for programs that join them
 * differently, and the types of what a program meets. docs/api.md describes each.
 */
export { Admission, type AdmissionOptions, type GradedAdmission } from "./admission.ts";
export type { ShrinkResult, SwapEntry } from "./area-set.ts";
export { AsyncSwapArea, type AsyncSwapAreaOptions } from "./async-swap-area.ts";
export {
  BackgroundWriteback,
  type BackgroundOptions,
  type StepResult,
} from "./background-writeback.ts";
export { MapBackend, type MapBackendOptions } from "./backends/map.ts";
export type { SizeClassStats } from "./backends/class-stats.ts";
export { ShardedZmemBackend, type ShardedZmemBackendOptions } from "./backends/sharded.ts";
export type {
  BlockCodec,
  Codec,
  CompactResult,
  Effort,
  PageBlock,
  PageInfo,
  PageLocation,
  RecompressResult,
  TrimResult,
  ZmemBackendOptions,
} from "./backends/pool-options.ts";
export { ZmemBackend } from "./backends/zmem.ts";
export type {
  AsyncSwapDevice,
  SlotBlock,
  StoredBlock,
  SwapDevice,
  SwapDeviceState,
} from "./devices/device.ts";
export { MemorySwapDevice, type MemorySwapDeviceOptions } from "./devices/memory.ts";
export {
  MAX_OFFSET,
  MAX_PAGE_SIZE,
  MAX_TYPES,
  MIN_PAGE_SIZE,
  ZmemError,
  type ZmemErrorCode,
} from "./errors.ts";
export { Frontswap, type FrontswapOptions } from "./frontswap.ts";
export { isSupported } from "./load.ts";
export { instantiator, type CreateInstance, type WasmInstance } from "./platform/instantiate.ts";
export { SwapArea } from "./swap-area.ts";
export type { SwapAreaOptions } from "./swap-area-options.ts";
export { SwapLog, type SwapCounters, type SwapEvent, type SwapEventName } from "./swap-log.ts";
export {
  RAW_FORM,
  type ColdPage,
  type FormedBlock,
  type FrontswapCounters,
  type FrontswapOps,
  type Page,
  type PoolStats,
  type PutHook,
  type RejectReason,
  type WritebackPort,
} from "./types.ts";
export { Writeback, type WritebackBackend, type WritebackOptions } from "./writeback.ts";
export {
  Zmem,
  type AsyncSwapOnOptions,
  type SwapOnOptions,
  type ZmemOptions,
  type ZmemStats,
} from "./zmem.ts";
