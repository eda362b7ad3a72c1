/**
 * One pool at work: puts pages, gets each back, compares, and keeps a column of how each is held.
 *
 * Why so: a fresh pool for each run, so that its memory held is that run's alone, as `zmem estimate`
 * has it. Puts and gets are timed in groups, without reading the source and without the comparison.
 *
 * Invariants: a page that was kept and does not come back as it was ends the run; forms and sizes
 * are what the backend says of a page, never what was expected.
 */
import { createZmem, type Zmem, ZmemError } from "../../src/index.ts";
import {
  type ClassRow,
  FORM_ABSENT,
  FORM_COMPRESSED,
  FORM_ON_DEVICE,
  FORM_RAW,
  FORM_REJECTED,
  FORM_SAME_FILLED,
  type PageDetails,
  type PoolOptions,
  type Totals,
} from "../protocol.ts";
import { type OpenDevice } from "./devices.ts";
import { LatencyRecorder, planGroup } from "./latency.ts";
import { PageSlots } from "./page-slots.ts";

/** Object header of the allocator, bytes. */
const OBJECT_HEADER = 4;
/** A pool that can't outgrow one memory needs no second one, as in the command line's pool. */
const ONE_MEMORY_BYTES = 4 * 1024 ** 3;

/** What befell the device, and what was told of it. */
interface DeviceTrouble {
  full: boolean;
  failure: string | null;
  told: string;
}

/** A pool, its one area, and what is known of each page. */
export class Session {
  readonly pageSize: number;
  readonly #zmem: Zmem;
  readonly #slots: PageSlots;
  readonly #began = performance.now();
  readonly #groupPages = planGroup();
  readonly #puts = new LatencyRecorder();
  readonly #gets = new LatencyRecorder();
  readonly #results: readonly Uint8Array[];
  #rejectCount = 0;
  #touched = 0;
  readonly #rejectedNow: Set<number> = new Set();
  readonly forms: Uint8Array;
  readonly sizes: Uint32Array;
  readonly #putAtMs: Float32Array;
  readonly #putCounts: Uint16Array;
  /** Pages that went from the pool to the device and were not looked at since. */
  readonly #moved: Set<number>;
  readonly #trouble: DeviceTrouble;

  private constructor(
    zmem: Zmem,
    pages: number,
    device: OpenDevice,
    moved: Set<number>,
    trouble: DeviceTrouble,
  ) {
    this.pageSize = zmem.pageSize;
    this.#zmem = zmem;
    this.#slots = new PageSlots(zmem, pages, device);
    this.#moved = moved;
    this.#trouble = trouble;
    this.forms = new Uint8Array(pages);
    this.sizes = new Uint32Array(pages);
    this.#putAtMs = new Float32Array(pages);
    this.#putCounts = new Uint16Array(pages);
    this.#results = Array.from({ length: this.#groupPages }, () => new Uint8Array(zmem.pageSize));
  }

  /**
   * @param pages how many pages there can be
   * @param device closed with the session
   * @throws ZmemError when the browser can't run the module; RangeError for a limit too small
   */
  static async open(options: PoolOptions, pages: number, device: OpenDevice): Promise<Session> {
    const { pageSize, effort } = options;
    const limitBytes = Math.min(options.limitBytes, ONE_MEMORY_BYTES);
    const moved = new Set<number>();
    const trouble: DeviceTrouble = { full: false, failure: null, told: "" };
    const zmem = await createZmem({
      pageSize,
      limitBytes,
      effort,
      onEvent: ({ name, offset }) => {
        if (name === "writtenBackPages") moved.add(offset);
        else if (name === "deviceFull") trouble.full = true;
      },
    });
    return new Session(zmem, pages, device, moved, trouble);
  }

