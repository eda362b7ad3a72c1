/**
 * The two interfaces of swap devices: synchronous, and asynchronous for those opted into by name.
 *
 * What: a device keeps *blocks* in slots. A block is 1 to pageSize bytes: a compressed page as the
 * pool had it, or a whole page that the pool rejected. Beside it the device keeps its length and a
 * tag, a byte in which the caller says how the block is to be decoded.
 *
 * Why so: writeback must not decompress what it evicts, so a device has to take blocks of any
 * length; and since a device write costs four to ten times a page's share of a larger one, many
 * slots are written by one call, whatever their numbers are. Where blocks lie is the device's
 * affair: slot numbers are names, not places, and may be as far apart as the caller likes.
 *
 * Invariants, for both:
 * - a read gives the bytes and tag of the last write to its slot that answered true, or says that
 *   the slot is empty, or throws; never anything else;
 * - a write that answered false has changed nothing: an older block is still there;
 * - after a write that threw, each of its slots is empty;
 * - blocks are copied before the call returns, an asynchronous call too: a view on memory that
 *   changes next is safe to pass;
 * - a device belongs to one area and holds nothing that outlives it.
 */

/** The most blocks that one `writeCluster` takes. */
export const MAX_CLUSTER_BLOCKS = 256;

/** The highest tag. */
export const MAX_TAG = 0xff;

/** A block to be written, and where. */
export interface SlotBlock {
  /** u32, not twice in a cluster. */
  readonly slot: number;
  /** 0 to 255, the caller's. */
  readonly tag: number;
  /** 1 to pageSize bytes; may lie on a wasm memory or a SharedArrayBuffer. */
  readonly block: Uint8Array;
}

/** A block that an asynchronous device gave back. */
export interface StoredBlock {
  readonly tag: number;
  /** The caller's from now on. */
  readonly block: Uint8Array;
}

/** What both kinds say of themselves; all of it is answered from memory, at once. */
export interface SwapDeviceState {
  /** Bytes of a page, the same as the front-end's: the most that a block has. */
  readonly pageSize: number;
  /** The most blocks that it holds; Infinity when only the disk, quota or server sets a bound. */
  readonly capacityPages: number;
  /** Blocks held now; 0 after close. */
  readonly pages: number;
}

/** A device whose calls are done when they return. */
export interface SwapDevice extends SwapDeviceState {
  /**
   * Copies a block into a slot, replacing an older one.
   *
   * @param slot u32
   * @param tag 0 to 255, given back by `tagOf`
   * @param block 1 to pageSize bytes
   * @returns false when the device is full: nothing has changed
   * @throws TypeError or RangeError for a bad argument: nothing has changed. ZmemError
   *   `ERR_ZMEM_DEVICE` when the write failed: the slot is empty then; `ERR_ZMEM_CLOSED`
   */
  write(slot: number, tag: number, block: Uint8Array): boolean;

  /**
   * Copies blocks into slots of their own, all or none, with as few writes as it can.
   *
   * @param blocks 0 to 256, each for another slot
   * @returns false when they don't all fit: nothing has changed
   * @throws as write, for all slots of the cluster
   */
  writeCluster(blocks: readonly SlotBlock[]): boolean;

  /**
   * Copies a slot's block to the beginning of `into`; it stays in the slot.
   *
   * @param into at least pageSize bytes; untouched unless a block was read
   * @returns the length of the block; 0 when the slot is empty
   * @throws ZmemError `ERR_ZMEM_DEVICE` when the read failed or came short, and may be tried again;
   *   `ERR_ZMEM_CLOSED`
   */
  read(slot: number, into: Uint8Array): number;

  /** The tag of a slot's block, from memory; -1 when the slot is empty. */
  tagOf(slot: number): number;

  /** Empties a slot. @returns whether it held a block @throws ZmemError `ERR_ZMEM_CLOSED` */
  discard(slot: number): boolean;

  /** Releases everything that was taken; every later call but close throws `ERR_ZMEM_CLOSED`. */
  close(): void;
}

/**
 * A device whose calls are done when their promise settles.
 *
 * Calls that concern the same slot take effect in the order in which they were made, so a caller
 * need not wait for one before it makes the next; others run side by side. What a `SwapDevice`
 * throws is a rejected promise here, bad arguments included.
 */
export interface AsyncSwapDevice extends SwapDeviceState {
  /** @returns as `SwapDevice.write` */
  write(slot: number, tag: number, block: Uint8Array): Promise<boolean>;
  /** @returns as `SwapDevice.writeCluster` */
  writeCluster(blocks: readonly SlotBlock[]): Promise<boolean>;
  /** @returns the block and its tag; null when the slot is empty */
  read(slot: number): Promise<StoredBlock | null>;
  /** Empties a slot. @returns whether it held a block; when it rejects the slot is empty as well */
  discard(slot: number): Promise<boolean>;
  /**
   * Lets the calls made before it end, then releases everything; every later call but close is
   * refused. A second close gives the same promise.
   *
   * @throws ZmemError `ERR_ZMEM_DEVICE` when not all could be released; the device is closed
   */
  close(): Promise<void>;
}
