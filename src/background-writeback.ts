/**
 * Writeback ahead of need, between two watermarks.
 *
 * Why so: a put that finds room waits for no device. When the pool is filled to the high watermark,
 * its coldest pages go to their devices until it is down to the low one; the gap keeps it from
 * starting and stopping with every page. A program with a loop of its own calls `step`; others
 * `start` a timer, which keeps no process alive.
 */
import { isClosedError } from "./errors.ts";
import type { Writeback } from "./writeback.ts";

/** When writeback works ahead, and how much at a time. */
export interface BackgroundOptions {
  /** The fill level at which it begins, above `lowWatermark`, 1 or below; 0.95 when left out. */
  readonly highWatermark?: number;
  /** The fill level at which it ends; 0.9 when left out. */
  readonly lowWatermark?: number;
  /** Milliseconds between two steps of the timer, 0 to 2^31 - 1; 20 when left out. */
  readonly intervalMs?: number;
  /** Microseconds of a step of the timer, about; 2000 when left out. */
  readonly stepMicroseconds?: number;
}

/** What a step did. */
export interface StepResult {
  /** Pages that left the pool. */
  readonly pages: number;
  /** Whether the pool is below the watermark that counts now; false: there is more to do. */
  readonly done: boolean;
}

const COMPACT_OBJECTS = 256;
/** Timers take a longer time for none at all. */
const MAX_INTERVAL_MS = 2 ** 31 - 1;

/** Drives a writeback ahead of need. */
export class BackgroundWriteback {
  readonly #writeback: Writeback;
  readonly #high: number;
  readonly #low: number;
  readonly #intervalMs: number;
  readonly #stepMicroseconds: number;
  #isDraining = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** @throws RangeError for watermarks or times that can't be */
  constructor(writeback: Writeback, options: BackgroundOptions = {}) {
    const {
      highWatermark = 0.95,
      lowWatermark = 0.9,
      intervalMs = 20,
      stepMicroseconds = 2000,
    } = options;
    if (!(lowWatermark > 0 && lowWatermark < highWatermark && highWatermark <= 1)) {
      throw new RangeError(
        `watermarks: expected 0 < low < high ≤ 1, got ${lowWatermark} and ${highWatermark}`,
      );
    }
    if (!(intervalMs >= 0 && intervalMs <= MAX_INTERVAL_MS) || !(stepMicroseconds > 0)) {
      throw new RangeError(
        `background: expected an interval of 0 to ${MAX_INTERVAL_MS} ms and steps above 0 µs, got ${intervalMs} ms and ${stepMicroseconds} µs`,
      );
    }
    this.#writeback = writeback;
    this.#high = highWatermark;
    this.#low = lowWatermark;
    this.#intervalMs = intervalMs;
    this.#stepMicroseconds = stepMicroseconds;
  }

  /** Whether the timer runs. */
  get isRunning(): boolean {
    return this.#timer !== null;
  }

  /** Starts the timer, if it does not run. @throws ZmemError `ERR_ZMEM_CLOSED` */
  start(): void {
    if (this.#timer !== null) return;
    this.#writeback.port.fillLevel();
    this.#arm();
  }

  /** Stops the timer. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /**
   * Writes cold pages back while the pool is too full.
   *
   * @param microseconds about how long; one cluster is always written when there is need
   */
  step(microseconds: number): StepResult {
    const { port, clusterPages } = this.#writeback;
    const until = performance.now() + microseconds / 1000;
    let pages = 0;
    do {
      const level = port.findFullest();
      if (level >= this.#high) this.#isDraining = true;
      if (level <= this.#low) this.#isDraining = false;
      if (!this.#isDraining || !this.#writeback.isActive) return { pages, done: true };
      const evicted = this.#writeback.evictCluster(clusterPages);
      // Memory is only free again once zspages are empty.
      const moved = port.compactForRetry(COMPACT_OBJECTS);
      pages += evicted;
      if (evicted === 0 && moved === 0) break;
    } while (performance.now() < until);
    return { pages, done: false };
  }

  #arm(): void {
    const timer = setTimeout(() => this.#tick(), this.#intervalMs);
    this.#timer = timer;
    // Node's timers keep the process alive unless told not to; those of browsers are numbers.
    (timer as unknown as { unref?: () => void }).unref?.();
  }

  #tick(): void {
    this.#arm();
    try {
      this.step(this.#stepMicroseconds);
    } catch (error) {
      this.stop();
      // A backend that its owner has closed keeps nothing to be written back.
      if (!isClosedError(error)) throw error;
    }
  }
}
