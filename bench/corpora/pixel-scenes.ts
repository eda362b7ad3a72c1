/**
 * The two scenes of pixels.ts that look like photographs: a ray-traced room and a landscape.
 *
 * Why so: smooth shading and grain are what flat graphics lack, and what most pixels of real images
 * are. Square roots and products only: no sine or power, whose last bit differs between engines.
 */
import { Canvas } from "./canvas.ts";
import { randomBytes, type Random } from "./random.ts";

interface Ball {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly radius: number;
  readonly colour: readonly [number, number, number];
}

/** Balls over a chequered floor, lit from one side, with shadows. */
export function renderRoom(width: number, height: number, random: Random): Canvas {
  const canvas = new Canvas(width, height, [0, 0, 0]);
  const balls = Array.from({ length: 7 }, (): Ball => {
    const radius = 0.4 + random.fraction() * 0.8;
    const colour = [
      80 + random.below(175),
      80 + random.below(175),
      80 + random.below(175),
    ] as const;
    const [x, z] = [random.fraction() * 8 - 4, 5 + random.fraction() * 6];
    return { x, y: radius - 1, z, radius, colour };
  });
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = (column - width / 2) / height;
      const y = (height / 2 - row) / height;
      const length = Math.sqrt(x * x + y * y + 1);
      const pixel = trace(balls, x / length, y / length, 1 / length);
      canvas.blend(column, row, pixel, 1);
    }
  }
  return canvas;
}

const LIGHT = { x: -0.48, y: 0.64, z: -0.6 };

function trace(
  balls: readonly Ball[],
  dx: number,
  dy: number,
  dz: number,
): readonly [number, number, number] {
  let nearest = Infinity;
  let hit: Ball | undefined;
  for (const ball of balls) {
    const distance = meet(ball, 0, 0.5, 0, dx, dy, dz);
    if (distance < nearest) {
      nearest = distance;
      hit = ball;
    }
  }
  const toFloor = dy < 0 ? -1.5 / dy : Infinity;
  if (toFloor < nearest) {
    const [x, z] = [dx * toFloor, dz * toFloor];
    const shadow = balls.some((b) => meet(b, x, -1, z, LIGHT.x, LIGHT.y, LIGHT.z) < Infinity);
    const square = ((Math.floor(x) + Math.floor(z)) & 1) === 0 ? 225 : 95;
    const light = (shadow ? 0.45 : 1) / (1 + toFloor * 0.04);
    return [square * light, square * light * 0.97, square * light * 0.9];
  }
  if (hit === undefined) {
    const sky = Math.max(0, dy);
    return [150 - sky * 90, 180 - sky * 80, 225 - sky * 40];
  }
  const [nx, ny, nz] = [
    (dx * nearest - hit.x) / hit.radius,
    (0.5 + dy * nearest - hit.y) / hit.radius,
    (dz * nearest - hit.z) / hit.radius,
  ];
  const facing = Math.max(0, nx * LIGHT.x + ny * LIGHT.y + nz * LIGHT.z);
  const gloss = facing * facing * facing * facing * facing * facing * 70;
  const light = 0.25 + facing * 0.75;
  const [red, green, blue] = hit.colour;
  const lit = (value: number): number => Math.min(255, value * light + gloss);
  return [lit(red), lit(green), lit(blue)];
}

/** @returns the distance to the ball along a ray, Infinity when it is missed */
function meet(
  ball: Ball,
  x: number,
  y: number,
  z: number,
  dx: number,
  dy: number,
  dz: number,
): number {
  const [ox, oy, oz] = [x - ball.x, y - ball.y, z - ball.z];
  const half = ox * dx + oy * dy + oz * dz;
  const under = half * half - (ox * ox + oy * oy + oz * oz - ball.radius * ball.radius);
  if (under < 0) return Infinity;
  const distance = -half - Math.sqrt(under);
  return distance > 0.001 ? distance : Infinity;
}

/** Hills in several layers under a sky, with the grain of a camera. */
export function renderLandscape(width: number, height: number, random: Random): Canvas {
  const canvas = new Canvas(width, height, [0, 0, 0]);
  canvas.shade(0, 0, width, height, [90, 140, 210], [215, 225, 235]);
  const ground = noiseField(random);
  for (let layer = 0; layer < 4; layer++) {
    const base = height * (0.4 + layer * 0.15);
    for (let x = 0; x < width; x++) {
      const hill = smoothNoise(ground, x / 160 + layer * 40, layer * 7) * 130;
      const detail = smoothNoise(ground, x / 23 + layer * 90, layer * 3) * 22;
      for (let y = Math.max(0, Math.floor(base - hill - detail)); y < height; y++) {
        const grass = smoothNoise(ground, x / 5, y / 5) * 40;
        const shade = 1 - layer * 0.14;
        canvas.blend(x, y, [(70 + grass) * shade, (110 + grass) * shade, 60 * shade], 1);
      }
    }
  }
  const grain = randomBytes(width * height, random.bits());
  for (let at = 0; at < grain.length; at++) {
    // The grain of one exposure is the same in the three channels, and two bits strong.
    const change = ((grain[at] as number) & 3) - 1;
    for (let channel = 0; channel < 3; channel++) {
      const byte = at * 4 + channel;
      canvas.bytes[byte] = Math.min(255, Math.max(0, (canvas.bytes[byte] as number) + change));
    }
  }
  return canvas;
}

const FIELD = 256;

function noiseField(random: Random): Float64Array {
  return Float64Array.from({ length: FIELD * FIELD }, () => random.fraction());
}

/** Noise between 0 and 1 that changes smoothly over one unit. */
function smoothNoise(field: Float64Array, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const value = (column: number, row: number): number =>
    field[(row & (FIELD - 1)) * FIELD + (column & (FIELD - 1))] as number;
  const ease = (share: number): number => share * share * (3 - 2 * share);
  const [right, down] = [ease(x - left), ease(y - top)];
  const upper = value(left, top) * (1 - right) + value(left + 1, top) * right;
  const lower = value(left, top + 1) * (1 - right) + value(left + 1, top + 1) * right;
  return upper * (1 - down) + lower * down;
}
