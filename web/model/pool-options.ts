/**
 * What a run can really be made with, of all that was asked for, and why not with the rest.
 *
 * Why so: a link keeps what was asked, so that it means the same on a host that can do more. What
 * this page can't do is said beside the control, not found out by an error.
 */
import { type PoolOptions } from "../protocol.ts";

/** @param isolated whether the page is cross-origin isolated, and its workers can share memory */
export function toPoolOptions(asked: PoolOptions, isolated: boolean): PoolOptions {
  const { pageSize, limitBytes, effort } = asked;
  const workers = isolated ? asked.workers : 1;
  return { pageSize, limitBytes, effort, workers, device: workers > 1 ? "none" : asked.device };
}

/** @returns one or two sentences; empty when all can be had */
export function explainOptions(asked: PoolOptions, isolated: boolean): string {
  if (!isolated) {
    return (
      "One worker: this page is not cross-origin isolated, so workers can't share memory here. " +
      "“npm run demo” serves it with the two headers that it takes."
    );
  }
  if (asked.workers === 1) return "";
  return (
    `${asked.workers} workers share one pool: no swap device, since those of a browser belong to one thread each; ` +
    `and it can be compacted, but not trimmed or recompressed.`
  );
}
