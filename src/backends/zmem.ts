/**
 * The zmem backend: FrontswapOps over one instance of the wasm module.
 *
 * Why so: this file turns statuses into answers. A page crosses the border once each way: one copy
 * into the put window or out of the get window, no allocation on either path. Which instance runs,
 * and that a trim exchanges it, is in own-instance.ts; what writeback needs in writeback-port.ts.
 *
 * Invariants: those of FrontswapOps; a view handed out is valid until the next call.
 */
import { checkKey, checkPage, checkType } from "../errors.ts";
import type { ColdPage, FrontswapOps, Page } from "../types.ts";
import { STATUS_ABSENT, STATUS_CORRUPT, STATUS_OK } from "./abi.ts";
import {
  corruptError,
  packedToInfo,
  readColdPages,
  readLocation,
  readStoredBlock,
} from "./blocks.ts";
import { readClasses, type SizeClassStats } from "./class-stats.ts";
import { OwnInstance } from "./own-instance.ts";
import {
  checkLimit,
  type CompactResult,
  type PageBlock,
  type PageInfo,
  type PageLocation,
  type RecompressResult,
} from "./pool-options.ts";
import { compactWithin, recompressWithin, sumFreeableBytes } from "./upkeep.ts";

/** A compressed page store in one wasm memory. */
export class ZmemBackend extends OwnInstance implements FrontswapOps {
  openType(type: number): boolean {
    this.check();
    checkType(type);
    if (this.exports.openType(type) !== STATUS_OK) return false;
    this.settings.openTypes.add(type);
    return true;
  }

  putPage(type: number, offset: number, page: Page): boolean {
    let view = this.putView;
    if (view.length === 0) view = this.renewViews();
    if (type >>> 0 !== type || offset >>> 0 !== offset) checkKey(type, offset);
    if (!(page instanceof Uint8Array) || page.length !== view.length) {
      checkPage(page, this.pageSize);
    }
    view.set(page);
    this.putStatus = this.exports.putPage(type, offset);
    return this.putStatus === STATUS_OK;
  }

  getPage(type: number, offset: number, page: Page): boolean {
    if (!(page instanceof Uint8Array) || page.length !== this.pageSize) {
      this.check();
      checkPage(page, this.pageSize);
    }
    const view = this.viewPage(type, offset);
    if (view === undefined) return false;
    page.set(view);
    return true;
  }

  /**
   * The put window: a program that builds its page here saves the copy of `putPage`.
   * Valid until the next call of any method.
   */
  get putWindow(): Uint8Array {
    return this.putView.length === 0 ? this.renewViews() : this.putView;
  }

  /** Puts the page that the program built in `putWindow`. @returns as putPage */
  putWindowPage(type: number, offset: number): boolean {
    this.check();
    if (type >>> 0 !== type || offset >>> 0 !== offset) checkKey(type, offset);
    this.putStatus = this.exports.putPage(type, offset);
    return this.putStatus === STATUS_OK;
  }

  /**
   * The page under (type, offset), to be read in place: no copy.
   *
   * @returns the get window, valid until the next call of any method; undefined when there is none
   * @throws ZmemError `ERR_ZMEM_CORRUPT` when the stored block is damaged
   */
  viewPage(type: number, offset: number): Uint8Array | undefined {
    let view = this.getView;
    if (view.length === 0) {
      this.renewViews();
      view = this.getView;
    }
    if (type >>> 0 !== type || offset >>> 0 !== offset) checkKey(type, offset);
    const status = this.exports.getPage(type, offset);
    if (status === STATUS_OK) return view;
    if (status === STATUS_CORRUPT) throw corruptError(type, offset, this.pageSize);
    return undefined;
  }

  flushPage(type: number, offset: number): boolean {
    this.check();
    checkKey(type, offset);
    return this.exports.flushPage(type, offset) !== STATUS_ABSENT;
  }

