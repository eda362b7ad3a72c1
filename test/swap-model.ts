/**
 * The model test of swap areas: random operations on an area, its backend and its device, with
 * random faults of the device, each compared with a plain Map.
 *
 * Why so: pages that move between pool and device get lost, doubled or stale where a failure meets
 * a move. The rules are few: a put that answers true is in the Map; one that answers false or
 * throws is not, nor is an older copy; a get gives exactly what the Map has, or throws when the
 * device fails, and then the page is still there; whatever happens, as many pages are in pool and
 * on device together as the Map has.
 *
 * A run follows from its seed alone. A failure names seed and step.
 */
import * as assert from "uvu/assert";
import type { SwapDevice } from "../src/devices/device.ts";
import { ZmemError } from "../src/errors.ts";
import type { SwapArea } from "../src/swap-area.ts";
import type { SwapCounters } from "../src/swap-log.ts";
import type { Page } from "../src/types.ts";
import {
  createRandom,
  isSameFilledKind,
  makePage,
  PAGE_KINDS,
  type Random,
} from "./conformance/pages.ts";

/** An area and what a run may do to what is behind it. */
export interface AreaUnderTest {
  readonly area: SwapArea;
  readonly device: SwapDevice | null;
  /** Pages of the area in the backend. */
  countPages(): number;
  isInPool(offset: number): boolean;
  /** Makes the backend scarce, or plentiful again. */
  limitTo(random: Random): void;
  /** Things to do at any time that must lose no page. */
  readonly upkeep?: readonly ((random: Random) => void)[];
  /** Moves pages out of the backend until at most so many are in it. */
  shrink?(target: number, take?: (offset: number, page: Page) => boolean): void;
  moves?(): SwapCounters;
  /** Walks structures. @returns 0 when they are sound */
  validate?(): number;
}

/** What is run. */
export interface SwapModelRun {
  readonly seed: number;
  readonly operations: number;
  readonly make: (random: Random) => AreaUnderTest;
  readonly writeThrough?: boolean;
  readonly exclusiveGet?: boolean;
}

/** What a run did: one in which nothing failed or came back proves little. */
export interface SwapModelTally {
  kept: number;
  rejected: number;
  failedPuts: number;
  found: number;
  failedGets: number;
  taken: number;
  /** The counters of what moved between pool and device. */
  moves: Partial<SwapCounters>;
}

/** Offsets of the area; more than the pool has room for. */
export const MODEL_PAGES = 500;
const PAGE_SIZE = 4096;
const LIBRARY_SIZE = 96;

interface Expected {
  readonly source: number;
  readonly stamp: number;
}

class SwapModel {
  readonly tally: SwapModelTally = {
    kept: 0,
    rejected: 0,
    failedPuts: 0,
    found: 0,
    failedGets: 0,
    taken: 0,
    moves: {},
  };
  readonly #run: SwapModelRun;
  readonly #random: Random;
  readonly #under: AreaUnderTest;
  readonly #library: readonly Page[];
  readonly #expected = new Map<number, Expected>();
  readonly #put = Buffer.alloc(PAGE_SIZE);
  readonly #got = Buffer.alloc(PAGE_SIZE);
  #stamp = 1;

