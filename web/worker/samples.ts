/**
 * Samples that need no file: each is made or fetched here, none comes from another server.
 *
 * What: JSON records, the page's own code, a SQLite database, the pixels of a drawing, a terrain of
 * 32-bit floats, and the two ends, random bytes and zeros. "mix" lays runs of several of them side
 * by side, as the memory of a program looks.
 *
 * Why so: they are what the formats and programs really hold, not bytes tuned to compress. All
 * chance is seeded, so that a link shows everybody the same.
 */
import { createRandom, type Random } from "../../src/cli/sampling.ts";
import { type SampleName } from "../protocol.ts";
import { drawLandscape } from "./landscape.ts";
import { buildDatabase } from "./program.ts";

const MIB = 1024 ** 2;
const SEED = 2010;
/** Steps of some milliseconds each. */
const RECORDS_PER_STEP = 4000;
const ROWS_PER_STEP = 32;

/** Waits between two steps of some milliseconds; throws when nobody wants the sample any more. */
export type Breathe = () => Promise<void>;

/** @returns the bytes of a sample */
export async function makeSample(name: SampleName, breathe: Breathe): Promise<Uint8Array> {
  switch (name) {
    case "records":
      return makeRecords(8 * MIB, breathe);
    case "code":
      return fetchCode();
    case "database":
      return buildDatabase(breathe);
    case "landscape":
      return drawLandscape(1536);
    case "terrain":
      return makeTerrain(2048, 1024, breathe);
    case "random":
      return makeRandom(16 * MIB);
    case "zeros":
      return new Uint8Array(16 * MIB);
    case "mix":
      return makeMix(breathe);
  }
}

const NAMES = ["Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances", "Niklaus", "Radia"];
const KINDS = ["login", "logout", "view", "purchase", "error", "search"];
const WORDS =
  "the page was put into pool and got back later when memory of this device had grown small again"
    .split(" ")
    .concat(["while", "nobody", "looked", "at", "disk", "swap", "cache", "worker", "index"]);

/** Events as a server logs them, one JSON object a line. */
async function makeRecords(bytes: number, breathe: Breathe): Promise<Uint8Array> {
  const random = createRandom(SEED);
  const pick = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(random() ** 2 * items.length)] as Item;
  const lines: string[] = [];
  let time = Date.UTC(2026, 0, 1);
  for (let length = 0, id = 0; length < bytes; id++) {
    if (id % RECORDS_PER_STEP === 0) await breathe();
    time += Math.floor(random() * 4000);
    const line = JSON.stringify({
      id,
      time: new Date(time).toISOString(),
      kind: pick(KINDS),
      user: { name: pick(NAMES), number: Math.floor(random() * 5000) },
      amount: Math.round(random() * 100_000) / 100,
      text: Array.from({ length: 4 + Math.floor(random() * 12) }, () => pick(WORDS)).join(" "),
    });
    lines.push(line, "\n");
    length += line.length + 1;
  }
  return new TextEncoder().encode(lines.join("")).slice(0, bytes);
}

/** The scripts of this page and the wasm program that it can run: real code, text and binary. */
async function fetchCode(): Promise<Uint8Array> {
  const names = ["main.js", "worker.js", "sqlite.js", "sqlite.wasm"];
  const parts = await Promise.all(
    names.map(async (name) => {
      const response = await fetch(new URL(`./${name}`, import.meta.url));
      if (!response.ok) throw new Error(`The sample could not be loaded: ${name} is missing.`);
      return new Uint8Array(await response.arrayBuffer());
    }),
  );
  return joinBytes(parts);
}

/** Heights in metres, as 32-bit floats in a grid: hills, a plain that is the sea, some noise. */
async function makeTerrain(width: number, height: number, breathe: Breathe): Promise<Uint8Array> {
  const random = createRandom(SEED);
  const waves = Array.from({ length: 24 }, (_, index) => ({
    x: ((random() - 0.5) * (index + 2)) / 160,
    y: ((random() - 0.5) * (index + 2)) / 160,
    phase: random() * 6.28,
    metres: 320 / (index + 2),
  }));
  const grid = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    if (y % ROWS_PER_STEP === 0) await breathe();
    for (let x = 0; x < width; x++) {
      let metres = 0;
      for (const wave of waves) {
        metres += Math.sin(x * wave.x + y * wave.y + wave.phase) * wave.metres;
      }
      // The sea is flat; land is measured to a quarter of a metre.
      grid[y * width + x] = metres < 0 ? 0 : Math.round((metres + random()) * 4) / 4;
    }
  }
  return new Uint8Array(grid.buffer);
}

/** Bytes that nothing can compress. */
function makeRandom(bytes: number): Uint8Array {
  const result = new Uint8Array(bytes);
  // The most that one call gives.
  const step = 65_536;
  for (let at = 0; at < bytes; at += step) crypto.getRandomValues(result.subarray(at, at + step));
  return result;
}

/** Noise from the seed, so that the mix is the same each time. */
function makeNoise(bytes: number, random: Random): Uint8Array {
  const words = new Uint32Array(bytes / 4);
  for (let index = 0; index < words.length; index++) words[index] = random() * 2 ** 32;
  return new Uint8Array(words.buffer);
}

/** Runs of 16 KiB to 512 KiB of everything, in a seeded order. */
async function makeMix(breathe: Breathe): Promise<Uint8Array> {
  const random = createRandom(SEED);
  const parts = [
    await makeRecords(5 * MIB, breathe),
    drawLandscape(1024),
    await makeTerrain(1024, 1024, breathe),
    makeNoise(MIB, random),
    new Uint8Array(4 * MIB),
    new Uint8Array(new Uint32Array(MIB / 8).fill(0xdeadbeef).buffer),
  ];
  const taken = parts.map(() => 0);
  const runs: Uint8Array[] = [];
  for (;;) {
    const open = parts.flatMap((part, index) =>
      (taken[index] as number) < part.length ? [index] : [],
    );
    if (open.length === 0) return joinBytes(runs);
    const choice = open[Math.floor(random() * open.length)] as number;
    const from = taken[choice] as number;
    const to = from + 16384 * (1 + Math.floor(random() ** 2 * 32));
    runs.push((parts[choice] as Uint8Array).subarray(from, to));
    taken[choice] = to;
  }
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
