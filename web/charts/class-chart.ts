/**
 * The slab view: one bar per size class, as high as the bytes of its zspages.
 *
 * What: payload, slack (an object is larger than its block), free objects and the tails of zspages,
 * from below; under each bar its zspages by fullness, a row for each eighth.
 *
 * Why so: what compaction can gain is the free part, what better size classes could gain is the
 * slack. After an action the bars go from what was to what is, and what was stays as an outline.
 */
import { type ClassRow } from "../protocol.ts";
import { wantsLessMotion } from "../ui/elements.ts";
import { type Palette } from "../ui/palette.ts";
import { bytesToUnits } from "../ui/units.ts";
import { Chart, roundUp, SERIES } from "./chart.ts";

const MOVE_MS = 700;
const AXIS_WIDTH = 58;
const GROUPS = 9;
const GROUP_HEIGHT = 6;
const LABEL_HEIGHT = 40;
/** Between the bars and the squares of fullness. */
const GROUPS_GAP = 18;

/** The parts of a bar from below, with the key in a row. */
export const CLASS_PARTS = [
  { key: "payloadBytes", name: "payload", colour: SERIES.blue },
  { key: "slackBytes", name: "slack", colour: SERIES.orange },
  { key: "freeBytes", name: "free", colour: SERIES.green },
  { key: "tailBytes", name: "tail", colour: SERIES.purple },
] as const;

export class ClassChart extends Chart {
  #rows: readonly ClassRow[] = [];
  #before: readonly ClassRow[] = [];
  #changedAt = -Infinity;

  /** @param before the rows to move from; none for no move */
  show(rows: readonly ClassRow[], before: readonly ClassRow[] = []): void {
    this.#rows = rows;
    this.#before = before;
    this.#changedAt = wantsLessMotion() || before.length === 0 ? -Infinity : performance.now();
    this.redraw();
  }

  protected override paint(
    context: CanvasRenderingContext2D,
    width: number,
    height: number,
    palette: Palette,
    now: number,
  ): boolean {
    const sizes = [...new Set([...this.#rows, ...this.#before].map((row) => row.objectSize))];
    sizes.sort((one, other) => one - other);
    if (sizes.length === 0) {
      context.fillStyle = palette.muted;
      context.fillText("No zspages: no page is held as a block.", 12, height / 2);
      return false;
    }
    const bySize = new Map(this.#rows.map((row) => [row.objectSize, row]));
    const wasBySize = new Map(this.#before.map((row) => [row.objectSize, row]));
    const part = Math.min(Math.max((now - this.#changedAt) / MOVE_MS, 0), 1);
    const eased = 1 - (1 - part) ** 3;
    const most = Math.max(...[...this.#rows, ...this.#before].map((row) => row.zspageBytes));
    const top = roundUp(most, true);
    const chartHeight = height - LABEL_HEIGHT - GROUPS * GROUP_HEIGHT - GROUPS_GAP - 4;
    const step = (width - AXIS_WIDTH - 4) / sizes.length;
    const bar = Math.max(1, Math.min(step * 0.82, 40));

    drawAxis(context, palette, top, chartHeight, width);
    context.fillStyle = palette.ground;
    context.fillRect(AXIS_WIDTH, chartHeight + GROUPS_GAP, width, GROUPS * GROUP_HEIGHT - 1);
    for (const [index, size] of sizes.entries()) {
      const x = AXIS_WIDTH + index * step + (step - bar) / 2;
      const row = bySize.get(size);
      const was = wasBySize.get(size);
      let y = chartHeight;
      for (const { key, colour } of CLASS_PARTS) {
        const to = row?.[key] ?? 0;
        const from = this.#before.length === 0 ? to : (was?.[key] ?? 0);
        const high = ((from + (to - from) * eased) / top) * (chartHeight - 8);
        if (high < 0.05) continue;
        context.fillStyle = colour;
        context.fillRect(x, y - high, bar, high);
        y -= high;
      }
      if (was !== undefined) {
        const high = (was.zspageBytes / top) * (chartHeight - 8);
        context.strokeStyle = palette.muted;
        context.lineWidth = 1;
        context.setLineDash([2, 2]);
        context.strokeRect(x - 0.5, chartHeight - high, bar + 1, high);
        context.setLineDash([]);
      }
      drawFullness(context, palette, row?.fullness ?? [], x, chartHeight + GROUPS_GAP, bar);
    }
    drawSizes(context, palette, sizes, step, height - LABEL_HEIGHT);
    return part < 1;
  }
}

function drawAxis(
  context: CanvasRenderingContext2D,
  palette: Palette,
  top: number,
  height: number,
  width: number,
): void {
  context.textAlign = "right";
  context.lineWidth = 1;
  for (const share of [0, 0.5, 1]) {
    const y = Math.round(height - share * (height - 8)) + 0.5;
    context.strokeStyle = palette.line;
    context.beginPath();
    context.moveTo(AXIS_WIDTH, y);
    context.lineTo(width, y);
    context.stroke();
    context.fillStyle = palette.muted;
    context.fillText(bytesToUnits(top * share), AXIS_WIDTH - 6, Math.max(y, 7));
  }
  context.fillText("full", AXIS_WIDTH - 6, height + GROUPS_GAP + 3);
  context.fillText("empty", AXIS_WIDTH - 6, height + GROUPS_GAP + GROUPS * GROUP_HEIGHT - 4);
}

/** A square for each group of fullness, full ones on top; the darker the more zspages are in it. */
function drawFullness(
  context: CanvasRenderingContext2D,
  palette: Palette,
  groups: readonly number[],
  x: number,
  y: number,
  width: number,
): void {
  const most = Math.max(1, ...groups);
  context.fillStyle = palette.ink;
  for (let group = 0; group < GROUPS; group++) {
    const count = groups[group] ?? 0;
    if (count === 0) continue;
    context.globalAlpha = 0.25 + 0.75 * (count / most);
    context.fillRect(x, y + (GROUPS - 1 - group) * GROUP_HEIGHT, width, GROUP_HEIGHT - 1);
  }
  context.globalAlpha = 1;
}

/** Sizes below the bars where there is room, the largest always, and what they are. */
function drawSizes(
  context: CanvasRenderingContext2D,
  palette: Palette,
  sizes: readonly number[],
  step: number,
  y: number,
): void {
  context.fillStyle = palette.muted;
  context.textAlign = "center";
  const right = AXIS_WIDTH + step * sizes.length;
  const every = Math.max(1, Math.ceil(44 / step));
  const last = sizes.length - 1;
  for (let index = last; index >= 0; index -= every) {
    const label = String(sizes[index]);
    const half = context.measureText(label).width / 2;
    const middle = AXIS_WIDTH + index * step + step / 2;
    context.fillText(label, Math.min(middle, right - half), y + 12);
  }
  context.fillText("bytes of an object", (AXIS_WIDTH + right) / 2, y + 30);
}
