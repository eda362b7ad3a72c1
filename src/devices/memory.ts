/**
 * A swap device in the JavaScript heap: blocks in slots, as they come.
 *
 * Why so: it is the smallest device that keeps the contract of `SwapDevice`. Programs use it for
 * the pages that a pool rejects when there is no disk, tests to see what reaches a device.
 *
 * Invariant: a slot holds a block or nothing; a block is copied in and out, never lent.
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

/** How a device in memory is made. */
export type MemorySwapDeviceOptions = DeviceOptions;

interface Stored {
  readonly tag: number;
  readonly block: Uint8Array;
}

/** A swap device that keeps blocks in memory. */
export class MemorySwapDevice implements SwapDevice {
  readonly pageSize: number;
  readonly capacityPages: number;
  #slots: Map<number, Stored> | null = new Map();

  /** @throws RangeError or TypeError for a page size or a number of pages that can't be */
  constructor(options: MemorySwapDeviceOptions = {}) {
    const { pageSize, capacityPages } = checkDeviceOptions(options);
    this.pageSize = pageSize;
    this.capacityPages = capacityPages;
  }

  get pages(): number {
    return this.#slots?.size ?? 0;
  }

  write(slot: number, tag: number, block: Uint8Array): boolean {
    const slots = this.#openSlots();
    checkBlock(slot, tag, block, this.pageSize);
    if (!slots.has(slot) && slots.size >= this.capacityPages) return false;
    slots.set(slot, { tag, block: new Uint8Array(block) });
    return true;
  }

  writeCluster(blocks: readonly SlotBlock[]): boolean {
    const slots = this.#openSlots();
    checkCluster(blocks, this.pageSize);
    let newcomers = 0;
    for (const { slot } of blocks) if (!slots.has(slot)) newcomers += 1;
    if (slots.size + newcomers > this.capacityPages) return false;
    for (const { slot, tag, block } of blocks) {
      slots.set(slot, { tag, block: new Uint8Array(block) });
    }
    return true;
  }

  read(slot: number, into: Uint8Array): number {
    const slots = this.#openSlots();
    checkSlot(slot);
    checkInto(into, this.pageSize);
    const stored = slots.get(slot);
    if (stored === undefined) return 0;
    into.set(stored.block);
    return stored.block.length;
  }

  tagOf(slot: number): number {
    const slots = this.#openSlots();
    checkSlot(slot);
    return slots.get(slot)?.tag ?? -1;
  }

  discard(slot: number): boolean {
    const slots = this.#openSlots();
    checkSlot(slot);
    return slots.delete(slot);
  }

  close(): void {
    this.#slots = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #openSlots(): Map<number, Stored> {
    if (this.#slots === null) throw new ZmemError("ERR_ZMEM_CLOSED", "the swap device is closed");
    return this.#slots;
  }
}
