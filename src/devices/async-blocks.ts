/**
 * An asynchronous swap device on a store of values by number: what the IndexedDB and Redis devices
 * have in common.
 *
 * ```
 * write   copy, behind a generation number → queue of the slots → store → slot table
 * read    queue → slot table → store → is it the value that was last written? → caller
 * ```
 *
 * Why so: a store can lose a value (evicted, expired, deleted by somebody), and a write that was
 * given up may still arrive, even after a newer one. Each write therefore carries a number that the
 * table knows too: what comes back is the last write, or an error, never something older.
 *
 * Layout of a value: generation (u32, little-endian), block.
 *
 * Invariant: a slot is filled in the table exactly when its last write answered true and it was not
 * discarded since.
 */
import { ZmemError } from "../errors.ts";
import {
  checkBlock,
  checkCluster,
  checkDeviceOptions,
  checkSlot,
  type DeviceOptions,
} from "./arguments.ts";
import type { AsyncSwapDevice, SlotBlock, StoredBlock } from "./device.ts";
import { SlotQueue } from "./slot-queue.ts";
import { SlotTable } from "./slot-table.ts";

/** A value to be stored under a slot. */
export interface StoreEntry {
  readonly slot: number;
  /** On a buffer of its own, which nobody changes any more. */
  readonly value: Uint8Array<ArrayBuffer>;
}

/** Values by number, of one device alone. */
export interface BlockStore {
  /** Shown in error messages. */
  readonly name: string;
  /** Stores all or none, replacing older values. @returns false without room: nothing changed */
  put(entries: readonly StoreEntry[]): Promise<boolean>;
  /** @returns null when there is none */
  get(slot: number): Promise<Uint8Array | null>;
  /** Forgets values; those that are not there are no error. */
  delete(slots: readonly number[]): Promise<void>;
  /** Forgets everything and releases the store. */
  close(): Promise<void>;
}

const GENERATION_SIZE = 4;

/** An asynchronous device on a store. */
export class AsyncBlockDevice implements AsyncSwapDevice {
  readonly pageSize: number;
  readonly capacityPages: number;
  readonly #store: BlockStore;
  /** The generation of a slot's value is its place. */
  readonly #slots = new SlotTable();
  readonly #queue = new SlotQueue();
  #generation = 0;
  /** Slots that writes under way will fill. */
  #reserved = 0;
  #closing: Promise<void> | null = null;

  /** @throws RangeError or TypeError for bad options; the store is not closed then */
  constructor(store: BlockStore, options: DeviceOptions = {}) {
    const { pageSize, capacityPages } = checkDeviceOptions(options);
    this.pageSize = pageSize;
    this.capacityPages = capacityPages;
    this.#store = store;
  }

  get pages(): number {
    return this.#slots.count;
  }

  async write(slot: number, tag: number, block: Uint8Array): Promise<boolean> {
    this.#checkOpen();
    checkBlock(slot, tag, block, this.pageSize);
    return this.#write([{ slot, tag, block }]);
  }

  async writeCluster(blocks: readonly SlotBlock[]): Promise<boolean> {
    this.#checkOpen();
    checkCluster(blocks, this.pageSize);
    return blocks.length === 0 || this.#write(blocks);
  }

  async read(slot: number): Promise<StoredBlock | null> {
    this.#checkOpen();
    checkSlot(slot);
    return this.#queue.run([slot], () => this.#read(slot));
  }

  async discard(slot: number): Promise<boolean> {
    this.#checkOpen();
    checkSlot(slot);
    return this.#queue.run([slot], async () => {
      if (!this.#slots.clear(slot)) return false;
      try {
        await this.#store.delete([slot]);
      } catch (error) {
        throw this.#failure(`could not forget slot ${slot}, which is empty now`, error);
      }
      return true;
    });
  }

  /** @throws ZmemError `ERR_ZMEM_DEVICE` when the store could not be emptied; the device is closed */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#queue.idle();
    this.#slots.clearAll();
    try {
      await this.#store.close();
    } catch (error) {
      throw this.#failure("could not be emptied", error);
    }
  }

  /** Copies before it returns, so that the caller's memory may change. */
  #write(blocks: readonly SlotBlock[]): Promise<boolean> {
    const generation = this.#nextGeneration();
    const entries = blocks.map(({ slot, block }) => {
      const value = new Uint8Array(GENERATION_SIZE + block.length);
      new DataView(value.buffer).setUint32(0, generation, true);
      value.set(block, GENERATION_SIZE);
      return { slot, value };
    });
    const slots = blocks.map(({ slot }) => slot);
    const tags = blocks.map(({ tag }) => tag);
    return this.#queue.run(slots, () => this.#put(entries, slots, tags, generation));
  }

  async #put(
    entries: readonly StoreEntry[],
    slots: readonly number[],
    tags: readonly number[],
    generation: number,
  ): Promise<boolean> {
    const newcomers = slots.filter((slot) => this.#slots.lengthOf(slot) === 0).length;
    if (this.#slots.count + this.#reserved + newcomers > this.capacityPages) return false;
    this.#reserved += newcomers;
    try {
      if (!(await this.#store.put(entries))) return false;
    } catch (error) {
      for (const slot of slots) this.#slots.clear(slot);
      // Some of it may have arrived. If this fails as well, close forgets it at the latest.
      await this.#store.delete(slots).catch(() => undefined);
      throw this.#failure("could not be written", error);
    } finally {
      this.#reserved -= newcomers;
    }
    for (const [index, { slot, value }] of entries.entries()) {
      this.#slots.set(slot, generation, value.length - GENERATION_SIZE, tags[index] as number);
    }
    return true;
  }

  async #read(slot: number): Promise<StoredBlock | null> {
    const length = this.#slots.lengthOf(slot);
    if (length === 0) return null;
    const tag = this.#slots.tagOf(slot);
    const generation = this.#slots.placeOf(slot);
    let value;
    try {
      value = await this.#store.get(slot);
    } catch (error) {
      throw this.#failure(`could not read slot ${slot}`, error);
    }
    if (value === null) throw this.#failure(`has lost slot ${slot}`);
    const payload = value.length - GENERATION_SIZE;
    if (payload !== length) {
      throw this.#failure(`slot ${slot} came short: ${payload} of ${length} bytes`);
    }
    const { buffer, byteOffset } = value;
    if (new DataView(buffer, byteOffset).getUint32(0, true) !== generation) {
      throw this.#failure(`slot ${slot} holds what another write has left there`);
    }
    return { tag, block: new Uint8Array(buffer, byteOffset + GENERATION_SIZE, length) };
  }

  #nextGeneration(): number {
    this.#generation = (this.#generation + 1) >>> 0;
    return this.#generation;
  }

  #checkOpen(): void {
    if (this.#closing !== null) {
      throw new ZmemError("ERR_ZMEM_CLOSED", `the swap device ${this.#store.name} is closed`);
    }
  }

  #failure(what: string, cause?: unknown): ZmemError {
    const because =
      cause === undefined ? "" : `: ${cause instanceof Error ? cause.message : cause}`;
    return new ZmemError(
      "ERR_ZMEM_DEVICE",
      `the swap device ${this.#store.name} ${what}${because}`,
      cause === undefined ? undefined : { cause },
    );
  }
}
