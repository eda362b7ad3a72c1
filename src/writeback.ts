/**
 * Writeback: cold pages go from the pool to their areas' devices, so that a new page is accepted.
 *
 * ```
 * put rejected for want of room ─ up to 4 rounds ─┬ a cluster of the coldest pages → device
 *                                                 ├ drop them, try the put again
 *                                                 └ compact a bounded number of objects, try again
 * ```
 *
 * Why so: a pool that rejects the incoming page when it is full keeps its coldest pages in memory
 * and sends the hottest to disk, which is what users of zswap and zram complain of most. Blocks are
 * written as they are stored: writing back costs no decompression, and reading back no more than
 * the get would. The incoming page is compressed once, however many rounds it takes.
 *
 * Bound: a put looks at 4 × 8192 buckets and entries of the index, a bucket's more or less, writes 4
 * clusters and moves 4 × 256 objects at most.
 *
 * Invariants: a page is dropped from the pool only after its device has taken its block; when the
 * device refuses or fails, all pages of that cluster stay where they are, and the area's pages are
 * left alone for the next 64 attempts. Same-filled pages are never written: they hold no memory.
 * Nor is a page without its presence bit, which a backend that failed may have kept: it is dropped.
 */
import type { AreaDevice } from "./area-device.ts";
import type { SlotBlock, StoredBlock } from "./devices/device.ts";
import { unlessClosed } from "./errors.ts";
import type { Frontswap } from "./frontswap.ts";
import { checkBudget, RateBudget, type BudgetOptions } from "./rate-budget.ts";
import type { SwapLog } from "./swap-log.ts";
import {
  RAW_FORM,
  type ColdPage,
  type FrontswapOps,
  type Page,
  type WritebackPort,
} from "./types.ts";

/** How writeback works. */
export interface WritebackOptions {
  /** Pages of one device write, 1 to 64; 32 when left out. */
  readonly clusterPages?: number;
  /** The most that writeback writes in a second, in pages, in bytes, or both; no bound left out. */
  readonly budget?: BudgetOptions;
  /** Milliseconds, for the budget; the clock of the platform when left out. */
  readonly now?: () => number;
}

const MAX_CLUSTER_PAGES = 64;
const DEFAULT_CLUSTER_PAGES = 32;
const MAX_ROUNDS = 4;
const COMPACT_OBJECTS = 256;
/** Attempts for which an area is left alone after its device refused a write or failed. */
const PAUSE_ATTEMPTS = 64;

/** An area whose pages may be written back. */
interface Target {
  readonly device: AreaDevice;
  /** The attempt at which it takes part again; 0 while it does. */
  resumesAt: number;
}

/** A backend that writeback works with. */
export type WritebackBackend = FrontswapOps & WritebackPort;

/** Moves pages between a backend with a writeback port and the devices of areas. */
export class Writeback {
  readonly clusterPages: number;
  readonly #frontswap: Frontswap;
  readonly #port: WritebackBackend;
  readonly #log: SwapLog;
  readonly #pageBudget: RateBudget;
  readonly #byteBudget: RateBudget;
  readonly #targets = new Map<number, Target>();
  #attempts = 0;
  /** Whether the last cluster stayed empty because no page was cold. */
  #hasFoundNone = false;
  #paused = 0;

  /** @throws RangeError for a cluster or a budget that can't be */
  constructor(
    frontswap: Frontswap,
    port: WritebackBackend,
    log: SwapLog,
    options: WritebackOptions = {},
  ) {
    const { clusterPages = DEFAULT_CLUSTER_PAGES, budget = {}, now } = options;
    if (!Number.isInteger(clusterPages) || clusterPages < 1 || clusterPages > MAX_CLUSTER_PAGES) {
      throw new RangeError(
        `clusterPages: expected an integer from 1 to ${MAX_CLUSTER_PAGES}, got ${clusterPages}`,
      );
    }
    this.clusterPages = clusterPages;
    this.#frontswap = frontswap;
    this.#port = port;
    this.#log = log;
    checkBudget(budget, frontswap.pageSize);
    this.#pageBudget = new RateBudget(budget.pages ?? Infinity, now);
    this.#byteBudget = new RateBudget(budget.bytes ?? Infinity, now);
  }

