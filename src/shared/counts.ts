/**
 * What all workers have counted together: exact while no call is under way.
 */
import { MAX_TYPES } from "../errors.ts";
import type { FrontswapCounters } from "../types.ts";
import {
  COUNTERS,
  DEVICE_COUNTERS,
  workerCounters,
  WORKERS,
  type Control,
  type DeviceCounter,
} from "./control.ts";
import { FLUSHED, ON, type TypeTable } from "./type-table.ts";

/** The counters of a front-end. */
export function sumCounters(control: Control, types: TypeTable): FrontswapCounters {
  const sums = COUNTERS.map((_, index) => sumCounter(control, index));
  const [succPuts, failedPuts, gets, flushes] = sums as [number, number, number, number];
  return { currPages: sumPages(types), succPuts, failedPuts, gets, flushes };
}

/** What areas with a device have counted. */
export function sumDeviceCounters(control: Control): Record<DeviceCounter, number> {
  const sums = DEVICE_COUNTERS.map((name, index) => [
    name,
    sumCounter(control, COUNTERS.length + index),
  ]);
  return Object.fromEntries(sums) as Record<DeviceCounter, number>;
}

/** Pages that the backend keeps. */
export function sumPages(types: TypeTable): number {
  let sum = 0;
  for (let type = 0; type < MAX_TYPES; type++) {
    const { word } = types.view(type);
    if ((word & (ON | FLUSHED)) === ON) sum += types.countPages(type);
  }
  return sum;
}

function sumCounter({ counters }: Control, index: number): number {
  let sum = 0;
  for (let workerId = 0; workerId < WORKERS; workerId++) {
    sum += counters[workerCounters(workerId) + index] as number;
  }
  return sum;
}
