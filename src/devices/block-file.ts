/**
 * A swap device on a file that is read and written at positions: what the file and OPFS devices
 * have in common.
 *
 * ```
 * write   place in the file (unit map) → staging buffer → one write per run of neighbours
 *         → slot table → the older block's units are free
 * read    slot table → staging buffer → caller
 * ```
 *
 * Why so: a block is never overwritten where it lies. A write that fails or finds the disk full has
 * touched only units that were free, so what the slots held is still there. Staging makes one
 * large write of many small blocks, takes views on any kind of memory, and keeps a read that comes
 * short away from the caller's page.
 *
 * Invariant: the units taken in the map are those of the blocks in the table.
 */
import { ZmemError } from "../errors.ts";
import {
  checkBlock,
  checkCluster,
  checkDeviceOptions,
  checkInto,
  checkSlot,
  type DeviceOptions,
} from "./arguments.ts";
import type { SlotBlock, SwapDevice } from "./device.ts";
import { SlotTable } from "./slot-table.ts";
import { UnitMap } from "./unit-map.ts";

/** A file of this device alone. */
export interface RandomAccessFile {
  /** Shown in error messages. */
  readonly name: string;
  /** @returns bytes read, perhaps fewer than asked for; 0 at the end of the file */
  read(into: Uint8Array, position: number): number;
  /** @returns bytes written, perhaps fewer than given; 0 when there is no room */
  write(bytes: Uint8Array, position: number): number;
  /** Cuts the file, or nothing when it can't. */
  truncate(size: number): void;
  /** Whether what `write` threw says that there is no room: disk full, quota exceeded. */
  isFull(error: unknown): boolean;
  /** Closes and removes it. */
  close(): void;
}

/** How a device on a file is made. */
export interface BlockFileOptions extends DeviceOptions {
  /** The file never gets longer than this, in bytes; no limit when left out. */
  readonly maxBytes?: number;
}

/** A sixteenth of a page: a block wastes half of that on average. */
const UNIT_SHIFT = 4;

/** The file is cut when it is twice as long as needed, and by this at least: cutting costs time. */
const TRUNCATE_BYTES = 1 << 20;

/** A synchronous device on a file. */
export class BlockFileDevice implements SwapDevice {
  readonly pageSize: number;
  readonly capacityPages: number;
  readonly #unitSize: number;
  readonly #file: RandomAccessFile;
  readonly #units: UnitMap;
  readonly #slots = new SlotTable();
  #staging: Uint8Array<ArrayBuffer>;
  /** Bytes up to which the file may have been written. */
  #fileBytes = 0;
  #closed = false;

  /** @throws RangeError or TypeError for bad options; the file is not closed then */
  constructor(file: RandomAccessFile, options: BlockFileOptions = {}) {
    const { pageSize, capacityPages } = checkDeviceOptions(options);
    const { maxBytes = Infinity } = options;
    if (typeof maxBytes !== "number" || !(maxBytes >= pageSize)) {
      throw new RangeError(`maxBytes: expected at least a page, ${pageSize}, got ${maxBytes}`);
    }
    this.pageSize = pageSize;
    this.capacityPages = capacityPages;
    this.#unitSize = pageSize >>> UNIT_SHIFT;
    this.#file = file;
    this.#units = new UnitMap(Math.floor(maxBytes / this.#unitSize));
    this.#staging = new Uint8Array(pageSize);
  }

  get pages(): number {
    return this.#slots.count;
  }

  /** Length of the file, in bytes, as far as it was written. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** Bytes of the file that blocks take, rounded to units. */
  get usedBytes(): number {
    return this.#units.used * this.#unitSize;
  }

  write(slot: number, tag: number, block: Uint8Array): boolean {
    this.#checkOpen();
    checkBlock(slot, tag, block, this.pageSize);
    return this.#writeBlocks([{ slot, tag, block }]);
  }

  writeCluster(blocks: readonly SlotBlock[]): boolean {
    this.#checkOpen();
    checkCluster(blocks, this.pageSize);
    return blocks.length === 0 || this.#writeBlocks(blocks);
  }

  read(slot: number, into: Uint8Array): number {
    this.#checkOpen();
    checkSlot(slot);
    checkInto(into, this.pageSize);
    const length = this.#slots.lengthOf(slot);
    if (length === 0) return 0;
    const bytes = this.#staging.subarray(0, length);
    this.#readFully(slot, bytes, this.#slots.placeOf(slot) * this.#unitSize);
    into.set(bytes);
    return length;
  }

  tagOf(slot: number): number {
    this.#checkOpen();
    checkSlot(slot);
    return this.#slots.tagOf(slot);
  }

  discard(slot: number): boolean {
    this.#checkOpen();
    checkSlot(slot);
    const isDiscarded = this.#discard(slot);
    if (isDiscarded) this.#cutFile();
    return isDiscarded;
  }

