/**
 * What the charts share: a canvas in CSS pixels at the device's resolution, drawn while it is seen.
 *
 * Why so: a canvas that is asked for its size in the middle of a frame makes the browser lay the page
 * out there and then, so the observer of its size says it; one in a tab that is not shown has none, and
 * costs nothing.
 */
import { type Frames } from "../ui/frames.ts";
import { type Palette, themeColours } from "../ui/palette.ts";

/** Colours of series: Okabe-Ito, told apart by everybody, with enough contrast on both grounds. */
export const SERIES = {
  blue: "#3a8fd0",
  orange: "#d98c00",
  green: "#009e73",
  purple: "#cc79a7",
  red: "#d55e00",
} as const;

export abstract class Chart {
  readonly canvas: HTMLCanvasElement;
  readonly #frames: Frames;
  #width = 0;
  #height = 0;

  constructor(canvas: HTMLCanvasElement, frames: Frames) {
    this.canvas = canvas;
    this.#frames = frames;
    new ResizeObserver(() => {
      this.#width = canvas.clientWidth;
      this.#height = canvas.clientHeight;
      this.redraw();
    }).observe(canvas);
  }

  redraw(): void {
    if (this.#width > 0) this.#frames.request(this.#draw);
  }

  /** Draws all of it. @returns true when it moves on in the next frame */
  protected abstract paint(
    context: CanvasRenderingContext2D,
    width: number,
    height: number,
    palette: Palette,
    now: number,
  ): boolean;

  readonly #draw = (now: number): boolean => {
    const [width, height] = [this.#width, this.#height];
    const context = this.canvas.getContext("2d");
    if (context === null || width === 0) return false;
    const ratio = window.devicePixelRatio || 1;
    const pixelWidth = Math.round(width * ratio);
    const pixelHeight = Math.round(height * ratio);
    if (this.canvas.width !== pixelWidth || this.canvas.height !== pixelHeight) {
      this.canvas.width = pixelWidth;
      this.canvas.height = pixelHeight;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    return this.paint(context, width, height, themeColours(), now);
  };
}

/** The next round number: 1, 2 or 5 times a power of ten (or of two, for bytes). */
export function roundUp(value: number, binary: boolean): number {
  if (value <= 0) return 1;
  if (binary) return roundUpBinary(value);
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) as number) * power;
}

function roundUpBinary(value: number): number {
  const power = 2 ** Math.floor(Math.log2(value));
  return ([1, 1.25, 1.5, 2].find((step) => step * power >= value) as number) * power;
}
