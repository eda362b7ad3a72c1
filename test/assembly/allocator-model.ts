/**
 * The model test of allocator, index and page store: random calls, compared with plain arrays.
 *
 * What: puts, gets and flushes over dense and scattered keys of several types, with compaction,
 * trim, limits, switching off, areas that close and open, and refused memory in between; every get
 * is compared byte for byte, and the validator walks the whole pool at intervals.
 *
 * Why so: a page is described by two numbers (where in a buffer of noise it begins, how many bytes
 * of it are noise, zeros behind), so the model is small and a page is made again in a microsecond.
 * The length of the noise decides the size class, so all classes are met.
 *
 * Invariants checked: those of FrontswapOps; memory held never grows over the limit; a put that
 * nothing forbids is kept; the figures of the statistics add up to what is held.
 */
import * as assert from "uvu/assert";
import type { CreateInstance } from "../../src/platform/instantiate.ts";
import type { FrontswapOps, PoolStats } from "../../src/types.ts";
import type { CompactResult, TrimResult } from "../../src/backends/pool-options.ts";
import { createRandom, type Random } from "../conformance/pages.ts";
import type { TestingModule } from "./testing-module.ts";

/** The parts of a backend that the model exercises. */
export interface ModelledPool extends FrontswapOps {
  viewPage(type: number, offset: number): Uint8Array | undefined;
  setLimit(limitBytes: number, options?: { readonly trim?: boolean }): void;
  setEnabled(enabled: boolean): void;
  compact(budget?: { readonly objects?: number; readonly microseconds?: number }): CompactResult;
  trim(): TrimResult;
  trimPeakBytes(): number;
  stats(): PoolStats;
}

export interface ModelOptions {
  readonly seed: number;
  readonly pageSize: number;
  readonly keys: number;
  /** Ends after so many calls or so many milliseconds, whichever comes first. */
  readonly calls: number;
  readonly milliseconds: number;
  /** Calls between two validations. */
  readonly checkEvery: number;
  /** The highest limit that is set, bytes. */
  readonly limitBytes: number;
  /** Whether memory is refused at random. */
  readonly faults: boolean;
  readonly createPool: (createInstance: CreateInstance) => ModelledPool;
}

const TYPES = 4;
const NOISE_BYTES = 1 << 20;
const WORD32 = 1;
const WORD64 = 2;
const ABSENT = 0;

/** Runs the model. @returns calls made and how often each kind of event happened */
export function runModel(options: ModelOptions, module: TestingModule): Record<string, number> {
  return new Model(options, module).run();
}

class Model {
  readonly #options: ModelOptions;
  readonly #module: TestingModule;
  readonly #pool: ModelledPool;
  readonly #random: Random;
  readonly #noise = new Uint8Array(NOISE_BYTES);
  readonly #expected: Uint8Array;
  /** Per key: what kind of page and how long its noise is (+ 8), and where the noise begins. */
  readonly #kinds: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #offsets: Uint32Array;
  readonly #pages = new Uint32Array(TYPES);
  readonly #isOpen: boolean[] = Array.from({ length: TYPES }, () => true);
  readonly #seen: Record<string, number> = {};
  #limitBytes: number;
  #isEnabled = true;
  #isFilling = true;
  #heldBytes = 0;

