/**
 * The page that is chosen: marked on the map, shown in the inspector, told to screen readers.
 *
 * Why so: a page is chosen by many hands (pointer, keys, number, link, the end of a run), and each
 * has to reach all the same places. A choice by hand goes into the link; the page that is shown
 * because a run has ended and something should be seen does not.
 *
 * Announcements follow at a second's distance, so that walking along a row is not read page by page.
 */
import { describeCell, type Inspector } from "./inspector/inspector.ts";
import { type MapView } from "./map/map-view.ts";
import { type Columns } from "./model/columns.ts";
import { FORM_COMPRESSED } from "./protocol.ts";
import { element } from "./ui/elements.ts";
import { type Tables } from "./ui/tables.ts";

const ANNOUNCE_MS = 1000;
const INSPECT_MS = 250;
/** A block of this share of its page has literals and matches enough to look at. */
const LEAST_TELLING = 1 / 8;

/** Where a choice has to reach. */
export interface SelectionTargets {
  readonly columns: Columns;
  readonly map: MapView;
  readonly inspector: Inspector;
  readonly tables: Tables;
  /** Asks the worker for a page. */
  inspect(page: number): void;
  /** A page was chosen by hand; -1 for none. */
  chosen(page: number): void;
}

export class Selection {
  readonly #targets: SelectionTargets;
  readonly #number = element<HTMLInputElement>("page-number");
  readonly #cell = element("cell");
  /** What is said before a page was pointed at. */
  readonly #advice = this.#cell.textContent ?? "";
  #page = -1;
  #announceTimer = 0;
  #inspectTimer = 0;

  constructor(targets: SelectionTargets) {
    this.#targets = targets;
    this.#number.addEventListener("focus", () => this.#number.select());
    this.#number.addEventListener("change", () => {
      const { value } = this.#number;
      const last = targets.columns.pages - 1;
      if (value !== "") this.choose(Math.min(Math.max(Math.floor(Number(value)), 0), last));
    });
  }

  /** The chosen page; -1 for none. */
  get page(): number {
    return this.#page;
  }

  /** A new run has begun: nothing is there to be chosen. */
  clear(): void {
    window.clearTimeout(this.#announceTimer);
    this.#cell.textContent = this.#advice;
    this.#show(-1, false);
  }

  /** Chooses by hand. @param reveal moves the map so that the cell is seen */
  choose(page: number, reveal = true): void {
    this.#show(page, reveal);
    this.#targets.chosen(this.#page);
    if (this.#page < 0) return;
    const words = this.#describe(this.#page);
    window.clearTimeout(this.#announceTimer);
    this.#announceTimer = window.setTimeout(() => {
      element("announce").textContent = words;
    }, ANNOUNCE_MS);
  }

  /** Shows a page to begin with, from the middle: one whose block has something to tell, if there is. */
  chooseAny(): void {
    const { pages, pageSize, forms, sizes } = this.#targets.columns;
    const middle = pages >>> 1;
    const findFrom = (least: number): number => {
      for (let page = middle; page < pages; page++) {
        if (forms[page] === FORM_COMPRESSED && (sizes[page] as number) >= least) return page;
      }
      return -1;
    };
    const typical = findFrom(pageSize * LEAST_TELLING);
    const found = typical >= 0 ? typical : findFrom(0);
    this.#show(found >= 0 ? found : Math.min(middle, pages - 1), false);
  }

  /** Says what a cell is, without choosing it; -1 says the chosen one again. */
  point(page: number): void {
    const shown = page < 0 ? this.#page : page;
    if (shown >= 0) this.#cell.textContent = this.#describe(shown);
  }

  /** Looks again at the chosen page before long: it may have changed. */
  refresh(changed?: Uint32Array): void {
    if (this.#page < 0 || this.#inspectTimer !== 0) return;
    if (changed !== undefined && !changed.includes(this.#page)) return;
    this.#inspectTimer = window.setTimeout(() => {
      this.#inspectTimer = 0;
      this.point(-1);
      if (this.#page >= 0) this.#targets.inspect(this.#page);
    }, INSPECT_MS);
  }

  #show(page: number, reveal: boolean): void {
    const { columns, map, inspector, tables } = this.#targets;
    this.#page = page >= 0 && page < columns.pages ? page : -1;
    map.select(this.#page, reveal);
    this.#number.value = this.#page < 0 ? "" : String(this.#page);
    if (this.#page < 0) {
      inspector.clear();
      return;
    }
    tables.showFrom(this.#page);
    this.#targets.inspect(this.#page);
    this.#cell.textContent = this.#describe(this.#page);
  }

  #describe(page: number): string {
    const { forms, sizes, pageSize } = this.#targets.columns;
    return describeCell(page, forms[page] as number, sizes[page] as number, pageSize);
  }
}