  constructor(run: SwapModelRun) {
    this.#run = run;
    this.#random = createRandom(run.seed);
    this.#under = run.make(this.#random);
    this.#library = Array.from({ length: LIBRARY_SIZE }, (_, at) =>
      makePage(kindOf(at), run.seed + at, PAGE_SIZE),
    );
  }

  step(): void {
    const { area } = this.#under;
    // Half of the operations go to a tenth of the offsets, so that some pages are hot.
    const hot = this.#random.below(2) === 0;
    const offset = this.#random.below(hot ? MODEL_PAGES / 10 : MODEL_PAGES);
    const dice = this.#random.below(10_000);
    if (dice < 4500) this.#putPage(offset);
    else if (dice < 8700) this.#getPage(offset);
    else if (dice < 9500) this.#flushPage(offset);
    else if (dice < 9900) assert.is(area.has(offset), this.#expected.has(offset), "has");
    else if (dice < 9950) this.#under.limitTo(this.#random);
    else if (dice < 9960) this.#shrink();
    else this.#keepUp();
    this.#compareCounts(offset);
  }

  /** Gets everything, checks the structures. */
  check(): void {
    for (const offset of [...this.#expected.keys()]) this.#getPage(offset);
    assert.is(this.#under.validate?.() ?? 0, 0, "the validator's check that failed");
    for (let offset = 0; offset < MODEL_PAGES; offset++) this.#compareCounts(offset);
  }

  /** Hands everything over by swapOff; a device that fails for a while delays that. */
  finish(): void {
    this.check();
    this.tally.moves = this.#under.moves?.() ?? {};
    const { area } = this.#under;
    for (let attempt = 0; area.isOn; attempt++) {
      try {
        area.swapOff((offset, page) => {
          this.#compare(offset, page);
          this.#expected.delete(offset);
        });
      } catch (error) {
        this.#tolerate(error);
        if (isClosed(error)) break;
        assert.ok(attempt < 1000, "swapOff never ends");
        if (!area.isOn) break;
      }
    }
    try {
      area.off();
    } catch (error) {
      this.#tolerate(error);
    }
    assert.is(area.isOn, false);
  }

  #putPage(offset: number): void {
    const expected = { source: this.#random.below(LIBRARY_SIZE), stamp: this.#stamp++ };
    this.#fill(expected);
    let kept = false;
    try {
      kept = this.#under.area.put(offset, this.#put);
      this.tally[kept ? "kept" : "rejected"] += 1;
    } catch (error) {
      this.#tolerate(error);
      this.tally.failedPuts += 1;
    }
    if (kept) this.#expected.set(offset, expected);
    else this.#expected.delete(offset);
    assert.is(this.#under.area.has(offset), kept, "has after put");
  }

  #getPage(offset: number): void {
    const expected = this.#expected.get(offset);
    this.#got.fill(0xa5);
    let found;
    try {
      found = this.#under.area.get(offset, this.#got);
    } catch (error) {
      this.#tolerate(error);
      assert.ok(expected, "a get of an absent page threw");
      assert.ok(
        this.#got.every((byte) => byte === 0xa5),
        "a get that threw wrote",
      );
      assert.is(this.#under.isInPool(offset), false, "a get from the pool threw");
      this.tally.failedGets += 1;
      return;
    }
    assert.is(found, expected !== undefined, `get of offset ${offset}`);
    if (!found) {
      assert.ok(this.#got.subarray(0, 16).every((byte) => byte === 0xa5));
      return;
    }
    this.#compare(offset, this.#got);
    this.tally.found += 1;
    if (this.#run.exclusiveGet === true && !this.#under.area.has(offset)) {
      this.#expected.delete(offset);
      this.tally.taken += 1;
    }
  }

  #flushPage(offset: number): void {
    const was = this.#expected.delete(offset);
    try {
      assert.is(this.#under.area.flush(offset), was, "flush");
    } catch (error) {
      this.#tolerate(error);
      assert.ok(was, "a flush of an absent page threw");
    }
    assert.is(this.#under.area.has(offset), false);
  }

  #shrink(): void {
    const target = this.#random.below(this.#under.countPages() + 1);
    const take =
      this.#random.below(2) === 0
        ? undefined
        : (offset: number, page: Page): boolean => {
            if (this.#random.below(3) === 0) return false;
            this.#compare(offset, page);
            this.#expected.delete(offset);
            this.tally.taken += 1;
            return true;
          };
    this.#under.shrink?.(target, take);
  }

  #keepUp(): void {
    const { upkeep = [] } = this.#under;
    upkeep[this.#random.below(Math.max(1, upkeep.length))]?.(this.#random);
  }

  #compareCounts(offset: number): void {
    const { area, device } = this.#under;
    const inPool = this.#under.isInPool(offset);
    const pages = this.#under.countPages() + area.pagesOnDevice;
    if (this.#run.writeThrough === true) {
      assert.is(area.pagesOnDevice, this.#expected.size, "pages on the device");
      return;
    }
    assert.is(pages, this.#expected.size, "pages in pool and on device");
    if (!inPool) return;
    let tag = -1;
    try {
      tag = device?.tagOf(offset) ?? -1;
    } catch (error) {
      assert.ok(isClosed(error));
    }
    assert.is(tag, -1, "a page is in the pool and on the device");
  }

  #compare(offset: number, page: Page): void {
    const expected = this.#expected.get(offset);
    assert.ok(expected, `offset ${offset} should be absent`);
    this.#fill(expected);
    assert.is(Buffer.compare(page, this.#put), 0, `offset ${offset}: other bytes than were put`);
  }

  #fill({ source, stamp }: Expected): void {
    this.#put.set(this.#library[source] as Page);
    // A stamp in a same-filled page would make it another kind.
    if (!isSameFilledKind(kindOf(source))) {
      this.#put.writeUInt32LE(stamp, (stamp % (PAGE_SIZE / 4)) * 4);
    }
  }

  #tolerate(error: unknown): void {
    const isDevice = error instanceof ZmemError && error.code === "ERR_ZMEM_DEVICE";
    if (!isDevice && !isClosed(error)) throw error;
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof ZmemError && error.code === "ERR_ZMEM_CLOSED";
}

function kindOf(source: number): (typeof PAGE_KINDS)[number] {
  // Same-filled pages need no room: fewer of them.
  return PAGE_KINDS[source % 4 === 0 ? source % 3 : 3 + (source % 5)] as "zero";
}

/** Runs the model. @throws when an answer differs from the Map's; names seed and step */
export function runSwapModel(run: SwapModelRun): SwapModelTally {
  const model = new SwapModel(run);
  let step = 0;
  try {
    for (; step < run.operations; step++) {
      model.step();
      if (step % 20_000 === 19_999) model.check();
    }
    model.finish();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${run.seed}, step ${step}: ${what}`, { cause: error });
  }
  return model.tally;
}
