/**
 * What areas, writeback and admission count and report.
 *
 * Why so: the counters of the 2010 posting say what the front-end did; these say what became of
 * pages beyond it. Counter and event are one call, so an event is never forgotten and never
 * counted twice. Without a listener an event costs an addition and allocates nothing.
 *
 * Invariant: a listener can't disturb the call that it hears of: what it throws is thrown later, on
 * its own. It must not call back into the areas: pages may be on their way just then.
 */

/** The counters of areas and writeback, since the start. docs/writeback.md tells them at length. */
export interface SwapCounters {
  /** Puts and promotions for which the pool had no room at first, one each. */
  readonly poolLimitHits: number;
  /** Of these, those that were kept after writeback had made room. */
  readonly roomMade: number;
  /** Pages whose block writeback has moved from the pool to a device. */
  readonly writtenBackPages: number;
  /** Write-through pages that writeback has dropped from the pool: the device had them already. */
  readonly droppedPages: number;
  /** Pages that a get has brought from a device back into the pool. */
  readonly promotedPages: number;
  /** Pages that a shrink has moved out of the pool, to a device or to the caller. */
  readonly shrunkPages: number;
  /** Puts that the pool has rejected in the end because there was no room. */
  readonly rejectedFull: number;
  /** Puts that the pool has rejected because the page does not compress enough. */
  readonly rejectedIncompressible: number;
  /** Puts that were not tried because the same page had been rejected as incompressible. */
  readonly skippedIncompressible: number;
  /** Puts that were not tried because the pool was full and is not below the accept threshold yet. */
  readonly skippedFull: number;
  /** Blocks read from devices. */
  readonly deviceReads: number;
  /** Writes that devices took; a cluster is one. */
  readonly deviceWrites: number;
  /** Blocks in these writes. */
  readonly deviceWrittenPages: number;
  /** Writes that devices refused because they were full. */
  readonly deviceFull: number;
  /** Calls on devices that failed: reads, writes and discards. */
  readonly deviceErrors: number;
  /** Times that writeback took fewer pages than it wanted, or none, to keep within its budget. */
  readonly budgetStops: number;
}

/** The name of a counter, and of the event that goes with it. */
export type SwapEventName = keyof SwapCounters;

/** One move of a counter. */
export interface SwapEvent {
  readonly name: SwapEventName;
  /** The swap type concerned; -1 when it is none in particular. */
  readonly type: number;
  /** The offset concerned; the first of several; -1 when it is none in particular. */
  readonly offset: number;
  /** By how much the counter moved. */
  readonly count: number;
}

/** Counts, and tells a listener. */
export class SwapLog {
  readonly #counters: Record<SwapEventName, number> = {
    poolLimitHits: 0,
    roomMade: 0,
    writtenBackPages: 0,
    droppedPages: 0,
    promotedPages: 0,
    shrunkPages: 0,
    rejectedFull: 0,
    rejectedIncompressible: 0,
    skippedIncompressible: 0,
    skippedFull: 0,
    deviceReads: 0,
    deviceWrites: 0,
    deviceWrittenPages: 0,
    deviceFull: 0,
    deviceErrors: 0,
    budgetStops: 0,
  };
  readonly #onEvent: ((event: SwapEvent) => void) | undefined;

  /** @param onEvent called for every move of a counter, while the call that moved it goes on */
  constructor(onEvent?: (event: SwapEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Moves a counter. */
  count(name: SwapEventName, type: number, offset: number, count = 1): void {
    this.#counters[name] += count;
    if (this.#onEvent === undefined) return;
    try {
      this.#onEvent({ name, type, offset, count });
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** The counters as they stand. */
  counters(): SwapCounters {
    return { ...this.#counters };
  }
}
