/**
 * What a run can really be made with, of all that was asked for, and why not with the rest.
 *
 * Why so: a link keeps what was asked, so that it means the same on a host that can do more. What
 * this page can't do is said beside the control, not found out by an error.
 */
import { type DeviceKind, type PoolOptions } from "../protocol.ts";

/** @param isolated whether the page is cross-origin isolated, and its workers can share memory */
export function toPoolOptions(asked: PoolOptions, isolated: boolean): PoolOptions {
  const { pageSize, limitBytes, effort } = asked;
  const workers = isolated ? asked.workers : 1;
  const device = canHaveDevice(asked.device, workers) ? asked.device : "none";
  return { pageSize, limitBytes, effort, workers, device };
}

/** Whether so many workers can share a pool with a device. */
export function canHaveDevice(device: DeviceKind, workers: number): boolean {
  return workers === 1 || device === "none" || device === "memory";
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
    `${asked.workers} workers share one pool: its swap device is memory or none, since OPFS and ` +
    `IndexedDB are opened by one worker at a time.`
  );
}
