/**
 * The areas of a shared pool, as one worker turns them on and opens them.
 *
 * Why so: an area is for all workers, its object for one. A device is reached by a handle of each
 * worker's own, so a worker that opens an area with a device brings one along; one that opens an
 * area without must not.
 */
import type { SharedStorage } from "../devices/storage.ts";
import { describe, MAX_TYPES } from "../errors.ts";
import type { PutHook } from "../types.ts";
import { SharedSwapArea } from "./area.ts";
import { SharedDeviceArea, type SharedDeviceOptions } from "./device-area.ts";
import type { SharedFrontswap } from "./frontswap.ts";
import { storageBytes } from "./place-table.ts";
import type { SharedWriteback } from "./writeback.ts";

/** Rounds of the hand without a cold page, after which there is none: a get counts three times. */
const QUIET_ROUNDS = 4;

/** How an area of a shared pool is turned on. */
export interface SharedSwapOnOptions {
  /** How many offsets it has, 1 to 2^32; each costs a bit. */
  readonly pages: number;
  /** Its type, 0 to 1023; the lowest that is off when left out. */
  readonly type?: number;
}

/** How an area with a device is turned on. */
export interface SharedDeviceOnOptions extends SharedSwapOnOptions, SharedDeviceOptions {}

/** Opens areas, and knows those with a device that this worker has opened. */
export class SharedAreaSet {
  readonly #frontswap: SharedFrontswap;
  readonly #writeback: SharedWriteback;
  readonly #admission: PutHook;
  /** By their handles. */
  readonly #devices = new WeakMap<SharedStorage, SharedDeviceArea>();

  constructor(frontswap: SharedFrontswap, writeback: SharedWriteback, admission: PutHook) {
    this.#frontswap = frontswap;
    this.#writeback = writeback;
    this.#admission = admission;
  }

  /** As SharedZmem.swapOn. */
  turnOn(options: SharedSwapOnOptions & Partial<SharedDeviceOptions>): SharedSwapArea {
    const { pages, type = this.#lowestTypeOff(), device } = options;
    if (this.#frontswap.isOn(type)) {
      throw new RangeError(`swap type: expected one that is off, got ${type}, which is on`);
    }
    if (device === undefined) {
      this.#frontswap.typeOn(type, pages);
      return new SharedSwapArea(this.#frontswap, type, pages);
    }
    checkStorage(device);
    const other = this.#devices.get(device);
    if (other?.isOn === true) {
      throw new RangeError(`device: expected one of its own, got that of type ${other.type}`);
    }
    const least = storageBytes(1, this.#frontswap.pageSize);
    const room = Math.floor(device.byteLength / least);
    if (room < 1) {
      throw new RangeError(
        `device: expected room for a page, ${least} bytes, got ${device.byteLength}`,
      );
    }
    this.#frontswap.typeOn(type, pages, Math.min(pages, room));
    return this.#openDevice(type, { ...options, device });
  }

  /** As SharedZmem.area. */
  open(type: number, options?: SharedDeviceOptions): SharedSwapArea {
    const { pages, deviceMost } = this.#frontswap.devices.viewOf(type);
    if (deviceMost === 0) {
      if (options === undefined) return new SharedSwapArea(this.#frontswap, type, pages);
      throw new TypeError(`device: expected none, since the area of type ${type} has none`);
    }
    if (options === undefined) {
      throw new TypeError(
        `device: expected a handle on the device of type ${type}, opened with the area's link`,
      );
    }
    checkStorage(options.device);
    return this.#openDevice(type, options);
  }

  /** As SharedZmem.writeBack. @param most 0 or more */
  writeBack(most: number): number {
    let moved = 0;
    // A round in which all were hot has cooled them by one; the fourth finds any that are left.
    for (let quiet = 0; moved < most && quiet < QUIET_ROUNDS;) {
      const evicted = this.#writeback.evictCluster(most - moved);
      moved += evicted;
      quiet = evicted === 0 ? quiet + 1 : 0;
    }
    return moved;
  }

  #openDevice(type: number, options: SharedDeviceOptions): SharedDeviceArea {
    const area = new SharedDeviceArea(
      this.#frontswap,
      this.#writeback,
      this.#admission,
      type,
      options,
    );
    this.#devices.set(options.device, area);
    return area;
  }

  #lowestTypeOff(): number {
    for (let type = 0; type < MAX_TYPES; type++) {
      if (!this.#frontswap.isOn(type)) return type;
    }
    throw new RangeError(`swap type: expected fewer than ${MAX_TYPES} to be on`);
  }
}

function checkStorage(device: SharedStorage): void {
  if (typeof device?.byteLength === "number" && "link" in device) return;
  throw new TypeError(
    `device: expected storage that several threads open, such as FileStorage or MemoryStorage, got ${describe(device)}`,
  );
}
