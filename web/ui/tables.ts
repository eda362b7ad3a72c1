/**
 * The table twins: what each canvas shows, as a real table, for screen readers and for copying.
 *
 * Why so: a table is filled only while it is open, and again at most once a second while a run goes
 * on, because nobody reads faster and rows cost more than pixels.
 */
import { type Histogram } from "../charts/histogram.ts";
import { type Timeline } from "../charts/timeline.ts";
import { shareToText } from "../../src/cli/quantities.ts";
import { type Columns } from "../model/columns.ts";
import { type ClassRow, FORM_NAMES } from "../protocol.ts";
import { element, fillTable } from "./elements.ts";
import { bytesToUnits, countToText } from "./units.ts";

const ROWS = 64;
const REFRESH_MS = 1000;

export class Tables {
  readonly #columns: Columns;
  readonly #fills: ReadonlyMap<HTMLDetailsElement, () => void>;
  #firstPage = 0;
  #classes: readonly ClassRow[] = [];
  #timer = 0;

  constructor(columns: Columns, timeline: Timeline, histogram: Histogram) {
    this.#columns = columns;
    const table = (id: string): HTMLTableElement => element<HTMLTableElement>(id);
    this.#fills = new Map([
      [element<HTMLDetailsElement>("map-details"), () => this.#fillMap()],
      [element<HTMLDetailsElement>("class-details"), () => this.#fillClasses()],
      [
        element<HTMLDetailsElement>("time-details"),
        () =>
          fillTable(
            table("time-table"),
            "Course of the run",
            ["Time", "Logical", "Held", "Ratio", "Rejected puts", "Put", "Get"],
            timeline.toRows(ROWS),
          ),
      ],
      [
        element<HTMLDetailsElement>("size-details"),
        () =>
          fillTable(
            table("size-table"),
            "Pages with a block, by its size",
            ["Bytes", "Pages", "Cumulative"],
            histogram.toRows(),
          ),
      ],
    ]);
    for (const [details, fill] of this.#fills) {
      details.addEventListener("toggle", () => details.open && fill());
    }
    element("rows-back").addEventListener("click", () => this.#turn(-ROWS));
    element("rows-on").addEventListener("click", () => this.#turn(ROWS));
  }

  /** Something has changed; open tables are filled anew before long. */
  refresh(): void {
    if (this.#timer !== 0) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      for (const [details, fill] of this.#fills) if (details.open) fill();
    }, REFRESH_MS);
  }

  showClasses(rows: readonly ClassRow[]): void {
    this.#classes = rows;
    this.refresh();
  }

  /** Lists pages from this one on. */
  showFrom(page: number): void {
    this.#firstPage = Math.max(0, Math.floor(page / ROWS) * ROWS);
    this.refresh();
  }

  #turn(rows: number): void {
    const next = this.#firstPage + rows;
    if (next < 0 || next >= this.#columns.pages) return;
    this.#firstPage = next;
    this.#fillMap();
  }

  #fillMap(): void {
    const { pages, forms, sizes } = this.#columns;
    fillTable(
      element<HTMLTableElement>("form-table"),
      `${countToText(pages)} pages by the way they are held`,
      ["Held", "Pages", "Share"],
      toFormRows(this.#columns),
    );
    const last = Math.min(this.#firstPage + ROWS, pages);
    const rows: (string | number)[][] = [];
    for (let page = this.#firstPage; page < last; page++) {
      rows.push([page, FORM_NAMES[forms[page] as number] ?? "", sizes[page] as number]);
    }
    fillTable(
      element<HTMLTableElement>("page-table"),
      `Pages ${this.#firstPage} to ${Math.max(last - 1, 0)}`,
      ["Page", "Held", "Bytes of its block"],
      rows,
    );
  }

  #fillClasses(): void {
    fillTable(
      element<HTMLTableElement>("class-table"),
      "Size classes that have zspages",
      ["Object size", "Zspages", "Objects", "Payload", "Slack", "Free", "Tail", "Freeable"],
      this.#classes.map((row) => [
        countToText(row.objectSize),
        countToText(row.zspages),
        `${countToText(row.objectsUsed)} of ${countToText(row.objectsAllocated)}`,
        bytesToUnits(row.payloadBytes),
        bytesToUnits(row.slackBytes),
        bytesToUnits(row.freeBytes),
        bytesToUnits(row.tailBytes),
        bytesToUnits(row.freeableBytes),
      ]),
    );
  }
}

function toFormRows({ counts, pages }: Columns): string[][] {
  return FORM_NAMES.map((name, form) => {
    const count = counts[form] ?? 0;
    return [name, countToText(count), shareToText(count, pages)];
  });
}
