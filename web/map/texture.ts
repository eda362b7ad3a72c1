/**
 * The map as a picture of one pixel per page, which is drawn enlarged.
 *
 * Why so: a million cells can't be drawn one by one in a frame, but a picture of a million pixels
 * can. Only the rectangle that has changed is handed over, and when everything changes (another order)
 * the picture is painted over several frames: so many cells at most, and so long at most.
 *
 * What it does is counted, so that a test can tell work from time.
 */
import { cellToPixel } from "./colours.ts";
import { type Layout } from "./order.ts";

/** Cells painted between two looks at the clock: few, for code that has not run hot yet is slow. */
const SLICE = 1024;
/** Cells painted in one go at least, however late it is: a small map is never seen half painted. */
const LEAST_CELLS_AT_ONCE = 2 ** 12;
/** Cells painted in one go at most. */
export const MOST_CELLS_AT_ONCE = 2 ** 18;

export class Texture {
  readonly canvas = document.createElement("canvas");
  #context = this.canvas.getContext("2d");
  #image = new ImageData(1, 1);
  #pixels = new Uint32Array(this.#image.data.buffer);
  #layout: Layout | null = null;
  #firstRow = Infinity;
  #lastRow = -1;
  #firstColumn = Infinity;
  #lastColumn = -1;
  #painted = 0;
  #cells = 0;
  #uploaded = 0;

  /** Cells set, and pixels handed over, since the last call. */
  takeWork(): { readonly cells: number; readonly pixels: number } {
    const work = { cells: this.#cells, pixels: this.#uploaded };
    this.#cells = 0;
    this.#uploaded = 0;
    return work;
  }

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
      this.#context?.clearRect(0, 0, columns, rows);
    }
    this.#markClean();
    this.#painted = 0;
  }

  /** Paints one cell. */
  set(page: number, form: number, size: number, pageSize: number): void {
    if (this.#layout === null) return;
    const place = this.#layout.place(page);
    if (place >= this.#pixels.length) return;
    this.#pixels[place] = cellToPixel(form, size, pageSize);
    this.#cells += 1;
    const { columns } = this.#layout;
    const row = Math.floor(place / columns);
    const column = place - row * columns;
    if (row < this.#firstRow) this.#firstRow = row;
    if (row > this.#lastRow) this.#lastRow = row;
    if (column < this.#firstColumn) this.#firstColumn = column;
    if (column > this.#lastColumn) this.#lastColumn = column;
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
    const first = this.#painted;
    const last = Math.min(first + MOST_CELLS_AT_ONCE, pages);
    while (this.#painted < last) {
      const end = Math.min(this.#painted + SLICE, last);
      for (let page = this.#painted; page < end; page++) {
        this.set(page, forms[page] as number, sizes[page] as number, pageSize);
      }
      this.#painted = end;
      if (end - first >= LEAST_CELLS_AT_ONCE && performance.now() >= until) break;
    }
    return this.#painted >= pages;
  }

  /** Hands over what has changed. */
  upload(): void {
    if (this.#lastRow < this.#firstRow) return;
    const [x, y] = [this.#firstColumn, this.#firstRow];
    const [width, height] = [this.#lastColumn - x + 1, this.#lastRow - y + 1];
    this.#context?.putImageData(this.#image, 0, 0, x, y, width, height);
    this.#uploaded += width * height;
    this.#markClean();
  }

  #markClean(): void {
    this.#firstRow = Infinity;
    this.#lastRow = -1;
    this.#firstColumn = Infinity;
    this.#lastColumn = -1;
  }
}
