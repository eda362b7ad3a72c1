/**
 * How a swap area is made: its device and its modes, and which of them go together.
 */
import type { SwapDevice } from "./devices/device.ts";
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
 * Checks that device and modes go together.
 *
 * @throws RangeError when the device has another page size, or a mode needs a device and there is
 *   none
 */
export function checkModes(pageSize: number, options: SwapAreaOptions): void {
  const { device, writeback, writeThrough = false } = options;
  if (device !== undefined && device.pageSize !== pageSize) {
    throw new RangeError(`device: expected pages of ${pageSize} bytes, got ${device.pageSize}`);
  }
  if (writeThrough && device === undefined) {
    throw new RangeError("writeThrough: expected a device to write through to, got none");
  }
  for (const name of ["evict", "promote"] as const) {
    if (options[name] === true && (writeback === undefined || device === undefined)) {
      throw new RangeError(`${name}: expected a device and writeback, got none`);
    }
  }
}
