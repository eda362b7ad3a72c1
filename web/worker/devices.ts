/**
 * The swap devices that the demo offers, by the names of its control.
 *
 * Why so: a browser may refuse storage (private windows, blocked cookies, a full disk). That is no
 * reason to stop: the run goes on without a device, and the page says so.
 */
import { MemorySwapDevice, type SwapDevice } from "../../src/index.ts";
import { type DeviceKind } from "../protocol.ts";

/** @throws Error when the browser has no such storage or refuses it */
export async function openDevice(
  kind: DeviceKind,
  pageSize: number,
): Promise<SwapDevice | undefined> {
  if (kind === "none") return undefined;
  if (kind === "memory") return new MemorySwapDevice({ pageSize });
  throw new Error(`the device "${kind}" is not in this build`);
}
