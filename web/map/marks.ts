/**
 * What is drawn over the picture of the map where cells are large enough: gaps and shapes, the marks
 * of what has just changed, and the frames around chosen cells.
 */
import { EVENT_GET, EVENT_PUT, EVENT_WRITEBACK, FORM_COMPRESSED } from "../protocol.ts";
import { type Layout } from "./order.ts";
import { Shapes } from "./shapes.ts";

/** The part of the grid that is seen. */
export interface View {
  readonly layout: Layout;
  /** CSS pixels per cell, and the grid place of the left upper corner. */
  readonly scale: number;
  readonly left: number;
  readonly top: number;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** Pages that have changed, and when. */
export interface Flash {
  readonly pages: Uint32Array;
  /** One of the EVENT_ numbers. */
  readonly event: number;
  readonly born: number;
}

/** Milliseconds that a change stays marked. */
export const FLASH_MS = 450;
const MOST_FLASHES = 600;
/** By event: white, the colour of what is on the device, green. */
const FLASH_COLOURS: Readonly<Record<number, string>> = {
  [EVENT_PUT]: "255 255 255",
  [EVENT_WRITEBACK]: "204 121 167",
  [EVENT_GET]: "0 220 160",
};

/** Lines in the colour of the ground between cells. */
export function drawGaps(context: CanvasRenderingContext2D, view: View, ground: string): void {
  const { layout, scale, left, top, width, height } = view;
  const lines = new Path2D();
  const firstColumn = Math.max(0, Math.floor(left));
  const lastColumn = Math.min(layout.columns, Math.ceil(left + width / scale));
  const firstRow = Math.max(0, Math.floor(top));
  const lastRow = Math.min(layout.rows, Math.ceil(top + height / scale));
  for (let column = firstColumn; column <= lastColumn; column++) {
    const x = (column - left) * scale;
    lines.moveTo(x, (firstRow - top) * scale);
    lines.lineTo(x, (lastRow - top) * scale);
  }
  for (let row = firstRow; row <= lastRow; row++) {
    const y = (row - top) * scale;
    lines.moveTo((firstColumn - left) * scale, y);
    lines.lineTo((lastColumn - left) * scale, y);
  }
  context.strokeStyle = ground;
  context.lineWidth = Math.min(2, scale / 8);
  context.stroke(lines);
}

/** The shapes of all cells that are seen. */
export function drawShapes(
  context: CanvasRenderingContext2D,
  view: View,
  forms: Uint8Array,
  pages: number,
): void {
  const { layout, scale, left, top, width, height } = view;
  const shapes = new Shapes(context);
  const lastRow = Math.min(layout.rows, Math.ceil(top + height / scale));
  const lastColumn = Math.min(layout.columns, Math.ceil(left + width / scale));
  for (let row = Math.max(0, Math.floor(top)); row < lastRow; row++) {
    for (let column = Math.max(0, Math.floor(left)); column < lastColumn; column++) {
      const page = layout.pageAt(column, row);
      const form = page < pages ? (forms[page] as number) : FORM_COMPRESSED;
      if (form === FORM_COMPRESSED) continue;
      shapes.add(form, (column - left) * scale, (row - top) * scale, scale);
    }
  }
  shapes.end(scale);
}

/** Marks what has just been put, got, or moved to the device. */
export function drawFlashes(
  context: CanvasRenderingContext2D,
  view: View,
  flashes: readonly Flash[],
  now: number,
): void {
  const { layout, scale, left, top } = view;
  const size = Math.max(scale, 1);
  for (const { pages, event, born } of flashes) {
    const age = Math.max(0, (now - born) / FLASH_MS);
    context.fillStyle = `rgb(${FLASH_COLOURS[event] ?? FLASH_COLOURS[EVENT_PUT]} / ${(0.6 * (1 - age)).toFixed(3)})`;
    const step = Math.ceil(pages.length / (MOST_FLASHES / flashes.length));
    for (let index = 0; index < pages.length; index += step) {
      const place = layout.place(pages[index] as number);
      const x = ((place % layout.columns) - left) * scale;
      const y = (Math.floor(place / layout.columns) - top) * scale;
      context.fillRect(x, y, size, size);
    }
  }
}

/** A frame around the cell of a page, seen on every colour. */
export function drawFrame(
  context: CanvasRenderingContext2D,
  view: View,
  page: number,
  opacity: number,
): void {
  const { layout, scale, left, top } = view;
  const place = layout.place(page);
  const size = Math.max(scale, 6);
  const middle = (scale - size) / 2;
  const x = ((place % layout.columns) - left) * scale + middle;
  const y = (Math.floor(place / layout.columns) - top) * scale + middle;
  context.lineWidth = 4;
  context.strokeStyle = `rgb(0 0 0 / ${opacity})`;
  context.strokeRect(x, y, size, size);
  context.lineWidth = 2;
  context.strokeStyle = `rgb(255 255 255 / ${opacity})`;
  context.strokeRect(x, y, size, size);
}
