/**
 * The colours of the page map.
 *
 * Why so: cividis rises evenly in lightness and looks the same to people with the common kinds of
 * colour blindness. The ways of being held that are no compressed size have colours that the scale
 * does not use, from the Okabe-Ito palette, and a shape each where cells are large enough.
 *
 * Source: cividis, Nuñez, Anderton, Renslow, PLOS ONE 13(7), 2018 (nine stops, linear between);
 * M. Okabe and K. Ito, "Color Universal Design", 2008.
 */
import {
  FORM_ABSENT,
  FORM_COMPRESSED,
  FORM_ON_DEVICE,
  FORM_RAW,
  FORM_REJECTED,
  FORM_SAME_FILLED,
} from "../protocol.ts";

export type Colour = readonly [red: number, green: number, blue: number];

const STOPS: readonly Colour[] = [
  [0, 34, 78],
  [18, 53, 112],
  [59, 73, 108],
  [87, 93, 109],
  [112, 113, 115],
  [138, 134, 120],
  [165, 156, 116],
  [195, 179, 105],
  [254, 232, 56],
];

/** Steps of the scale. */
export const SCALE_STEPS = 256;

/** Sky blue, orange, vermilion, reddish purple. */
export const FORM_COLOURS: Readonly<Record<number, Colour>> = {
  [FORM_SAME_FILLED]: [86, 180, 233],
  [FORM_RAW]: [230, 159, 0],
  [FORM_REJECTED]: [213, 94, 0],
  [FORM_ON_DEVICE]: [204, 121, 167],
};

function shareToColour(share: number): Colour {
  const place = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const index = Math.min(Math.floor(place), STOPS.length - 2);
  const from = STOPS[index] as Colour;
  const to = STOPS[index + 1] as Colour;
  const part = place - index;
  return [
    Math.round(from[0] + (to[0] - from[0]) * part),
    Math.round(from[1] + (to[1] - from[1]) * part),
    Math.round(from[2] + (to[2] - from[2]) * part),
  ];
}

/** A pixel of an ImageData seen as 32-bit words: little-endian, as every platform with wasm is. */
function colourToPixel([red, green, blue]: Colour): number {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

const SCALE_PIXELS = Uint32Array.from({ length: SCALE_STEPS }, (_, step) =>
  colourToPixel(shareToColour(step / (SCALE_STEPS - 1))),
);

/** The colours of forms as pixels; 0, transparent, for what is not held. */
const FORM_PIXELS = Uint32Array.from({ length: 8 }, (_, form) => {
  const colour = FORM_COLOURS[form];
  return colour === undefined ? 0 : colourToPixel(colour);
});

/** The pixel of a cell. @param size bytes of the block */
export function cellToPixel(form: number, size: number, pageSize: number): number {
  if (form === FORM_ABSENT) return 0;
  if (form !== FORM_COMPRESSED) return FORM_PIXELS[form] as number;
  const step = Math.min(Math.round((size / pageSize) * (SCALE_STEPS - 1)), SCALE_STEPS - 1);
  return SCALE_PIXELS[step] as number;
}

/** The colour of a share of the page size, for CSS. */
export function shareToCss(share: number): string {
  return colourToCss(shareToColour(share));
}

/** A colour for CSS. */
export function colourToCss([red, green, blue]: Colour): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** The whole scale as a CSS gradient. */
export function scaleToCss(): string {
  return `linear-gradient(to right, ${STOPS.map(colourToCss).join(", ")})`;
}
