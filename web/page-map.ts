/**
 * The page map: a grid on a canvas with one cell per page, row by row.
 *
 * Why so: the grid is drawn into a buffer of one pixel per cell and enlarged without smoothing, so
 * a batch costs a small write however large the cells are. Cells are as large as the space allows
 * and at least one device pixel, gaps appear where there is room for them.
 */
import {
  colourToCss,
  REJECTED_COLOUR,
  SAME_FILLED_COLOUR,
  scaleToCss,
  shareToColour,
} from "./colours.ts";
import { FORM_REJECTED, FORM_SAME_FILLED } from "./messages.ts";

/** Cells in CSS pixels. */
const LARGEST_CELL = 22;
const SMALLEST_CELL = 2;
/** The grid gets about this high before its cells shrink, in CSS pixels. */
const TARGET_HEIGHT = 460;
const GAP_FROM_CELL = 6;

/** A canvas that shows how each page is kept. */
export class PageMap {
  readonly #canvas: HTMLCanvasElement;
  #pageSize = 4096;
  #pages = 0;
  #filled = 0;
  #forms = new Uint8Array(0);
  #blockBytes = new Uint32Array(0);
  #columns = 1;
  #cell = LARGEST_CELL;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  /** Begins a new map of so many pages. */
  reset(pages: number, pageSize: number): void {
    this.#pages = pages;
    this.#pageSize = pageSize;
    this.#filled = 0;
    this.#forms = new Uint8Array(pages);
    this.#blockBytes = new Uint32Array(pages);
    this.layOut();
  }

  /** Takes the columns of a batch and draws its cells. */
  add(first: number, forms: Uint8Array, blockBytes: Uint32Array): void {
    this.#forms.set(forms, first);
    this.#blockBytes.set(blockBytes, first);
    this.#filled = Math.max(this.#filled, first + forms.length);
    this.#draw(first, first + forms.length);
  }

  /** Fits the grid to the width that the canvas has now, and draws all of it. */
  layOut(): void {
    const width = this.#canvas.parentElement?.clientWidth ?? 0;
    if (width === 0 || this.#pages === 0) return;
    const style = getComputedStyle(this.#canvas.parentElement as Element);
    const inner = width - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const ideal = Math.sqrt((inner * TARGET_HEIGHT) / this.#pages);
    this.#cell = Math.max(SMALLEST_CELL, Math.min(LARGEST_CELL, Math.floor(ideal)));
    this.#columns = Math.max(1, Math.floor(inner / this.#cell));
    const rows = Math.ceil(this.#pages / this.#columns);
    const scale = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(this.#columns * this.#cell * scale);
    this.#canvas.height = Math.round(rows * this.#cell * scale);
    this.#canvas.style.width = `${this.#columns * this.#cell}px`;
    this.#canvas.style.height = `${rows * this.#cell}px`;
    this.#draw(0, this.#filled);
  }

  /** The page at a place of the canvas in CSS pixels; -1 for none. */
  pageAt(x: number, y: number): number {
    const column = Math.floor(x / this.#cell);
    if (column < 0 || column >= this.#columns || y < 0) return -1;
    const page = Math.floor(y / this.#cell) * this.#columns + column;
    return page < this.#filled ? page : -1;
  }

  /** A page in words. */
  describe(page: number): string {
    const bytes = this.#blockBytes[page] ?? 0;
    switch (this.#forms[page]) {
      case FORM_REJECTED:
        return `Page ${page}: rejected`;
      case FORM_SAME_FILLED:
        return `Page ${page}: one repeated word`;
      default:
        return `Page ${page}: ${bytes} of ${this.#pageSize} bytes (${Math.round((bytes / this.#pageSize) * 100)}%)`;
    }
  }

  #draw(from: number, to: number): void {
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    const scale = window.devicePixelRatio || 1;
    const size = this.#cell * scale;
    const gap = this.#cell >= GAP_FROM_CELL ? Math.max(1, Math.round(scale)) : 0;
    let lastStyle = "";
    for (let page = from; page < to; page++) {
      const style = this.#styleOf(page);
      if (style !== lastStyle) context.fillStyle = style;
      lastStyle = style;
      const left = Math.round((page % this.#columns) * size);
      const top = Math.round(Math.floor(page / this.#columns) * size);
      const right = Math.round(((page % this.#columns) + 1) * size);
      const bottom = Math.round((Math.floor(page / this.#columns) + 1) * size);
      context.fillRect(left, top, right - left - gap, bottom - top - gap);
    }
  }

  #styleOf(page: number): string {
    const form = this.#forms[page];
    if (form === FORM_REJECTED) return colourToCss(REJECTED_COLOUR);
    if (form === FORM_SAME_FILLED) return colourToCss(SAME_FILLED_COLOUR);
    return styleOfShare((this.#blockBytes[page] ?? 0) / this.#pageSize);
  }
}

const STEPS = 128;
const shareStyles: string[] = Array.from({ length: STEPS + 1 }, (_, step) =>
  colourToCss(shareToColour(step / STEPS)),
);

function styleOfShare(share: number): string {
  return shareStyles[Math.round(Math.min(share, 1) * STEPS)] as string;
}

/** Fills the legend of the map. */
export function showLegend(list: HTMLElement): void {
  const entries: [label: string, background: string, isScale: boolean][] = [
    ["compressed size, 0 to 100% of the page", scaleToCss(), true],
    ["one repeated word", colourToCss(SAME_FILLED_COLOUR), false],
    ["rejected", colourToCss(REJECTED_COLOUR), false],
  ];
  list.replaceChildren(
    ...entries.map(([label, background, isScale]) => {
      const item = document.createElement("li");
      const sample = document.createElement("i");
      sample.style.background = background;
      if (isScale) sample.className = "scale";
      item.append(sample, label);
      return item;
    }),
  );
}
