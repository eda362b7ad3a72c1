/**
 * The colours of the page map.
 *
 * Why so: cividis rises evenly in lightness and looks the same to people with the common kinds of
 * colour blindness. The two kinds of page that are no size have colours that the scale does not
 * use, from the Okabe-Ito palette.
 *
 * Source: cividis, Nuñez, Anderton, Renslow, PLOS ONE 13(7), 2018 (nine stops, linear between);
 * M. Okabe and K. Ito, "Color Universal Design", 2008.
 */

type Colour = readonly [red: number, green: number, blue: number];

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

/** Sky blue. */
export const SAME_FILLED_COLOUR: Colour = [86, 180, 233];
/** Vermilion. */
export const REJECTED_COLOUR: Colour = [213, 94, 0];

/** @param share 0 to 1 of the page size */
export function shareToColour(share: number): Colour {
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

/** A colour for CSS. */
export function colourToCss([red, green, blue]: Colour): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** The whole scale as a CSS gradient. */
export function scaleToCss(): string {
  return `linear-gradient(to right, ${STOPS.map(colourToCss).join(", ")})`;
}
