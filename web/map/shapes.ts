/**
 * Shapes on the cells of the map, for who can't tell the colours apart, and the legend's samples.
 *
 * What: same-filled a dot, raw a slash, rejected a cross, on device a frame, compressed nothing.
 */
import { FORM_ON_DEVICE, FORM_RAW, FORM_REJECTED, FORM_SAME_FILLED } from "../protocol.ts";

/** Cells get shapes from this many CSS pixels on. */
export const SHAPES_FROM = 7;

/** The paths of one frame, one for each kind of shape. */
export class Shapes {
  readonly #strokes = new Path2D();
  readonly #dots = new Path2D();

  /** Adds the shape of a cell whose corner is at (x, y). */
  add(form: number, x: number, y: number, size: number): void {
    const inset = size * 0.28;
    const right = x + size - inset;
    const bottom = y + size - inset;
    const left = x + inset;
    const top = y + inset;
    switch (form) {
      case FORM_SAME_FILLED: {
        const radius = size * 0.16;
        this.#dots.moveTo(x + size / 2 + radius, y + size / 2);
        this.#dots.arc(x + size / 2, y + size / 2, radius, 0, 2 * Math.PI);
        break;
      }
      case FORM_REJECTED:
        this.#strokes.moveTo(left, top);
        this.#strokes.lineTo(right, bottom);
        this.#strokes.moveTo(left, bottom);
        this.#strokes.lineTo(right, top);
        break;
      case FORM_RAW:
        this.#strokes.moveTo(left, bottom);
        this.#strokes.lineTo(right, top);
        break;
      case FORM_ON_DEVICE:
        this.#strokes.rect(left, top, right - left, bottom - top);
        break;
    }
  }

  draw(context: CanvasRenderingContext2D, size: number): void {
    context.strokeStyle = "#101214";
    context.fillStyle = "#101214";
    context.lineWidth = Math.max(1, size / 9);
    context.stroke(this.#strokes);
    context.fill(this.#dots);
  }
}
