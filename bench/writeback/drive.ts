/**
 * Drives a store of pages before a device with a trace of puts and gets, and times each call.
 *
 * Why so: a tail can't be seen in batches, so every call is timed by itself. What a get brings is
 * compared with what was put last, in every eighth word.
 */
import { isSameFilled } from "../harness/pages.ts";
import type { TieredStore } from "./stores.ts";

export const PAGE_SIZE = 4096;
const PAUSE_OPERATIONS = 5000;
const SAMPLE_OPERATIONS = 1000;

/** What a store is driven with. */
export interface Work {
  /** Pages one after the other. */
  readonly bytes: Uint8Array;
  readonly keys: number;
  /** See trace.ts. */
  readonly trace: Uint32Array;
  /** Operations before this one are not counted. */
  readonly warmUp: number;
  /** Lets events happen between operations. */
  readonly pause: () => Promise<void>;
}

/** What a store did. */
export interface Run {
  readonly deviceReadsPerGet: number;
  /** Pages that went to the device for each counted operation. */
  readonly deviceWritesPerOperation: number;
  /** Mean number of pages in memory. */
  readonly pagesInMemory: number;
  /** Nanoseconds, sorted. */
  readonly putLatencies: Float64Array;
  readonly getLatencies: Float64Array;
}

/** A page of the data. */
export function pageOf(bytes: Uint8Array, key: number): Uint8Array {
  return bytes.subarray(key * PAGE_SIZE, (key + 1) * PAGE_SIZE);
}

/** Pages as a program makes them: a put changes one word, and same-filled ones stay so. */
class Contents {
  readonly #bytes: Uint8Array;
  readonly #versions: Uint32Array;
  readonly #filled: Uint8Array;
  readonly #expected = new Uint32Array(PAGE_SIZE / 4);

  constructor(bytes: Uint8Array, keys: number) {
    this.#bytes = bytes;
    this.#versions = new Uint32Array(keys);
    this.#filled = Uint8Array.from({ length: keys }, (_, key) =>
      Number(isSameFilled(pageOf(bytes, key))),
    );
  }

  change(key: number): void {
    this.#versions[key] = ((this.#versions[key] as number) + 1) >>> 0;
  }

  /** Writes the page as it is now. */
  make(key: number, into: Uint32Array): void {
    new Uint8Array(into.buffer).set(pageOf(this.#bytes, key));
    if (this.#filled[key] === 0) into[key % into.length] = this.#versions[key] as number;
  }

  /** @param from the first of every eighth word to compare */
  isNow(key: number, found: Uint32Array, from: number): boolean {
    this.make(key, this.#expected);
    for (let word = from & 7; word < found.length; word += 8) {
      if (found[word] !== this.#expected[word]) return false;
    }
    return true;
  }
}

/**
 * Puts every page once, then does what the trace says; closes the store.
 *
 * @throws Error when a page comes back with other bytes
 */
export async function drive(store: TieredStore, work: Work): Promise<Run> {
  const { bytes, keys, trace, warmUp, pause } = work;
  const contents = new Contents(bytes, keys);
  const page = new Uint8Array(PAGE_SIZE);
  const words = new Uint32Array(page.buffer);
  const puts = new Float64Array(trace.length - warmUp);
  const gets = new Float64Array(trace.length - warmUp);
  let [putCount, getCount] = [0, 0];
  let [readsBefore, writtenBefore] = [0, 0];
  let [pagesInMemory, samples] = [0, 0];
  try {
    for (let key = 0; key < keys; key++) {
      contents.make(key, words);
      store.put(key, page);
      if (key % PAUSE_OPERATIONS === 0) await pause();
    }
    for (let at = 0; at < trace.length; at++) {
      if (at % PAUSE_OPERATIONS === 0) await pause();
      if (at === warmUp) {
        readsBefore = store.deviceReads();
        writtenBefore = store.deviceWrittenPages();
      }
      const operation = trace[at] as number;
      const key = operation >>> 1;
      const isPut = (operation & 1) === 1;
      if (isPut) {
        contents.change(key);
        contents.make(key, words);
      }
      const started = performance.now();
      if (isPut) store.put(key, page);
      else store.get(key, page);
      const elapsedNs = (performance.now() - started) * 1e6;
      if (!isPut && !contents.isNow(key, words, at)) {
        throw new Error(`${store.name}: page ${key} came back with other bytes`);
      }
      if (at < warmUp) continue;
      if (isPut) puts[putCount++] = elapsedNs;
      else gets[getCount++] = elapsedNs;
      if (at % SAMPLE_OPERATIONS === 0) {
        pagesInMemory += store.pagesInMemory();
        samples += 1;
      }
    }
    const written = store.deviceWrittenPages() - writtenBefore;
    return {
      deviceReadsPerGet: (store.deviceReads() - readsBefore) / getCount,
      deviceWritesPerOperation: written / (trace.length - warmUp),
      pagesInMemory: pagesInMemory / samples,
      putLatencies: puts.slice(0, putCount).sort(),
      getLatencies: gets.slice(0, getCount).sort(),
    };
  } finally {
    store.close();
  }
}
