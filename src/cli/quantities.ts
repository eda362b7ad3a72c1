/**
 * Numbers as people write and read them on a command line.
 *
 * What: "256M" to bytes, bytes to "256M", pages per second and bytes per second to short text.
 *
 * Why so: sizes of memory are binary (1K = 1024, as in zramctl and du), speeds are decimal
 * (1 MB/s = 10^6 bytes, as in lz4 and zstd). Three figures are enough to read and to compare.
 */

const UNITS = ["", "K", "M", "G", "T", "P"] as const;

/**
 * Reads a size: digits, maybe a fraction, maybe a unit K, M, G or T (binary), maybe "B" or "iB".
 *
 * @returns whole bytes, or null when the text is no size
 */
export function textToBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  if (match === null) return null;
  const unit = UNITS.indexOf((match[2] ?? "").toUpperCase() as (typeof UNITS)[number]);
  const bytes = Number(match[1]) * 1024 ** unit;
  return Number.isSafeInteger(Math.round(bytes)) ? Math.round(bytes) : null;
}

function threeFigures(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1).replace(/\.0$/, "");
  return value.toFixed(2).replace(/\.?0+$/, "");
}

/** Bytes in binary units with three figures: 0 → "0", 4096 → "4K", 93.4 × 2^20 → "93.4M". */
export function bytesToText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 is where the next unit reads better, "1K" instead of "1000".
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return threeFigures(value) + UNITS[unit];
}

/** Bytes per second in decimal units: "812 MB/s"; "-" when nothing was measured. */
export function speedToText(bytesPerSecond: number | null): string {
  if (bytesPerSecond === null) return "-";
  const giga = bytesPerSecond >= 999.5e6;
  return `${threeFigures(bytesPerSecond / (giga ? 1e9 : 1e6))} ${giga ? "GB/s" : "MB/s"}`;
}

/** A ratio with two decimals: "2.74x"; "-" when there is nothing to divide by. */
export function ratioToText(ratio: number | null): string {
  return ratio === null ? "-" : `${ratio.toFixed(2)}x`;
}

/** A share of a whole in percent: "31%", "<1%", "-" when the whole is 0. */
export function shareToText(part: number, whole: number): string {
  if (whole === 0) return "-";
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 1) return "<1%";
  if (percent < 100 && percent > 99) return ">99%";
  return `${percent.toFixed(0)}%`;
}
