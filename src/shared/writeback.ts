/**
 * Writeback on a shared pool: cold pages go to their areas' storage, by whichever worker needs room.
 *
 * ```
 * put rejected for want of room ─ up to 4 rounds ─┬ list cold pages, try the lock of each key
 *                                                 ├ copy their blocks, reserve a run, write it
 *                                                 ├ one by one: publish the place, drop the page,
 *                                                 │ release the key; try the put again
 *                                                 └ compact a bounded number of objects, try again
 * ```
 *
 * Why so: with the key of a page locked, nobody can put or flush it between the copy of its block
 * and its drop, so what is on the storage is what the pool had. Gets of the pool's copy go on
 * meanwhile. Keys are only tried, never waited for: whoever makes room holds the key of its own put,
 * and two that waited for each other's would wait for ever. A page whose key is busy is hardly cold.
 *
 * The write itself takes no lock of the pool and none of the device. A worker that dies in it leaves
 * a run reserved and keys locked, and all pages in the pool.
 *
 * Bound: as writeback.ts of a pool of one thread.
 */
import type { SharedStorage } from "../devices/storage.ts";
import type { BudgetOptions } from "../rate-budget.ts";
import type { FormedBlock, FrontswapOps, PoolStats, WritebackPort } from "../types.ts";
import type { DevicePort } from "./device-port.ts";
import { isHeld } from "./failures.ts";
import type { HeldKey } from "./held-key.ts";
import { roundToUnits } from "./place-table.ts";
import type { WriteBudget } from "./write-budget.ts";

/** How writeback works on a shared pool. */
export interface SharedWritebackOptions {
  /** Pages of one write, 1 to 64; 32 when left out. */
  readonly clusterPages?: number;
  /** What all workers together may write back per second; without bound when left out. */
  readonly budget?: BudgetOptions;
}

/** A backend that writeback works with. */
export interface SharedWritebackBackend extends FrontswapOps, WritebackPort {
  /** The first half of `selectCold`. */
  listCold(most: number): readonly { readonly type: number; readonly offset: number }[];
  /** The other: the block of a listed page; null when it has changed. Valid until the next call. */
  copyCold(index: number): FormedBlock | null;
  /** Of it, what tells how long the hand's way is. */
  stats(): Pick<PoolStats, "indexBytes">;
}

const MAX_CLUSTER_PAGES = 64;
const DEFAULT_CLUSTER_PAGES = 32;
const MAX_ROUNDS = 4;
const COMPACT_OBJECTS = 256;
/** Attempts for which an area is left alone after its storage was full or failed. */
const PAUSE_ATTEMPTS = 64;

/** An area that this worker has opened. */
export interface WritebackTarget {
  readonly storage: SharedStorage;
  /** Of its type when it was opened. */
  readonly serial: number;
}

interface Target extends WritebackTarget {
  /** The attempt of this worker at which it takes part again; 0 while it does. */
  resumesAt: number;
}

/** A page whose block was copied, and whose key is locked. */
interface Copied {
  readonly key: HeldKey;
  readonly form: number;
  readonly bytes: number;
}

/** Moves pages between a shared backend and storage, as one worker. */
export class SharedWriteback {
  readonly backend: SharedWritebackBackend;
  readonly #port: DevicePort;
  readonly #clusterPages: number;
  readonly #budget: WriteBudget;
  readonly #targets = new Map<number, Target>();
  /** Blocks on their way, each at a unit's begin. Made when it is first wanted. */
  #staging = new Uint8Array(0);
  #attempts = 0;
  /** Whether the last cluster stayed empty because no page was cold. */
  #hasFoundNone = false;

