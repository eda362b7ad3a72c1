/**
 * The areas of a shared pool, as one worker turns them on and opens them.
 *
 * Why so: an area is for all workers, its object for one. A device is reached by a handle of each
 * worker's own, so a worker that opens an area with a device brings one along; one that opens an
 * area without must not.
 */
import type { SharedStorage } from "../devices/storage.ts";
import { checkType, describe, MAX_TYPES } from "../errors.ts";
import type { PutHook } from "../types.ts";
import { SharedSwapArea, type SharedAreaKey } from "./area.ts";
import { SharedDeviceArea, type SharedDeviceOptions } from "./device-area.ts";
import type { SharedFrontswap } from "./frontswap.ts";
import { storageBytes } from "./place-table.ts";
import type { SharedWriteback } from "./writeback.ts";

/** Laps of the hand without a cold page, after which there is none: a get counts three times. */
const QUIET_LAPS = 4;
/** A round of the hand goes over 8192 buckets of 4 bytes or entries of 8, at least. */
const ROUND_INDEX_BYTES = 8192 * 4;

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
    const { device } = options;
    if (device === undefined) return new SharedSwapArea(this.#frontswap, this.#turnOn(options, 0));
    const key = this.#turnOn(options, this.#roomOn(device));
    return this.#openDevice(key, { ...options, device });
  }

  /** As SharedZmem.area. */
  open(type: number, options?: SharedDeviceOptions): SharedSwapArea {
    const { pages, deviceMost, serial } = this.#frontswap.devices.viewOf(type);
    const key = { type, pages, serial };
    if (deviceMost === 0) {
      if (options === undefined) return new SharedSwapArea(this.#frontswap, key);
      throw new TypeError(`device: expected none, since the area of type ${type} has none`);
    }
    if (options === undefined) {
      throw new TypeError(
        `device: expected a handle on the device of type ${type}, opened with the area's link`,
      );
    }
    checkStorage(options.device);
    const least = storageBytes(deviceMost, this.#frontswap.pageSize);
    if (options.device.byteLength < least) {
      throw new RangeError(
        `device: expected the storage of type ${type}, ${least} bytes or more, got ${options.device.byteLength}`,
      );
    }
    return this.#openDevice(key, options);
  }

  /** As SharedZmem.writeBack. @param most 0 or more */
  writeBack(most: number): number {
    let moved = 0;
    // A lap on which all were hot has cooled them by one; the fourth finds any that are left.
    const { indexBytes } = this.#writeback.backend.stats();
    const quietRounds = QUIET_LAPS * Math.ceil(indexBytes / ROUND_INDEX_BYTES);
    for (let quiet = 0; moved < most && quiet < quietRounds;) {
      const evicted = this.#writeback.evictCluster(most - moved);
      moved += evicted;
      quiet = evicted === 0 ? quiet + 1 : 0;
    }
    return moved;
  }

  /**
   * Turns the wanted type on, or the lowest that is off: another worker may do so at the same moment.
   *
   * @param room for pages on its device; 0 without one
   */
  #turnOn({ pages, type }: SharedSwapOnOptions, room: number): SharedAreaKey {
    if (type !== undefined) checkType(type);
    const [first, end] = type === undefined ? [0, MAX_TYPES] : [type, type + 1];
    for (let candidate = first; candidate < end; candidate++) {
      if (this.#frontswap.isOn(candidate)) continue;
      const serial = this.#frontswap.typeOnAnew(candidate, pages, Math.min(pages, room));
      if (serial !== 0) return { type: candidate, pages, serial };
    }
    throw new RangeError(
      type === undefined
        ? `swap type: expected fewer than ${MAX_TYPES} to be on`
        : `swap type: expected one that is off, got ${type}, which is on`,
    );
  }

  /** Pages that a device has room for. @throws as SharedZmem.swapOn */
  #roomOn(device: SharedStorage): number {
    checkStorage(device);
    const other = this.#devices.get(device);
    if (other?.isOn === true) {
      throw new RangeError(`device: expected one of its own, got that of type ${other.type}`);
    }
    const least = storageBytes(1, this.#frontswap.pageSize);
    const room = Math.floor(device.byteLength / least);
    if (room >= 1) return room;
    throw new RangeError(
      `device: expected room for a page, ${least} bytes, got ${device.byteLength}`,
    );
  }

  #openDevice(key: SharedAreaKey, options: SharedDeviceOptions): SharedDeviceArea {
    const area = new SharedDeviceArea(
      this.#frontswap,
      this.#writeback,
      this.#admission,
      key,
      options,
    );
    this.#devices.set(options.device, area);
    return area;
  }
}

function checkStorage(device: SharedStorage): void {
  if (typeof device?.byteLength === "number" && "link" in device) return;
  throw new TypeError(
    `device: expected storage that several threads open, such as FileStorage or MemoryStorage, got ${describe(device)}`,
  );
}
