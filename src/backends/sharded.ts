/**
 * A pool over several instances of the module, for limits above what one wasm memory can hold.
 *
 * Why so: a 32-bit linear memory ends at 4 GiB. Each page belongs to one instance for good, by a
 * fixed function of its key, so nothing has to remember where it went. Runs of 64 neighbouring
 * offsets stay together, which keeps the groups of the index full.
 *
 * Invariants: the instances' limits add up to the limit; their number never changes. A page is
 * rejected when *its* instance is full: with some thousand pages an instance the instances fill
 * within a percent of each other.
 */
import { checkKey, checkType, describe } from "../errors.ts";
import type { CreateInstance } from "../platform/instantiate.ts";
import type {
  ColdPage,
  FormedBlock,
  FrontswapOps,
  Page,
  PoolStats,
  RejectReason,
  WritebackPort,
} from "../types.ts";
import { MAX_WASM_PAGES, WASM_PAGE_SIZE } from "./abi.ts";
import type { SizeClassStats } from "./class-stats.ts";
import type {
  CompactResult,
  Effort,
  PageBlock,
  PageInfo,
  PageLocation,
  RecompressResult,
  TrimResult,
  ZmemBackendOptions,
} from "./pool-options.ts";
import { ZmemBackend } from "./zmem.ts";

/** The most that one instance can hold: 4 GiB. */
export const MAX_INSTANCE_BYTES = MAX_WASM_PAGES * WASM_PAGE_SIZE;

/** How a pool over several instances is made. */
export interface ShardedZmemBackendOptions extends ZmemBackendOptions {
  /** The most that all instances together may hold, in bytes: finite here. */
  readonly limitBytes: number;
  /** The most that one instance may hold, in bytes; 4 GiB (the default) or less. */
  readonly maxInstanceBytes?: number;
}

/** Runs of 64 offsets go round the instances; every 64 runs the round begins elsewhere. */
const RUN_SHIFT = 6;
const BLOCK_SHIFT = 12;

/** A compressed page store in several wasm memories. */
export class ShardedZmemBackend implements FrontswapOps, WritebackPort {
  readonly #shards: readonly ZmemBackend[];
  #limitBytes: number;
  /** The instance of the last put: where writeback has to make room when it was rejected. */
  #lastPut: ZmemBackend;

