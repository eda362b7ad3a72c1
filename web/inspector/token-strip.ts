/**
 * The token strip: the page as a long bar, wrapped into lines, of literals and matches.
 *
 * Why so: a bar as long as the page shows at a glance how much of it was copied from before; where
 * a match comes from is shown when it is pointed at, as a frame around its source. Neighbouring
 * matches get two tints, so that each can be told.
 */
import { type Frames } from "../ui/frames.ts";
import { type Sequence } from "./block-tokens.ts";

/** Literals in orange, matches in two blues; both of the Okabe-Ito palette. */
export const LITERAL_COLOUR = "#e69f00";
export const MATCH_COLOURS = ["#0072b2", "#56b4e9"] as const;
const LINES = 16;
const LINE_HEIGHT = 12;
const LINE_GAP = 3;

export class TokenStrip {
  readonly canvas: HTMLCanvasElement;
  readonly #frames: Frames;
  readonly #onHover: (sequence: number) => void;
  #sequences: readonly Sequence[] = [];
  #pageSize = 4096;
  #active = -1;

  /** @param onHover a sequence was pointed at or stepped to; -1 for none */
  constructor(canvas: HTMLCanvasElement, frames: Frames, onHover: (sequence: number) => void) {
    this.canvas = canvas;
    this.#frames = frames;
    this.#onHover = onHover;
    canvas.addEventListener("pointermove", (event) => {
      this.#activate(this.#sequenceAt(event.offsetX, event.offsetY));
    });
    canvas.addEventListener("pointerdown", (event) => {
      this.#activate(this.#sequenceAt(event.offsetX, event.offsetY));
    });
    canvas.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0 || this.#sequences.length === 0) return;
      event.preventDefault();
      const next = Math.min(Math.max(this.#active + step, 0), this.#sequences.length - 1);
      this.#activate(next);
    });
    new ResizeObserver(() => this.#frames.request(this.#draw)).observe(canvas);
  }

  /** The height that the strip needs, CSS pixels. */
  static get height(): number {
    return LINES * (LINE_HEIGHT + LINE_GAP);
  }

  show(sequences: readonly Sequence[], pageSize: number): void {
    this.#sequences = sequences;
    this.#pageSize = pageSize;
    this.#active = -1;
    this.#frames.request(this.#draw);
  }

  #activate(sequence: number): void {
    if (sequence === this.#active) return;
    this.#active = sequence;
    this.#frames.request(this.#draw);
    this.#onHover(sequence);
  }

  #sequenceAt(x: number, y: number): number {
    const lineBytes = this.#pageSize / LINES;
    const line = Math.floor(y / (LINE_HEIGHT + LINE_GAP));
    const byte = Math.floor(line * lineBytes + (x / this.canvas.clientWidth) * lineBytes);
    return this.#sequences.findIndex(
      ({ pageOffset, literals, matchLength }) =>
        byte >= pageOffset && byte < pageOffset + literals + matchLength,
    );
  }

  readonly #draw = (): void => {
    const context = this.canvas.getContext("2d");
    const width = this.canvas.clientWidth;
    if (context === null || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(TokenStrip.height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, TokenStrip.height);
    for (const [index, sequence] of this.#sequences.entries()) {
      const { pageOffset, literals, matchLength } = sequence;
      this.#fill(context, pageOffset, literals, LITERAL_COLOUR);
      this.#fill(context, pageOffset + literals, matchLength, MATCH_COLOURS[index % 2] as string);
    }
    const active = this.#sequences[this.#active];
    if (active === undefined) return;
    const { pageOffset, literals, matchOffset, matchLength } = active;
    const ink = getComputedStyle(this.canvas).color;
    this.#frame(context, pageOffset, literals + matchLength, ink, []);
    if (matchLength === 0) return;
    const target = pageOffset + literals;
    this.#frame(context, target - matchOffset, Math.min(matchLength, matchOffset), ink, [3, 2]);
    this.#link(context, target - matchOffset, target, ink);
  };

  /** Calls `take` with the parts of a run of bytes, line by line. */
  #eachPart(
    from: number,
    bytes: number,
    take: (x: number, y: number, width: number) => void,
  ): void {
    const lineBytes = this.#pageSize / LINES;
    const unit = this.canvas.clientWidth / lineBytes;
    for (let at = from; at < from + bytes;) {
      const line = Math.floor(at / lineBytes);
      const end = Math.min(from + bytes, (line + 1) * lineBytes);
      take((at - line * lineBytes) * unit, line * (LINE_HEIGHT + LINE_GAP) + 1, (end - at) * unit);
      at = end;
    }
  }

  #fill(context: CanvasRenderingContext2D, from: number, bytes: number, colour: string): void {
    context.fillStyle = colour;
    this.#eachPart(from, bytes, (x, y, width) => context.fillRect(x, y, width, LINE_HEIGHT));
  }

  #frame(
    context: CanvasRenderingContext2D,
    from: number,
    bytes: number,
    colour: string,
    dashes: number[],
  ): void {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.setLineDash(dashes);
    this.#eachPart(from, bytes, (x, y, width) => {
      context.strokeRect(x, y, Math.max(width, 2), LINE_HEIGHT);
    });
    context.setLineDash([]);
  }

  /** A line from where the match comes from to where it goes. */
  #link(context: CanvasRenderingContext2D, source: number, target: number, colour: string): void {
    const places: { x: number; y: number }[] = [];
    for (const byte of [source, target]) {
      this.#eachPart(byte, 1, (x, y) => places.push({ x, y: y + LINE_HEIGHT / 2 }));
    }
    const [from, to] = places;
    if (from === undefined || to === undefined) return;
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.quadraticCurveTo((from.x + to.x) / 2 + 24, (from.y + to.y) / 2 - 12, to.x, to.y);
    context.stroke();
  }
}