  /** @throws RangeError for a cluster or a budget that can't be */
  constructor(
    port: DevicePort,
    backend: SharedWritebackBackend,
    options: SharedWritebackOptions = {},
  ) {
    const { clusterPages = DEFAULT_CLUSTER_PAGES, budget = {} } = options;
    if (!Number.isInteger(clusterPages) || clusterPages < 1 || clusterPages > MAX_CLUSTER_PAGES) {
      throw new RangeError(
        `clusterPages: expected an integer from 1 to ${MAX_CLUSTER_PAGES}, got ${clusterPages}`,
      );
    }
    this.#port = port;
    this.backend = backend;
    this.#clusterPages = clusterPages;
    this.#budget = port.createBudget(budget);
  }

  get clusterPages(): number {
    return this.#clusterPages;
  }

  /** Lets this worker write pages of a type back. */
  add(type: number, target: WritebackTarget): void {
    this.#targets.set(type, { ...target, resumesAt: 0 });
    this.backend.allowWriteback(type, true);
  }

  /** Ends that, for the area with a serial. */
  remove(type: number, serial: number): void {
    if (this.#targets.get(type)?.serial !== serial) return;
    this.#targets.delete(type);
    this.backend.allowWriteback(type, false);
  }

  /**
   * Makes room for the page that the backend has rejected last, whose key is locked, and puts it
   * again.
   *
   * @returns whether it is kept now; false at once when it was not rejected for want of room
   */
  makeRoom(key: HeldKey): boolean {
    const reason = this.backend.lastReject;
    if (reason !== "limit" && reason !== "growth") return false;
    this.#port.countEvent("poolLimitHits");
    if (this.#targets.size === 0) return false;
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const evicted = this.evictCluster(this.#clusterPages);
        if (evicted > 0 && this.#retry(key)) return true;
        const moved = this.backend.compactForRetry(COMPACT_OBJECTS);
        if (moved > 0 && this.#retry(key)) return true;
        // The hand goes on where it stopped: what it has not found yet may come.
        if (evicted === 0 && moved === 0 && !this.#hasFoundNone) return false;
      }
    } catch (error) {
      // A dead worker is in the way: as long as it is not reaped, no room is made here.
      if (!isHeld(error)) throw error;
    }
    return false;
  }

  /**
   * Moves the coldest pages of the areas that this worker has opened to their storage.
   *
   * @param most pages, and no more than a cluster
   * @returns pages that left the pool; 0 when none is cold, no storage takes them, or the budget is
   *   used up
   */
  evictCluster(most: number): number {
    const wanted = Math.min(most, this.#clusterPages);
    const allowed = this.#budget.takePages(wanted);
    if (allowed < wanted) this.#port.countEvent("budgetStops");
    this.#hasFoundNone = false;
    if (allowed === 0) return 0;
    // Where that throws, some may have been written: nothing is given back.
    const evicted = this.#evictAllowed(allowed);
    this.#budget.giveBackPages(allowed - evicted);
    return evicted;
  }

  #evictAllowed(most: number): number {
    this.#attempts += 1;
    for (const [type, target] of this.#targets) {
      if (target.resumesAt !== 0 && target.resumesAt <= this.#attempts) {
        target.resumesAt = 0;
        this.backend.allowWriteback(type, true);
      }
    }
    const cold = this.backend.listCold(most);
    this.#hasFoundNone = cold.length === 0;
    const groups = new Map<number, number[]>();
    for (const [index, { type }] of cold.entries()) {
      groups.set(type, [...(groups.get(type) ?? []), index]);
    }
    let evicted = 0;
    for (const [type, indices] of groups) {
      const target = this.#targets.get(type);
      if (target === undefined) continue;
      const moved = this.#evictGroup(type, target, indices, cold);
      if (moved >= 0) evicted += moved;
      else this.#pause(type, target);
    }
    return evicted;
  }

  /** @returns pages that left the pool; -1 when the storage was full or failed: none did */
  #evictGroup(
    type: number,
    target: Target,
    indices: readonly number[],
    cold: readonly { readonly offset: number }[],
  ): number {
    const held = new Set<HeldKey>();
    const release = (key: HeldKey): void => {
      held.delete(key);
      this.#port.releaseKey(key);
    };
    try {
      const copied: Copied[] = [];
      let end = 0;
      for (const index of indices) {
        const { offset } = cold[index] as { offset: number };
        const key = this.#port.tryKey(type, offset);
        if (key === null) continue;
        held.add(key);
        // Another area has its type now.
        if (key.view.serial !== target.serial) return -1;
        const block = key.isKept ? this.backend.copyCold(index) : null;
        if (block === null) {
          release(key);
          continue;
        }
        end = this.#stage(block.block, end);
        copied.push({ key, form: block.form, bytes: block.block.length });
      }
      return copied.length === 0 ? 0 : this.#move(type, target.storage, copied, release);
    } finally {
      for (const key of held) this.#port.releaseKey(key);
    }
  }

  /** @returns pages moved; -1 when the storage was full or failed */
  #move(
    type: number,
    storage: SharedStorage,
    copied: readonly Copied[],
    release: (key: HeldKey) => void,
  ): number {
    const { places, pageSize } = this.#port;
    const { view } = (copied[0] as Copied).key;
    const sizes = copied.map(({ bytes }) => bytes);
    const affordable = this.#budget.takeBlocks(sizes);
    if (affordable < sizes.length) this.#port.countEvent("budgetStops");
    if (affordable === 0) return 0;
    let unwritten = sizes.slice(0, affordable);
    try {
      const { position, blocks } = places.reserve(type, view, unwritten);
      let end = 0;
      for (const { bytes } of copied.slice(0, blocks)) end += roundToUnits(bytes, pageSize);
      if (blocks === 0) this.#port.countEvent("deviceFull");
      if (blocks === 0 || !this.#write(storage, this.#staging.subarray(0, end), position))
        return -1;
      unwritten = unwritten.slice(blocks);
      this.#port.countEvent("deviceWrites");
      this.#port.countEvent("deviceWrittenPages", blocks);
      for (const { key, form, bytes } of copied.slice(0, blocks)) {
        this.#settle(key, form, bytes);
        this.#port.countEvent("writtenBackPages");
        release(key);
      }
      return blocks;
    } finally {
      this.#budget.giveBackBytes(sumOf(unwritten));
      places.cancel();
    }
  }

  /** Makes the storage the place of a page, and the backend forget it. */
  #settle(key: HeldKey, form: number, bytes: number): void {
    const { places } = this.#port;
    const { type, offset, view } = key;
    key.change(() => {
      places.publish(type, view, offset, form, bytes);
      try {
        this.backend.flushPage(type, offset);
      } catch (error) {
        // It is still there, for the lock of a dead worker could not be had.
        places.discard(type, view, offset);
        throw error;
      }
      return false;
    });
  }

  /** @returns false when the storage is full or fails: the pages are still in the pool */
  #write(storage: SharedStorage, bytes: Uint8Array<ArrayBuffer>, position: number): boolean {
    try {
      if (storage.write(bytes, position)) return true;
      this.#port.countEvent("deviceFull");
    } catch {
      this.#port.countEvent("deviceErrors");
    }
    return false;
  }

  /** Copies a block behind the ones before. @returns where the next one begins */
  #stage(block: Uint8Array, at: number): number {
    const { pageSize } = this.#port;
    if (this.#staging.length === 0) {
      this.#staging = new Uint8Array(this.#clusterPages * pageSize);
    }
    this.#staging.set(block, at);
    return at + roundToUnits(block.length, pageSize);
  }

  #retry(key: HeldKey): boolean {
    const kept = key.change(() => {
      const isKept = this.backend.retryPut(key.type, key.offset);
      if (isKept) this.#port.places.discardIfFree(key.type, key.view, key.offset);
      return isKept;
    });
    if (!kept) return false;
    this.#port.countEvent("roomMade");
    return true;
  }

  #pause(type: number, target: Target): void {
    target.resumesAt = this.#attempts + PAUSE_ATTEMPTS;
    this.backend.allowWriteback(type, false);
  }
}

function sumOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}
