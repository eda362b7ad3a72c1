/** What the workers of the scaling bench are told. */
import type { SharedAttachment } from "../../src/backends/shared.ts";

/** Keys of each worker's own; with their blocks about 6 MB. */
export const DISJOINT_KEYS = 4096;
/** Keys that all share, asked for by Zipf's law. */
export const ZIPF_KEYS = 100_000;

export interface ScalingWorkerData {
  readonly attachment: SharedAttachment;
  readonly plainModule: WebAssembly.Module;
  readonly pageSize: number;
  /** Pages to put, one behind the other. */
  readonly pages: SharedArrayBuffer;
  readonly slot: number;
  /** Keys of Zipf(0.99) ranks, for all workers the same population. */
  readonly zipf: SharedArrayBuffer;
  /** Words: meetings attended, meetings held, windows done. */
  readonly barrier: SharedArrayBuffer;
}

/** A few milliseconds in which some workers make calls and the others sleep. */
export interface Window {
  readonly pool: "shared" | "private";
  readonly keys: "disjoint" | "zipf";
  readonly call: "put" | "get" | "mixed";
  /** Who makes calls. */
  readonly slots: readonly number[];
}

/** Windows that all workers go through in step. */
export interface Plan {
  readonly workers: number;
  readonly windows: readonly Window[];
  readonly milliseconds: number;
}