  /** @throws RangeError for limits from which no number of instances follows */
  constructor(createInstance: CreateInstance, options: ShardedZmemBackendOptions) {
    const { limitBytes, maxInstanceBytes = MAX_INSTANCE_BYTES, ...rest } = options;
    if (!Number.isFinite(limitBytes) || limitBytes <= 0) {
      throw new RangeError(
        `limitBytes: expected a finite number of bytes for several instances, got ${describe(limitBytes)}`,
      );
    }
    checkInstanceBytes(maxInstanceBytes);
    const count = Math.ceil(limitBytes / maxInstanceBytes);
    this.#limitBytes = limitBytes;
    this.#shards = Array.from(
      { length: count },
      () => new ZmemBackend(createInstance, { ...rest, limitBytes: limitBytes / count }),
    );
    this.#lastPut = this.#first;
  }

  init(pageSize: number): number {
    for (const shard of this.#shards) if (shard.init(pageSize) < 0) return -1;
    return 0;
  }

  get pageSize(): number {
    return this.#first.pageSize;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  openType(type: number): boolean {
    if (this.#shards.every((shard) => shard.openType(type))) return true;
    this.flushArea(type);
    return false;
  }

  putPage(type: number, offset: number, page: Page): boolean {
    this.#lastPut = this.#shardOf(type, offset);
    return this.#lastPut.putPage(type, offset, page);
  }

  getPage(type: number, offset: number, page: Page): boolean {
    return this.#shardOf(type, offset).getPage(type, offset, page);
  }

  /** @see ZmemBackend.viewPage */
  viewPage(type: number, offset: number): Uint8Array | undefined {
    return this.#shardOf(type, offset).viewPage(type, offset);
  }

  /** A window to build a page in; which instance it goes to is known only with its key. */
  get putWindow(): Uint8Array {
    return this.#first.putWindow;
  }

  /** Puts the page built in `putWindow`; one copy more where another instance has to take it. */
  putWindowPage(type: number, offset: number): boolean {
    const shard = this.#shardOf(type, offset);
    this.#lastPut = shard;
    return shard === this.#first
      ? shard.putWindowPage(type, offset)
      : shard.putPage(type, offset, this.#first.putWindow);
  }

  flushPage(type: number, offset: number): boolean {
    return this.#shardOf(type, offset).flushPage(type, offset);
  }

  flushArea(type: number): void {
    checkType(type);
    for (const shard of this.#shards) shard.flushArea(type);
  }

  countPages(type: number): number {
    return this.#sum((shard) => shard.countPages(type));
  }

  inspectPage(type: number, offset: number): PageInfo | undefined {
    return this.#shardOf(type, offset).inspectPage(type, offset);
  }

  /** @see ZmemBackend.readBlock */
  readBlock(type: number, offset: number): PageBlock | undefined {
    return this.#shardOf(type, offset).readBlock(type, offset);
  }

  /** @see ZmemBackend.locatePage; zspage ids and addresses are those of the page's own instance */
  locatePage(type: number, offset: number): PageLocation | undefined {
    return this.#shardOf(type, offset).locatePage(type, offset);
  }

  setLimit(limitBytes: number, options: { readonly trim?: boolean } = {}): void {
    if (!Number.isFinite(limitBytes)) {
      throw new RangeError(
        `limitBytes: expected a finite number of bytes for several instances, got ${describe(limitBytes)}`,
      );
    }
    for (const shard of this.#shards) shard.setLimit(limitBytes / this.#shards.length, options);
    this.#limitBytes = limitBytes;
  }

  setEnabled(enabled: boolean): void {
    for (const shard of this.#shards) shard.setEnabled(enabled);
  }

  get effort(): Effort {
    return this.#first.effort;
  }

  setEffort(effort: Effort): boolean {
    const { effort: before } = this;
    if (this.#shards.every((shard) => shard.setEffort(effort))) return true;
    for (const shard of this.#shards) shard.setEffort(before);
    return false;
  }

  recompress(
    budget: { readonly pages?: number; readonly microseconds?: number } = {},
  ): RecompressResult {
    const until = performance.now() + (budget.microseconds ?? Infinity) / 1000;
    let triedPages = 0;
    let savedBytes = 0;
    let done = true;
    for (const shard of this.#shards) {
      const result = shard.recompress({
        pages: (budget.pages ?? Infinity) - triedPages,
        microseconds: (until - performance.now()) * 1000,
      });
      triedPages += result.triedPages;
      savedBytes += result.savedBytes;
      done &&= result.done;
    }
    return { triedPages, savedBytes, done };
  }

  get lastReject(): RejectReason | null {
    return this.#lastPut.lastReject;
  }

  allowWriteback(type: number, allowed: boolean): void {
    checkType(type);
    for (const shard of this.#shards) shard.allowWriteback(type, allowed);
  }

  selectCold(most: number): readonly ColdPage[] {
    return this.#lastPut.selectCold(most);
  }

  dropCold(index: number): boolean {
    return this.#lastPut.dropCold(index);
  }

  compactForRetry(objects: number): number {
    return this.#lastPut.compactForRetry(objects);
  }

  retryPut(type: number, offset: number): boolean {
    return this.#lastPut.retryPut(type, offset);
  }

  rejectedBlock(type: number, offset: number): FormedBlock | null {
    return this.#lastPut.rejectedBlock(type, offset);
  }

  forgetRejected(): void {
    for (const shard of this.#shards) shard.forgetRejected();
  }

  decodeBlock(form: number, block: Uint8Array, page: Page): void {
    this.#first.decodeBlock(form, block, page);
  }

  restorePage(type: number, offset: number, form: number, block: Uint8Array, page: Page): boolean {
    this.#lastPut = this.#shardOf(type, offset);
    return this.#lastPut.restorePage(type, offset, form, block, page);
  }

  fillLevel(): number {
    return this.#sum((shard) => shard.fillLevel()) / this.#shards.length;
  }

  findFullest(): number {
    for (const shard of this.#shards) {
      if (shard.fillLevel() > this.#lastPut.fillLevel()) this.#lastPut = shard;
    }
    return this.#lastPut.fillLevel();
  }

  setLongestBlock(bytes: number): void {
    for (const shard of this.#shards) shard.setLongestBlock(bytes);
  }

  compact(
    budget: { readonly objects?: number; readonly microseconds?: number } = {},
  ): CompactResult {
    const until = performance.now() + (budget.microseconds ?? Infinity) / 1000;
    let movedObjects = 0;
    let done = true;
    for (const shard of this.#shards) {
      const left = {
        objects: (budget.objects ?? Infinity) - movedObjects,
        microseconds: (until - performance.now()) * 1000,
      };
      const result = shard.compact(left);
      movedObjects += result.movedObjects;
      done &&= result.done;
    }
    return { movedObjects, done };
  }

  freeableBytes(): number {
    return this.#sum((shard) => shard.freeableBytes());
  }

  /** Instances are trimmed one after the other, but the engine may collect none in between. */
  trimPeakBytes(): number {
    return this.#sum((shard) => shard.trimPeakBytes());
  }

  trim(): TrimResult {
    const results = this.#shards.map((shard) => shard.trim());
    const trimmed = results.some((result) => result.trimmed);
    const isRefused = results.some(({ reason }) => reason === "growth");
    return {
      trimmed,
      reason: trimmed ? null : isRefused ? "growth" : "noGain",
      heldBytesBefore: results.reduce((sum, result) => sum + result.heldBytesBefore, 0),
      heldBytesAfter: results.reduce((sum, result) => sum + result.heldBytesAfter, 0),
    };
  }

  stats(): PoolStats {
    const all = this.#shards.map((shard) => shard.stats());
    const total = addUp(all) as PoolStats;
    return { ...total, pageSize: this.pageSize, limitBytes: this.#limitBytes };
  }

  classStats(): readonly SizeClassStats[] {
    const byClass = new Map<number, SizeClassStats>();
    for (const row of this.#shards.flatMap((shard) => shard.classStats())) {
      const before = byClass.get(row.classIndex);
      const { classIndex, objectSize } = row;
      byClass.set(
        classIndex,
        before ? { ...(addUp([before, row]) as SizeClassStats), classIndex, objectSize } : row,
      );
    }
    return [...byClass.values()].sort((a, b) => a.classIndex - b.classIndex);
  }

  close(): void {
    for (const shard of this.#shards) shard.close();
  }

  get #first(): ZmemBackend {
    return this.#shards[0] as ZmemBackend;
  }

  #shardOf(type: number, offset: number): ZmemBackend {
    if (type >>> 0 !== type || offset >>> 0 !== offset) checkKey(type, offset);
    let hash = Math.imul((offset >>> BLOCK_SHIFT) ^ Math.imul(type, 0x9e3779b1), 0x85ebca6b);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 13;
    return this.#shards[
      ((hash >>> 8) + (offset >>> RUN_SHIFT)) % this.#shards.length
    ] as ZmemBackend;
  }

  #sum(figure: (shard: ZmemBackend) => number): number {
    return this.#shards.reduce((sum, shard) => sum + figure(shard), 0);
  }
}

/** @throws RangeError for what no memory can be limited to */
export function checkInstanceBytes(bytes: unknown): void {
  if (typeof bytes === "number" && bytes >= WASM_PAGE_SIZE && bytes <= MAX_INSTANCE_BYTES) return;
  throw new RangeError(
    `maxInstanceBytes: expected ${WASM_PAGE_SIZE} to ${MAX_INSTANCE_BYTES}, got ${describe(bytes)}`,
  );
}

/** Adds figures up field by field, through records and lists of them. */
function addUp(values: readonly unknown[]): unknown {
  const [first] = values;
  if (typeof first === "number") {
    return (values as number[]).reduce((sum, value) => sum + value, 0);
  }
  if (Array.isArray(first)) {
    return first.map((_, at) => addUp((values as unknown[][]).map((list) => list[at])));
  }
  return Object.fromEntries(
    Object.keys(first as object).map((key) => [
      key,
      addUp((values as Record<string, unknown>[]).map((record) => record[key])),
    ]),
  );
}
