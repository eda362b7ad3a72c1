/**
 * Plots as SVG text, without any library: a scatter of throughput against ratio, and lines over
 * rounds.
 *
 * Why so: a report must be one file that opens anywhere and prints; SVG in HTML is that. Colours
 * come from the page's style (classes k0 to k9), so light and dark both work; every mark has a title
 * that a pointer shows, and shapes differ as well as colours.
 */
import { formatNumber } from "./format.ts";

/** One mark. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  /** Its colour class and shape, 0 to 9. */
  readonly kind: number;
}

/** A line over its points. */
export interface Line {
  readonly label: string;
  readonly kind: number;
  readonly values: readonly number[];
}

const WIDTH = 460;
const HEIGHT = 300;
const LEFT = 62;
const BOTTOM = 42;
const TOP = 26;
const RIGHT = 16;

interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

function logScale(values: readonly number[], from: number, to: number): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // Room for a mark and its name at both ends.
  const margin = Math.max(1.15, (most / least) ** 0.05);
  const low = least / margin;
  const high = most * margin;
  const span = Math.log(high / low) || 1;
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of [1, 2, 5]) {
      const tick = step * 10 ** power;
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return { place: (value) => from + (Math.log(value / low) / span) * (to - from), ticks };
}

function linearScale(values: readonly number[], from: number, to: number): Scale {
  let low = Math.min(...values);
  let high = Math.max(...values);
  const margin = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1;
  low -= margin;
  high += margin;
  const step = 10 ** Math.floor(Math.log10((high - low) / 3));
  const by = [1, 2, 5, 10]
    .map((factor) => factor * step)
    .find((width) => (high - low) / width <= 6);
  const ticks: number[] = [];
  const width = by ?? step * 10;
  for (let tick = Math.ceil(low / width) * width; tick <= high; tick += width) ticks.push(tick);
  return { place: (value) => from + ((value - low) / (high - low)) * (to - from), ticks };
}

