/**
 * The device of one swap area, and which offsets are on it.
 *
 * Why so: slot and offset are the same number, as on a swap partition, so where a page lies takes
 * one bit and no table. The bit is ours and not the device's: a device that lost a block, or that
 * answers for one it should have dropped, is found out instead of believed.
 *
 * Invariants: bit set ⇔ the last write of the offset was taken and it was not discarded since. When
 * a call throws, the bits of the offsets that it was to change are clear: nothing stale can be read.
 */
import { deviceFailure } from "./backend-failures.ts";
import { Bitmap } from "./bitmap.ts";
import type { SlotBlock, StoredBlock, SwapDevice } from "./devices/device.ts";
import { ZmemError } from "./errors.ts";
import type { SwapLog } from "./swap-log.ts";
import { RAW_FORM, type Page, type WritebackPort } from "./types.ts";

/** Blocks of one area on its device. */
export class AreaDevice {
  readonly type: number;
  readonly #device: SwapDevice;
  readonly #log: SwapLog;
  readonly #present: Bitmap;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  #pages = 0;

  /** @param pages offsets of the area */
  constructor(device: SwapDevice, type: number, pages: number, log: SwapLog) {
    this.#device = device;
    this.type = type;
    this.#log = log;
    this.#present = new Bitmap(pages);
    this.#buffer = new Uint8Array(device.pageSize);
  }

  /** Pages on the device. */
  get pages(): number {
    return this.#pages;
  }

  /** How many more blocks its capacity has room for; Infinity when only the disk sets a bound. */
  get room(): number {
    return this.#device.capacityPages - this.#device.pages;
  }

  /** Whether an offset is on the device. */
  has(offset: number): boolean {
    return this.#present.has(offset);
  }

  /** The lowest offset on the device, at `from` or above; -1 for none. */
  next(from: number): number {
    return this.#present.next(from);
  }

  /**
   * Writes a block.
   *
   * @returns false when the device is full: nothing has changed
   * @throws ZmemError `ERR_ZMEM_DEVICE` or `ERR_ZMEM_CLOSED`
   */
  write(offset: number, tag: number, block: Uint8Array): boolean {
    let written;
    try {
      written = this.#device.write(offset, tag, block);
    } catch (error) {
      this.#clear(offset);
      throw this.#failure(offset, "write", error);
    }
    this.#countWrite(written, offset, 1);
    if (written) this.#set(offset);
    return written;
  }

  /** Writes blocks of offsets that are not on the device, all or none. @returns, throws as write */
  writeCluster(blocks: readonly SlotBlock[]): boolean {
    const [first] = blocks;
    if (first === undefined) return true;
    let written;
    try {
      written = this.#device.writeCluster(blocks);
    } catch (error) {
      throw this.#failure(first.slot, `write ${blocks.length} blocks`, error);
    }
    this.#countWrite(written, first.slot, blocks.length);
    if (written) for (const { slot } of blocks) this.#set(slot);
    return written;
  }

  /**
   * Reads the block of an offset that is on the device.
   *
   * @returns tag and block, a view that is valid until the next read
   * @throws ZmemError `ERR_ZMEM_DEVICE` or `ERR_ZMEM_CLOSED`; the page may be read again later
   */
  read(offset: number): StoredBlock {
    let tag;
    let length;
    try {
      tag = this.#device.tagOf(offset);
      length = this.#device.read(offset, this.#buffer);
    } catch (error) {
      throw this.#failure(offset, "read", error);
    }
    if (length === 0 || tag < 0) {
      throw this.#failure(offset, "read", "it has no page, though it had taken one");
    }
    this.#log.count("deviceReads", this.type, offset);
    return { tag, block: this.#buffer.subarray(0, length) };
  }

  /** Forgets an offset. @returns whether it was on the device @throws as write; it is gone then */
  discard(offset: number): boolean {
    if (!this.#clear(offset)) return false;
    try {
      this.#device.discard(offset);
    } catch (error) {
      throw this.#failure(offset, "discard", error);
    }
    return true;
  }

  /** As discard, for a page that is safe elsewhere: a failure is counted and costs a slot only. */
  release(offset: number): void {
    try {
      this.discard(offset);
    } catch {
      // The bit is clear, so what the slot still holds is never read.
    }
  }

  /** Forgets all. @throws what the first discard threw that failed, after all were tried */
  discardAll(): void {
    let failure: unknown;
    for (let offset = this.next(0); offset >= 0; offset = this.next(offset + 1)) {
      try {
        this.discard(offset);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  #set(offset: number): void {
    if (this.#present.set(offset)) this.#pages += 1;
  }

  #clear(offset: number): boolean {
    const cleared = this.#present.clear(offset);
    if (cleared) this.#pages -= 1;
    return cleared;
  }

  #countWrite(written: boolean, offset: number, blocks: number): void {
    if (!written) {
      this.#log.count("deviceFull", this.type, offset);
      return;
    }
    this.#log.count("deviceWrites", this.type, offset);
    this.#log.count("deviceWrittenPages", this.type, offset, blocks);
  }

  #failure(offset: number, verb: string, error: unknown): ZmemError {
    this.#log.count("deviceErrors", this.type, offset);
    return deviceFailure(this.type, offset, verb, error);
  }
}

/**
 * Decodes a block that was read from a device into `page`.
 *
 * @param port what has encoded it; undefined when pages are written as they are
 * @throws ZmemError `ERR_ZMEM_CORRUPT` when it does not decode to a page; `page` is untouched
 */
export function decodeStored(
  port: WritebackPort | undefined,
  type: number,
  offset: number,
  { tag, block }: StoredBlock,
  page: Page,
): void {
  if (port !== undefined) {
    port.decodeBlock(tag, block, page);
  } else if (tag === RAW_FORM && block.length === page.length) {
    page.set(block);
  } else {
    throw new ZmemError(
      "ERR_ZMEM_CORRUPT",
      `swap type ${type}, offset ${offset}: expected a page of ${page.length} bytes, got ${block.length} bytes of form ${tag}`,
    );
  }
}
