/**
 * A swap area on a shared pool with storage for what the pool does not keep, as one worker sees it.
 *
 * ```
 * put  key locked ─ pool ─ kept (perhaps after writeback made room) ─ true, its place is given up
 *                       └ rejected ─ storage ─ written ─────────────── true
 *                                           └ full ────────────────── false, nothing is left
 * get  pool, no lock ─ found
 *                   └ not ─ neither bit nor place, and nobody at work ─ false, no lock
 *                         └ key locked ─ pool, or storage and back into the pool (promote)
 * ```
 *
 * Why so: the pool's copies are got as without a device. What is on the storage is read under the
 * lock of its key, since its place may be given to another page as soon as it is discarded; the lock
 * is held for one read. A worker that dies in it leaves a lock to be released, and the page.
 *
 * Invariants: a page is where the pool says, else where its place says; a put that answered true can
 * be got until flush, overwrite or off; after a put that answered false or failed nothing is left,
 * `ERR_ZMEM_HELD` apart, which has changed nothing. Once the pool has dropped the older copy, a lock
 * that can't be had is `ERR_ZMEM_DEVICE`.
 */
import { deviceError, deviceFailure } from "../backend-failures.ts";
import type { SharedStorage } from "../devices/storage.ts";
import { checkPage, type ZmemError } from "../errors.ts";
import { RAW_FORM, type Page, type PutHook } from "../types.ts";
import { SharedSwapArea, type SharedAreaKey } from "./area.ts";
import type { DevicePort } from "./device-port.ts";
import { isHeld } from "./failures.ts";
import type { SharedFrontswap } from "./frontswap.ts";
import type { HeldKey } from "./held-key.ts";
import type { Place } from "./place-table.ts";
import type { SharedWriteback } from "./writeback.ts";

/** How a worker takes part in an area with a device. */
export interface SharedDeviceOptions {
  /** This worker's handle. It is closed by whoever opened it, after the area is off or left. */
  readonly device: SharedStorage;
  /** Whether this worker's puts may move cold pages of the area out; true when left out. */
  readonly evict?: boolean;
  /** Whether a page that this worker gets from the device goes back into the pool; as `evict`. */
  readonly promote?: boolean;
}

export class SharedDeviceArea extends SharedSwapArea {
  readonly #frontswap: SharedFrontswap;
  readonly #port: DevicePort;
  readonly #writeback: SharedWriteback;
  readonly #storage: SharedStorage;
  readonly #admission: PutHook;
  readonly #promote: boolean;
  /** One block on its way. */
  readonly #buffer: Uint8Array<ArrayBuffer>;

  /**
   * @param admission whether pages are offered to the pool at all; hears of those that it rejects,
   *   after no room could be made
   */
  constructor(
    frontswap: SharedFrontswap,
    writeback: SharedWriteback,
    admission: PutHook,
    key: SharedAreaKey,
    options: SharedDeviceOptions,
  ) {
    super(frontswap, key);
    const { device, evict = true, promote = evict } = options;
    this.#frontswap = frontswap;
    this.#port = frontswap.devices;
    this.#writeback = writeback;
    this.#admission = admission;
    this.#storage = device;
    this.#promote = promote;
    this.#buffer = new Uint8Array(frontswap.pageSize);
    if (evict) writeback.add(this.type, { storage: device, serial: this.serial });
  }

  /** What another worker opens its handle with. */
  get link(): unknown {
    return this.#storage.link;
  }

  /** Pages on the device now, and those that are being written to it. */
  get pagesOnDevice(): number {
    return this.#port.countPlaces(this.type, this.serial);
  }

  /** @throws as SharedSwapArea; ZmemError `ERR_ZMEM_DEVICE` when the device failed */
  override put(offset: number, page: Page): boolean {
    checkPage(page, this.#frontswap.pageSize);
    const stored = this.#withKey(offset, (key) => this.#putLocked(key, page));
    if (stored === undefined) this.#port.countPut(false);
    return stored ?? false;
  }

  /** @throws as SharedSwapArea; ZmemError `ERR_ZMEM_DEVICE` when the device failed */
  override get(offset: number, page: Page): boolean {
    if (super.get(offset, page)) return true;
    if (this.#port.lookFor(this.type, offset, this.serial) === false) return false;
    return this.#withKey(offset, (key) => this.#getLocked(key, page)) ?? false;
  }

  override flush(offset: number): boolean {
    if (this.#port.lookFor(this.type, offset, this.serial) === false) return false;
    const flushed = this.#withKey(offset, (key) => {
      const wasKept = key.isKept;
      if (wasKept) this.#drop(key);
      return this.#port.places.discard(this.type, key.view, offset) || wasKept;
    });
    if (flushed === true) this.#port.countFlush();
    return flushed ?? false;
  }

  override has(offset: number): boolean {
    const { places } = this.#port;
    return (
      this.#port.lookFor(this.type, offset, this.serial) ??
      this.#withKey(offset, (key) => key.isKept || places.has(key.view, offset)) ??
      false
    );
  }

  /** Forgets all pages and turns the type off, for all workers. @throws as typeOff */
  override off(): void {
    this.leave();
    super.off();
  }

  /** Ends this worker's part: its puts write nothing back any more. The area stays on. */
  leave(): void {
    this.#writeback.remove(this.type, this.serial);
  }

  #withKey<T>(offset: number, work: (key: HeldKey) => T): T | undefined {
    return this.#port.withKey(this.type, offset, this.serial, work);
  }

