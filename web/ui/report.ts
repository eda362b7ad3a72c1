/**
 * All that is known of a run as one object: the JSON export, and what tests read.
 */
import { type Timeline } from "../charts/timeline.ts";
import { type Columns } from "../model/columns.ts";
import { type LinkState } from "../model/link.ts";
import { FORM_NAMES, type Totals } from "../protocol.ts";
import { type Frames } from "./frames.ts";
import { bytesToUnits, countToText } from "./units.ts";

/** Raised when a field changes its meaning or goes away. */
const SCHEMA = 1;

/** Sizes in bytes, times in milliseconds unless their name says otherwise. */
export function makeReport(
  state: LinkState,
  name: string,
  totals: Totals | null,
  columns: Columns,
  timeline: Timeline,
  frames: Frames,
): object {
  const { source, pageSize, limitBytes, effort, device } = state;
  return {
    schema: SCHEMA,
    source,
    name,
    options: { pageSize, limitBytes, effort, device },
    isolated: crossOriginIsolated,
    userAgent: navigator.userAgent,
    totals,
    forms: Object.fromEntries(FORM_NAMES.map((form, index) => [form, columns.counts[index]])),
    histogram: [...columns.histogram],
    timeline: timeline.toColumns(),
    mainThread: frames.report(),
  };
}

/** The report with form and size of every page. */
export function reportToFile(report: object, columns: Columns): Blob {
  const pages = {
    forms: [...columns.forms.subarray(0, columns.pages)],
    blockBytes: [...columns.sizes.subarray(0, columns.pages)],
  };
  return new Blob([JSON.stringify({ ...report, pages })], { type: "application/json" });
}

/** One line below the picture of the map. */
export function toCaption(name: string, totals: Totals | null): string {
  if (totals === null) return "zmem";
  const kept = bytesToUnits(totals.keptBytes);
  return `zmem: ${name}, ${countToText(totals.pages)} pages, ${kept} in ${bytesToUnits(totals.heldBytes)}`;
}
