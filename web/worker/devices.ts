/**
 * The swap devices that the demo offers, by the names of its control.
 *
 * Why so: a browser may refuse storage (private windows, blocked cookies, a full disk). That is no
 * reason to stop: the run goes on without a device, and the page says so.
 */
import { IndexedDbSwapDevice, OpfsSwapDevice } from "../../src/index.browser.ts";
import { type AsyncSwapDevice, MemorySwapDevice, type SwapDevice } from "../../src/index.ts";
import { type DeviceKind } from "../protocol.ts";

/** A device that is open, by the calls that it takes. */
export type OpenDevice =
  | { readonly kind: "none" }
  | { readonly kind: "sync"; readonly device: SwapDevice }
  | { readonly kind: "async"; readonly device: AsyncSwapDevice };

/** @throws ZmemError when the browser has no such storage or refuses it */
export async function openDevice(kind: DeviceKind, pageSize: number): Promise<OpenDevice> {
  switch (kind) {
    case "none":
      return { kind: "none" };
    case "memory":
      return { kind: "sync", device: new MemorySwapDevice({ pageSize }) };
    case "opfs":
      return { kind: "sync", device: await OpfsSwapDevice.open({ pageSize }) };
    case "indexeddb":
      return { kind: "async", device: await IndexedDbSwapDevice.open({ pageSize }) };
  }
}
