/**
 * Bytes as hex and text, a screenful at a time, with the bytes of one sequence marked.
 *
 * Why so: 64 KiB are 4096 lines, too many elements for a frame; so many as are read at once are
 * made, and the place is moved by keys, by buttons, or by the token strip.
 */
import { make } from "../ui/elements.ts";
import { type Sequence } from "./block-tokens.ts";

const BYTES_PER_ROW = 16;
export const ROWS = 16;
const WINDOW = BYTES_PER_ROW * ROWS;

const toHex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

function toText(byte: number): string {
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·";
}

export class HexView {
  readonly #box: HTMLElement;
  readonly #place: HTMLElement;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #marked: Sequence | null = null;

  /**
   * @param box shows the lines
   * @param place says which bytes they are
   */
  constructor(box: HTMLElement, place: HTMLElement) {
    this.#box = box;
    this.#place = place;
    box.addEventListener("keydown", (event) => {
      const steps: Readonly<Record<string, number>> = {
        ArrowUp: -BYTES_PER_ROW,
        ArrowDown: BYTES_PER_ROW,
        PageUp: -WINDOW,
        PageDown: WINDOW,
        Home: -Infinity,
        End: Infinity,
      };
      const step = steps[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.move(step);
    });
  }

  show(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#start = 0;
    this.#marked = null;
    this.#draw();
  }

  /** Moves on by so many bytes. */
  move(bytes: number): void {
    const last = Math.max(0, this.#bytes.length - WINDOW);
    this.#start = Math.min(Math.max(this.#start + bytes, 0), last);
    this.#draw();
  }

  /** Marks the bytes of a sequence and goes there; null for none. */
  mark(sequence: Sequence | null): void {
    this.#marked = sequence;
    if (sequence !== null) {
      const end = sequence.pageOffset + sequence.literals + sequence.matchLength;
      if (sequence.pageOffset < this.#start || end > this.#start + WINDOW) {
        const row = Math.floor(sequence.pageOffset / BYTES_PER_ROW) * BYTES_PER_ROW;
        this.#start = Math.min(Math.max(0, row - 4 * BYTES_PER_ROW), this.#bytes.length - WINDOW);
      }
    }
    this.#draw();
  }

  #draw(): void {
    const lines: HTMLElement[] = [];
    const end = Math.min(this.#start + WINDOW, this.#bytes.length);
    for (let row = this.#start; row < end; row += BYTES_PER_ROW) {
      const address = make("span", { class: "address" }, `${toHex(row, 4)} `);
      const hex = this.#cells(row, (byte) => toHex(byte, 2));
      const text = make("span", { class: "text" }, ...this.#cells(row, toText));
      lines.push(make("div", {}, address, ...hex, text));
    }
    this.#box.replaceChildren(...lines);
    const { length } = this.#bytes;
    this.#place.textContent =
      length === 0 ? "no bytes" : `bytes ${this.#start} to ${end - 1} of ${length}`;
  }

  /** A cell for each byte of a row. */
  #cells(row: number, toWord: (byte: number) => string): HTMLElement[] {
    const cells: HTMLElement[] = [];
    for (let at = row; at < Math.min(row + BYTES_PER_ROW, this.#bytes.length); at++) {
      const cell = document.createElement("b");
      cell.textContent = toWord(this.#bytes[at] as number);
      const kind = this.#kindOf(at);
      if (kind !== "") cell.className = kind;
      cells.push(cell);
    }
    return cells;
  }

  #kindOf(at: number): string {
    if (this.#marked === null) return "";
    const { pageOffset, literals, matchOffset, matchLength } = this.#marked;
    const match = pageOffset + literals;
    if (at >= pageOffset && at < match) return "literal";
    if (at >= match && at < match + matchLength) return "match";
    const source = match - matchOffset;
    return matchLength > 0 && at >= source && at < source + matchLength ? "origin" : "";
  }
}