  constructor(options: ModelOptions, module: TestingModule) {
    const { seed, pageSize, keys } = options;
    this.#options = options;
    this.#module = module;
    this.#random = createRandom(seed);
    this.#expected = new Uint8Array(pageSize);
    this.#kinds = new Uint32Array(keys);
    this.#starts = new Uint32Array(keys);
    const words = new Uint32Array(this.#noise.buffer);
    for (let at = 0; at < words.length; at++) words[at] = this.#random.next();
    // Half of the offsets are dense, half drawn from the whole range, its ends included.
    this.#offsets = Uint32Array.from({ length: keys }, (_, key) =>
      key % 2 === 0 ? key >>> 1 : (this.#random.next() | 0x8000_0000) >>> 0,
    );
    this.#offsets[1] = 0xffff_ffff;
    const unique = new Set(this.#offsets);
    assert.is(unique.size, keys, "offsets are unique");
    this.#limitBytes = options.limitBytes;
    this.#pool = options.createPool(module.createInstance);
    assert.is(this.#pool.init(pageSize), 0);
    for (let type = 0; type < TYPES; type++) assert.ok(this.#pool.openType(type));
    this.#heldBytes = this.#pool.stats().heldBytes;
  }

  run(): Record<string, number> {
    const { calls, milliseconds, checkEvery } = this.#options;
    const until = performance.now() + milliseconds;
    let call = 0;
    while (call < calls) {
      this.#step();
      call++;
      if (call % checkEvery === 0) {
        this.check();
        if (performance.now() > until) break;
      }
    }
    this.check();
    this.#endEmpty();
    return { calls: call, ...this.#seen };
  }

  #step(): void {
    const random = this.#random;
    const dice = random.below(10_000);
    const key = random.below(this.#options.keys);
    if (dice < 8000) {
      // Filling and emptying by turns, so that zspages are met at every fullness.
      const putShare = this.#isFilling ? 4800 : 1600;
      if (dice < putShare) this.#put(key);
      else if (dice < 6000) this.#flush(key);
      else this.#get(key);
      if (random.below(40_000) === 0) this.#isFilling = !this.#isFilling;
    } else if (dice < 9400) this.#get(key);
    else if (dice < 9900) {
      const { movedObjects } = this.#pool.compact({ objects: 1 + random.below(64) });
      this.#count("moved objects", movedObjects);
    } else if (dice < 9960) this.#refuseMemory();
    else this.#rareStep(random.below(4000));
  }

  #rareStep(dice: number): void {
    if (dice < 1000) this.#changeLimit();
    else if (dice < 1400) {
      this.#isEnabled = !this.#isEnabled;
      this.#pool.setEnabled(this.#isEnabled);
    } else if (dice < 1600) this.#isEnabled || this.#enable();
    else if (dice < 1640) this.#trim(0);
    else if (dice < 1660) this.#closeType();
    else if (dice < 1665) {
      this.#pool.compact();
      this.#count("whole compactions");
    }
    if (this.#random.below(2) === 0) this.#enable();
    for (let type = 0; type < TYPES; type++) {
      if (!this.#isOpen[type]) this.#isOpen[type] = this.#pool.openType(type);
    }
    this.#watchHeld();
  }

  #enable(): void {
    this.#isEnabled = true;
    this.#pool.setEnabled(true);
  }

  #put(key: number): void {
    const { pageSize } = this.#options;
    const random = this.#random;
    const choice = random.below(64);
    let kind = 8 + random.below(pageSize + 1);
    if (choice === 0) kind = WORD32;
    else if (choice === 1) kind = WORD64;
    else if (choice < 24) kind = 8 + random.below(pageSize >>> 3);
    const begin = random.below(NOISE_BYTES - pageSize) & ~3;
    this.#make(kind, begin);
    const type = key % TYPES;
    const kept = this.#pool.putPage(type, this.#offsets[key] as number, this.#expected);
    const before = this.#kinds[key] !== ABSENT;
    this.#kinds[key] = kept ? kind : ABSENT;
    this.#starts[key] = begin;
    this.#pages[type] = (this.#pages[type] as number) + Number(kept) - Number(before);
    this.#watchHeld();
    if (kept) {
      this.#count("puts");
      assert.ok(this.#isEnabled && this.#isOpen[type], "kept although closed or disabled");
      if (choice === 0) this.#checkUse();
    } else {
      this.#count("rejects");
      assert.not.ok(this.#pool.viewPage(type, this.#offsets[key] as number), "stale page");
    }
  }

  #get(key: number): void {
    const view = this.#pool.viewPage(key % TYPES, this.#offsets[key] as number);
    const kind = this.#kinds[key] as number;
    if (kind === ABSENT) {
      assert.is(view, undefined, `key ${key} is absent`);
      return;
    }
    this.#make(kind, this.#starts[key] as number);
    if (view === undefined || Buffer.compare(view, this.#expected) !== 0) {
      assert.unreachable(`key ${key}: ${view === undefined ? "lost" : "other bytes than put"}`);
    }
    this.#count("gets");
  }

  #flush(key: number): void {
    const type = key % TYPES;
    const there = this.#pool.flushPage(type, this.#offsets[key] as number);
    assert.is(there, this.#kinds[key] !== ABSENT, `flush of key ${key}`);
    if (there) this.#pages[type] = (this.#pages[type] as number) - 1;
    this.#kinds[key] = ABSENT;
    this.#count("flushes");
  }

  #refuseMemory(): void {
    if (!this.#options.faults) return;
    const { instances } = this.#module;
    const instance = instances[this.#random.below(instances.length)];
    const after = this.#random.below(6);
    const count = 1 + this.#random.below(3);
    if (this.#random.below(200) === 0) {
      // The fresh instance of a trim is refused memory half way.
      this.#trim(1 + this.#random.below(400));
      return;
    }
    instance?.exports.failAllocations(after, count);
    for (let put = 0; put < 4; put++) this.#put(this.#random.below(this.#options.keys));
    this.#count("refusals", instance?.exports.failuresSeen());
    instance?.exports.failAllocations(-1, 0);
  }

  /** @param failAfter allocation point of the fresh instance that fails; 0: none */
  #trim(failAfter: number): void {
    const stated = this.#pool.trimPeakBytes();
    if (failAfter > 0) {
      this.#module.onCreate = ({ exports }) => exports.failAllocations(failAfter, 1);
    }
    const known = this.#module.instances.length;
    const { trimmed, heldBytesBefore, heldBytesAfter } = this.#pool.trim();
    this.#module.onCreate = () => {};
    const fresh = this.#module.instances.slice(known);
    for (const { exports, memory } of fresh) {
      exports.failAllocations(-1, 0);
      assert.ok(memory.buffer.byteLength <= stated, `peak ${memory.buffer.byteLength} > ${stated}`);
    }
    this.#count(trimmed ? "trims" : "refused trims");
    assert.ok(trimmed ? heldBytesAfter < heldBytesBefore : heldBytesAfter === heldBytesBefore);
    this.#heldBytes = this.#pool.stats().heldBytes;
    this.#dropUnused();
    this.check();
  }

  /** Forgets the instance that a trim has left behind, so that it can be collected. */
  #dropUnused(): void {
    const { instances } = this.#module;
    if (this.#pool.stats().instances > 1 || instances.length < 2) return;
    // A trim takes place only where the fresh memory is smaller, so the size tells which is in use;
    // where both are alike it did not, and the older one stays.
    const [inUse] = instances.filter(({ memory }) => memory.buffer.byteLength === this.#heldBytes);
    assert.ok(inUse !== undefined, "no instance has the bytes that the statistics say");
    instances.splice(0, instances.length, inUse);
  }

  #changeLimit(): void {
    const { limitBytes } = this.#options;
    const share = this.#random.below(4);
    if (share === 0) this.#limitBytes = limitBytes;
    else this.#limitBytes = Math.floor((limitBytes * (1 + this.#random.below(100))) / 100);
    const trim = this.#random.below(40) === 0;
    this.#pool.setLimit(this.#limitBytes, { trim });
    if (trim) this.#heldBytes = this.#pool.stats().heldBytes;
    this.#dropUnused();
    this.#count("limits");
  }

  #closeType(): void {
    const type = this.#random.below(TYPES);
    this.#pool.flushArea(type);
    this.#isOpen[type] = false;
    for (let key = type; key < this.#options.keys; key += TYPES) this.#kinds[key] = ABSENT;
    this.#pages[type] = 0;
    this.#put(type);
    assert.is(this.#kinds[type], ABSENT, "a closed type takes no page");
    this.#count("areas");
  }

  #watchHeld(): void {
    const last = this.#module.instances;
    if (last.length !== 1) return;
    const held = last[0]?.memory.buffer.byteLength ?? 0;
    if (held === this.#heldBytes) return;
    assert.ok(held > this.#heldBytes, "held memory fell without a trim");
    assert.ok(held <= this.#limitBytes, `held ${held}, limit ${this.#limitBytes}`);
    this.#heldBytes = held;
    this.#count("growths");
  }

  /** After a put that was kept no more is in use than the limit allows. */
  #checkUse(): void {
    const { heldBytes, freeBytes, instances } = this.#pool.stats();
    // Of several only the one that took the page must be under its part of the limit.
    if (instances > 1) return;
    const used = heldBytes - freeBytes;
    assert.ok(used <= this.#limitBytes, `${used} in use, limit ${this.#limitBytes}`);
  }

  /** Validates everything and compares the counts. */
  check(): void {
    for (const { exports } of this.#module.instances) assert.is(exports.validate(), 0, "validator");
    const stats = this.#pool.stats();
    const { fixedBytes, indexBytes, zspageBytes, freeBytes, heldBytes } = stats;
    assert.is(fixedBytes + indexBytes + zspageBytes + freeBytes, heldBytes);
    let pages = 0;
    for (let type = 0; type < TYPES; type++) {
      assert.is(this.#pool.countPages(type), this.#pages[type]);
      pages += this.#pages[type] as number;
    }
    assert.is(stats.pages, pages);
    assert.ok(stats.objectBytes >= stats.payloadBytes + 4 * (pages - stats.sameFilledPages));
    assert.ok(stats.zspageBytes >= stats.objectBytes);
    this.#count("validations");
  }

  /** Everything flushed means nothing kept; a second fill finds the memory of the first. */
  #endEmpty(): void {
    this.#enable();
    this.#pool.setLimit(this.#options.limitBytes);
    for (let key = 0; key < this.#options.keys; key++) this.#get(key);
    const fill = (): number => {
      let kept = 0;
      for (let key = 0; key < this.#options.keys / 2; key++) {
        this.#make(8 + ((key * 37) % this.#options.pageSize), key * 4);
        const type = key % TYPES;
        kept += Number(this.#pool.putPage(type, this.#offsets[key] as number, this.#expected));
      }
      return kept;
    };
    this.#empty();
    const kept = fill();
    const first = this.#pool.stats();
    this.#empty();
    assert.is(fill(), kept);
    // Tables that lie elsewhere than in the first fill may cost one step of growth, and never again.
    const second = this.#pool.stats();
    const step = Math.max(65536, first.heldBytes / 256) * first.instances;
    const grown = second.heldBytes - first.heldBytes;
    assert.ok(grown <= step, `a second fill grew the memory by ${grown}`);
    assert.is(second.payloadBytes, first.payloadBytes);
    for (let round = 0; round < 3; round++) {
      this.#empty();
      assert.is(fill(), kept);
      assert.is(this.#pool.stats().heldBytes, second.heldBytes, "a later fill grew the memory");
    }
    this.#empty();
  }

  #empty(): void {
    for (let key = 0; key < this.#options.keys; key++) {
      this.#pool.flushPage(key % TYPES, this.#offsets[key] as number);
    }
    this.#kinds.fill(ABSENT);
    this.#pages.fill(0);
    const { pages, payloadBytes, objectBytes, zspageBytes, sameFilledPages, rawPages } =
      this.#pool.stats();
    assert.equal(
      { pages, payloadBytes, objectBytes, zspageBytes, sameFilledPages, rawPages },
      {
        pages: 0,
        payloadBytes: 0,
        objectBytes: 0,
        zspageBytes: 0,
        sameFilledPages: 0,
        rawPages: 0,
      },
    );
    this.check();
    for (let type = 0; type < TYPES; type++) this.#pool.flushArea(type);
    assert.is(this.#pool.stats().indexBytes, 0, "index of closed types");
    for (let type = 0; type < TYPES; type++) assert.ok(this.#pool.openType(type));
  }

  #make(kind: number, start: number): void {
    const page = this.#expected;
    if (kind === WORD32 || kind === WORD64) {
      const words = new Uint32Array(page.buffer, 0, page.length / 4);
      words.fill(start);
      if (kind === WORD64) for (let at = 1; at < words.length; at += 2) words[at] = ~start;
      return;
    }
    const length = kind - 8;
    page.set(this.#noise.subarray(start, start + length));
    page.fill(0, length);
  }

  #count(name: string, by = 1): void {
    this.#seen[name] = (this.#seen[name] ?? 0) + by;
  }
}
