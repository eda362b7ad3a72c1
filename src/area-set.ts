/**
 * The swap areas that are on, in the order in which pages are given to them.
 *
 * What: `swapOut` for programs that want a page kept and don't care where; `shrink`, the partial
 * swapoff of the 2010 posting.
 *
 * Why so: as swapon(8): the area of the highest priority is filled first, areas of the same
 * priority take turns, so that equal devices share the load. An area whose device fails is passed
 * over; only when no area took the page does the caller hear of the failure.
 */
import type { AsyncSwapArea } from "./async-swap-area.ts";
import type { Frontswap } from "./frontswap.ts";
import type { SwapArea } from "./swap-area.ts";
import type { Page } from "./types.ts";
import type { Writeback } from "./writeback.ts";

/** Where a page went. */
export interface SwapEntry {
  readonly area: SwapArea;
  readonly offset: number;
}

/** What a shrink did. */
export interface ShrinkResult {
  /** Pages that left the pool. */
  readonly pages: number;
  /** Whether the target was reached. */
  readonly done: boolean;
}

interface Member {
  readonly area: SwapArea | AsyncSwapArea;
  readonly device: object | undefined;
  readonly priority: number;
}

/** The areas of one front-end. */
export class AreaSet {
  readonly #frontswap: Frontswap;
  readonly #writeback: Writeback;
  /** Highest priority first. */
  #members: Member[] = [];

  constructor(frontswap: Frontswap, writeback: Writeback) {
    this.#frontswap = frontswap;
    this.#writeback = writeback;
  }

  /** All areas that are on, highest priority first. */
  get areas(): readonly (SwapArea | AsyncSwapArea)[] {
    return this.#membersOn().map(({ area }) => area);
  }

  /** @throws RangeError when the device serves an area that is on */
  checkDevice(device: object | undefined): void {
    for (const { area, device: used } of this.#membersOn()) {
      if (device !== undefined && used === device) {
        throw new RangeError(`device: expected one of its own, got that of swap type ${area.type}`);
      }
    }
  }

  /** @param priority a higher one is filled first */
  add(area: SwapArea | AsyncSwapArea, device: object | undefined, priority: number): void {
    this.#members = [...this.#membersOn(), { area, device, priority }];
    // Stable: equal priorities stay in the order in which they were turned on.
    this.#members.sort((first, second) => second.priority - first.priority);
  }

  /**
   * Keeps a page at an offset that the areas choose. `area.get` has it, `area.free` gives it up.
   *
   * @returns null when no area took it
   * @throws what the last area that failed threw, when no area took it
   */
  swapOut(page: Page): SwapEntry | null {
    let failure: unknown;
    for (const member of this.#membersOn()) {
      const { area } = member;
      if (!("swapOff" in area)) continue;
      const offset = area.allocate();
      if (offset < 0) continue;
      let kept = false;
      try {
        kept = area.put(offset, page);
      } catch (error) {
        if (error instanceof TypeError || error instanceof RangeError) {
          area.free(offset);
          throw error;
        }
        failure = error;
      }
      if (kept) {
        this.#passTurn(member);
        return { area, offset };
      }
      area.free(offset);
    }
    if (failure !== undefined) throw failure;
    return null;
  }

  /**
   * Moves pages out of the pool until at most `targetPages` are in it: coldest first where
   * writeback knows them, then from the area of the lowest priority. Pages go to the device of
   * their area, or to the caller; one that neither takes stays, so nothing is lost.
   *
   * @param onPage takes a page, a view that is valid during the call, by returning true
   * @throws what `onPage` throws and what a get throws; everything that moved until then has moved
   */
  shrink(
    targetPages: number,
    onPage?: (area: SwapArea, offset: number, page: Page) => boolean,
  ): ShrinkResult {
    const before = this.#frontswap.counters().currPages;
    const excess = (): number => this.#frontswap.counters().currPages - targetPages;
    let evicted = 1;
    while (excess() > 0 && evicted > 0) {
      evicted = this.#writeback.evictCluster(Math.min(excess(), this.#writeback.clusterPages));
    }
    const { areas } = this;
    for (let last = areas.length - 1; last >= 0 && excess() > 0; last--) {
      const area = areas[last] as SwapArea | AsyncSwapArea;
      if (!("swapOff" in area)) continue;
      area.repatriate(excess(), onPage && ((offset, page) => onPage(area, offset, page)));
    }
    return { pages: before - this.#frontswap.counters().currPages, done: excess() <= 0 };
  }

  #membersOn(): readonly Member[] {
    if (this.#members.some(({ area }) => !area.isOn)) {
      this.#members = this.#members.filter(({ area }) => area.isOn);
    }
    return this.#members;
  }

  /** The next page goes to another area of the same priority, if there is one. */
  #passTurn(member: Member): void {
    const own = this.#members.indexOf(member);
    const equals = this.#members.filter(({ priority }) => priority === member.priority).length;
    const first = this.#members.findIndex(({ priority }) => priority === member.priority);
    this.#members.splice(own, 1);
    this.#members.splice(first + equals - 1, 0, member);
  }
}
