/**
 * The map as a picture of one pixel per page, which is drawn enlarged.
 *
 * Why so: a million cells can't be drawn one by one in a frame, but a picture of a million pixels
 * can. Only rows that have changed are handed over, and when everything changes (another order) the
 * picture is painted over several frames.
 */
import { cellToPixel } from "./colours.ts";
import { type Layout } from "./order.ts";

/** Cells painted between two looks at the clock. */
const SLICE = 8192;

export class Texture {
  readonly canvas = document.createElement("canvas");
  #context = this.canvas.getContext("2d");
  #image = new ImageData(1, 1);
  #pixels = new Uint32Array(this.#image.data.buffer);
  #layout: Layout | null = null;
  #firstRow = Infinity;
  #lastRow = -1;
  #painted = 0;

  /** Begins a picture; `paint` fills it. */
  reset(layout: Layout): void {
    this.#layout = layout;
    const { columns, rows } = layout;
    if (this.canvas.width !== columns || this.canvas.height !== rows) {
      this.canvas.width = columns;
      this.canvas.height = rows;
      this.#image = new ImageData(columns, rows);
      this.#pixels = new Uint32Array(this.#image.data.buffer);
    } else {
      this.#pixels.fill(0);
    }
    this.#firstRow = 0;
    this.#lastRow = rows - 1;
    this.#painted = 0;
  }

  /** Paints one cell. */
  set(page: number, form: number, size: number, pageSize: number): void {
    if (this.#layout === null) return;
    const place = this.#layout.place(page);
    if (place >= this.#pixels.length) return;
    this.#pixels[place] = cellToPixel(form, size, pageSize);
    const row = Math.floor(place / this.#layout.columns);
    if (row < this.#firstRow) this.#firstRow = row;
    if (row > this.#lastRow) this.#lastRow = row;
  }

  /**
   * Goes on painting after a reset.
   *
   * @param until the clock's time at which to stop
   * @returns whether all is painted
   */
  paint(
    pages: number,
    forms: Uint8Array,
    sizes: Uint32Array,
    pageSize: number,
    until: number,
  ): boolean {
    while (this.#painted < pages) {
      const end = Math.min(this.#painted + SLICE, pages);
      for (let page = this.#painted; page < end; page++) {
        this.set(page, forms[page] as number, sizes[page] as number, pageSize);
      }
      this.#painted = end;
      if (performance.now() >= until) break;
    }
    return this.#painted >= pages;
  }

  /** Hands over the rows that have changed. */
  upload(): void {
    if (this.#lastRow < this.#firstRow) return;
    const height = this.#lastRow - this.#firstRow + 1;
    this.#context?.putImageData(this.#image, 0, 0, 0, this.#firstRow, this.canvas.width, height);
    this.#firstRow = Infinity;
    this.#lastRow = -1;
  }
}
