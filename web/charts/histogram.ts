/**
 * How large blocks are: a bar for each 64th of the page size, and the cumulative share as a line.
 *
 * Why so: the bars have the colours of the map, so the two can be read together; the line answers
 * "how many pages are below this size".
 */
import { type Columns, HISTOGRAM_BINS } from "../model/columns.ts";
import { shareToCss } from "../map/colours.ts";
import { type Frames } from "../ui/frames.ts";
import { type Palette } from "../ui/palette.ts";
import { countToText } from "../ui/units.ts";
import { Chart, roundUp } from "./chart.ts";

const AXIS_WIDTH = 58;
const RIGHT_WIDTH = 44;
const LABEL_HEIGHT = 40;

export class Histogram extends Chart {
  readonly #columns: Columns;

  constructor(canvas: HTMLCanvasElement, columns: Columns, frames: Frames) {
    super(canvas, frames);
    this.#columns = columns;
  }

  /** Rows of a table: upper bound in bytes, pages, share of pages up to there. */
  toRows(): string[][] {
    const { histogram, pageSize } = this.#columns;
    const total = histogram.reduce((sum, count) => sum + count, 0);
    let below = 0;
    return [...histogram].map((count, bin) => {
      below += count;
      const bound = `up to ${countToText(((bin + 1) * pageSize) / HISTOGRAM_BINS)} bytes`;
      const share = total === 0 ? "–" : `${((below / total) * 100).toFixed(1)}%`;
      return [bound, countToText(count), share];
    });
  }

  protected override paint(
    context: CanvasRenderingContext2D,
    width: number,
    height: number,
    palette: Palette,
  ): boolean {
    const { histogram, pageSize } = this.#columns;
    const total = histogram.reduce((sum, count) => sum + count, 0);
    const bottom = height - LABEL_HEIGHT;
    const right = width - RIGHT_WIDTH;
    const step = (right - AXIS_WIDTH) / HISTOGRAM_BINS;
    const top = roundUp(Math.max(...histogram), false);
    const toY = (share: number): number => bottom - share * (bottom - 10);
    context.lineWidth = 1;
    for (const share of [0, 0.5, 1]) {
      const y = Math.round(toY(share)) + 0.5;
      context.strokeStyle = palette.line;
      context.beginPath();
      context.moveTo(AXIS_WIDTH, y);
      context.lineTo(right, y);
      context.stroke();
      context.fillStyle = palette.muted;
      context.textAlign = "right";
      context.fillText(countToText(top * share), AXIS_WIDTH - 6, y);
      context.textAlign = "left";
      context.fillText(`${share * 100}%`, right + 6, y);
    }
    for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
      const count = histogram[bin] as number;
      const high = (count / top) * (bottom - 10);
      const x = AXIS_WIDTH + bin * step;
      context.fillStyle = shareToCss((bin + 0.5) / HISTOGRAM_BINS);
      context.fillRect(x, bottom - high, Math.max(step - 1, 1), high);
      if (count === 0) continue;
      context.strokeStyle = palette.muted;
      context.strokeRect(x + 0.5, bottom - high + 0.5, Math.max(step - 2, 1), high);
    }
    if (total > 0) {
      context.strokeStyle = palette.ink;
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(AXIS_WIDTH, bottom);
      let below = 0;
      for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
        below += histogram[bin] as number;
        context.lineTo(AXIS_WIDTH + (bin + 1) * step, toY(below / total));
      }
      context.stroke();
    }
    context.fillStyle = palette.muted;
    context.textAlign = "center";
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      const x = AXIS_WIDTH + share * (right - AXIS_WIDTH);
      context.fillText(countToText(share * pageSize), x, bottom + 12);
    }
    context.fillText("bytes of a block", (AXIS_WIDTH + right) / 2, bottom + 30);
    return false;
  }
}
