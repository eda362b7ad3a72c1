/**
 * A small software renderer: an RGBA canvas with rectangles, gradients, smooth-edged lines, discs
 * and stroked text.
 *
 * Why so: pixel pages must be rendered, not sampled from noise, and must be equal in every engine,
 * which no platform's canvas or font gives. Only the four operations and the square root are used,
 * which IEEE 754 fixes to the last bit.
 */

/** Red, green, blue, 0 to 255 each. */
export type Colour = readonly [number, number, number];

/** An RGBA image, opaque. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;

  constructor(width: number, height: number, background: Colour) {
    this.width = width;
    this.height = height;
    this.bytes = new Uint8Array(width * height * 4);
    this.fill(0, 0, width, height, background);
  }

  /** Mixes a colour into one pixel. @param cover 0 (nothing) to 1 (replace) */
  blend(x: number, y: number, colour: Colour, cover: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = (y * this.width + x) * 4;
    for (let channel = 0; channel < 3; channel++) {
      const old = this.bytes[at + channel] as number;
      this.bytes[at + channel] = old + ((colour[channel] as number) - old) * cover + 0.5;
    }
    this.bytes[at + 3] = 255;
  }

  fill(left: number, top: number, width: number, height: number, colour: Colour): void {
    for (let y = Math.max(0, top); y < Math.min(this.height, top + height); y++) {
      for (let x = Math.max(0, left); x < Math.min(this.width, left + width); x++) {
        this.blend(x, y, colour, 1);
      }
    }
  }

  /** A vertical gradient. */
  shade(left: number, top: number, width: number, height: number, from: Colour, to: Colour): void {
    for (let row = 0; row < height; row++) {
      const share = row / height;
      const colour = from.map((value, at) => value + ((to[at] as number) - value) * share);
      this.fill(left, top + row, width, 1, colour as unknown as Colour);
    }
  }

  /** A stroke with smooth edges. */
  line(x0: number, y0: number, x1: number, y1: number, thickness: number, colour: Colour): void {
    const reach = thickness / 2 + 1;
    const length = (x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0) || 1;
    for (let y = Math.floor(Math.min(y0, y1) - reach); y <= Math.max(y0, y1) + reach; y++) {
      for (let x = Math.floor(Math.min(x0, x1) - reach); x <= Math.max(x0, x1) + reach; x++) {
        let along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length;
        along = Math.min(1, Math.max(0, along));
        const acrossX = x - x0 - along * (x1 - x0);
        const acrossY = y - y0 - along * (y1 - y0);
        const distance = Math.sqrt(acrossX * acrossX + acrossY * acrossY);
        const cover = thickness / 2 + 0.5 - distance;
        if (cover > 0) this.blend(x, y, colour, Math.min(1, cover));
      }
    }
  }

  /** A disc with a smooth edge. */
  disc(centreX: number, centreY: number, radius: number, colour: Colour): void {
    for (let y = Math.floor(centreY - radius); y <= centreY + radius + 1; y++) {
      for (let x = Math.floor(centreX - radius); x <= centreX + radius + 1; x++) {
        const distance = Math.sqrt((x - centreX) * (x - centreX) + (y - centreY) * (y - centreY));
        const cover = radius + 0.5 - distance;
        if (cover > 0) this.blend(x, y, colour, Math.min(1, cover));
      }
    }
  }

  /** Stroked text; letters, digits and spaces show. @param size height of a capital, pixels */
  text(left: number, top: number, size: number, text: string, colour: Colour): void {
    const thickness = Math.max(1, size / 8);
    let x = left;
    for (const letter of text.toUpperCase()) {
      for (const stroke of GLYPHS.get(letter) ?? []) {
        const [fromX = 0, fromY = 0, toX = 0, toY = 0] = stroke;
        const unit = size / 4;
        const [x0, x1] = [x + fromX * unit, x + toX * unit];
        this.line(x0, top + fromY * unit, x1, top + toY * unit, thickness, colour);
      }
      x += size * 0.75;
    }
  }
}

/** Strokes on a grid of 3 by 5 points, "x y x y" each. */
const GLYPHS = new Map<string, readonly (readonly number[])[]>(
  Object.entries({
    A: "0410 1024 0323",
    B: "0004 0010 1021 2112 0212 1223 2314 0414",
    C: "2010 1001 0103 0314 1424",
    D: "0004 0010 1021 2123 2314 1404",
    E: "0004 0020 0212 0424",
    F: "0004 0020 0212",
    G: "2010 1001 0103 0314 1424 2422 2212",
    H: "0004 2024 0222",
    I: "1014",
    J: "2023 2314 1403",
    K: "0004 2002 0224",
    L: "0004 0424",
    M: "0400 0012 1220 2024",
    N: "0400 0024 2420",
    O: "1001 0103 0314 1423 2321 2110",
    P: "0004 0010 1021 2112 1202",
    Q: "1001 0103 0314 1423 2321 2110 1324",
    R: "0004 0010 1021 2112 1202 1224",
    S: "2010 1001 0112 1223 2314 1404",
    T: "0020 1014",
    U: "0003 0314 1423 2320",
    V: "0014 1420",
    W: "0004 0412 1224 2420",
    X: "0024 2004",
    Y: "0012 2012 1214",
    Z: "0020 2004 0424",
    0: "1001 0103 0314 1423 2321 2110 0321",
    1: "0110 1014 0424",
    2: "0110 1021 2104 0424",
    3: "0020 2012 1223 2314 1404",
    4: "1003 0323 2024",
    5: "2000 0002 0212 1223 2314 1404",
    6: "2001 0103 0314 1423 2312 1202",
    7: "0020 2014",
    8: "1001 0112 1221 2110 1203 0314 1423 2312",
    9: "2112 1201 0110 1021 2123 2304",
  }).map(([letter, strokes]) => [
    letter,
    strokes.split(" ").map((stroke) => Array.from(stroke, Number)),
  ]),
);
