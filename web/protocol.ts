/**
 * What the page and its worker say to each other.
 *
 * Why so: the worker owns the data, the module and the device; the page gets columns of numbers, a
 * few thousand pages at a time, transferred and not copied. Every message carries the number of its
 * run, so that answers to an older run can be told from those to the present one.
 */
import type { BlockCodec } from "../src/index.ts";

/** How a page is held, as a number in a column. */
export const FORM_ABSENT = 0;
export const FORM_SAME_FILLED = 1;
export const FORM_COMPRESSED = 2;
export const FORM_RAW = 3;
export const FORM_REJECTED = 4;
export const FORM_ON_DEVICE = 5;
export const FORM_COUNT = 6;

/** The forms in words, by number. */
export const FORM_NAMES = [
  "not held",
  "same-filled",
  "compressed",
  "raw",
  "rejected",
  "on device",
] as const;

/** What has just happened to the pages of a batch, as a number in the history. */
export const EVENT_PUT = 0;
export const EVENT_WRITEBACK = 1;
export const EVENT_FORGOTTEN = 2;
export const EVENT_GET = 3;

/** More pages than this are sampled: a cell each is drawn. */
export const MAX_CELLS = 2 ** 20;

export const SAMPLE_NAMES = [
  "mix",
  "records",
  "code",
  "database",
  "landscape",
  "terrain",
  "random",
  "zeros",
] as const;
export type SampleName = (typeof SAMPLE_NAMES)[number];

export const EFFORTS = ["fast", "default", "high"] as const;
export const DEVICES = ["none", "memory", "opfs", "indexeddb"] as const;
export type DeviceKind = (typeof DEVICES)[number];

/** More workers than this gain nothing on most machines. */
export const MOST_WORKERS = 8;

/** How the pool is made. */
export interface PoolOptions {
  readonly pageSize: number;
  readonly limitBytes: number;
  readonly effort: (typeof EFFORTS)[number];
  readonly device: DeviceKind;
  /** How many put pages at the same time; more than one share the pool. */
  readonly workers: number;
}

/** Where pages come from. */
export type Source =
  | { readonly kind: "file"; readonly file: Blob }
  | { readonly kind: "sample"; readonly name: SampleName }
  /** A wasm program at work, whose memory is put again and again. */
  | { readonly kind: "program" }
  /** Tiles of a canvas, which come as requests of kind "pixels". */
  | { readonly kind: "drawing"; readonly pages: number; readonly columns: number };

/** What can be done to a pool that is there. */
export type PoolAction = "read" | "compact" | "trim" | "recompress" | "forget";

/** Page → worker. */
export type Request =
  | {
      readonly kind: "start";
      readonly run: number;
      readonly source: Source;
      readonly options: PoolOptions;
    }
  | { readonly kind: "pause"; readonly run: number; readonly paused: boolean }
  | { readonly kind: "cancel"; readonly run: number }
  | {
      readonly kind: "pixels";
      readonly run: number;
      readonly pages: Uint32Array;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "inspect"; readonly run: number; readonly page: number }
  | { readonly kind: "act"; readonly run: number; readonly action: PoolAction };

/** A latency in microseconds per page; null while nothing was timed. */
export interface Latency {
  readonly p50: number | null;
  readonly p99: number | null;
}

