/**
 * Shapes on the cells of the map, for who can't tell the colours apart, and the legend's samples.
 *
 * What: same-filled a dot, raw a slash, rejected a cross, on device a frame, compressed nothing.
 *
 * Why so: a dot is a square, which is filled as it is. Round ones, two thousand in one path, took the
 * browser 3.0 ms of a frame beside our own code; squares take 0.9 (Chromium without a GPU, 2026-11).
 */
import { FORM_ON_DEVICE, FORM_RAW, FORM_REJECTED, FORM_SAME_FILLED } from "../protocol.ts";

/** Cells get shapes from this many CSS pixels on. */
export const SHAPES_FROM = 7;

const INK = "#101214";

/** The shapes of one frame: dots are drawn as they come, lines together at the end. */
export class Shapes {
  readonly #context: CanvasRenderingContext2D;
  readonly #strokes = new Path2D();

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
    context.fillStyle = INK;
  }

  /** Adds the shape of a cell whose corner is at (x, y). */
  add(form: number, x: number, y: number, size: number): void {
    const inset = size * 0.28;
    const right = x + size - inset;
    const bottom = y + size - inset;
    const left = x + inset;
    const top = y + inset;
    switch (form) {
      case FORM_SAME_FILLED: {
        const edge = Math.max(2, Math.round(size * 0.28));
        const middle = (size - edge) / 2;
        this.#context.fillRect(Math.round(x + middle), Math.round(y + middle), edge, edge);
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

  /** Draws the lines. @param size of a cell */
  end(size: number): void {
    this.#context.strokeStyle = INK;
    this.#context.lineWidth = Math.max(1, size / 9);
    this.#context.stroke(this.#strokes);
  }
}
