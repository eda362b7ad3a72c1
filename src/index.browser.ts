/**
 * The entry `zmem/browser`: swap devices in a browser's storage. The store itself is in `zmem`.
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
export { IndexedDbSwapDevice } from "./devices/indexeddb.ts";
export { OpfsSwapDevice } from "./devices/opfs.ts";