  /** @throws ZmemError `ERR_ZMEM_DEVICE` when the file could not be closed; the device is */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#slots.clearAll();
    this.#staging = new Uint8Array(0);
    try {
      this.#file.close();
    } catch (error) {
      throw this.#failure("could not be closed", error);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #writeBlocks(blocks: readonly SlotBlock[]): boolean {
    let newcomers = 0;
    for (const { slot } of blocks) if (this.#slots.lengthOf(slot) === 0) newcomers += 1;
    if (this.#slots.count + newcomers > this.capacityPages) return false;
    try {
      const starts = this.#store(blocks);
      if (starts === null) return false;
      for (const [index, { slot, tag, block }] of blocks.entries()) {
        this.#discard(slot);
        this.#slots.set(slot, starts[index] as number, block.length, tag);
      }
    } catch (error) {
      for (const { slot } of blocks) this.#discard(slot);
      throw this.#failure("could not be written", error);
    }
    return true;
  }

  /** Writes blocks to free units. @returns where; null without room: nothing is taken then */
  #store(blocks: readonly SlotBlock[]): readonly number[] | null {
    const sizes = blocks.map(({ block }) => Math.ceil(block.length / this.#unitSize));
    // When the disk has no room for a longer file, the holes in this one still have theirs.
    for (const mayGrow of [true, false]) {
      const starts = this.#units.place(sizes, mayGrow);
      if (starts === null) return null;
      let isWritten = false;
      try {
        isWritten = this.#writeRuns(blocks, sizes, starts);
        if (isWritten) return starts;
      } finally {
        if (!isWritten) {
          for (const [index, start] of starts.entries()) {
            this.#units.release(start, sizes[index] as number);
          }
        }
      }
    }
    return null;
  }

  /** One write for each run of blocks that are neighbours in the file. @returns false when full */
  #writeRuns(
    blocks: readonly SlotBlock[],
    sizes: readonly number[],
    starts: readonly number[],
  ): boolean {
    const order = starts.map((_, index) => index);
    order.sort((a, b) => (starts[a] as number) - (starts[b] as number));
    for (let at = 0; at < order.length;) {
      const runStart = starts[order[at] as number] as number;
      let runEnd = runStart;
      let next = at;
      while (next < order.length && starts[order[next] as number] === runEnd) {
        runEnd += sizes[order[next] as number] as number;
        next += 1;
      }
      this.#reserveStaging((runEnd - runStart) * this.#unitSize);
      let length = 0;
      for (; at < next; at++) {
        const { block } = blocks[order[at] as number] as SlotBlock;
        const from = ((starts[order[at] as number] as number) - runStart) * this.#unitSize;
        this.#staging.set(block, from);
        length = from + block.length;
      }
      const position = runStart * this.#unitSize;
      if (!this.#writeFully(this.#staging.subarray(0, length), position)) return false;
    }
    return true;
  }

  #reserveStaging(size: number): void {
    if (this.#staging.length < size) this.#staging = new Uint8Array(size);
  }

  /** @returns false when the disk is full */
  #writeFully(bytes: Uint8Array, position: number): boolean {
    let done = 0;
    try {
      while (done < bytes.length) {
        const count = this.#file.write(bytes.subarray(done), position + done);
        if (count === 0) return false;
        done += count;
      }
    } catch (error) {
      if (this.#file.isFull(error)) return false;
      throw error;
    } finally {
      this.#fileBytes = Math.max(this.#fileBytes, position + done);
    }
    return true;
  }

  #readFully(slot: number, into: Uint8Array, position: number): void {
    let done = 0;
    while (done < into.length) {
      let count;
      try {
        count = this.#file.read(into.subarray(done), position + done);
      } catch (error) {
        throw this.#failure(`could not read slot ${slot}`, error);
      }
      if (count === 0) {
        throw this.#failure(`slot ${slot} came short: ${done} of ${into.length} bytes`, undefined);
      }
      done += count;
    }
  }

  #discard(slot: number): boolean {
    const length = this.#slots.lengthOf(slot);
    if (length === 0) return false;
    this.#units.release(this.#slots.placeOf(slot), Math.ceil(length / this.#unitSize));
    return this.#slots.clear(slot);
  }

  /** Gives the end of the file back to the disk when much of it is free. */
  #cutFile(): void {
    const needed = this.#units.extent * this.#unitSize;
    if (this.#fileBytes - needed < TRUNCATE_BYTES || this.#fileBytes < 2 * needed) return;
    try {
      this.#file.truncate(needed);
      this.#fileBytes = needed;
    } catch {
      // It stays as long as it is: disk space is all that this costs.
    }
  }

  #checkOpen(): void {
    if (this.#closed) {
      throw new ZmemError("ERR_ZMEM_CLOSED", `the swap device ${this.#file.name} is closed`);
    }
  }

  #failure(what: string, cause: unknown): ZmemError {
    const because =
      cause === undefined ? "" : `: ${cause instanceof Error ? cause.message : cause}`;
    return new ZmemError(
      "ERR_ZMEM_DEVICE",
      `the swap device ${this.#file.name} ${what}${because}`,
      cause === undefined ? undefined : { cause },
    );
  }
}
