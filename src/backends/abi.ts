/**
 * The border to the wasm module: its exports, its statuses and the columns of its statistics.
 *
 * Invariant: the numbers are those of assembly/status.ts, assembly/index/entry.ts and
 * assembly/stats.ts; test/backends/abi.test.ts compares them.
 */
import type { RejectReason } from "../types.ts";

/** What the release module exports: numbers in, numbers out. */
export interface ZmemExports {
  boot(pageSize: number, limitBytes: number, options: number): number;
  setLimit(limitBytes: number): void;
  setEnabled(enabled: number): void;
  setWorthLength(length: number, acceptRaw: number): void;
  openType(type: number): number;
  putPage(type: number, offset: number): number;
  getPage(type: number, offset: number): number;
  retryPut(type: number, offset: number): number;
  pendingBlock(type: number, offset: number): number;
  pendingInfo(): number;
  keepBlock(type: number, offset: number, form: number, length: number): number;
  flushPage(type: number, offset: number): number;
  flushArea(type: number): void;
  countPages(type: number): number;
  inspectPage(type: number, offset: number): number;
  storedBlock(type: number, offset: number): number;
  storedLocation(type: number, offset: number): number;
  putWindow(): number;
  getWindow(): number;
  usedBytes(): number;
  writeStats(): number;
  compact(budget: number): number;
  isCompacted(): number;
  freeableBytes(classIndex: number): number;
  classCount(): number;
  classColumn(classIndex: number, column: number): number;
  setEffort(effort: number): number;
  recompress(budget: number): number;
  setWriteback(type: number, allowed: number): void;
  selectCold(most: number): number;
  dropCold(index: number): number;
  blockWindow(): number;
  decodeBlock(form: number, length: number): number;
  startExport(): void;
  exportBatch(): number;
  expectObjects(classIndex: number, count: number): void;
  importBatch(bytes: number): number;
}

/** What the shared build exports. */
export interface SharedZmemExports {
  bootShared(
    pageSize: number,
    limitBytes: number,
    options: number,
    maximumWasmPages: number,
  ): number;
  isBooted(): number;
  pageSize(): number;
  attach(mayBlock: number): number;
  detach(): number;
  declareDead(worker: number): number;
  reap(worker: number): number;
  workerId(): number;
  countWorkers(): number;
  lockHolder(): number;
  setPatience(milliseconds: number): void;
  setLimit(limitBytes: number): void;
  limitBytes(): number;
  setEnabled(enabled: number): void;
  setEffort(effort: number): number;
  openType(type: number): number;
  putPage(type: number, offset: number): number;
  getPage(type: number, offset: number): number;
  flushPage(type: number, offset: number): number;
  flushArea(type: number): number;
  countPages(type: number): number;
  inspectPage(type: number, offset: number): number;
  copyStored(type: number, offset: number): number;
  storedLocation(type: number, offset: number): number;
  locatedAddress(): number;
  putWindow(): number;
  getWindow(): number;
  writeStats(): number;
  compact(budget: number): number;
  freeableBytes(classIndex: number): number;
  classCount(): number;
  classColumn(classIndex: number, column: number): number;
  setWorthLength(length: number, acceptRaw: number): void;
  usableBytes(): number;
  usedBytes(): number;
  retryPut(type: number, offset: number): number;
  keepBlock(type: number, offset: number, form: number, length: number): number;
  pendingBlock(type: number, offset: number): number;
  pendingInfo(): number;
  setWriteback(type: number, allowed: number): void;
  selectCold(most: number): number;
  coldRecords(): number;
  copyCold(index: number): number;
  dropCold(index: number): number;
  blockWindow(): number;
  decodeBlock(form: number, length: number): number;
  recompress(budget: number): number;
  canRecompress(): number;
  isCompacted(): number;
}

export const STATUS_OK = 0;
export const STATUS_ABSENT = 1;
export const STATUS_CLOSED_TYPE = 2;
export const STATUS_DISABLED = 3;
export const STATUS_LIMIT = 4;
export const STATUS_GROWTH = 5;
export const STATUS_INCOMPRESSIBLE = 6;
export const STATUS_CORRUPT = 7;
export const STATUS_INVALID = 8;
export const STATUS_HELD = 9;
export const STATUS_NO_WORKER = 10;

/** Why a put was rejected, by its status. */
export const REJECT_REASONS: Readonly<Record<number, RejectReason>> = {
  [STATUS_CLOSED_TYPE]: "closedType",
  [STATUS_DISABLED]: "disabled",
  [STATUS_LIMIT]: "limit",
  [STATUS_GROWTH]: "growth",
  [STATUS_INCOMPRESSIBLE]: "incompressible",
};

/** Option bit of `boot`: incompressible pages are kept raw. */
export const OPTION_ACCEPT_RAW = 2;
/** Option bit of the shared build's boot: workers get the scratch that effort "high" needs. */
export const OPTION_HIGH_EFFORT = 4;

/** Codecs of the boots' options, from this bit on; assembly/codec/registry.ts has the ids. */
export const OPTION_CODEC_SHIFT = 8;
/** What a pool may be told about its codec, by the number that the boots take. */
export const CODECS = ["adaptive", "lz4"] as const;
/** Names of the codecs of stored blocks, by id less one. */
export const BLOCK_CODECS = ["lz4", "words", "longWords"] as const;

/** Efforts of compression, by the numbers of assembly/codec/effort.ts. */
export const EFFORTS = ["fast", "default", "high"] as const;

/** Bytes of one record of `selectCold` in the get window. */
export const COLD_RECORD_SIZE = 24;

/** Columns of the statistics, in f64s from the address that `writeStats` gives. */
export const STATS_COLUMNS = [
  "pages",
  "sameFilledPages",
  "rawPages",
  "payloadBytes",
  "objectBytes",
  "zspageBytes",
  "indexBytes",
  "fixedBytes",
  "freeBytes",
  "heldBytes",
  "peakHeldBytes",
  "zspages",
  "movedObjects",
  "closedType",
  "disabled",
  "limit",
  "growth",
  "incompressible",
] as const;

/** The name of a column of the statistics. */
export type StatsColumn = (typeof STATS_COLUMNS)[number];

/** Columns of a size class, for `classColumn`. */
export const CLASS_SIZE = 0;
export const CLASS_USED = 1;
export const CLASS_CAPACITY = 2;
export const CLASS_ZSPAGES = 3;
export const CLASS_GRANULES = 4;
export const CLASS_FIRST_GROUP = 8;
export const CLASS_GROUPS = 9;

export const GRANULE_SIZE = 64;
/** Bytes of the header of a zspage, and the bytes that the longest of several objects has. */
export const ZSPAGE_HEADER_SIZE = 16;
export const MOST_ZSPAGE_BYTES = 16384 - GRANULE_SIZE;
export const WASM_PAGE_SIZE = 65536;
export const MAX_WASM_PAGES = 65536;

/** How `storedLocation` packs zspage and slot. */
export const LOCATION_SLOT_BITS = 10;

/** How `inspectPage` packs form and length. */
export const INSPECT_LENGTH_BITS = 20;
export const FORM_ABSENT = 0;
export const FORM_FILLED = 1;
export const FORM_FILLED_OBJECT = 2;
export const FORM_RAW = 3;
/** A block of codec c has the form FORM_BLOCK + c; codec ids start at 1. */
export const FORM_BLOCK = 3;
