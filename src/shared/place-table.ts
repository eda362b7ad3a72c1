/**
 * Which pages of a type are on its device, and where: tables in shared memory, for all workers.
 *
 * What: a place of two words for each offset, and a map of the device's units, a bit each. A unit is
 * a sixteenth of a page; a block takes a run of 1 to 16.
 *
 * Why so: every worker has a handle of its own on the storage, and none of them knows what the
 * others have written. So what lies where is kept here and nowhere else, and a handle is nothing but
 * bytes at positions. Where a page is, the backend says: what it has is there, and a place beside it
 * is only room to be given back.
 *
 * A place changes under the lock of its key, and with the map under the device's lock, which is held
 * for no read or write. A worker reserves a run, notes it in its record, writes to the storage, and
 * publishes place after place, each of which shortens the note.
 *
 * There are twice as many units as the device's most pages could take. So with fewer pages on it
 * than that, the holes are longer than 16 units on average, and a block always finds a run.
 *
 * Death: places are true at any instruction, for the first word of one is stored last and cleared
 * first. The map and the count follow from places and from what living workers have reserved, and
 * are made anew if the dead worker held the lock or had a reservation. So a write that was cut off
 * leaves nothing. A live worker that finds the lock held by a dead one keeps its note, and gives the
 * run back before it reserves another; to empty a type clears all notes of it.
 *
 * Invariants, while the lock is free: unit taken ⇔ a place or a worker's note names it; pages on the
 * device = places + reserved pages ≤ the most.
 *
 * ```
 * range of the type   │ presence bits │ places, 2 words a page │ map, 1 bit a unit │
 * place               │ 1 + first unit, 0: not on the device │ tag << 20 | bytes │
 * ```
 */
import { MAX_TYPES } from "../errors.ts";
import {
  TYPE_DEVICE_CURSOR,
  TYPE_DEVICE_LOCK,
  TYPE_DEVICE_PAGES,
  typeRecord,
  WORKER_RUN_FIRST,
  WORKER_RUN_PAGES,
  WORKER_RUN_TYPE,
  WORKER_RUN_UNITS,
  workerRecord,
  WORKERS,
  type Control,
} from "./control.ts";
import { isHeld } from "./failures.ts";
import { holderOf, type Locks } from "./lock.ts";
import { bitWords, FLAGS, type TypeTable, type TypeView } from "./type-table.ts";
import { reapedBy } from "./workers.ts";

const UNITS_PER_PAGE = 16;
/** Units that there are, for each page that may be on the device. */
const UNITS_PER_MOST = 2 * UNITS_PER_PAGE;
const UNITS_PER_WORD = 32;
const PLACE_WORDS = 2;
const LENGTH_BITS = 20;

/** Where a block lies on its device. */
export interface Place {
  /** Byte position in the storage. */
  readonly position: number;
  readonly bytes: number;
  readonly tag: number;
}

/** Room on a device. */
export interface Reservation {
  /** Byte position in the storage. */
  readonly position: number;
  /** How many of the blocks have room there, the first of them; 0: the device is full. */
  readonly blocks: number;
}

/** Bytes that a device with room for so many pages reaches over. */
export function storageBytes(pages: number, pageSize: number): number {
  return pages * UNITS_PER_MOST * unitSize(pageSize);
}

/** Words of the tables of a device. */
export function deviceWords(pages: number, most: number): number {
  return pages * PLACE_WORDS + Math.ceil((most * UNITS_PER_MOST) / UNITS_PER_WORD);
}

/** A block's bytes rounded up to units: how far apart blocks of one reservation begin. */
export function roundToUnits(bytes: number, pageSize: number): number {
  return toUnits(bytes, pageSize) * unitSize(pageSize);
}

/** The places of all types, as one worker sees them. */
export class PlaceTable {
  readonly #control: Control;
  readonly #words: Int32Array;
  readonly #types: TypeTable;
  readonly #locks: Locks;
  readonly #workerId: number;
  readonly #record: number;
  readonly #pageSize: number;

