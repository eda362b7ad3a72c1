/**
 * The inspector: everything about one page, why it compresses as it does.
 *
 * What: how it is held and where, its bytes as hex and text, and the sequences of its block.
 *
 * Why so: the page asks the worker for a page when it is chosen and again when it may have changed;
 * nothing of its content is kept otherwise.
 */
import type { BlockCodec } from "../../src/index.ts";
import {
  FORM_ABSENT,
  FORM_COMPRESSED,
  FORM_NAMES,
  FORM_ON_DEVICE,
  FORM_RAW,
  FORM_REJECTED,
  FORM_SAME_FILLED,
  type PageDetails,
} from "../protocol.ts";
import { element, fillTable, make } from "../ui/elements.ts";
import { type Frames } from "../ui/frames.ts";
import { bytesToUnits, countToText, durationToText } from "../ui/units.ts";
import { parseBlock, type Sequence } from "./block-tokens.ts";
import { HexView } from "./hex-view.ts";
import { TokenStrip } from "./token-strip.ts";

/** Sequences that the table has; the strip shows all. */
const TABLE_ROWS = 200;
const CODEC_NAMES: Readonly<Record<BlockCodec, string>> = {
  lz4: "LZ4",
  words: "near offsets, 4-byte words",
  longWords: "near offsets, 8-byte words",
};

export class Inspector {
  readonly #hex = new HexView(element("hex"), element("hex-place"));
  readonly #strip: TokenStrip;
  readonly #stripBox = element("strip-box");
  readonly #facts = element("page-facts");
  readonly #sequenceLine = element("sequence");
  readonly #table = element<HTMLTableElement>("strip-table");
  readonly #details = element<HTMLDetailsElement>("strip-details");
  #sequences: readonly Sequence[] = [];
  #shown = -1;

