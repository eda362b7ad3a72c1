/**
 * The legend of the map: the scale, and a cell of each other form as the map draws it.
 */
import {
  FORM_NAMES,
  FORM_ON_DEVICE,
  FORM_RAW,
  FORM_REJECTED,
  FORM_SAME_FILLED,
} from "../protocol.ts";
import { make } from "../ui/elements.ts";
import { colourToCss, FORM_COLOURS, scaleToCss } from "./colours.ts";
import { Shapes } from "./shapes.ts";

const SAMPLE_EDGE = 32;

/** Fills the list. */
export function showLegend(list: HTMLElement): void {
  const scale = make("i");
  scale.style.background = scaleToCss();
  const forms = [FORM_SAME_FILLED, FORM_RAW, FORM_REJECTED, FORM_ON_DEVICE];
  list.replaceChildren(
    make("li", {}, "compressed: 0%", scale, "100%"),
    ...forms.map((form) => make("li", {}, drawSample(form), FORM_NAMES[form] ?? "")),
    make("li", {}, "flashes: white put, green got, purple moved to the device"),
  );
}

function drawSample(form: number): HTMLCanvasElement {
  const canvas = make("canvas", { "aria-hidden": "true" });
  canvas.width = SAMPLE_EDGE;
  canvas.height = SAMPLE_EDGE;
  const context = canvas.getContext("2d");
  const colour = FORM_COLOURS[form];
  if (context === null || colour === undefined) return canvas;
  context.fillStyle = colourToCss(colour);
  context.fillRect(0, 0, SAMPLE_EDGE, SAMPLE_EDGE);
  const shapes = new Shapes(context);
  shapes.add(form, 0, 0, SAMPLE_EDGE);
  shapes.end(SAMPLE_EDGE);
  return canvas;
}