  #putLocked(key: HeldKey, page: Page): boolean {
    const { backend } = this.#writeback;
    const { places } = this.#port;
    let kept = false;
    try {
      if (this.#admission.admits(this.type, key.offset, page)) {
        kept = this.#putPool(key, page);
      } else {
        backend.forgetRejected();
        if (key.isKept) this.#drop(key);
      }
    } catch (error) {
      // The older copy would be stale after a put that failed.
      if (!isHeld(error)) places.discard(this.type, key.view, key.offset);
      throw error;
    }
    this.#port.countPut(kept);
    if (kept) return true;
    places.discard(this.type, key.view, key.offset);
    return this.#writeDevice(key, page);
  }

  /** @returns whether the pool keeps the page: an older one on the device does not count then */
  #putPool(key: HeldKey, page: Page): boolean {
    const kept = key.change(() => {
      const isKept = this.#writeback.backend.putPage(this.type, key.offset, page);
      if (isKept) this.#port.places.discardIfFree(this.type, key.view, key.offset);
      return isKept;
    });
    if (kept || this.#writeback.makeRoom(key)) return true;
    return this.#admission.rejected(this.type, key.offset, page);
  }

  /** Writes the page's block, if the backend has made one in vain, or the page. */
  #writeDevice(key: HeldKey, page: Page): boolean {
    const rejected = this.#writeback.backend.rejectedBlock(this.type, key.offset);
    const block = rejected?.block ?? page;
    const form = rejected?.form ?? RAW_FORM;
    const bytes = this.#buffer.subarray(0, block.length);
    bytes.set(block);
    const { places } = this.#port;
    try {
      const { position, blocks } = places.reserve(this.type, key.view, [block.length]);
      if (blocks === 0 || !this.#storage.write(bytes, position)) {
        this.#port.countEvent("deviceFull");
        return false;
      }
      places.publish(this.type, key.view, key.offset, form, block.length);
    } catch (error) {
      throw this.#failure(key.offset, "write", error);
    } finally {
      places.cancel();
    }
    this.#port.countEvent("deviceWrites");
    this.#port.countEvent("deviceWrittenPages");
    return true;
  }

  #getLocked(key: HeldKey, page: Page): boolean {
    // It may have come back meanwhile.
    if (key.isKept) return this.#frontswap.getPage(this.type, key.offset, page);
    const { places } = this.#port;
    const place = places.read(key.view, key.offset);
    if (place === null) return false;
    const block = this.#read(key.offset, place);
    if (this.#promote && this.#restore(key, place.tag, block, page)) {
      this.#port.countEvent("promotedPages");
    } else {
      this.#writeback.backend.decodeBlock(place.tag, block, page);
    }
    return true;
  }

  /** @returns whether the page is in the pool again, and on the device no more */
  #restore(key: HeldKey, tag: number, block: Uint8Array, page: Page): boolean {
    const { backend } = this.#writeback;
    const restore = (): boolean => {
      if (tag !== RAW_FORM) return backend.restorePage(this.type, key.offset, tag, block, page);
      // A page that was rejected for want of room has not been compressed for good yet.
      backend.decodeBlock(tag, block, page);
      return backend.putPage(this.type, key.offset, page);
    };
    try {
      const kept = key.change(() => {
        const isKept = restore();
        if (isKept) this.#port.places.discardIfFree(this.type, key.view, key.offset);
        return isKept;
      });
      return kept || this.#writeback.makeRoom(key);
    } catch (error) {
      // A dead worker is in the way: the page stays where it is.
      if (isHeld(error)) return false;
      throw error;
    }
  }

  #read(offset: number, { position, bytes }: Place): Uint8Array {
    const block = this.#buffer.subarray(0, bytes);
    try {
      this.#storage.read(block, position);
    } catch (error) {
      throw this.#failure(offset, "read", error);
    }
    this.#port.countEvent("deviceReads");
    return block;
  }

  #drop(key: HeldKey): void {
    const { backend } = this.#writeback;
    key.change(() => {
      backend.flushPage(this.type, key.offset);
      return false;
    });
  }

  #failure(offset: number, verb: string, error: unknown): ZmemError {
    this.#port.countEvent("deviceErrors");
    // After "held" something has changed here: the older copy is gone.
    const toError = isHeld(error) ? deviceError : deviceFailure;
    return toError(this.type, offset, verb, error);
  }
}
