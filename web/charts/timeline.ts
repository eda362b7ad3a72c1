/**
 * The timeline: memory held against logical bytes, the ratio, rejected puts and latency over the
 * run, one panel each over the same time.
 *
 * Why so: a charting library would add as much as the page's own code for four lines. Samples are
 * columns; when there are more than can be told apart, every second one is dropped, so a run of an
 * hour has its whole course in the same room.
 */
import { type Totals } from "../protocol.ts";
import { type Palette } from "../ui/palette.ts";
import { bytesToUnits, countToText, durationToText, microsecondsToText } from "../ui/units.ts";
import { Chart, roundUp, SERIES } from "./chart.ts";

const MOST_SAMPLES = 600;
const COLUMN_NAMES = ["timeMs", "kept", "held", "ratio", "rejects", "putUs", "getUs"] as const;
type ColumnName = (typeof COLUMN_NAMES)[number];
const AXIS_WIDTH = 62;
const TIME_HEIGHT = 20;

interface Panel {
  readonly title: string;
  readonly series: readonly { key: ColumnName; name: string; colour: string; dashed?: boolean }[];
  readonly share: number;
  readonly binary: boolean;
  readonly format: (value: number) => string;
}

const PANELS: readonly Panel[] = [
  {
    title: "Memory",
    series: [
      { key: "kept", name: "logical", colour: SERIES.blue, dashed: true },
      { key: "held", name: "held", colour: SERIES.orange },
    ],
    share: 0.4,
    binary: true,
    format: bytesToUnits,
  },
  {
    title: "Ratio",
    series: [{ key: "ratio", name: "effective ratio", colour: SERIES.green }],
    share: 0.2,
    binary: false,
    format: (value) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)}x`,
  },
  {
    title: "Rejected puts",
    series: [{ key: "rejects", name: "rejected puts", colour: SERIES.red }],
    share: 0.2,
    binary: false,
    format: countToText,
  },
  {
    title: "Latency, median",
    series: [
      { key: "putUs", name: "put", colour: SERIES.purple },
      { key: "getUs", name: "get", colour: SERIES.blue, dashed: true },
    ],
    share: 0.2,
    binary: false,
    format: microsecondsToText,
  },
];

export class Timeline extends Chart {
  readonly #columns = Object.fromEntries(
    COLUMN_NAMES.map((name) => [name, new Float64Array(MOST_SAMPLES)]),
  ) as Record<ColumnName, Float64Array>;
  #length = 0;
  #every = 1;
  #skipped = 0;

  reset(): void {
    this.#length = 0;
    this.#every = 1;
    this.#skipped = 0;
    this.redraw();
  }

  add(totals: Totals): void {
    this.#skipped += 1;
    if (this.#skipped < this.#every) return;
    this.#skipped = 0;
    if (this.#length === MOST_SAMPLES) this.#thin();
    const { keptBytes, heldBytes } = totals;
    const sample: Record<ColumnName, number> = {
      timeMs: totals.elapsedMs,
      kept: keptBytes,
      held: heldBytes,
      ratio: heldBytes === 0 ? 0 : keptBytes / heldBytes,
      rejects: totals.rejectCount,
      putUs: totals.putUs.p50 ?? 0,
      getUs: totals.getUs.p50 ?? 0,
    };
    for (const name of COLUMN_NAMES) this.#columns[name][this.#length] = sample[name];
    this.#length += 1;
    this.redraw();
  }

  /** At most `most` samples as rows of a table, spread evenly. */
  toRows(most: number): string[][] {
    const step = Math.max(1, Math.ceil(this.#length / most));
    const rows: string[][] = [];
    for (let index = 0; index < this.#length; index += step) {
      const read = (name: ColumnName): number => this.#columns[name][index] as number;
      rows.push([
        durationToText(read("timeMs")),
        bytesToUnits(read("kept")),
        bytesToUnits(read("held")),
        `${read("ratio").toFixed(2)}x`,
        countToText(read("rejects")),
        microsecondsToText(read("putUs")),
        microsecondsToText(read("getUs")),
      ]);
    }
    return rows;
  }

  /** The columns as they are, for the export. */
  toColumns(): Record<ColumnName, number[]> {
    return Object.fromEntries(
      COLUMN_NAMES.map((name) => [name, [...this.#columns[name].subarray(0, this.#length)]]),
    ) as Record<ColumnName, number[]>;
  }

  /** Drops every second sample. */
  #thin(): void {
    const half = this.#length >>> 1;
    for (const name of COLUMN_NAMES) {
      const column = this.#columns[name];
      for (let index = 0; index < half; index++) column[index] = column[index * 2] as number;
    }
    this.#length = half;
    this.#every *= 2;
  }

  protected override paint(
    context: CanvasRenderingContext2D,
    width: number,
    height: number,
    palette: Palette,
  ): boolean {
    if (this.#length === 0) return false;
    const lastMs = Math.max(1, this.#columns.timeMs[this.#length - 1] as number);
    const right = width - 8;
    let top = 0;
    for (const panel of PANELS) {
      const panelHeight = (height - TIME_HEIGHT) * panel.share;
      this.#paintPanel(context, palette, panel, top, panelHeight, right, lastMs);
      top += panelHeight;
    }
    context.fillStyle = palette.muted;
    context.textAlign = "left";
    context.fillText("0 s", AXIS_WIDTH, height - TIME_HEIGHT / 2);
    context.textAlign = "right";
    context.fillText(durationToText(lastMs), right, height - TIME_HEIGHT / 2);
    return false;
  }

  #paintPanel(
    context: CanvasRenderingContext2D,
    palette: Palette,
    panel: Panel,
    top: number,
    height: number,
    right: number,
    lastMs: number,
  ): void {
    const bottom = top + height - 10;
    const upper = top + 22;
    let most = 0;
    for (const { key } of panel.series) {
      for (let index = 0; index < this.#length; index++) {
        most = Math.max(most, this.#columns[key][index] as number);
      }
    }
    const scale = roundUp(most, panel.binary);
    context.lineWidth = 1;
    context.strokeStyle = palette.line;
    context.strokeRect(
      AXIS_WIDTH + 0.5,
      Math.round(upper) + 0.5,
      right - AXIS_WIDTH,
      bottom - upper,
    );
    context.fillStyle = palette.muted;
    context.textAlign = "right";
    context.fillText(panel.format(scale), AXIS_WIDTH - 6, upper + 5);
    context.fillText("0", AXIS_WIDTH - 6, bottom - 4);
    this.#paintLegend(context, palette, panel, top + 11);
    const { timeMs } = this.#columns;
    for (const { key, colour, dashed } of panel.series) {
      const column = this.#columns[key];
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.setLineDash(dashed === true ? [5, 3] : []);
      context.beginPath();
      for (let index = 0; index < this.#length; index++) {
        const x = AXIS_WIDTH + ((timeMs[index] as number) / lastMs) * (right - AXIS_WIDTH);
        const y = bottom - ((column[index] as number) / scale) * (bottom - upper - 2);
        if (index === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
      context.stroke();
      context.setLineDash([]);
    }
  }

  #paintLegend(context: CanvasRenderingContext2D, palette: Palette, panel: Panel, y: number): void {
    context.textAlign = "left";
    let x = AXIS_WIDTH;
    context.fillStyle = palette.ink;
    context.fillText(panel.title, x, y);
    x += context.measureText(panel.title).width + 14;
    if (panel.series.length === 1) return;
    for (const { name, colour, dashed } of panel.series) {
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.setLineDash(dashed === true ? [5, 3] : []);
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + 18, y);
      context.stroke();
      context.setLineDash([]);
      context.fillStyle = palette.muted;
      context.fillText(name, x + 24, y);
      x += 38 + context.measureText(name).width;
    }
  }
}