  constructor(frames: Frames) {
    const canvas = element<HTMLCanvasElement>("strip");
    canvas.style.height = `${TokenStrip.height}px`;
    this.#strip = new TokenStrip(canvas, frames, (index) => this.#point(index));
    element("hex-back").addEventListener("click", () => this.#hex.move(-256));
    element("hex-on").addEventListener("click", () => this.#hex.move(256));
    this.#details.addEventListener("toggle", () => this.#fillTable());
  }

  /** Shows a page. */
  show(details: PageDetails, pageSize: number): void {
    const { bytes, block, codec } = details;
    const again = details.page === this.#shown;
    this.#shown = details.page;
    element("page-title").textContent = `Page ${details.page}`;
    element("page-empty").hidden = true;
    element("page-body").hidden = false;
    this.#facts.replaceChildren(
      ...toFacts(details, pageSize).map(([term, value]) =>
        make("div", {}, make("dt", {}, term), make("dd", {}, value)),
      ),
    );
    this.#hex.show(bytes);
    element("bytes-box").hidden = bytes.length === 0;
    const parsed = codec !== null && block !== null ? parseBlock(block, pageSize, codec) : null;
    this.#sequences = parsed ?? [];
    this.#stripBox.hidden = parsed === null;
    this.#strip.show(this.#sequences, pageSize);
    this.#sequenceLine.textContent = parsed === null ? "" : summarise(parsed);
    if (!again) this.#details.open = false;
    this.#fillTable();
  }

  /** No page is chosen. */
  clear(): void {
    this.#shown = -1;
    element("page-title").textContent = "Page";
    element("page-empty").hidden = false;
    element("page-body").hidden = true;
  }

  #point(index: number): void {
    const sequence = this.#sequences[index] ?? null;
    this.#hex.mark(sequence);
    this.#sequenceLine.textContent =
      sequence === null ? summarise(this.#sequences) : describe(sequence, index);
  }

  #fillTable(): void {
    if (!this.#details.open) return;
    const left = this.#sequences.length - TABLE_ROWS;
    const more = left > 0 ? `, the first ${TABLE_ROWS} of ${this.#sequences.length}` : "";
    fillTable(
      this.#table,
      `Sequences of the block of page ${this.#shown}${more}`,
      ["Sequence", "At byte", "Literals", "Match", "From", "In block"],
      this.#sequences
        .slice(0, TABLE_ROWS)
        .map((sequence, index) => [
          index,
          sequence.pageOffset,
          sequence.literals,
          sequence.matchLength,
          sequence.matchLength === 0
            ? "–"
            : sequence.pageOffset + sequence.literals - sequence.matchOffset,
          sequence.blockBytes,
        ]),
    );
  }
}

function summarise(sequences: readonly Sequence[]): string {
  let literals = 0;
  let matched = 0;
  let longest = 0;
  for (const sequence of sequences) {
    literals += sequence.literals;
    matched += sequence.matchLength;
    longest = Math.max(longest, sequence.matchLength);
  }
  return (
    `${countToText(sequences.length)} sequences: ${countToText(literals)} bytes are literals, ` +
    `${countToText(matched)} are copied from before, at most ${countToText(longest)} at once.`
  );
}

function describe(sequence: Sequence, index: number): string {
  const { pageOffset, literals, matchOffset, matchLength, blockBytes } = sequence;
  const end = pageOffset + literals;
  const match =
    matchLength === 0
      ? "no match, it is the last"
      : `then ${matchLength} bytes copied from byte ${end - matchOffset}, ${matchOffset} back`;
  return (
    `Sequence ${index}: ${literals} literals at byte ${pageOffset}, ${match}. ` +
    `${blockBytes} bytes in the block for ${literals + matchLength} of the page.`
  );
}

function toFacts(details: PageDetails, pageSize: number): [term: string, value: string][] {
  const { form, codec, bytes, blockBytes, objectSize, place } = details;
  const facts: [string, string][] = [["Held as", toFormWords(details)]];
  if (form === FORM_COMPRESSED || form === FORM_RAW) {
    const share = ((blockBytes / pageSize) * 100).toFixed(1);
    facts.push(["Block", `${countToText(blockBytes)} bytes, ${share}%`]);
    // A page of a shared pool may have gone to the device since its form was heard of.
    if (form === FORM_RAW) facts.push(["Codec", "none"]);
    else if (codec !== null) facts.push(["Codec", CODEC_NAMES[codec]]);
  }
  if (form === FORM_SAME_FILLED && bytes.length > 0) {
    const word = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0"));
    facts.push(["Repeated word", `${word.slice(0, 4).join("")} ${word.slice(4).join("")}`]);
  }
  if (objectSize > 0) {
    facts.push(["Size class", `${countToText(objectSize)} bytes`]);
  }
  if (place !== null) {
    facts.push(["Place", `zspage ${place.zspage}, slot ${place.slot}`]);
    facts.push(["Address", `0x${place.address.toString(16)}`]);
  }
  if (details.puts > 0) {
    const times = details.puts === 1 ? "once" : `${countToText(details.puts)} times`;
    facts.push(["Put", `${times}, last ${durationToText(details.ageMs)} ago`]);
  }
  return facts;
}

function toFormWords({ form }: PageDetails): string {
  switch (form) {
    case FORM_ABSENT:
      return "nothing: it was not put, or forgotten";
    case FORM_SAME_FILLED:
      return "one repeated word";
    case FORM_RAW:
      return "raw: compressing saves nothing";
    case FORM_REJECTED:
      return "rejected: the pool had no room, and no device took it";
    case FORM_ON_DEVICE:
      return "a page on the swap device";
    default:
      return FORM_NAMES[form] ?? "";
  }
}

/** One page in a few words, for the line below the map. */
export function describeCell(page: number, form: number, size: number, pageSize: number): string {
  const name = FORM_NAMES[form] ?? "";
  if (form !== FORM_COMPRESSED) return `Page ${page}: ${name}`;
  const share = Math.round((size / pageSize) * 100);
  return `Page ${page}: ${size} of ${pageSize} bytes (${share}%), ${bytesToUnits(pageSize - size)} saved`;
}
