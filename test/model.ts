/**
 * The model test: random operations on a front-end with a backend, each compared with a plain Map.
 *
 * Why so: the contract is small, so a Map and a few rules say what every answer must be; what a
 * person would not think of, a million random steps try. Memory is made scarce, given back,
 * compacted and moved all the while, because that is when pages get lost.
 *
 * Rules: a put that answers true is in the Map, one that answers false is not, and false is allowed
 * only while something refuses pages; a get finds exactly what the Map has, byte for byte.
 * Validators of the backend run after every step of some stretches, and at the end.
 *
 * A run follows from its seed alone. A failure names seed and step.
 */
import * as assert from "uvu/assert";
import { Frontswap } from "../src/frontswap.ts";
import type { Page } from "../src/types.ts";
import type { BackendUnderTest } from "./conformance/case.ts";
import {
  createRandom,
  isSameFilledKind,
  makePage,
  PAGE_KINDS,
  type Random,
} from "./conformance/pages.ts";

/** A backend and what a run may do to it beside the verbs. */
export interface ModelBackend extends BackendUnderTest {
  /** Limits what it keeps to about so many of the pages that it has now; Infinity ends that. */
  limitTo(share: number): void;
  /** Rejects pages that don't compress, limit or not. */
  readonly refusesRaw?: boolean;
  /** Has less memory than the run asks for: any put may be rejected. */
  readonly isScarce?: boolean;
  /** Things to do at any time that must change no page: compaction, trim, recompression. */
  readonly upkeep?: readonly ((random: Random) => void)[];
  /** Compares the backend's own statistics with what it must keep. */
  checkStats?(pages: number): void;
}

export interface ModelRun {
  readonly seed: number;
  readonly operations: number;
  readonly pageSize: number;
  readonly backend: ModelBackend;
}

/** What a run did, for the log: a run in which nothing was rejected or found proves little. */
export interface ModelTally {
  readonly kept: number;
  readonly rejected: number;
  readonly found: number;
  readonly flushed: number;
  readonly areasFlushed: number;
  readonly validated: number;
  readonly mostPages: number;
}

/** Pages of each type: dense, sparse, and sizes around a bitmap word. */
const TYPE_PAGES = [1500, 2 ** 24, 65, 300, 1, 64];
/** Of every so many steps, the last ones are each followed by a validation. */
const STRETCH = 5000;
const VALIDATED_OF_STRETCH = 40;
const LIBRARY_SIZE = 192;

type Key = number;

/** What a page was made from: a page of the library and a number written into it. */
interface Expected {
  readonly source: number;
  readonly stamp: number;
}

/** One run over one backend. */
class Model {
  readonly #random: Random;
  readonly #frontswap: Frontswap;
  readonly #backend: ModelBackend;
  readonly #pageSize: number;
  readonly #library: readonly Page[];
  readonly #expected = new Map<Key, Expected>();
  readonly #on = TYPE_PAGES.map(() => true);
  readonly #open = TYPE_PAGES.map(() => true);
  readonly #put: Buffer;
  readonly #got: Buffer;
  #enabled = true;
  #limited = false;
  #stamp = 1;
  readonly tally = {
    kept: 0,
    rejected: 0,
    found: 0,
    flushed: 0,
    areasFlushed: 0,
    validated: 0,
    mostPages: 0,
  };

