/** What the workers of the scaling bench are told. */
import type { SharedAttachment } from "../../src/backends/shared.ts";

/** Keys of each worker's own; with their blocks about 1.5 MB. */
export const DISJOINT_KEYS = 1024;
/** Keys that all share, asked for by Zipf's law. */
export const ZIPF_KEYS = 100_000;

export interface ScalingWorkerData {
  /** The pool of keys of one's own. */
  readonly own: SharedAttachment;
  /** The pool of keys that all ask for. */
  readonly zipfPool: SharedAttachment;
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
  /** A pool of all, one of the worker's own, or one of its own of the plain build. */
  readonly pool: "shared" | "private" | "plain";
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