/** What is known of a run so far; sizes in bytes, times in milliseconds. */
export interface Totals {
  /** Milliseconds since the run began, pauses included. */
  readonly elapsedMs: number;
  /** Milliseconds in which pages were read from the source, put, got back and compared. */
  readonly streamMs: number;
  /** Workers that put. */
  readonly workers: number;
  /** Pages that were put, each counted once. */
  readonly pages: number;
  readonly sameFilledPages: number;
  readonly rawPages: number;
  readonly compressedPages: number;
  readonly rejectedPages: number;
  readonly devicePages: number;
  /** pages × page size. */
  readonly dataBytes: number;
  /** Bytes of the pages that the pool keeps. */
  readonly keptBytes: number;
  /** Bytes of all blocks. */
  readonly payloadBytes: number;
  /** Blocks rounded to their size classes, object headers included. */
  readonly objectBytes: number;
  readonly indexBytes: number;
  readonly fixedBytes: number;
  readonly freeBytes: number;
  /** The wasm memory's real size. */
  readonly heldBytes: number;
  readonly limitBytes: number;
  readonly putCount: number;
  readonly getCount: number;
  readonly rejectCount: number;
  readonly putMs: number;
  readonly getMs: number;
  readonly putUs: Latency;
  readonly getUs: Latency;
  /** Pages that are timed together, because the clock is coarse. */
  readonly timedPages: number;
}

/** One size class, in bytes of its zspages: payload + slack + free + tail = all. */
export interface ClassRow {
  readonly objectSize: number;
  readonly zspages: number;
  readonly zspageBytes: number;
  readonly objectsUsed: number;
  readonly objectsAllocated: number;
  readonly payloadBytes: number;
  readonly slackBytes: number;
  readonly freeBytes: number;
  readonly tailBytes: number;
  readonly freeableBytes: number;
  /** Zspages by fullness: eight eighths, then full. */
  readonly fullness: readonly number[];
}

/** One page, looked at. */
export interface PageDetails {
  readonly page: number;
  readonly form: number;
  /** The bytes as they come back; empty when the page is not held. */
  readonly bytes: Uint8Array;
  /** The stored block; null when there is none in the pool. */
  readonly block: Uint8Array | null;
  /** Its codec; null for a page that is raw or in no block. */
  readonly codec: BlockCodec | null;
  readonly blockBytes: number;
  /** Bytes of the objects of its size class; 0 without an object. */
  readonly objectSize: number;
  /** Where its object lies; null without one. */
  readonly place: {
    readonly zspage: number;
    readonly slot: number;
    readonly address: number;
  } | null;
  /** Milliseconds since the last put. */
  readonly ageMs: number;
  readonly puts: number;
}

/** Worker → page. */
export type Answer =
  | {
      readonly kind: "started";
      readonly run: number;
      /** Pages that will be put, and pages of the source: fewer when it is sampled. */
      readonly pages: number;
      readonly sourcePages: number;
      /** As they were asked for, with the device that the pool really has. */
      readonly options: PoolOptions;
    }
  | {
      readonly kind: "batch";
      readonly run: number;
      readonly event: number;
      readonly pages: Uint32Array;
      readonly forms: Uint8Array;
      /** Bytes of each block, 0 where there is none. */
      readonly sizes: Uint32Array;
      readonly totals: Totals;
      /** Share of the run that is done, 0 to 1. */
      readonly progress: number;
    }
  | { readonly kind: "classes"; readonly run: number; readonly rows: readonly ClassRow[] }
  /** An action goes on; what it has done so far. */
  | { readonly kind: "acting"; readonly run: number; readonly text: string }
  | {
      readonly kind: "acted";
      readonly run: number;
      readonly action: PoolAction;
      readonly text: string;
      readonly before: readonly ClassRow[];
      readonly rows: readonly ClassRow[];
      readonly totals: Totals;
    }
  | { readonly kind: "page"; readonly run: number; readonly details: PageDetails }
  | { readonly kind: "note"; readonly run: number; readonly message: string }
  | {
      readonly kind: "done";
      readonly run: number;
      readonly totals: Totals;
      readonly cancelled: boolean;
    }
  /** Cancelled before there was a page to put; what was there before is still there. */
  | { readonly kind: "dropped"; readonly run: number; readonly hasPool: boolean }
  | {
      readonly kind: "failed";
      readonly run: number;
      readonly message: string;
      /** Whether it ended the run; otherwise the run was over, and something done to it failed. */
      readonly endsRun: boolean;
      /** Whether there is a pool to be looked at and worked on, of this run or of the one before. */
      readonly hasPool: boolean;
    };
