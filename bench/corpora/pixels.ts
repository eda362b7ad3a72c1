/**
 * Raw pixels of rendered images, RGBA: what a browser's canvas or an image cache holds.
 *
 * What: five kinds of scenes in turn, each from its own seed: a user interface, a plotted chart, a
 * ray-traced room, a landscape with the grain of a camera, and the tiles of a game.
 *
 * Why so: flat areas, gradients, smooth edges and noise compress very differently; real pixel data
 * has all of them. Everything is computed by canvas.ts in plain arithmetic, so the images are equal
 * in every engine, Node or browser.
 */
import { Canvas, type Colour } from "./canvas.ts";
import { concatenate, type RawCorpus } from "./corpus.ts";
import { type Random, seededRandom } from "./random.ts";
import { renderLandscape, renderRoom } from "./pixel-scenes.ts";

const WORDS =
  "FILE EDIT VIEW SEARCH OPEN SAVE CLOSE NAME DATE SIZE USER PAGE MEMORY STORE 2026 42 17 TOTAL " +
  "REPORT STATUS READY ERROR NEW LIST MAP CHART TABLE ROW COLUMN SUM";

/** Renders images until there are `wanted` bytes. */
export function renderPixels(wanted: number): RawCorpus {
  const scenes = [renderInterface, renderChart, renderRoom, renderLandscape, renderTiles];
  const sizes = [
    [640, 480],
    [800, 450],
    [512, 512],
  ] as const;
  const images: Uint8Array[] = [];
  for (let bytes = 0, at = 0; bytes < wanted; at++) {
    const scene = scenes[at % scenes.length] as (typeof scenes)[0];
    const [width, height] = sizes[at % sizes.length] as (typeof sizes)[0];
    const image = scene(width, height, seededRandom(1000 + at)).bytes;
    images.push(image);
    bytes += image.length;
  }
  return { bytes: concatenate(images), source: `${images.length} images rendered in RGBA` };
}

function pickWords(random: Random, count: number): string {
  const words = WORDS.split(" ");
  return Array.from({ length: count }, () => words[random.below(words.length)]).join(" ");
}

function pickColour(random: Random, darkest: number, lightest: number): Colour {
  const channel = (): number => darkest + random.below(lightest - darkest);
  return [channel(), channel(), channel()];
}

/** Windows with title bars, text and buttons on a plain ground. */
function renderInterface(width: number, height: number, random: Random): Canvas {
  const canvas = new Canvas(width, height, pickColour(random, 200, 250));
  canvas.shade(0, 0, width, 36, [70, 90, 120], [40, 50, 70]);
  canvas.text(12, 10, 14, pickWords(random, 6), [240, 240, 240]);
  for (let panel = 0; panel < 5; panel++) {
    const left = random.below(width - 200);
    const top = 40 + random.below(height - 200);
    const panelWidth = 180 + random.below(400);
    const panelHeight = 120 + random.below(300);
    canvas.fill(left + 4, top + 4, panelWidth, panelHeight, [150, 150, 155]);
    canvas.fill(left, top, panelWidth, panelHeight, [90, 90, 100]);
    canvas.fill(left + 1, top + 1, panelWidth - 2, panelHeight - 2, [255, 255, 255]);
    const tint = pickColour(random, 60, 180);
    canvas.shade(left + 1, top + 1, panelWidth - 2, 24, [235, 238, 242], tint);
    canvas.text(left + 8, top + 7, 12, pickWords(random, 2), [20, 20, 30]);
    for (let row = top + 34; row < top + panelHeight - 40; row += 18) {
      const words = 1 + random.below(Math.max(1, Math.floor(panelWidth / 70)));
      canvas.text(left + 10, row, 9, pickWords(random, words), [40, 40, 48]);
    }
    const buttonTop = top + panelHeight - 30;
    canvas.shade(left + 10, buttonTop, 80, 22, [250, 250, 250], [205, 208, 212]);
    canvas.text(left + 20, buttonTop + 7, 9, pickWords(random, 1), [30, 30, 30]);
  }
  return canvas;
}

/** Axes, a grid, lines, bars and points. */
function renderChart(width: number, height: number, random: Random): Canvas {
  const canvas = new Canvas(width, height, [255, 255, 255]);
  for (let x = 60; x < width; x += 80) canvas.fill(x, 20, 1, height - 60, [225, 225, 230]);
  for (let y = 20; y < height - 40; y += 60) {
    canvas.fill(60, y, width - 80, 1, [225, 225, 230]);
    canvas.text(16, y - 4, 9, String(random.below(10000)), [80, 80, 80]);
  }
  canvas.fill(60, height - 40, width - 80, 2, [30, 30, 30]);
  const bar = pickColour(random, 100, 220);
  for (let x = 70; x < width - 60; x += 26) {
    const tall = 20 + random.below(height / 3);
    canvas.fill(x, height - 40 - tall, 18, tall, bar);
  }
  for (let series = 0; series < 4; series++) {
    const colour = pickColour(random, 20, 200);
    let y = height / 2;
    for (let x = 60; x < width - 30; x += 12) {
      const next = Math.min(height - 60, Math.max(30, y + (random.fraction() - 0.5) * 60));
      canvas.line(x, y, x + 12, next, 2, colour);
      y = next;
    }
  }
  const dot = pickColour(random, 60, 200);
  for (let point = 0; point < 150; point++) {
    canvas.disc(60 + random.below(width - 90), 30 + random.below(height - 80), 3, dot);
  }
  return canvas;
}

/** A map of 32 by 32 tiles from a set of twelve textures, with figures on it. */
function renderTiles(width: number, height: number, random: Random): Canvas {
  const canvas = new Canvas(width, height, [0, 0, 0]);
  const tiles = Array.from({ length: 12 }, () => {
    const base = pickColour(random, 40, 200);
    const dark = base.map((value) => value * 0.8) as unknown as Colour;
    return Array.from({ length: 32 * 32 }, () => (random.below(5) === 0 ? dark : base));
  });
  let kind = 0;
  for (let top = 0; top < height; top += 32) {
    for (let left = 0; left < width; left += 32) {
      if (random.below(3) === 0) kind = random.below(tiles.length);
      const tile = tiles[kind] as readonly Colour[];
      for (let at = 0; at < tile.length; at++) {
        canvas.blend(left + (at % 32), top + (at >> 5), tile[at] as Colour, 1);
      }
    }
  }
  for (let figure = 0; figure < 40; figure++) {
    const [x, y] = [random.below(width), random.below(height)];
    canvas.disc(x, y, 10, pickColour(random, 80, 255));
    canvas.disc(x - 3, y - 2, 2, [10, 10, 10]);
    canvas.disc(x + 3, y - 2, 2, [10, 10, 10]);
  }
  return canvas;
}