  /** Puts pages, gets them back and compares. `sources[i]` is the page number `numbers[i]`. */
  async store(numbers: Uint32Array, sources: readonly Uint8Array[]): Promise<void> {
    const now = performance.now();
    for (let first = 0; first < numbers.length; first += this.#groupPages) {
      const last = Math.min(first + this.#groupPages, numbers.length);
      const start = performance.now();
      const late = this.#putGroup(numbers, sources, first, last);
      if (late.length > 0) await Promise.all(late);
      this.#puts.add(last - first, performance.now() - start);
    }
    for (let index = 0; index < numbers.length; index++) {
      const page = numbers[index]!;
      if (this.#putCounts[page] === 0) this.#touched += 1;
      this.#putCounts[page] = Math.min((this.#putCounts[page] as number) + 1, 0xffff);
      this.#putAtMs[page] = now - this.#began;
    }
    await this.#check(numbers, sources);
    for (const page of numbers) this.look(page);
  }

  /** Pages that writeback has moved to the device since the last call. */
  takeMoved(): Uint32Array {
    const moved = Uint32Array.from(this.#moved);
    this.#moved.clear();
    for (const page of moved) this.look(page);
    return moved;
  }

  /** What befell the device, in plain words; null when there is nothing that was not told yet. */
  takeTrouble(): string | null {
    const { full, failure } = this.#trouble;
    let words = "";
    if (failure !== null) {
      words = `The swap device failed (${failure}). The run goes on: pages that the device should have taken are rejected, all others stay.`;
    } else if (full) {
      words =
        "The swap device is full: the browser gives this page no more storage. The run goes on: pages that neither pool nor device can take are rejected, all others stay.";
    }
    if (words === this.#trouble.told) return null;
    this.#trouble.told = words;
    return words;
  }

  /** Gets pages, wherever they are, and drops what they are. @returns how many there were */
  async read(pages: Uint32Array): Promise<number> {
    let found = 0;
    const into = new Uint8Array(this.pageSize);
    for (let first = 0; first < pages.length; first += this.#groupPages) {
      const group = pages.subarray(first, first + this.#groupPages);
      let got = 0;
      const start = performance.now();
      for (const page of group) {
        const is = this.#slots.isFarAway(page)
          ? await this.#slots.getAnywhere(page, into)
          : this.#slots.get(page, into);
        if (is) got += 1;
      }
      this.#gets.add(got, performance.now() - start);
      found += got;
    }
    return found;
  }

  /** Forgets a page. */
  forget(page: number): void {
    this.#slots.flush(page);
    this.look(page);
  }

  /** Every page that was put and is held. */
  heldPages(): number[] {
    const held: number[] = [];
    for (let page = 0; page < this.forms.length; page++) {
      const form = this.forms[page];
      if (form !== FORM_ABSENT && form !== FORM_REJECTED) held.push(page);
    }
    return held;
  }

  get backend(): Zmem["backend"] {
    return this.#zmem.backend;
  }

  /** What is known of the run so far. */
  totals(): Totals {
    const stats = this.#zmem.stats();
    return {
      elapsedMs: performance.now() - this.#began,
      pages: this.#touched,
      sameFilledPages: stats.sameFilledPages,
      rawPages: stats.rawPages,
      compressedPages: stats.compressedPages,
      rejectedPages: this.#rejectedNow.size,
      devicePages: this.#slots.pagesOnDevice,
      dataBytes: this.#touched * this.pageSize,
      keptBytes: stats.logicalBytes,
      payloadBytes: stats.payloadBytes,
      objectBytes: stats.objectBytes,
      indexBytes: stats.indexBytes,
      fixedBytes: stats.fixedBytes,
      freeBytes: stats.freeBytes,
      heldBytes: stats.heldBytes,
      limitBytes: stats.limitBytes,
      putCount: this.#puts.pages,
      getCount: this.#gets.pages,
      rejectCount: this.#rejectCount,
      putMs: this.#puts.totalMs,
      getMs: this.#gets.totalMs,
      putUs: this.#puts.read(),
      getUs: this.#gets.read(),
      timedPages: this.#groupPages,
    };
  }

  /** The size classes, each with what its blocks really need. */
  classes(): ClassRow[] {
    const stats = this.backend.classStats();
    const payload = new Float64Array(stats.length);
    const places = new Int32Array(this.pageSize + OBJECT_HEADER + 1);
    for (let length = 1, place = 0; length < places.length; length++) {
      while (place < stats.length - 1 && stats[place]!.objectSize < length) place += 1;
      places[length] = place;
    }
    for (let page = 0; page < this.forms.length; page++) {
      const form = this.forms[page] as number;
      const size = this.sizes[page] as number;
      if (size === 0 || form === FORM_ON_DEVICE || stats.length === 0) continue;
      const place = places[Math.min(size + OBJECT_HEADER, places.length - 1)] as number;
      payload[place] = (payload[place] as number) + size;
    }
    return stats.map((row, index) => {
      const usedBytes = row.objectsUsed * row.objectSize;
      const payloadBytes = Math.min(payload[index] as number, usedBytes);
      return {
        objectSize: row.objectSize,
        zspages: row.zspages,
        zspageBytes: row.zspageBytes,
        objectsUsed: row.objectsUsed,
        objectsAllocated: row.objectsAllocated,
        payloadBytes,
        slackBytes: usedBytes - payloadBytes,
        freeBytes: (row.objectsAllocated - row.objectsUsed) * row.objectSize,
        tailBytes: row.zspageBytes - row.objectsAllocated * row.objectSize,
        freeableBytes: row.freeableBytes,
        fullness: row.zspagesByFullness,
      };
    });
  }

  /** Everything about one page. */
  async inspect(page: number): Promise<PageDetails> {
    const { type } = this.#slots;
    const bytes = new Uint8Array(this.pageSize);
    const found = page < this.forms.length && (await this.#slots.getAnywhere(page, bytes));
    const info = this.backend.inspectPage(type, page);
    const place = this.backend.locatePage(type, page);
    const needed =
      info === undefined || place === undefined ? 0 : info.payloadBytes + OBJECT_HEADER;
    const row = this.backend.classStats().find(({ objectSize }) => objectSize >= needed);
    return {
      page,
      form: this.forms[page] ?? FORM_ABSENT,
      bytes: found ? bytes : new Uint8Array(0),
      block: this.backend.readBlock(type, page) ?? null,
      blockBytes: info?.payloadBytes ?? 0,
      objectSize: needed === 0 ? 0 : (row?.objectSize ?? 0),
      zspage: place?.zspage ?? 0,
      slot: place?.slot ?? 0,
      address: place?.address ?? 0,
      ageMs: performance.now() - this.#began - (this.#putAtMs[page] ?? 0),
      puts: this.#putCounts[page] ?? 0,
    };
  }

  close(): void {
    this.#zmem.close();
    this.#slots.close();
  }

  /** Puts some pages. @returns what has to settle: puts that an asynchronous device takes */
  #putGroup(
    numbers: Uint32Array,
    sources: readonly Uint8Array[],
    first: number,
    last: number,
  ): Promise<void>[] {
    const late: Promise<void>[] = [];
    for (let index = first; index < last; index++) {
      const page = numbers[index]!;
      const bytes = sources[index]!;
      if (this.#tryPut(page, bytes)) {
        if (this.#rejectedNow.size > 0) this.#rejectedNow.delete(page);
      } else if (this.#slots.isAsync) {
        const kept = this.#slots.putLate(page, bytes).catch((error: unknown) => this.#blame(error));
        late.push(kept.then((is) => this.#note(page, is)));
      } else {
        this.#note(page, false);
      }
    }
    return late;
  }

  #tryPut(page: number, bytes: Uint8Array): boolean {
    try {
      return this.#slots.put(page, bytes);
    } catch (error) {
      return this.#blame(error);
    }
  }

  /** A device that fails keeps nothing of a page: as if it were rejected. */
  #blame(error: unknown): false {
    if (!(error instanceof ZmemError) || error.code !== "ERR_ZMEM_DEVICE") throw error;
    this.#trouble.failure ??= error.message;
    return false;
  }

  #note(page: number, kept: boolean): void {
    if (kept) {
      this.#rejectedNow.delete(page);
      return;
    }
    this.#rejectedNow.add(page);
    this.#rejectCount += 1;
  }

  /** Gets the pages back, a group at a time, and compares outside of the clock. */
  async #check(numbers: Uint32Array, sources: readonly Uint8Array[]): Promise<void> {
    for (let first = 0; first < numbers.length; first += this.#groupPages) {
      const count = Math.min(this.#groupPages, numbers.length - first);
      const late: Promise<boolean>[] = [];
      let found = 0;
      const start = performance.now();
      for (let index = 0; index < count; index++) {
        const page = numbers[first + index]!;
        const result = this.#results[index]!;
        if (this.#slots.isFarAway(page)) late.push(this.#slots.getAnywhere(page, result));
        else if (this.#slots.get(page, result)) found += 1;
      }
      if (late.length > 0) found += (await Promise.all(late)).filter(Boolean).length;
      this.#gets.add(found, performance.now() - start);
      for (let index = 0; index < count; index++) {
        const page = numbers[first + index]!;
        const result = this.#results[index]!;
        if (!this.#rejectedNow.has(page) && !isEqual(sources[first + index]!, result)) {
          throw new Error(`Page ${page} did not come back as it was. This is a fault of zmem.`);
        }
        // A later get that copies nothing must not find the right bytes here already.
        result[0] = (result[0] as number) ^ 0xff;
      }
    }
  }

  /** Asks the backend how a page is held now. */
  look(page: number): void {
    const info = this.backend.inspectPage(this.#slots.type, page);
    this.sizes[page] = info?.payloadBytes ?? 0;
    if (info === undefined) {
      if (this.#rejectedNow.has(page)) this.forms[page] = FORM_REJECTED;
      else this.forms[page] = this.#slots.has(page) ? FORM_ON_DEVICE : FORM_ABSENT;
      return;
    }
    if (info.form === "sameFilled") this.forms[page] = FORM_SAME_FILLED;
    else this.forms[page] = info.form === "raw" ? FORM_RAW : FORM_COMPRESSED;
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.byteOffset % 4 !== 0) return one.every((byte, index) => byte === other[index]);
  const words = new Uint32Array(one.buffer, one.byteOffset, one.length / 4);
  const others = new Uint32Array(other.buffer, other.byteOffset, other.length / 4);
  for (let index = 0; index < words.length; index++) {
    if (words[index] !== others[index]) return false;
  }
  return true;
}
