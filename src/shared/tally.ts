/**
 * What one worker counts: no other worker moves its counters, so counting takes no lock.
 *
 * counts.ts adds up those of all workers.
 */
import {
  COUNTERS,
  DEVICE_COUNTERS,
  workerCounters,
  type Control,
  type DeviceCounter,
} from "./control.ts";

/** Counters of pages, by their place among COUNTERS. */
export const SUCC_PUTS = 0;
export const FAILED_PUTS = 1;
export const GETS = 2;
export const FLUSHES = 3;

export class Tally {
  readonly #control: Control;
  readonly #first: number;

  constructor(control: Control, workerId: number) {
    this.#control = control;
    this.#first = workerCounters(workerId);
  }

  /** Moves a counter of pages. */
  count(counter: number): void {
    this.#add(counter, 1);
  }

  /** Moves a counter of areas with a device. */
  countEvent(name: DeviceCounter, by = 1): void {
    this.#add(COUNTERS.length + DEVICE_COUNTERS.indexOf(name), by);
  }

  #add(counter: number, by: number): void {
    const { counters } = this.#control;
    const index = this.#first + counter;
    counters[index] = (counters[index] as number) + by;
  }
}
