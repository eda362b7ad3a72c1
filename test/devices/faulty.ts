/**
 * Devices that fail at random, in every way that the contract of a device allows: for the tests of
 * what stands before a device.
 *
 * What: a wrapper for each interface around a device that works. A write fails, a read fails or
 * comes short, the device is full or slow, or it is closed in between.
 *
 * Invariant: the wrapper keeps the contract itself: after a write that threw, its slots are empty;
 * a write that answered false has changed nothing.
 */
import { checkCluster } from "../../src/devices/arguments.ts";
import type {
  AsyncSwapDevice,
  SlotBlock,
  StoredBlock,
  SwapDevice,
} from "../../src/devices/device.ts";
import { ZmemError } from "../../src/errors.ts";
import type { Random } from "../conformance/pages.ts";

/** How many of 1000 calls fail in each way. */
export interface FaultRates {
  writeFails?: number;
  readFails?: number;
  shortRead?: number;
  full?: number;
  /** The device closes itself before the call; it stays closed. */
  closes?: number;
  /** Asynchronous only: the call waits for a few milliseconds first. */
  slow?: number;
}

/** Calls that failed, by way. */
export type FaultCounts = Record<keyof FaultRates, number>;

const NO_FAULTS: FaultCounts = {
  writeFails: 0,
  readFails: 0,
  shortRead: 0,
  full: 0,
  closes: 0,
  slow: 0,
};

/** Decides which calls fail. */
class Faults {
  readonly rates: FaultRates;
  readonly counts: FaultCounts = { ...NO_FAULTS };
  readonly #random: Random;

  constructor(random: Random, rates: FaultRates) {
    this.#random = random;
    this.rates = rates;
  }

  strikes(way: keyof FaultRates): boolean {
    const rate = this.rates[way] ?? 0;
    if (rate === 0 || this.#random.below(1000) >= rate) return false;
    this.counts[way] += 1;
    return true;
  }

  delay(): Promise<void> {
    const ms = this.#random.below(4);
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}

const failure = (what: string): ZmemError => new ZmemError("ERR_ZMEM_DEVICE", `injected: ${what}`);

/** A synchronous device that fails at random. */
export class FaultySwapDevice implements SwapDevice {
  readonly #inner: SwapDevice;
  readonly #faults: Faults;

  /** @param rates may be changed while it is used */
  constructor(inner: SwapDevice, random: Random, rates: FaultRates) {
    this.#inner = inner;
    this.#faults = new Faults(random, rates);
  }

  get counts(): Readonly<FaultCounts> {
    return this.#faults.counts;
  }

  get pageSize(): number {
    return this.#inner.pageSize;
  }

  get capacityPages(): number {
    return this.#inner.capacityPages;
  }

  get pages(): number {
    return this.#inner.pages;
  }

  write(slot: number, tag: number, block: Uint8Array): boolean {
    return this.writeCluster([{ slot, tag, block }]);
  }

  writeCluster(blocks: readonly SlotBlock[]): boolean {
    this.#closeAtTimes();
    if (this.#faults.strikes("full")) {
      // A closed device says so, whatever else would have gone wrong.
      this.#inner.writeCluster([]);
      return false;
    }
    if (this.#faults.strikes("writeFails")) {
      for (const { slot } of blocks) this.#inner.discard(slot);
      throw failure("write");
    }
    return this.#inner.writeCluster(blocks);
  }

  read(slot: number, into: Uint8Array): number {
    this.#closeAtTimes();
    if (this.#inner.tagOf(slot) >= 0) {
      if (this.#faults.strikes("readFails")) throw failure("read");
      if (this.#faults.strikes("shortRead")) throw failure(`slot ${slot} came short`);
    }
    return this.#inner.read(slot, into);
  }

  tagOf(slot: number): number {
    return this.#inner.tagOf(slot);
  }

  discard(slot: number): boolean {
    this.#closeAtTimes();
    return this.#inner.discard(slot);
  }

  close(): void {
    this.#inner.close();
  }

  #closeAtTimes(): void {
    if (this.#faults.strikes("closes")) this.#inner.close();
  }
}

/** An asynchronous device that fails at random. */
export class FaultyAsyncSwapDevice implements AsyncSwapDevice {
  readonly #inner: AsyncSwapDevice;
  readonly #faults: Faults;
  /** Slow calls must not be overtaken by later ones on the same slot, so all wait in line. */
  #line: Promise<unknown> = Promise.resolve();

  /** @param rates may be changed while it is used */
  constructor(inner: AsyncSwapDevice, random: Random, rates: FaultRates) {
    this.#inner = inner;
    this.#faults = new Faults(random, rates);
  }

  get counts(): Readonly<FaultCounts> {
    return this.#faults.counts;
  }

  get pageSize(): number {
    return this.#inner.pageSize;
  }

  get capacityPages(): number {
    return this.#inner.capacityPages;
  }

  get pages(): number {
    return this.#inner.pages;
  }

  write(slot: number, tag: number, block: Uint8Array): Promise<boolean> {
    return this.writeCluster([{ slot, tag, block }]);
  }

  async writeCluster(blocks: readonly SlotBlock[]): Promise<boolean> {
    checkCluster(blocks, this.pageSize);
    const copies = blocks.map(({ slot, tag, block }) => ({ slot, tag, block: block.slice() }));
    return this.#enqueue(async () => {
      if (this.#faults.strikes("full")) {
        await this.#inner.writeCluster([]);
        return false;
      }
      if (this.#faults.strikes("writeFails")) {
        await Promise.all(copies.map(({ slot }) => this.#inner.discard(slot)));
        throw failure("write");
      }
      return this.#inner.writeCluster(copies);
    });
  }

  read(slot: number): Promise<StoredBlock | null> {
    return this.#enqueue(async () => {
      const found = await this.#inner.read(slot);
      if (found === null) return null;
      if (this.#faults.strikes("readFails")) throw failure("read");
      if (this.#faults.strikes("shortRead")) throw failure(`slot ${slot} came short`);
      return found;
    });
  }

  discard(slot: number): Promise<boolean> {
    return this.#enqueue(() => this.#inner.discard(slot));
  }

  close(): Promise<void> {
    return this.#enqueue(() => this.#inner.close(), false);
  }

  #enqueue<Result>(call: () => Promise<Result>, mayFail = true): Promise<Result> {
    const result = this.#line.then(async () => {
      if (mayFail && this.#faults.strikes("slow")) await this.#faults.delay();
      if (mayFail && this.#faults.strikes("closes")) await this.#inner.close();
      return call();
    });
    this.#line = result.catch(() => undefined);
    return result;
  }
}
