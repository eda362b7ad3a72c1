/**
 * The colours of the page's theme, for what is drawn on canvases.
 *
 * Why so: asking for a computed style in the middle of a frame makes the browser settle all style and
 * layout that is pending. The colours change with the theme and never else, so they are read once.
 */

/** The theme's colours. */
export interface Palette {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly panel: string;
  readonly ground: string;
  /** Where cells and bytes lie. */
  readonly well: string;
}

let known: Palette | null = null;

/** The colours of the present theme. */
export function themeColours(): Palette {
  known ??= readColours();
  return known;
}

/** The theme has changed. */
export function forgetColours(): void {
  known = null;
}

function readColours(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: keyof Palette): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read("ink"),
    muted: read("muted"),
    line: read("line"),
    panel: read("panel"),
    ground: read("ground"),
    well: read("well"),
  };
}
