/**
 * One line on stderr that says how far a run has come, while stderr is a terminal.
 *
 * Why so: results go to stdout and stay clean for a pipe; the line is wiped before anything else
 * is printed. At most ten times a second, because a terminal is slower than the work it reports.
 */
import { type WriteStream } from "node:tty";
import { toPrintable } from "./printable.ts";
import { bytesToText } from "./quantities.ts";

const INTERVAL_MS = 100;
const BAR_CELLS = 24;

/** Shows progress, or does nothing where nobody would see it. */
export interface Progress {
  /** @param total 0 when it is not known */
  show(label: string, done: number, total: number): void;
  clear(): void;
}

const SILENT: Progress = { show: () => {}, clear: () => {} };

export function createProgress(stream: WriteStream): Progress {
  if (!stream.isTTY || process.env["TERM"] === "dumb") return SILENT;
  let last = -Infinity;
  let shown = false;
  return {
    show(label, done, total) {
      const now = performance.now();
      if (now - last < INTERVAL_MS) return;
      last = now;
      shown = true;
      const share = total > 0 ? Math.min(done / total, 1) : 0;
      const filled = Math.round(share * BAR_CELLS);
      const bar = total > 0 ? `[${"#".repeat(filled).padEnd(BAR_CELLS, ".")}] ` : "";
      const size =
        total > 0 ? `${bytesToText(done)} of ${bytesToText(total)}` : `${bytesToText(done)} read`;
      const line = `${bar}${size}  ${toPrintable(label)}`;
      stream.write(`\r\x1b[K${[...line].slice(0, (stream.columns || 80) - 1).join("")}`);
    },
    clear() {
      if (shown) stream.write("\r\x1b[K");
      shown = false;
      last = -Infinity;
    },
  };
}