  constructor({ seed, pageSize, backend }: ModelRun) {
    this.#random = createRandom(seed);
    this.#pageSize = pageSize;
    this.#backend = backend;
    this.#frontswap = new Frontswap({ pageSize });
    // Some types are on before the backend comes, some after.
    TYPE_PAGES.slice(0, 3).forEach((pages, type) => this.#frontswap.typeOn(type, pages));
    this.#frontswap.register(backend.ops);
    TYPE_PAGES.forEach((pages, type) => this.#frontswap.typeOn(type, pages));
    this.#library = Array.from({ length: LIBRARY_SIZE }, (_, at) =>
      makePage(kindOf(at), seed + at, pageSize),
    );
    this.#put = Buffer.alloc(pageSize);
    this.#got = Buffer.alloc(pageSize);
  }

  step(): void {
    const type = this.#random.below(TYPE_PAGES.length);
    const offset = this.#pickOffset(type);
    // What refuses puts doesn't last: most of a run is to be spent on pages that are kept.
    if (!this.#enabled && this.#random.below(60) === 0) this.#setEnabled(true);
    if (this.#limited && this.#random.below(300) === 0) this.#limitTo(Infinity);
    if (!this.#open[type] && this.#random.below(20) === 0) this.#turnOn(type);

    const dice = this.#random.below(100_000);
    if (!this.#on[type]) this.#turnOn(type);
    else if (dice < 50_000) this.#putPage(type, offset);
    else if (dice < 86_000) this.#getPage(type, offset);
    else if (dice < 97_000) this.#flushPage(type, offset);
    else if (dice < 99_000) this.#testPage(type, offset);
    else if (dice < 99_010) this.#flushArea(type);
    else if (dice < 99_020) this.#turnOff(type);
    else if (dice < 99_030) this.#turnOn(type);
    else if (dice < 99_060) this.#setEnabled(false);
    else if (dice < 99_160) this.#limitTo(0.3 + this.#random.below(100) / 100);
    else this.#keepUp();
  }

  /** Counts and structures; cheap enough for every step of a stretch. */
  validate(): void {
    this.tally.validated += 1;
    assert.is(this.#backend.validate?.() ?? 0, 0, "the validator's check that failed");
    assert.is(this.#frontswap.counters().currPages, this.#expected.size, "currPages");
    let counted = 0;
    for (const [type] of TYPE_PAGES.entries()) {
      const pages = this.#on[type] ? this.#frontswap.countPages(type) : 0;
      assert.is(this.#backend.ops.countPages(type), pages, `pages of type ${type}`);
      counted += pages;
    }
    assert.is(counted, this.#expected.size, "pages of all types");
    this.#backend.checkStats?.(this.#expected.size);
  }

  /** Gets everything once more, then takes it away. */
  finish(): void {
    this.#frontswap.counters();
    for (const key of this.#expected.keys()) this.#getPage(keyToType(key), keyToOffset(key));
    this.validate();
    TYPE_PAGES.forEach((_, type) => {
      if (this.#on[type]) this.#flushArea(type);
    });
    this.validate();
    assert.is(this.#expected.size, 0);
  }

  /** Mostly a few hundred offsets, so that puts meet older pages; runs of 64 far apart as well. */
  #pickOffset(type: number): number {
    const pages = TYPE_PAGES[type] as number;
    if (pages < 4096) return this.#random.below(pages);
    const run = Math.imul(this.#random.below(60), 0x9e3779b1) >>> 0;
    return ((run % (pages / 64)) * 64 + this.#random.below(16)) % pages;
  }

  #putPage(type: number, offset: number): void {
    const source = this.#random.below(LIBRARY_SIZE);
    const expected = { source, stamp: this.#stamp++ };
    this.#fill(this.#put, expected);
    const kept = this.#frontswap.putPage(type, offset, this.#put);
    const key = toKey(type, offset);
    if (kept) {
      assert.ok(this.#enabled && this.#open[type], "a put was kept that had to be rejected");
      this.#expected.set(key, expected);
      this.tally.kept += 1;
      this.tally.mostPages = Math.max(this.tally.mostPages, this.#expected.size);
    } else {
      const isRaw = this.#backend.refusesRaw === true && kindOf(source) === "random";
      const isScarce = this.#limited || this.#backend.isScarce === true;
      const mayReject = !this.#enabled || !this.#open[type] || isScarce || isRaw;
      assert.ok(mayReject, "a put was rejected for no reason");
      this.#expected.delete(key);
      this.tally.rejected += 1;
    }
  }

  #getPage(type: number, offset: number): void {
    const expected = this.#expected.get(toKey(type, offset));
    this.#got.fill(0xa5, 0, 16);
    const found = this.#frontswap.getPage(type, offset, this.#got);
    assert.is(found, expected !== undefined, `get of type ${type}, offset ${offset}`);
    if (expected === undefined) {
      assert.ok(this.#got.subarray(0, 16).every((byte) => byte === 0xa5));
      return;
    }
    this.#fill(this.#put, expected);
    const same = Buffer.compare(this.#got, this.#put) === 0;
    assert.ok(same, `type ${type}, offset ${offset}: other bytes than were put`);
    this.tally.found += 1;
  }

  #flushPage(type: number, offset: number): void {
    const found = this.#expected.delete(toKey(type, offset));
    assert.is(this.#frontswap.flushPage(type, offset), found, "flush");
    if (found) this.tally.flushed += 1;
  }

  #testPage(type: number, offset: number): void {
    const expected = this.#expected.has(toKey(type, offset));
    assert.is(this.#frontswap.testPage(type, offset), expected, "test");
  }

  #flushArea(type: number): void {
    this.#frontswap.flushArea(type);
    this.#open[type] = false;
    this.#forgetType(type);
  }

  #turnOff(type: number): void {
    this.#frontswap.typeOff(type);
    this.#on[type] = false;
    this.#forgetType(type);
  }

  #turnOn(type: number): void {
    this.#frontswap.typeOn(type, TYPE_PAGES[type] as number);
    this.#on[type] = true;
    this.#open[type] = true;
  }

  #forgetType(type: number): void {
    for (const key of this.#expected.keys()) {
      if (keyToType(key) === type) this.#expected.delete(key);
    }
    this.tally.areasFlushed += 1;
  }

  #setEnabled(enabled: boolean): void {
    this.#enabled = enabled;
    this.#backend.setEnabled?.(enabled);
  }

  #limitTo(share: number): void {
    this.#limited = share !== Infinity;
    this.#backend.limitTo(share);
  }

  #keepUp(): void {
    const { upkeep = [] } = this.#backend;
    upkeep[this.#random.below(Math.max(1, upkeep.length))]?.(this.#random);
  }

  #fill(page: Buffer, { source, stamp }: Expected): void {
    page.set(this.#library[source] as Page);
    // A stamp in a same-filled page would make it another kind.
    if (!isSameFilledKind(kindOf(source))) {
      page.writeUInt32LE(stamp, (stamp % (this.#pageSize / 4)) * 4);
    }
  }
}

function kindOf(source: number): (typeof PAGE_KINDS)[number] {
  return PAGE_KINDS[source % PAGE_KINDS.length] as (typeof PAGE_KINDS)[number];
}

function toKey(type: number, offset: number): Key {
  return type * 2 ** 32 + offset;
}

function keyToType(key: Key): number {
  return Math.floor(key / 2 ** 32);
}

function keyToOffset(key: Key): number {
  return key % 2 ** 32;
}

/**
 * Runs the model.
 *
 * @throws when an answer differs from the Map's or a validator objects; names seed and step
 */
export function runModel(run: ModelRun): ModelTally {
  const model = new Model(run);
  let step = 0;
  try {
    for (; step < run.operations; step++) {
      model.step();
      if (step % STRETCH >= STRETCH - VALIDATED_OF_STRETCH) model.validate();
    }
    model.finish();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${run.seed}, step ${step}: ${what}`, { cause: error });
  }
  return model.tally;
}