  /** Lets pages of the device's area be written back. */
  add(device: AreaDevice): void {
    this.#targets.set(device.type, { device, resumesAt: 0 });
    this.#port.allowWriteback(device.type, true);
  }

  /** Ends that, before the type is turned off. */
  remove(type: number): void {
    const target = this.#targets.get(type);
    if (target === undefined) return;
    if (target.resumesAt > 0) this.#paused -= 1;
    this.#targets.delete(type);
    unlessClosed(() => this.#port.allowWriteback(type, false));
  }

  /** Whether any area takes part. */
  get isActive(): boolean {
    return this.#targets.size > 0;
  }

  /** The decoder of blocks, and what else a backend with the port can do. */
  get port(): WritebackPort {
    return this.#port;
  }

  /** Sets the compression ratio that pages must reach from now on; 1: none, the default. */
  setDemandedRatio(ratio: number): void {
    this.#port.setLongestBlock(this.#frontswap.pageSize / ratio);
  }

  /**
   * Makes room for the page that the backend has rejected last, and puts it again.
   *
   * @returns whether it is kept now; false at once when it was not rejected for want of room
   */
  makeRoom(type: number, offset: number): boolean {
    const reason = this.#port.lastReject;
    if (reason !== "limit" && reason !== "growth") return false;
    this.#log.count("poolLimitHits", type, offset);
    if (!this.isActive) return false;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const evicted = this.evictCluster(this.clusterPages);
      if (evicted > 0 && this.#retry(type, offset)) return true;
      const moved = this.#port.compactForRetry(COMPACT_OBJECTS);
      if (moved > 0 && this.#retry(type, offset)) return true;
      // The hand goes on where it stopped: what it has not found yet may come.
      if (evicted === 0 && moved === 0 && !this.#hasFoundNone) return false;
    }
    return false;
  }

  /**
   * Decodes a block that was read from a device, and keeps it in the pool again if there is room or
   * room can be made.
   *
   * @returns whether the pool has it now; the caller discards the device's copy then
   * @throws ZmemError `ERR_ZMEM_CORRUPT` when the block does not decode; nothing has changed
   */
  promote(type: number, offset: number, { tag, block }: StoredBlock, page: Page): boolean {
    if (!this.#restore(type, offset, tag, block, page) && !this.makeRoom(type, offset)) {
      return false;
    }
    this.#frontswap.admitPage(type, offset);
    this.#log.count("promotedPages", type, offset);
    return true;
  }

  /**
   * Moves the coldest pages to their devices.
   *
   * @param most pages
   * @returns pages that left the pool; 0 when none is cold, no device takes them, or the budget is
   *   used up
   */
  evictCluster(most: number): number {
    this.#attempts += 1;
    if (this.#paused > 0) this.#resume();
    const allowed = Math.floor(Math.min(most, this.#pageBudget.available()));
    if (allowed < most) this.#log.count("budgetStops", -1, -1);
    this.#hasFoundNone = false;
    if (allowed < 1) return 0;
    const cold = this.#port.selectCold(allowed);
    this.#hasFoundNone = cold.length === 0;
    if (this.#hasFoundNone) {
      // A type that the backend could open only later does not know yet that it takes part.
      for (const [type, { resumesAt }] of this.#targets) {
        if (resumesAt === 0) this.#port.allowWriteback(type, true);
      }
      return 0;
    }
    const groups = new Map<number, number[]>();
    for (const [index, { type }] of cold.entries()) {
      const group = groups.get(type);
      if (group === undefined) groups.set(type, [index]);
      else group.push(index);
    }
    let evicted = 0;
    const refused: Target[] = [];
    for (const [type, indices] of groups) {
      const target = this.#targets.get(type);
      if (target === undefined) continue;
      const moved = this.#evictGroup(target.device, cold, indices);
      if (moved === null) refused.push(target);
      else evicted += moved;
    }
    // Only now: the backend's list ends with its next call.
    for (const target of refused) this.#pause(target);
    return evicted;
  }

  #restore(type: number, offset: number, tag: number, block: Uint8Array, page: Page): boolean {
    if (tag !== RAW_FORM) return this.#port.restorePage(type, offset, tag, block, page);
    // A page that was rejected for want of room has not been compressed for good yet.
    this.#port.decodeBlock(tag, block, page);
    return this.#port.putPage(type, offset, page);
  }

  /** @returns pages that left the pool; null when the device refused or failed: none did */
  #evictGroup(
    device: AreaDevice,
    cold: readonly ColdPage[],
    indices: readonly number[],
  ): number | null {
    // Write-through pages are on the device already; those without a bit are nobody's.
    const known = indices.filter((index) => {
      const { offset } = cold[index] as ColdPage;
      return device.has(offset) || !this.#frontswap.testPage(device.type, offset);
    });
    for (const index of known) this.#drop(device, cold, index, "droppedPages");
    const chosen = this.#choose(device, cold, indices, known);
    const blocks: SlotBlock[] = chosen.map((index) => {
      const { offset, form, block } = cold[index] as ColdPage;
      return { slot: offset, tag: form, block };
    });
    if (blocks.length === 0) return known.length === 0 && device.room <= 0 ? null : known.length;
    const bytes = blocks.reduce((sum, { block }) => sum + block.length, 0);
    this.#pageBudget.charge(blocks.length);
    this.#byteBudget.charge(bytes);
    let written = false;
    try {
      written = device.writeCluster(blocks);
    } catch {
      // Counted where it happened. The pages are still in the pool, so nobody has lost anything.
    }
    if (!written) {
      this.#pageBudget.refund(blocks.length);
      this.#byteBudget.refund(bytes);
      return known.length > 0 ? known.length : null;
    }
    for (const index of chosen) this.#drop(device, cold, index, "writtenBackPages");
    return chosen.length + known.length;
  }

  /** Those that the device has room and the budget bytes for. */
  #choose(
    device: AreaDevice,
    cold: readonly ColdPage[],
    indices: readonly number[],
    known: readonly number[],
  ): number[] {
    const chosen: number[] = [];
    let bytes = this.#byteBudget.available();
    for (const index of indices) {
      if (known.includes(index)) continue;
      if (chosen.length >= device.room) break;
      bytes -= (cold[index] as ColdPage).block.length;
      if (bytes < 0) {
        this.#log.count("budgetStops", device.type, -1);
        break;
      }
      chosen.push(index);
    }
    return chosen;
  }

  #drop(
    device: AreaDevice,
    cold: readonly ColdPage[],
    index: number,
    name: "writtenBackPages" | "droppedPages",
  ): void {
    const { offset } = cold[index] as ColdPage;
    if (this.#port.dropCold(index)) {
      if (this.#frontswap.evictPage(device.type, offset)) {
        this.#log.count(name, device.type, offset);
      }
    } else if (name === "writtenBackPages") {
      // It changed in between: what the device has taken is not what the pool keeps.
      device.release(offset);
    }
  }

  #retry(type: number, offset: number): boolean {
    if (!this.#port.retryPut(type, offset)) return false;
    this.#log.count("roomMade", type, offset);
    return true;
  }

  #pause(target: Target): void {
    if (target.resumesAt === 0) this.#paused += 1;
    target.resumesAt = this.#attempts + PAUSE_ATTEMPTS;
    this.#port.allowWriteback(target.device.type, false);
  }

  #resume(): void {
    for (const [type, target] of this.#targets) {
      if (target.resumesAt === 0 || target.resumesAt > this.#attempts) continue;
      target.resumesAt = 0;
      this.#paused -= 1;
      this.#port.allowWriteback(type, true);
    }
  }
}
