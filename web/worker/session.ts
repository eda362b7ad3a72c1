/**
 * One pool at work: who puts its pages, what is known of each, and the figures of all.
 *
 * Why so: a fresh pool for each run, so that its memory held is that run's alone, as `zmem estimate`
 * has it. Whether one worker puts or several, and whether a device stands behind the pool, is in the
 * parts that a session is made of (plain-pool.ts, shared-pool.ts); it asks them, and never which.
 */
import {
  type CompactResult,
  type PageBlock,
  type PageInfo,
  type PageLocation,
  type PoolStats,
  type RecompressResult,
  type SizeClassStats,
  type ZmemBackend,
} from "../../src/index.ts";
import { type ClassRow, FORM_ABSENT, type PageDetails, type Totals } from "../protocol.ts";
import { OBJECT_HEADER, toClassRows } from "./class-rows.ts";
import { LatencyRecorder } from "./latency.ts";
import { PageRecords } from "./page-records.ts";
import { type Batch, type Putting } from "./putter.ts";
import { type Slots } from "./slots.ts";
import { Stopwatch } from "./stopwatch.ts";

/** What every pool can do. */
export interface Pool {
  readonly pageSize: number;
  readonly backend: {
    inspectPage(type: number, page: number): PageInfo | undefined;
    readBlock(type: number, page: number): PageBlock | undefined;
    locatePage(type: number, page: number): PageLocation | undefined;
    classStats(): readonly SizeClassStats[];
    compact(budget: { readonly microseconds: number }): CompactResult;
    recompress(budget: { readonly microseconds: number }): RecompressResult;
  };
  stats(): PoolStats;
  close(): void;
}

/** What only a pool of one worker can do. */
export type OwnPool = Pick<ZmemBackend, "trim" | "trimPeakBytes">;

/** What a session is made of. */
export interface SessionParts {
  readonly pool: Pool;
  readonly slots: Slots;
  readonly putting: Putting;
  /** How many pages there can be. */
  readonly pages: number;
  readonly limitBytes: number;
  /** Pages that are timed together. */
  readonly groupPages: number;
  /** Null when several workers share the pool. */
  readonly own: OwnPool | null;
  /**
   * Pages that writeback has moved to the device since the last call.
   *
   * @param forms of all pages, as they were when each was last looked at
   * @param all leaves none for a later call
   */
  takeMoved(forms: Uint8Array, all: boolean): Uint32Array;
  /** What befell the device or a worker, in plain words; null for nothing new. */
  takeTrouble(): string | null;
}