  flushArea(type: number): void {
    this.check();
    checkType(type);
    this.exports.flushArea(type);
    this.settings.openTypes.delete(type);
    this.settings.writebackTypes.delete(type);
  }

  countPages(type: number): number {
    this.check();
    checkType(type);
    return this.exports.countPages(type) >>> 0;
  }

  /** How a page is kept; undefined when it isn't. */
  inspectPage(type: number, offset: number): PageInfo | undefined {
    this.check();
    checkKey(type, offset);
    return packedToInfo(this.exports.inspectPage(type, offset) >>> 0);
  }

  /**
   * What is stored of a page, copied: a block of its codec, a raw page, or the repeated word. It does
   * not count as a get.
   *
   * @returns undefined for a page that is absent or held by its index entry alone
   */
  readBlock(type: number, offset: number): PageBlock | undefined {
    this.check();
    checkKey(type, offset);
    return readStoredBlock(this.running(), type, offset);
  }

  /** Where the object of a page lies now; undefined as for `readBlock`. */
  locatePage(type: number, offset: number): PageLocation | undefined {
    this.check();
    checkKey(type, offset);
    return readLocation(this.exports, type, offset);
  }

  /** The limit on memory held, bytes. */
  get limitBytes(): number {
    return this.settings.limitBytes;
  }

  /**
   * Raises or lowers the limit. A pool that uses more than the new limit rejects puts until
   * flushes, compaction or a trim have made room.
   *
   * @param options.trim trims when more is held than the new limit allows
   */
  setLimit(limitBytes: number, options: { readonly trim?: boolean } = {}): void {
    this.check();
    checkLimit(limitBytes);
    this.settings.limitBytes = limitBytes;
    this.exports.setLimit(limitBytes);
    if (options.trim && this.memory.buffer.byteLength > limitBytes) this.trim();
  }

  /** While disabled every put is rejected and drops the older copy; gets and flushes go on. */
  setEnabled(enabled: boolean): void {
    this.check();
    this.settings.enabled = enabled;
    this.exports.setEnabled(enabled ? 1 : 0);
  }

  /**
   * Raises stored blocks to the effort "high", coldest pages first and the largest of these; a new
   * block is kept only where its size class is smaller.
   *
   * @param budget at most so many pages, and about so many microseconds; without: to the end
   */
  recompress(
    budget: { readonly pages?: number; readonly microseconds?: number } = {},
  ): RecompressResult {
    this.check();
    const before = this.columns().payloadBytes;
    const { count, done } = recompressWithin(this.exports, budget);
    return { triedPages: count, savedBytes: before - this.columns().payloadBytes, done };
  }

  /**
   * Moves objects from the emptiest zspages into the fullest, so that runs become free.
   *
   * @param budget at most so many objects, and about so many microseconds; without: to the end
   */
  compact(
    budget: { readonly objects?: number; readonly microseconds?: number } = {},
  ): CompactResult {
    this.check();
    const before = this.columns().movedObjects;
    const done = compactWithin(this.exports, this.pageSize, budget);
    return { movedObjects: this.columns().movedObjects - before, done };
  }

  /** Bytes that compaction would free, about. */
  freeableBytes(): number {
    this.check();
    return sumFreeableBytes(this.exports);
  }

  override allowWriteback(type: number, allowed: boolean): void {
    super.allowWriteback(type, allowed);
    if (allowed) this.settings.writebackTypes.add(type);
    else this.settings.writebackTypes.delete(type);
  }

  selectCold(most: number): readonly ColdPage[] {
    this.check();
    return readColdPages(this.running(), this.exports.selectCold(most));
  }

  dropCold(index: number): boolean {
    this.check();
    return this.exports.dropCold(index) === STATUS_OK;
  }

  compactForRetry(objects: number): number {
    this.check();
    return this.exports.compact(objects);
  }

  /** The columns that zsmalloc shows per size class; classes without zspages are left out. */
  classStats(): readonly SizeClassStats[] {
    this.check();
    return readClasses(this.exports);
  }
}