  constructor(control: Control, types: TypeTable, locks: Locks, workerId: number) {
    this.#control = control;
    this.#words = control.words;
    this.#types = types;
    this.#locks = locks;
    this.#workerId = workerId;
    this.#record = workerRecord(workerId);
    this.#pageSize = control.pageSize;
  }

  /** Whether a page has a place on the device. */
  has(view: TypeView, offset: number): boolean {
    return Atomics.load(this.#control.bits, placeWord(view, offset)) !== 0;
  }

  /** The place of a page whose key is locked; null when it has none. */
  read(view: TypeView, offset: number): Place | null {
    const { bits } = this.#control;
    const word = placeWord(view, offset);
    const first = Atomics.load(bits, word) >>> 0;
    if (first === 0) return null;
    const packed = Atomics.load(bits, word + 1);
    return {
      position: (first - 1) * unitSize(this.#pageSize),
      bytes: packed & ((1 << LENGTH_BITS) - 1),
      tag: packed >>> LENGTH_BITS,
    };
  }

  /** Pages on the device of a type, or about to be. */
  count(type: number): number {
    return Atomics.load(this.#words, typeRecord(type) + TYPE_DEVICE_PAGES) >>> 0;
  }

  /**
   * Reserves one run for blocks of so many bytes, or for as many of them as there is room for. All
   * must be published or given back before the next call.
   *
   * @throws ZmemError `ERR_ZMEM_HELD`
   */
  reserve(type: number, view: TypeView, bytes: readonly number[]): Reservation {
    this.#giveBack();
    const sizes = bytes.map((length) => toUnits(length, this.#pageSize));
    return this.#locked(type, () => {
      let blocks = Math.min(sizes.length, view.deviceMost - this.count(type));
      for (; blocks > 0; blocks >>= 1) {
        const units = sizes.slice(0, blocks).reduce((sum, size) => sum + size, 0);
        const first = this.#findRun(type, view, units);
        if (first < 0) continue;
        this.#setUnits(view, first, units);
        this.#addPages(type, blocks);
        this.#note(type + 1, first, units, blocks);
        return { position: first * unitSize(this.#pageSize), blocks };
      }
      return { position: 0, blocks: 0 };
    });
  }

  /** Makes the next reserved block the place of a page; its key is locked and it has no place. */
  publish(type: number, view: TypeView, offset: number, tag: number, bytes: number): void {
    this.#locked(type, () => {
      const { bits } = this.#control;
      const word = placeWord(view, offset);
      const first = (this.#words[this.#record + WORKER_RUN_FIRST] as number) >>> 0;
      Atomics.store(bits, word + 1, (tag << LENGTH_BITS) | bytes);
      Atomics.store(bits, word, first + 1);
      this.#shorten(type, toUnits(bytes, this.#pageSize));
    });
  }

  /** Gives back what is reserved and not published; where a dead worker is in the way, later. */
  cancel(): void {
    try {
      this.#giveBack();
    } catch (error) {
      if (!isHeld(error)) throw error;
    }
  }

  /** Takes a page's place from it; its key is locked. @returns whether it had one */
  discard(type: number, view: TypeView, offset: number): boolean {
    const place = this.read(view, offset);
    if (place === null) return false;
    this.#locked(type, () => {
      Atomics.store(this.#control.bits, placeWord(view, offset), 0);
      const first = place.position / unitSize(this.#pageSize);
      this.#clearUnits(view, first, toUnits(place.bytes, this.#pageSize));
      this.#addPages(type, -1);
    });
    return true;
  }

  /**
   * The same for a page that the backend has: where a dead worker is in the way the place stays, and
   * whoever locks the key next takes it away.
   */
  discardIfFree(type: number, view: TypeView, offset: number): void {
    try {
      this.discard(type, view, offset);
    } catch (error) {
      if (!isHeld(error)) throw error;
    }
  }

  /**
   * Frees what a dead worker has reserved, and the locks that it held. Can be done again.
   *
   * @throws ZmemError `ERR_ZMEM_HELD` when yet another dead worker holds a lock
   */
  reap(dead: number): void {
    const words = this.#words;
    const record = workerRecord(dead);
    for (let type = 0; type < MAX_TYPES; type++) {
      const lock = typeRecord(type) + TYPE_DEVICE_LOCK;
      const holder = holderOf(Atomics.load(words, lock));
      if (holder !== dead && words[record + WORKER_RUN_TYPE] !== type + 1) continue;
      // The holder may be another one of those that this worker is reaping.
      const isDead = reapedBy(words, this.#workerId).includes(holder);
      if (isDead) this.#locks.takeOver(holder, lock);
      else this.#locks.acquire(lock);
      try {
        if (words[record + WORKER_RUN_TYPE] === type + 1) {
          Atomics.store(words, record + WORKER_RUN_TYPE, 0);
        }
        this.#rebuild(type);
      } finally {
        this.#locks.release(lock);
      }
    }
  }

  /** What contradicts the invariants of a type; null for nothing. For tests, nobody at work. */
  findFault(type: number): string | null {
    const view = this.#types.view(type);
    const { bits } = this.#control;
    const map = mapWord(view);
    const before = bits.slice(map, view.firstWord + view.wordCount);
    const pages = this.count(type);
    this.#rebuild(type);
    const after = bits.slice(map, view.firstWord + view.wordCount);
    if (pages !== this.count(type)) return `${pages} pages counted, ${this.count(type)} are there`;
    const differs = before.findIndex((word, at) => word !== after[at]);
    return differs < 0 ? null : `word ${differs} of the map differs`;
  }

  /** Map and count of a type from its places and the notes of workers; its lock is held. */
  #rebuild(type: number): void {
    const view = this.#types.view(type);
    if ((view.word & FLAGS) === 0 || view.deviceMost === 0) return;
    const { bits } = this.#control;
    const end = view.firstWord + view.wordCount;
    for (let word = mapWord(view); word < end; word++) Atomics.store(bits, word, 0);
    let count = 0;
    for (let offset = 0; offset < view.pages; offset++) {
      const first = Atomics.load(bits, placeWord(view, offset)) >>> 0;
      if (first === 0) continue;
      const packed = Atomics.load(bits, placeWord(view, offset) + 1);
      const bytes = packed & ((1 << LENGTH_BITS) - 1);
      this.#setUnits(view, first - 1, toUnits(bytes, this.#pageSize));
      count += 1;
    }
    for (let workerId = 1; workerId < WORKERS; workerId++) {
      const record = workerRecord(workerId);
      if (Atomics.load(this.#words, record + WORKER_RUN_TYPE) !== type + 1) continue;
      const first = Atomics.load(this.#words, record + WORKER_RUN_FIRST) >>> 0;
      this.#setUnits(view, first, Atomics.load(this.#words, record + WORKER_RUN_UNITS));
      count += Atomics.load(this.#words, record + WORKER_RUN_PAGES);
    }
    Atomics.store(this.#words, typeRecord(type) + TYPE_DEVICE_PAGES, count);
  }

  /** What this worker's note says, whatever type it is of. */
  #giveBack(): void {
    const words = this.#words;
    const noted = this.#record + WORKER_RUN_TYPE;
    const type = Atomics.load(words, noted) - 1;
    if (type < 0) return;
    this.#locked(type, () => {
      // Whoever has emptied the type meanwhile has cleared the note.
      if (Atomics.load(words, noted) !== type + 1) return;
      const first = (words[this.#record + WORKER_RUN_FIRST] as number) >>> 0;
      const units = words[this.#record + WORKER_RUN_UNITS] as number;
      this.#clearUnits(this.#types.view(type), first, units);
      this.#addPages(type, -(words[this.#record + WORKER_RUN_PAGES] as number));
      this.#note(0, 0, 0, 0);
    });
  }

  #locked<T>(type: number, work: () => T): T {
    const lock = typeRecord(type) + TYPE_DEVICE_LOCK;
    this.#locks.acquire(lock);
    try {
      return work();
    } finally {
      this.#locks.release(lock);
    }
  }

  /** The type last, and first when it is cleared: a note with a type is a whole one. */
  #note(runType: number, first: number, units: number, pages: number): void {
    const words = this.#words;
    if (runType === 0) Atomics.store(words, this.#record + WORKER_RUN_TYPE, 0);
    Atomics.store(words, this.#record + WORKER_RUN_FIRST, first);
    Atomics.store(words, this.#record + WORKER_RUN_UNITS, units);
    Atomics.store(words, this.#record + WORKER_RUN_PAGES, pages);
    Atomics.store(words, this.#record + WORKER_RUN_TYPE, runType);
  }

  /** Takes the first block from the note. */
  #shorten(type: number, units: number): void {
    const words = this.#words;
    const first = words[this.#record + WORKER_RUN_FIRST] as number;
    const left = (words[this.#record + WORKER_RUN_UNITS] as number) - units;
    const pages = (words[this.#record + WORKER_RUN_PAGES] as number) - 1;
    this.#note(pages === 0 ? 0 : type + 1, first + units, left, pages);
  }

  #addPages(type: number, change: number): void {
    Atomics.add(this.#words, typeRecord(type) + TYPE_DEVICE_PAGES, change);
  }

  /** The first unit of a run that is free, from the cursor on and once round; -1 for none. */
  #findRun(type: number, view: TypeView, units: number): number {
    const cursor = typeRecord(type) + TYPE_DEVICE_CURSOR;
    const from = Atomics.load(this.#words, cursor) >>> 0;
    const end = view.deviceMost * UNITS_PER_MOST;
    let first = this.#findRunBetween(view, from, end, units);
    if (first < 0) first = this.#findRunBetween(view, 0, Math.min(end, from + units), units);
    if (first >= 0) Atomics.store(this.#words, cursor, first + units);
    return first;
  }

  #findRunBetween(view: TypeView, from: number, end: number, units: number): number {
    const { bits } = this.#control;
    const map = mapWord(view);
    let first = from;
    for (let unit = from; unit < end;) {
      const word = Atomics.load(bits, map + Math.floor(unit / UNITS_PER_WORD));
      const bit = unit % UNITS_PER_WORD;
      if (bit === 0 && word === 0) {
        unit += UNITS_PER_WORD;
      } else if (bit === 0 && word === -1) {
        unit += UNITS_PER_WORD;
        first = unit;
      } else {
        unit += 1;
        if ((word & (1 << bit)) !== 0) first = unit;
      }
      if (unit - first >= units) return first + units <= end ? first : -1;
    }
    return -1;
  }

  #setUnits(view: TypeView, first: number, count: number): void {
    const { bits } = this.#control;
    const map = mapWord(view);
    for (let unit = first; unit < first + count; unit++) {
      Atomics.or(bits, map + Math.floor(unit / UNITS_PER_WORD), 1 << (unit % UNITS_PER_WORD));
    }
  }

  #clearUnits(view: TypeView, first: number, count: number): void {
    const { bits } = this.#control;
    const map = mapWord(view);
    for (let unit = first; unit < first + count; unit++) {
      Atomics.and(bits, map + Math.floor(unit / UNITS_PER_WORD), ~(1 << (unit % UNITS_PER_WORD)));
    }
  }
}

function placeWord(view: TypeView, offset: number): number {
  return view.firstWord + bitWords(view.pages) + offset * PLACE_WORDS;
}

function mapWord(view: TypeView): number {
  return view.firstWord + bitWords(view.pages) + view.pages * PLACE_WORDS;
}

function unitSize(pageSize: number): number {
  return pageSize / UNITS_PER_PAGE;
}

function toUnits(bytes: number, pageSize: number): number {
  return Math.ceil(bytes / unitSize(pageSize));
}