/** A pool, its one area, and what is known of each page. */
export class Session {
  readonly records: PageRecords;
  readonly #parts: SessionParts;
  readonly #began = performance.now();
  readonly #puts = new LatencyRecorder();
  readonly #gets = new LatencyRecorder();
  readonly #watch = new Stopwatch();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.records = new PageRecords(parts.pages);
  }

  get pageSize(): number {
    return this.#parts.pool.pageSize;
  }

  /** Batches that can be put at a time. */
  get lanes(): number {
    return this.#parts.putting.lanes;
  }

  get own(): OwnPool | null {
    return this.#parts.own;
  }

  get backend(): Pool["backend"] {
    return this.#parts.pool.backend;
  }

  /**
   * Puts pages, gets them back and compares.
   *
   * @returns false when it was dropped before its first put
   */
  async store(batch: Batch): Promise<boolean> {
    const atMs = performance.now() - this.#began;
    this.#watch.begin();
    let outcome;
    try {
      outcome = await this.#parts.putting.put(batch);
    } finally {
      this.#watch.end();
    }
    if (outcome === null) return false;
    this.#puts.addGroups(outcome.puts);
    this.#gets.addGroups(outcome.gets);
    this.records.notePuts(batch.numbers, outcome.rejected, atMs);
    for (const page of batch.numbers) this.look(page);
    return true;
  }

  /** Gives up what was given to `store` and not begun. */
  drop(): void {
    this.#parts.putting.drop();
  }

  /** Pages that writeback has moved since the last call. @param all leaves none for a later one */
  takeMoved(all: boolean): Uint32Array {
    const moved = this.#parts.takeMoved(this.records.forms, all);
    for (const page of moved) this.look(page);
    return moved;
  }

  takeTrouble(): string | null {
    return this.#parts.takeTrouble();
  }

  /** Gets pages, wherever they are, and drops what they are. @returns how many there were */
  async read(pages: Uint32Array): Promise<number> {
    const { slots, groupPages } = this.#parts;
    let found = 0;
    const into = new Uint8Array(this.pageSize);
    for (let first = 0; first < pages.length; first += groupPages) {
      let got = 0;
      const start = performance.now();
      for (const page of pages.subarray(first, first + groupPages)) {
        const is = slots.isFarAway(page)
          ? await slots.getAnywhere(page, into)
          : slots.get(page, into);
        if (is) got += 1;
      }
      this.#gets.add(got, performance.now() - start);
      found += got;
    }
    return found;
  }

  /** Forgets a page. */
  forget(page: number): void {
    this.#parts.slots.flush(page);
    this.look(page);
  }

  /** Asks the backend how a page is held now. */
  look(page: number): void {
    const { slots } = this.#parts;
    const info = this.backend.inspectPage(slots.type, page);
    this.records.noteForm(page, info, info !== undefined || slots.has(page));
  }

  /** What compaction would free, about. */
  freeableBytes(): number {
    return this.backend.classStats().reduce((sum, row) => sum + row.freeableBytes, 0);
  }

  /** What is known of the run so far. */
  totals(): Totals {
    const { pool, slots, putting, limitBytes, groupPages } = this.#parts;
    const stats = pool.stats();
    return {
      elapsedMs: performance.now() - this.#began,
      streamMs: this.#watch.totalMs,
      workers: putting.workers,
      pages: this.records.touched,
      sameFilledPages: stats.sameFilledPages,
      rawPages: stats.rawPages,
      compressedPages: stats.compressedPages,
      rejectedPages: this.records.rejectedPages,
      devicePages: slots.pagesOnDevice,
      dataBytes: this.records.touched * this.pageSize,
      keptBytes: stats.logicalBytes,
      payloadBytes: stats.payloadBytes,
      objectBytes: stats.objectBytes,
      indexBytes: stats.indexBytes,
      fixedBytes: stats.fixedBytes,
      freeBytes: stats.freeBytes,
      heldBytes: stats.heldBytes,
      limitBytes,
      putCount: this.#puts.pages,
      getCount: this.#gets.pages,
      rejectCount: this.records.rejectCount,
      putMs: this.#puts.totalMs,
      getMs: this.#gets.totalMs,
      putUs: this.#puts.read(),
      getUs: this.#gets.read(),
      timedPages: groupPages,
    };
  }

  /** The size classes, each with what its blocks really need. */
  classes(): ClassRow[] {
    return toClassRows(this.backend.classStats(), this.records, this.pageSize);
  }

  /** Everything about one page. */
  async inspect(page: number): Promise<PageDetails> {
    const { slots } = this.#parts;
    const { forms } = this.records;
    const whole = new Uint8Array(this.pageSize);
    const found = page < forms.length && (await slots.getAnywhere(page, whole));
    const bytes = found ? whole : new Uint8Array(0);
    const stored = this.backend.readBlock(slots.type, page);
    const info = stored ?? this.backend.inspectPage(slots.type, page);
    const blockBytes = info?.payloadBytes ?? 0;
    const needed = blockBytes === 0 ? 0 : blockBytes + OBJECT_HEADER;
    const row = this.backend.classStats().find(({ objectSize }) => objectSize >= needed);
    const { atMs, count } = this.records.putsOf(page);
    return {
      page,
      form: forms[page] ?? FORM_ABSENT,
      bytes,
      block: stored?.block ?? null,
      codec: stored?.codec ?? null,
      place: this.backend.locatePage(slots.type, page) ?? null,
      blockBytes,
      objectSize: needed === 0 ? 0 : (row?.objectSize ?? 0),
      ageMs: performance.now() - this.#began - atMs,
      puts: count,
    };
  }

  /** Ends putting, and gives pool and device back. */
  async close(): Promise<void> {
    await this.#parts.putting.close();
    this.#parts.pool.close();
    this.#parts.slots.close();
  }
}
