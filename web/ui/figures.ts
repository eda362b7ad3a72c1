/**
 * The figures, each by itself, in three lists: memory, pages, speed.
 *
 * Why so: memory held is the wasm memory's real size, and what it is more than the blocks is called by
 * its name. A list has a name at its left, what it means beside it, and the figure at its right, where
 * figures stand below each other.
 */
import { ratioToText, shareToText } from "../../src/cli/quantities.ts";
import { type Totals } from "../protocol.ts";
import { element, make, write } from "./elements.ts";
import { type FrameCost } from "./frames.ts";
import { bytesToUnits, countToText, microsecondsToText, rateToText } from "./units.ts";

interface Figure {
  readonly key: string;
  readonly name: string;
  readonly detail: (totals: Totals, frames: FrameCost) => string;
  readonly value: (totals: Totals, frames: FrameCost) => string;
}

const share = (part: number, totals: Totals): string =>
  `${shareToText(part, totals.pages)} of pages`;

/** "–" before there was a frame. */
const frameToText = (milliseconds: number | null): string =>
  milliseconds === null ? "–" : `${milliseconds.toFixed(1)} ms`;

const MEMORY: readonly Figure[] = [
  {
    key: "original",
    name: "Original",
    value: ({ dataBytes }) => bytesToUnits(dataBytes),
    detail: ({ pages }) => `${countToText(pages)} pages`,
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
    key: "held",
    name: "Memory held",
    value: ({ heldBytes }) => bytesToUnits(heldBytes),
    detail: ({ freeBytes }) => `${bytesToUnits(freeBytes)} of it free`,
  },
  {
    key: "ratio",
    name: "Effective ratio",
    value: (totals) => ratioToText(toRatio(totals)),
    detail: () => "kept ÷ held",
  },
];

const PAGES: readonly Figure[] = [
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
];

const SPEED: readonly Figure[] = [
  {
    key: "throughput",
    name: "Throughput",
    value: (totals) => rateToText(throughputOf(totals)),
    detail: ({ workers }) => (workers === 1 ? "1 worker" : `${workers} workers`),
  },
  {
    key: "put",
    name: "Put, median",
    value: ({ putUs }) => microsecondsToText(putUs.p50),
    detail: ({ putUs }) => `p99 ${microsecondsToText(putUs.p99)}`,
  },
  {
    key: "get",
    name: "Get, median",
    value: ({ getUs }) => microsecondsToText(getUs.p50),
    detail: ({ getUs }) => `p99 ${microsecondsToText(getUs.p99)}`,
  },
  {
    key: "timed",
    name: "Timed together",
    value: ({ timedPages }) => `${timedPages} pages`,
    detail: () => "coarse clock",
  },
  {
    key: "frames",
    name: "Frame, median",
    value: (_, { medianMs }) => frameToText(medianMs),
    detail: (_, { p99Ms }) => `p99 ${frameToText(p99Ms)}`,
  },
];

const LISTS = [
  { name: "Memory", figures: MEMORY },
  { name: "Pages", figures: PAGES },
  { name: "Speed", figures: SPEED },
] as const;

/** How much more data than memory; null before there is any. */
export function toRatio({ keptBytes, heldBytes }: Totals): number | null {
  return heldBytes > 0 && keptBytes > 0 ? keptBytes / heldBytes : null;
}

/** Bytes a second that were read, put, got back and compared; null before there are any. */
export function throughputOf({ putCount, dataBytes, pages, streamMs }: Totals): number | null {
  if (streamMs <= 0 || pages === 0) return null;
  return (putCount * (dataBytes / pages) * 1000) / streamMs;
}

export class Figures {
  readonly #rows: readonly { figure: Figure; value: HTMLElement; detail: HTMLElement }[];
  readonly #shared = element("shared-note");

  constructor() {
    const lists = LISTS.map(({ name, figures }) => ({
      name,
      rows: figures.map((figure) => ({
        figure,
        value: make("strong", { "data-figure": figure.key }),
        detail: make("small"),
      })),
    }));
    this.#rows = lists.flatMap(({ rows }) => rows);
    element("figures").replaceChildren(
      ...lists.map(({ name, rows }) =>
        make(
          "div",
          { class: "panel" },
          make("h2", {}, name),
          make(
            "dl",
            {},
            ...rows.map(({ figure, value, detail }) =>
              make("div", {}, make("dt", {}, figure.name, " ", detail), make("dd", {}, value)),
            ),
          ),
        ),
      ),
    );
    this.clear();
  }

  /** A run begins: nothing is known of it. */
  clear(): void {
    for (const { value, detail } of this.#rows) {
      write(value, "–");
      write(detail, " ");
    }
    this.#shared.hidden = true;
  }

  show(totals: Totals, frames: FrameCost): void {
    for (const { figure, value, detail } of this.#rows) {
      write(value, figure.value(totals, frames));
      write(detail, figure.detail(totals, frames));
    }
    this.#shared.hidden = totals.workers === 1;
    if (totals.workers > 1) write(this.#shared, toSharedNote(totals));
  }
}

/** How the figures of a shared pool differ from those of one worker. */
function toSharedNote({ devicePages, rejectedPages, indexBytes, fixedBytes }: Totals): string {
  const isFull = devicePages + rejectedPages > 0;
  return (
    (isFull
      ? "Which pages found room depends on which worker came first. "
      : "Counts and payload are what one worker has too. ") +
    `Memory held is more than with one: a shared pool's index (${bytesToUnits(indexBytes)}) is ` +
    `laid out for many, and its fixed part (${bytesToUnits(fixedBytes)}) has windows and scratch ` +
    `for each. The figures that “zmem estimate” prints are those of one worker.`
  );
}
