/**
 * How a swap area is made: its device and its modes, and which of them go together.
 */
import type { AsyncSwapDevice, SwapDevice, SwapDeviceState } from "./devices/device.ts";
import { describe } from "./errors.ts";
import type { SwapLog } from "./swap-log.ts";
import type { Writeback } from "./writeback.ts";

export interface SwapAreaOptions {
  /** The type, 0 to 1023; must be off. */
  readonly type: number;
  /** How many offsets there are, 1 to 2^32. */
  readonly pages: number;
  /** Takes rejected pages. It must be empty, of this area alone, and is not closed by it. */
  readonly device?: SwapDevice;
  /** Encodes and decodes what is on the device; without it pages are written as they are. */
  readonly writeback?: Writeback;
  /** Whether cold pages may leave the backend for the device; true with device and `writeback`. */
  readonly evict?: boolean;
  /** Whether a page got from the device goes back into the backend; as `evict` when left out. */
  readonly promote?: boolean;
  /** Whether the device is written at each put, kept by the backend or not; false when left out. */
  readonly writeThrough?: boolean;
  /** Whether a get takes the page out; false when left out. */
  readonly exclusiveGet?: boolean;
  /** Counts what happens; one of its own when left out. */
  readonly log?: SwapLog;
}

/**
 * Checks that a device is of the kind that an option takes. An asynchronous one taken for a
 * synchronous one would say yes, by a promise, to whatever it is asked.
 *
 * @throws TypeError for one of the other kind, RangeError for another page size
 */
export function checkDevice(
  option: "device" | "asyncDevice",
  device: SwapDeviceState | null,
  pageSize: number,
): void {
  const isSynchronous = typeof (device as Partial<SwapDevice> | null)?.tagOf === "function";
  const isAsynchronous =
    !isSynchronous && typeof (device as AsyncSwapDevice | null)?.read === "function";
  if (option === "device" && !isSynchronous) {
    const hint = isAsynchronous ? ", which answers with promises: give it as asyncDevice" : "";
    throw new TypeError(`device: expected a SwapDevice, got ${describe(device)}${hint}`);
  }
  if (option === "asyncDevice" && !isAsynchronous) {
    const hint = isSynchronous ? ", which is synchronous: give it as device" : "";
    throw new TypeError(`asyncDevice: expected an AsyncSwapDevice, got ${describe(device)}${hint}`);
  }
  const got = device?.pageSize;
  if (got !== pageSize) {
    throw new RangeError(`${option}: expected pages of ${pageSize} bytes, got ${got}`);
  }
}

/**
 * Checks that device and modes go together.
 *
 * @throws TypeError for a device that is no synchronous one; RangeError when it has another page
 *   size, or a mode needs a device and there is none
 */
export function checkModes(pageSize: number, options: SwapAreaOptions): void {
  const { device, writeback, writeThrough = false } = options;
  if (device !== undefined) checkDevice("device", device, pageSize);
  if (writeThrough && device === undefined) {
    throw new RangeError("writeThrough: expected a device to write through to, got none");
  }
  for (const name of ["evict", "promote"] as const) {
    if (options[name] === true && (writeback === undefined || device === undefined)) {
      throw new RangeError(`${name}: expected a device and writeback, got none`);
    }
  }
}
