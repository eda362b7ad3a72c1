/**
 * The canvas to draw on: its pixels are stored while one draws, a tile per page.
 *
 * Why so: a tile is a square or two of pixels that fill one page exactly, so a stroke changes few
 * pages and the page map looks like the drawing: quiet tiles are dark, busy ones light. Changed
 * tiles are collected and sent once a frame.
 */
import { element } from "./elements.ts";

const EDGE = 512;
const BYTES_PER_PIXEL = 4;
const PAPER = "#ffffff";

/** The pixels of a tile, by the page size. */
export function pageSizeToTile(pageSize: number): {
  readonly width: number;
  readonly height: number;
} {
  const pixels = pageSize / BYTES_PER_PIXEL;
  const height = 2 ** Math.floor(Math.log2(pixels) / 2);
  return { width: pixels / height, height };
}

export class DrawingPad {
  readonly canvas = element<HTMLCanvasElement>("pad");
  readonly #context: CanvasRenderingContext2D | null;
  readonly #send: (pages: Uint32Array, bytes: Uint8Array) => void;
  readonly #dirty = new Set<number>();
  #pageSize = 4096;
  #last: { x: number; y: number } | null = null;
  #open = false;

  /** @param send takes changed tiles: their numbers and their pixels end to end */
  constructor(send: (pages: Uint32Array, bytes: Uint8Array) => void) {
    this.#send = send;
    this.canvas.width = EDGE;
    this.canvas.height = EDGE;
    this.#context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.#clear();
    this.#attach();
  }

  /** Tiles of the whole canvas, and in a row. */
  layout(pageSize: number): { readonly pages: number; readonly columns: number } {
    const { width, height } = pageSizeToTile(pageSize);
    return { pages: (EDGE / width) * (EDGE / height), columns: EDGE / width };
  }

  /** The pool is ready: sends all tiles, and from now on what changes. */
  begin(pageSize: number): void {
    this.#pageSize = pageSize;
    this.#open = true;
    this.#touch(0, 0, EDGE, EDGE);
  }

  /** No pool takes tiles any more. */
  end(): void {
    this.#open = false;
    this.#dirty.clear();
  }

  #attach(): void {
    const place = (event: PointerEvent): { x: number; y: number } => {
      const box = this.canvas.getBoundingClientRect();
      const scale = EDGE / box.width;
      return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.#last = place(event);
      this.#line(this.#last, this.#last);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (this.#last === null) return;
      const now = place(event);
      this.#line(this.#last, now);
      this.#last = now;
    });
    for (const kind of ["pointerup", "pointercancel"] as const) {
      this.canvas.addEventListener(kind, () => {
        this.#last = null;
      });
    }
    element("pad-clear").addEventListener("click", () => {
      this.#clear();
      this.#touch(0, 0, EDGE, EDGE);
    });
    element("pad-picture").addEventListener("click", () => this.#drawPicture());
  }

  #clear(): void {
    if (this.#context === null) return;
    this.#context.fillStyle = PAPER;
    this.#context.fillRect(0, 0, EDGE, EDGE);
  }

  #line(from: { x: number; y: number }, to: { x: number; y: number }): void {
    if (this.#context === null) return;
    const width = Number(element<HTMLInputElement>("pad-width").value);
    const context = this.#context;
    context.strokeStyle = element<HTMLInputElement>("pad-colour").value;
    context.lineWidth = width;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
    const left = Math.min(from.x, to.x) - width;
    const top = Math.min(from.y, to.y) - width;
    this.#touch(
      left,
      top,
      Math.abs(from.x - to.x) + 2 * width,
      Math.abs(from.y - to.y) + 2 * width,
    );
  }

  /** A picture for who can't or won't draw by hand: circles in many colours. */
  #drawPicture(): void {
    if (this.#context === null) return;
    for (let index = 0; index < 24; index++) {
      const x = (index * 197) % EDGE;
      const y = (index * 113 + 60) % EDGE;
      const fill = this.#context.createRadialGradient(x, y, 4, x, y, 30 + (index % 5) * 12);
      fill.addColorStop(0, `hsl(${index * 47} 80% 55%)`);
      fill.addColorStop(1, `hsl(${index * 47 + 40} 80% 75% / 0)`);
      this.#context.fillStyle = fill;
      this.#context.fillRect(0, 0, EDGE, EDGE);
    }
    this.#touch(0, 0, EDGE, EDGE);
  }

  /** Notes the tiles of a rectangle as changed. */
  #touch(left: number, top: number, width: number, height: number): void {
    if (!this.#open) return;
    const tile = pageSizeToTile(this.#pageSize);
    const columns = EDGE / tile.width;
    const clampTo = (value: number, most: number): number =>
      Math.min(Math.max(Math.floor(value), 0), most);
    const lastColumn = clampTo((left + width) / tile.width, columns - 1);
    const lastRow = clampTo((top + height) / tile.height, EDGE / tile.height - 1);
    if (this.#dirty.size === 0) requestAnimationFrame(() => this.#flush());
    for (let row = clampTo(top / tile.height, lastRow); row <= lastRow; row++) {
      for (let column = clampTo(left / tile.width, lastColumn); column <= lastColumn; column++) {
        this.#dirty.add(row * columns + column);
      }
    }
  }

  #flush(): void {
    if (this.#context === null || this.#dirty.size === 0) return;
    const tile = pageSizeToTile(this.#pageSize);
    const columns = EDGE / tile.width;
    const pages = Uint32Array.from(this.#dirty).sort();
    const bytes = new Uint8Array(pages.length * this.#pageSize);
    for (const [index, page] of pages.entries()) {
      const x = (page % columns) * tile.width;
      const y = Math.floor(page / columns) * tile.height;
      const { data } = this.#context.getImageData(x, y, tile.width, tile.height);
      bytes.set(data, index * this.#pageSize);
    }
    this.#dirty.clear();
    this.#send(pages, bytes);
  }
}
