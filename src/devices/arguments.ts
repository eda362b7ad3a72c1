/**
 * Checks of what a device is called with, at its public border; the code behind trusts them.
 */
import {
  checkPages,
  checkPageSize,
  describe,
  isUint8Array,
  MAX_OFFSET,
  MIN_PAGE_SIZE,
} from "../errors.ts";
import { MAX_CLUSTER_BLOCKS, MAX_TAG, type SlotBlock } from "./device.ts";

/** What every device is made with. */
export interface DeviceOptions {
  /** Bytes of a page, a power of two from 4096 to 65536; 4096 when left out. */
  readonly pageSize?: number;
  /** The most blocks that it holds at a time; no limit of its own when left out. */
  readonly pages?: number;
}

/** @throws RangeError or TypeError for a page size or a number of pages that can't be */
export function checkDeviceOptions(options: DeviceOptions): {
  pageSize: number;
  capacityPages: number;
} {
  const { pageSize = MIN_PAGE_SIZE, pages } = options;
  checkPageSize(pageSize);
  if (pages !== undefined) checkPages(pages);
  return { pageSize, capacityPages: pages ?? Infinity };
}

/** @throws TypeError unless `slot` is a number, RangeError unless it is a u32 */
export function checkSlot(slot: unknown): asserts slot is number {
  if (typeof slot === "number" && slot >>> 0 === slot) return;
  const message = `slot: expected an integer from 0 to ${MAX_OFFSET}, got ${describe(slot)}`;
  throw typeof slot === "number" ? new RangeError(message) : new TypeError(message);
}

/** @throws TypeError or RangeError for what can't be written */
export function checkBlock(slot: unknown, tag: unknown, block: unknown, pageSize: number): void {
  checkSlot(slot);
  if (typeof tag !== "number" || !Number.isInteger(tag) || tag < 0 || tag > MAX_TAG) {
    const message = `tag: expected an integer from 0 to ${MAX_TAG}, got ${describe(tag)}`;
    throw typeof tag === "number" ? new RangeError(message) : new TypeError(message);
  }
  checkBytes("block", block);
  if (block.length < 1 || block.length > pageSize) {
    throw new RangeError(`block: expected 1 to ${pageSize} bytes, got ${block.length}`);
  }
}

/** @throws TypeError or RangeError for a cluster of which any part can't be written */
export function checkCluster(blocks: readonly SlotBlock[], pageSize: number): void {
  if (!Array.isArray(blocks)) {
    throw new TypeError(`cluster: expected an array of blocks, got ${describe(blocks)}`);
  }
  if (blocks.length > MAX_CLUSTER_BLOCKS) {
    throw new RangeError(
      `cluster: expected at most ${MAX_CLUSTER_BLOCKS} blocks, got ${blocks.length}`,
    );
  }
  for (const { slot, tag, block } of blocks) checkBlock(slot, tag, block, pageSize);
  if (blocks.length < 2) return;
  const slots = new Set<number>();
  for (const { slot } of blocks) {
    if (slots.has(slot))
      throw new RangeError(`cluster: expected each slot once, got ${slot} twice`);
    slots.add(slot);
  }
}

/** @throws TypeError or RangeError unless a whole page fits in */
export function checkInto(into: unknown, pageSize: number): asserts into is Uint8Array {
  checkBytes("into", into);
  if (into.length < pageSize) {
    throw new RangeError(`into: expected at least ${pageSize} bytes, got ${into.length}`);
  }
}

function checkBytes(what: string, value: unknown): asserts value is Uint8Array {
  if (isUint8Array(value)) return;
  throw new TypeError(`${what}: expected a Uint8Array, got ${describe(value)}`);
}
