/**
 * How figures are written, the same in every report.
 */
import type { Measurement } from "../harness/results.ts";

/** Three significant digits, without an exponent. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 999.5) return Math.round(value).toLocaleString("en-US");
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  return value.toPrecision(3);
}

/** The most decimals that `formatBeside` writes. */
const MOST_DECIMALS = 6;

/**
 * A figure beside its goal: three decimals below 10, and more where it would read as one of the
 * goal's own numbers without being it, so that 1.1998 is not "1.20, short" of 1.20.
 *
 * @param goal "≥ 1.20, no kind below 1.05"
 */
export function formatBeside(goal: string, value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  if (!Number.isFinite(value)) return formatNumber(value);
  const bounds = [...goal.matchAll(/\d+(?:\.\d+)?/g)].map(([text]) => Number(text));
  const readsAsBound = (decimals: number): boolean =>
    bounds.some((bound) => bound !== value && Number(value.toFixed(decimals)) === bound);
  const usual = Math.abs(value) < 10 ? 3 : Math.abs(value) < 100 ? 1 : 0;
  let decimals = usual;
  while (decimals < MOST_DECIMALS && readsAsBound(decimals)) decimals += 1;
  return decimals === 0 ? formatNumber(value) : value.toFixed(decimals);
}

/** Bytes with a binary unit. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : formatNumber(value)} ${units[unit]}`;
}

/** Megabytes (10^6) of page data per second; NaN where throughput means nothing. */
export function throughput({ unit, bytesPerOperation, median }: Measurement): number {
  if (unit !== "ns" || bytesPerOperation === 0) return Number.NaN;
  return (bytesPerOperation / median) * 1000;
}

/** A row's figure with its unit: throughput for times of page data. */
export function formatFigure(row: Measurement): string {
  const speed = throughput(row);
  if (!Number.isNaN(speed)) return `${formatNumber(speed)} MB/s`;
  if (row.unit === "ns") return `${formatNumber(row.median)} ns`;
  if (row.unit === "ms") return `${formatNumber(row.median)} ms`;
  if (row.unit === "bytes") return `${formatNumber(row.median)} B`;
  return row.median >= 10 ? formatNumber(row.median) : row.median.toFixed(3);
}

/** The spread as a share of the median, "±1.2 %"; "" for a single sample. */
export function formatSpread({ samples, spread, median }: Measurement): string {
  if (samples.length < 2 || median === 0) return "";
  return `±${((spread / median) * 100).toFixed(1)} %`;
}

/** "4 KiB"; "" for no pages. */
export function formatPageSize(pageSize: number): string {
  return pageSize === 0 ? "" : formatBytes(pageSize);
}
