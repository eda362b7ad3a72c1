/**
 * Numbers in words for the page: binary units by their full names, because people read "MB" as
 * decimal.
 */
import { bytesToText } from "../../src/cli/quantities.ts";

/** 93.4 × 2^20 → "93.4 MiB". */
export function bytesToUnits(bytes: number): string {
  return bytesToText(bytes).replace(/([KMGTP])?$/, (unit) => (unit ? ` ${unit}iB` : " B"));
}

/** Made once: a format of its own for each number costs more than all the rest of a frame's words. */
const COUNTS = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 1234567 → "1,234,567". */
export function countToText(count: number): string {
  return COUNTS.format(Math.round(count));
}

/** Microseconds with two figures or so: 4.27 → "4.3 µs"; "–" when nothing was timed. */
export function microsecondsToText(microseconds: number | null): string {
  if (microseconds === null) return "–";
  if (microseconds >= 1000) return `${(microseconds / 1000).toFixed(1)} ms`;
  return `${microseconds >= 10 ? microseconds.toFixed(0) : microseconds.toFixed(1)} µs`;
}

/** Bytes a second, decimal as speeds are: 412345678 → "412 MB/s"; "–" when nothing was timed. */
export function rateToText(bytesPerSecond: number | null): string {
  if (bytesPerSecond === null) return "–";
  const megabytes = bytesPerSecond / 1e6;
  if (megabytes >= 1000) return `${(megabytes / 1000).toFixed(2)} GB/s`;
  return `${megabytes.toFixed(megabytes < 10 ? 1 : 0)} MB/s`;
}

/** Milliseconds as a person says them: 850 → "0.9 s", 75000 → "1 min 15 s". */
export function durationToText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${seconds.toFixed(0)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
