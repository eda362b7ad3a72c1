/**
 * All that is known of a run as one object: the JSON export, and what tests read.
 */
import { type Timeline } from "../charts/timeline.ts";
import { type MapWork } from "../map/work-record.ts";
import { type Columns } from "../model/columns.ts";
import { type SourceName } from "../model/link.ts";
import { FORM_NAMES, type PoolOptions, type Totals } from "../protocol.ts";
import { type FrameCost } from "./frames.ts";
import { bytesToUnits, countToText } from "./units.ts";

/** Raised when a field changes its meaning or goes away. */
const SCHEMA = 1;
/** Written in one go: some milliseconds. */
const NUMBERS_AT_ONCE = 2 ** 14;

/** Of which run figures are, whatever was chosen since. */
export interface ShownRun {
  readonly source: SourceName;
  /** Of the source, in words. */
  readonly name: string;
  /** How its pool was really made. */
  readonly options: PoolOptions;
}

/** What a report is made of. */
export interface ReportParts {
  /** Null before there is a run. */
  readonly run: ShownRun | null;
  /** Null before there are figures of it. */
  readonly totals: Totals | null;
  readonly columns: Columns;
  readonly timeline: Timeline;
  readonly frames: FrameCost;
  readonly work: MapWork;
}

/** Sizes in bytes, times in milliseconds unless their name says otherwise. */
export function makeReport(parts: ReportParts): object {
  const { run, totals, columns, timeline, frames, work } = parts;
  return {
    schema: SCHEMA,
    source: run?.source ?? null,
    name: run?.name ?? null,
    options: run?.options ?? null,
    isolated: crossOriginIsolated,
    userAgent: navigator.userAgent,
    totals,
    forms: Object.fromEntries(FORM_NAMES.map((form, index) => [form, columns.counts[index]])),
    histogram: [...columns.histogram],
    timeline: timeline.toColumns(),
    mainThread: frames,
    map: work,
  };
}

/** The report with form and size of every page, made a part at a time: there may be a million. */
export async function reportToFile(report: object, columns: Columns): Promise<Blob> {
  const parts = [JSON.stringify(report).slice(0, -1), ',"pages":{"forms":['];
  await addNumbers(parts, columns.forms.subarray(0, columns.pages));
  parts.push('],"blockBytes":[');
  await addNumbers(parts, columns.sizes.subarray(0, columns.pages));
  parts.push("]}}");
  return new Blob(parts, { type: "application/json" });
}

async function addNumbers(parts: string[], numbers: Uint8Array | Uint32Array): Promise<void> {
  for (let first = 0; first < numbers.length; first += NUMBERS_AT_ONCE) {
    if (first > 0) parts.push(",");
    parts.push(numbers.subarray(first, first + NUMBERS_AT_ONCE).join());
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** One line below the picture of the map. */
export function toCaption(run: ShownRun | null, totals: Totals | null): string {
  if (run === null || totals === null) return "zmem";
  const kept = bytesToUnits(totals.keptBytes);
  return `zmem: ${run.name}, ${countToText(totals.pages)} pages, ${kept} in ${bytesToUnits(totals.heldBytes)}`;
}