/** Text that may stand in markup. */
export function escapeMarkup(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Ticks are round numbers: no more digits than they have. */
function formatTick(tick: number): string {
  return tick.toLocaleString("en-US", { maximumSignificantDigits: 6 });
}

function frame(
  title: string,
  xName: string,
  yName: string,
  x: Scale,
  y: Scale,
  body: string,
): string {
  const bottom = HEIGHT - BOTTOM;
  const xTicks = x.ticks.map((tick) => {
    const at = x.place(tick).toFixed(1);
    return `<path class="grid" d="M${at} ${TOP}V${bottom}"/><text x="${at}" y="${bottom + 15}" text-anchor="middle">${formatTick(tick)}</text>`;
  });
  const yTicks = y.ticks.map((tick) => {
    const at = y.place(tick).toFixed(1);
    return `<path class="grid" d="M${LEFT} ${at}H${WIDTH - RIGHT}"/><text x="${LEFT - 6}" y="${Number(at) + 4}" text-anchor="end">${formatTick(tick)}</text>`;
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeMarkup(title)}">`,
    `<text class="title" x="${LEFT}" y="15">${escapeMarkup(title)}</text>`,
    ...xTicks,
    ...yTicks,
    `<path class="axis" d="M${LEFT} ${TOP}V${bottom}H${WIDTH - RIGHT}"/>`,
    `<text x="${(LEFT + WIDTH) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escapeMarkup(xName)}</text>`,
    `<text transform="translate(13 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escapeMarkup(yName)}</text>`,
    body,
    "</svg>",
  ].join("\n");
}

function mark({ x, y, kind, label }: Point): string {
  const size = 4.5;
  const shapes = [
    [`<circle cx="${x}" cy="${y}" r="${size}"`, "circle"],
    [`<rect x="${x - size}" y="${y - size}" width="${2 * size}" height="${2 * size}"`, "rect"],
    [`<path d="M${x} ${y - size - 1}l${size + 1} ${2 * size}h${-2 * size - 2}z"`, "path"],
  ] as const;
  const [open, tag] = shapes[kind % shapes.length] as (typeof shapes)[number];
  return `${open} class="k${kind % 10}"><title>${escapeMarkup(label)}</title></${tag}>`;
}

/** Where a name stands. */
interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

/** Half of a mark's width, with some room. */
const MARK_ROOM = 6;
/** About the width of a letter and the height of a line of names, in units of the plot. */
const NAME_WIDTH = 4.8;
const NAME_HEIGHT = 9;

/** @returns the line nearest to the wanted one, inside the frame, where nothing else stands */
function freeLine(taken: Place[], { left, top, width }: Place): number {
  const isFree = (line: number): boolean =>
    line > TOP + NAME_HEIGHT &&
    line < HEIGHT - BOTTOM &&
    !taken.some(
      (other) =>
        Math.abs(other.top - line) < NAME_HEIGHT &&
        other.left < left + width &&
        left < other.left + other.width,
    );
  let distance = 0;
  while (distance < HEIGHT && !isFree(top + distance) && !isFree(top - distance)) distance += 1;
  const line = [top + distance, top - distance].find(isFree) ?? top;
  taken.push({ left, top: line, width });
  return line;
}

/** Marks, throughput on a logarithmic axis; "" without points. */
export function scatterPlot(
  title: string,
  xName: string,
  yName: string,
  points: readonly Point[],
): string {
  const usable = points.filter(({ x, y }) => x > 0 && y > 0);
  if (usable.length === 0) return "";
  const x = linearScale(
    usable.map((point) => point.x),
    LEFT,
    WIDTH - RIGHT,
  );
  const y = logScale(
    usable.map((point) => point.y),
    HEIGHT - BOTTOM,
    TOP,
  );
  const placed = usable.map((point) => ({
    ...point,
    left: Number(x.place(point.x).toFixed(1)),
    top: Number(y.place(point.y).toFixed(1)),
  }));
  // A name keeps clear of all marks, those that follow too.
  const taken = placed.map(({ left, top }): Place => ({
    left: left - MARK_ROOM,
    top: top + 4,
    width: 2 * MARK_ROOM,
  }));
  const body = placed.map(({ left, top, ...point }) => {
    const value = `${point.label}: ${formatNumber(point.x)}, ${formatNumber(point.y)}`;
    const isLate = left > WIDTH - 110;
    const width = point.label.length * NAME_WIDTH;
    const begin = isLate ? left - 8 - width : left + 8;
    const line = freeLine(taken, { left: begin, top: top + 4, width });
    const name = `<text class="name" x="${left + (isLate ? -8 : 8)}" y="${line}"${isLate ? ' text-anchor="end"' : ""}>${escapeMarkup(point.label)}</text>`;
    return mark({ ...point, x: left, y: top, label: value }) + name;
  });
  return frame(title, xName, yName, x, y, body.join("\n"));
}

/** Lines over rounds 0, 1, 2 …; "" without values. */
export function linePlot(
  title: string,
  xName: string,
  yName: string,
  lines: readonly Line[],
): string {
  const values = lines.flatMap((line) => line.values);
  if (values.length === 0) return "";
  const longest = Math.max(...lines.map((line) => line.values.length));
  const x = linearScale([0, Math.max(1, longest - 1)], LEFT, WIDTH - RIGHT);
  const y = linearScale(values, HEIGHT - BOTTOM, TOP);
  const body = lines.map(({ label, kind, values: own }) => {
    const path = own.map((value, at) => `${x.place(at).toFixed(1)} ${y.place(value).toFixed(1)}`);
    const marks = own.map((value, at) =>
      mark({
        x: Number(x.place(at).toFixed(1)),
        y: Number(y.place(value).toFixed(1)),
        kind,
        label: `${label}, ${at}: ${formatNumber(value)}`,
      }),
    );
    const last = own.at(-1) ?? 0;
    const name = `<text class="name" x="${WIDTH - RIGHT}" y="${y.place(last) - 8}" text-anchor="end">${escapeMarkup(label)}</text>`;
    return `<path class="line k${kind % 10}" d="M${path.join("L")}"/>${marks.join("")}${name}`;
  });
  return frame(title, xName, yName, x, y, body.join("\n"));
}
