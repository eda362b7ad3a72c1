/**
 * The headline: one sentence, one bar, and the figures, each by itself.
 *
 * Why so: whoever has ten seconds reads the sentence and sees the bar; memory held is the wasm
 * memory's real size, and what it is more than the blocks is called by its name.
 */
import { type Columns } from "../model/columns.ts";
import { ratioToText, shareToText } from "../../src/cli/quantities.ts";
import { type Totals } from "../protocol.ts";
import { element, make } from "./elements.ts";
import { bytesToUnits, countToText, microsecondsToText } from "./units.ts";

interface Tile {
  readonly key: string;
  readonly name: string;
  readonly detail: (totals: Totals) => string;
  readonly value: (totals: Totals) => string;
}

const share = (part: number, totals: Totals): string =>
  `${shareToText(part, totals.pages)} of pages`;

const TILES: readonly Tile[] = [
  {
    key: "ratio",
    name: "Effective ratio",
    value: (totals) => ratioToText(toRatio(totals)),
    detail: () => "kept ÷ memory held",
  },
  {
    key: "original",
    name: "Original",
    value: ({ dataBytes }) => bytesToUnits(dataBytes),
    detail: ({ pages }) => `${countToText(pages)} pages`,
  },
  {
    key: "held",
    name: "Memory held",
    value: ({ heldBytes }) => bytesToUnits(heldBytes),
    detail: ({ freeBytes }) => `${bytesToUnits(freeBytes)} of it free`,
  },
  {
    key: "payload",
    name: "Payload",
    value: ({ payloadBytes }) => bytesToUnits(payloadBytes),
    detail: () => "all blocks",
  },
  {
    key: "overhead",
    name: "Overhead",
    value: ({ heldBytes, payloadBytes }) => bytesToUnits(heldBytes - payloadBytes),
    detail: () => "held − payload",
  },
  {
    key: "compressed",
    name: "Compressed",
    value: ({ compressedPages }) => countToText(compressedPages),
    detail: (totals) => share(totals.compressedPages, totals),
  },
  {
    key: "same",
    name: "Same-filled",
    value: ({ sameFilledPages }) => countToText(sameFilledPages),
    detail: (totals) => share(totals.sameFilledPages, totals),
  },
  {
    key: "raw",
    name: "Raw",
    value: ({ rawPages }) => countToText(rawPages),
    detail: (totals) => share(totals.rawPages, totals),
  },
  {
    key: "rejected",
    name: "Rejected",
    value: ({ rejectedPages }) => countToText(rejectedPages),
    detail: (totals) => share(totals.rejectedPages, totals),
  },
  {
    key: "device",
    name: "On device",
    value: ({ devicePages }) => countToText(devicePages),
    detail: (totals) => share(totals.devicePages, totals),
  },
  {
    key: "put",
    name: "Put, median",
    value: ({ putUs }) => microsecondsToText(putUs.p50),
    detail: ({ putUs, timedPages }) =>
      `p99 ${microsecondsToText(putUs.p99)} · groups of ${timedPages}`,
  },
  {
    key: "get",
    name: "Get, median",
    value: ({ getUs }) => microsecondsToText(getUs.p50),
    detail: ({ getUs, timedPages }) =>
      `p99 ${microsecondsToText(getUs.p99)} · groups of ${timedPages}`,
  },
];

function toRatio({ keptBytes, heldBytes }: Totals): number | null {
  return heldBytes > 0 && keptBytes > 0 ? keptBytes / heldBytes : null;
}

/** Writes a text only where it differs: most tiles don't change in most frames. */
function write(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export class Tiles {
  readonly #cells: readonly { tile: Tile; value: HTMLElement; detail: HTMLElement }[];
  readonly #headline = element("headline");
  readonly #bar = element("saving");

  constructor() {
    this.#cells = TILES.map((tile) => ({
      tile,
      value: make("strong", { "data-tile": tile.key }, "–"),
      detail: make("small", {}, " "),
    }));
    element("tiles").replaceChildren(
      ...this.#cells.map(({ tile, value, detail }) =>
        make("div", {}, make("dt", {}, tile.name), make("dd", {}, value, detail)),
      ),
    );
  }

  show(totals: Totals): void {
    for (const { tile, value, detail } of this.#cells) {
      write(value, tile.value(totals));
      write(detail, tile.detail(totals));
    }
    write(this.#headline, toSentence(totals));
    const whole = Math.max(totals.keptBytes, totals.heldBytes, 1);
    const percent = (bytes: number): string => `${((bytes / whole) * 100).toFixed(2)}%`;
    this.#bar.style.setProperty("--payload", percent(totals.payloadBytes));
    this.#bar.style.setProperty("--held", percent(totals.heldBytes));
    this.#bar.style.setProperty("--kept", percent(totals.keptBytes));
  }
}

function toSentence(totals: Totals): string {
  const { keptBytes, heldBytes, pages } = totals;
  if (pages === 0) return "Nothing is stored yet.";
  const kept = bytesToUnits(keptBytes);
  const held = bytesToUnits(heldBytes);
  const saved = keptBytes - heldBytes;
  if (saved <= 0) return `${kept} of data take ${held} of memory: nothing is saved here.`;
  return `${kept} of data in ${held} of memory: ${bytesToUnits(saved)} saved.`;
}

/** The counts as a table, the map's twin. */
export function toFormRows(columns: Columns, names: readonly string[]): string[][] {
  return names.map((name, form) => {
    const count = columns.counts[form] ?? 0;
    return [name, countToText(count), shareToText(count, columns.pages)];
  });
}
