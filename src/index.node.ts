/**
 * The entry `zmem/node`: swap devices that need Node, Deno or Bun. The store itself is in `zmem`.
 */
export type { DeviceOptions } from "./devices/arguments.ts";
export type { BlockFileOptions } from "./devices/block-file.ts";
export type {
  AsyncSwapDevice,
  SlotBlock,
  StoredBlock,
  SwapDevice,
  SwapDeviceState,
} from "./devices/device.ts";
export {
  FileStorage,
  type FileStorageLink,
  type FileStorageOptions,
} from "./devices/file-storage.ts";
export { FileSwapDevice, type FileSwapDeviceOptions } from "./devices/file.ts";
export {
  RedisSwapDevice,
  type RedisClientLike,
  type RedisHashCommands,
  type RedisSwapDeviceOptions,
  type RedisTransaction,
} from "./devices/redis.ts";
export type { SharedStorage } from "./devices/storage.ts";
