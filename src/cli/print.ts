/**
 * What `zmem estimate` prints: a table and what must be said about it, or one JSON object.
 *
 * Why so: results go to stdout, everything that is only said to the person (notes, errors) to
 * stderr, so that a pipe gets nothing but results. A schema number lets programs notice a change
 * of meaning; new fields alone do not raise it.
 */
import { styleText } from "node:util";
import { type Report } from "./estimate.ts";
import { toPrintable } from "./printable.ts";
import { bytesToText, ratioToText, shareToText, speedToText } from "./quantities.ts";
import { tableToLines } from "./table.ts";

/** Raised when a field of the JSON output changes its meaning or goes away. */
export const SCHEMA = 1;

const HEAD = ["PATH", "PAGES", "DATA", "COMPR", "TOTAL", "RATIO", "SAME", "REJ", "PUT", "GET"];

function toRow(report: Report): string[] {
  return [
    report.path,
    String(report.pages),
    bytesToText(report.dataBytes),
    bytesToText(report.compressedBytes),
    bytesToText(report.heldBytes),
    ratioToText(report.ratio),
    shareToText(report.sameFilledPages, report.pages),
    shareToText(report.rejectedPages, report.pages),
    speedToText(report.put.bytesPerSecond),
    speedToText(report.get.bytesPerSecond),
  ];
}

/** The table and its closing sentence, for stdout. */
export function reportsToText(reports: readonly Report[], total: Report, limit: number): string {
  const rows = reports.map((report) => toRow({ ...report, path: toPrintable(report.path) }));
  if (reports.length > 1) rows.push(toRow(total));
  const [head = "", ...lines] = tableToLines({ head: HEAD, rows });
  const text = [styleText("bold", head, { stream: process.stdout }), ...lines];
  text.push("", summarise(total, limit));
  return `${text.join("\n")}\n`;
}

function summarise(total: Report, limit: number): string {
  if (total.keptPages === 0) return "No page was kept: zmem would save nothing here.";
  const saved = total.keptBytes - total.heldBytes;
  if (saved <= 0) {
    return (
      `zmem would save nothing here: it holds ${bytesToText(total.heldBytes)} ` +
      `for ${bytesToText(total.keptBytes)} of data.`
    );
  }
  const share = shareToText(saved, total.keptBytes);
  const holds = bytesToText(limit * (total.ratio ?? 1));
  return (
    `zmem would save ${bytesToText(saved)} (${share}); ` +
    `a pool of ${bytesToText(limit)} would hold about ${holds} of data like this.`
  );
}

/** What must be known to read a report right, as sentences. */
export function reportToNotes(report: Report, seed: number): string[] {
  const notes: string[] = [];
  const path = toPrintable(report.path);
  if (report.paddingBytes > 0) {
    notes.push(`${path}: the last page was padded with ${report.paddingBytes} zeros`);
  }
  if (report.sampled) {
    notes.push(
      `${path}: sampled ${report.pages} of ${report.inputPages} pages (seed ${seed}); ` +
        `--sample all takes every page`,
    );
  }
  const reasons = Object.entries(report.rejects).filter(([, count]) => count > 0);
  for (const [reason, count] of reasons) notes.push(`${path}: ${count} puts rejected (${reason})`);
  return notes;
}
