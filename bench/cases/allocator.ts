/**
 * What the allocator takes of a put: an allocate and free pair under churn, by itself, against a
 * whole put of the same pages.
 *
 * Why so: the pair is called on the inner functions of the module, compiled as the release is, in a
 * pool that is filled; lengths are those of real blocks, in random order, so that pairs fall into
 * different classes as they do in practice.
 */
import {
  GRANULE_SIZE,
  INSPECT_LENGTH_BITS,
  OPTION_ACCEPT_RAW,
  STATUS_OK,
} from "../../src/backends/abi.ts";
import type { Corpus } from "../corpora/corpus.ts";
import { seededRandom, shuffle } from "../corpora/random.ts";
import type { BenchCase } from "../harness/case.ts";
import type { Task } from "../harness/measure.ts";
import { fillAndCheck, samplePages } from "../harness/pages.ts";
import { buildModule } from "../peers/codec-module.ts";

const PAGE_SIZE = 4096;
const FILL_PAGES = { quick: 4096, full: 16384, all: 32768 } as const;
const PAIRS = 4096;
const TYPE = 0;
const ENTRY_BYTES = 8;
const LENGTH_MASK = (1 << INSPECT_LENGTH_BITS) - 1;

/** The inner functions that are used here (assembly/testing.ts). */
interface InnerModule {
  boot(pageSize: number, limitBytes: number, options: number): number;
  openType(type: number): number;
  putWindow(): number;
  putPage(type: number, offset: number): number;
  getWindow(): number;
  getPage(type: number, offset: number): number;
  inspectPage(type: number, offset: number): number;
  allocateObject(length: number, owner: number): number;
  freeObject(location: number): void;
  allocateRun(granules: number): number;
}

export const allocatorCase: BenchCase = {
  name: "allocator",
  title: "allocate and free pair against a whole put",
  efforts: ["quick", "full", "all"],
  run: async ({ corpora, effort, measure, record }) => {
    const corpus = corpora.get("mix") ?? [...corpora.values()][0];
    if (corpus === undefined) throw new Error("no corpus is loaded");
    const module = await WebAssembly.compile(await buildModule("inner"));
    // Pools of their own: the pool of the pairs does not know of its objects' payload.
    const [first, second] = [await startPool(module), await startPool(module)];
    const { lengths } = fillPool(first, corpus, FILL_PAGES[effort]);
    const { puts } = fillPool(second, corpus, FILL_PAGES[effort]);
    const samples = await measure([pairs(first, lengths), puts]);
    const shared = { corpus: corpus.name, pageSize: PAGE_SIZE, unit: "ns" } as const;
    for (const [contender, own] of samples) {
      record({ ...shared, figure: "allocator", contender, samples: own });
    }
  },
};

function abort(): never {
  throw new Error("the module has aborted");
}

interface Pool {
  readonly inner: InnerModule;
  readonly memory: WebAssembly.Memory;
}

async function startPool(module: WebAssembly.Module): Promise<Pool> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const instance = await WebAssembly.instantiate(module, { env: { memory, abort } });
  return { inner: instance.exports as unknown as InnerModule, memory };
}

function fillPool(
  { inner, memory }: Pool,
  corpus: Corpus,
  count: number,
): { readonly lengths: Uint32Array; readonly puts: Task } {
  if (inner.boot(PAGE_SIZE, Infinity, OPTION_ACCEPT_RAW) !== STATUS_OK)
    throw new Error("boot failed");
  inner.openType(TYPE);
  const { pages } = samplePages(corpus, PAGE_SIZE, count);
  const window = inner.putWindow() >>> 0;
  const put = (offset: number, page: Uint8Array): void => {
    // Growth makes a new buffer.
    new Uint8Array(memory.buffer, window, PAGE_SIZE).set(page);
    const status = inner.putPage(TYPE, offset);
    if (status !== STATUS_OK) throw new Error(`a page was rejected (status ${status})`);
  };
  const windowOfGets = inner.getWindow() >>> 0;
  fillAndCheck(
    pages,
    (offset, page) => {
      put(offset, page);
      return true;
    },
    (offset) =>
      inner.getPage(TYPE, offset) === STATUS_OK
        ? new Uint8Array(memory.buffer, windowOfGets, PAGE_SIZE)
        : undefined,
  );
  const lengths = pages
    .map((_, offset) => (inner.inspectPage(TYPE, offset) >>> 0) & LENGTH_MASK)
    .filter((length) => length > 0);
  const keys = shuffle(
    Uint32Array.from({ length: pages.length }, (_, key) => key),
    seededRandom(61),
  );
  let view = new Uint8Array(memory.buffer, window, PAGE_SIZE);
  let shift = 0;
  const puts: Task = {
    name: "whole put",
    operations: PAIRS,
    pass: () => {
      shift += 1;
      for (let at = 0; at < PAIRS; at++) {
        const page = pages[(at + shift) % pages.length] as Uint8Array;
        if (view.length === 0) view = new Uint8Array(memory.buffer, window, PAGE_SIZE);
        view.set(page);
        inner.putPage(TYPE, keys[at] as number);
      }
    },
  };
  return { lengths: shuffle(Uint32Array.from(lengths), seededRandom(62)), puts };
}

/** Replaces objects in random order: each step frees one and allocates another of a new length. */
function pairs({ inner, memory }: Pool, lengths: Uint32Array): Task {
  // An object's owner is an entry of the index, which holds its location; here a word of a run.
  const owners = inner.allocateRun((PAIRS * ENTRY_BYTES) / GRANULE_SIZE) >>> 0;
  if (owners === 0) throw new Error("no memory for the owners of the objects");
  const ownerOf = (at: number): number => owners + at * ENTRY_BYTES;
  let next = 0;
  const allocate = (at: number): number => {
    const location = inner.allocateObject(lengths[next] as number, ownerOf(at));
    next = next + 1 === lengths.length ? 0 : next + 1;
    return location;
  };
  for (let at = 0; at < PAIRS; at++) {
    const location = allocate(at);
    new Uint32Array(memory.buffer, ownerOf(at), 1)[0] = location;
  }
  let words = new Uint32Array(0);
  return {
    name: "allocate and free",
    operations: PAIRS,
    pass: () => {
      for (let at = 0; at < PAIRS; at++) {
        // Growth makes a new buffer.
        if (words.length === 0) words = new Uint32Array(memory.buffer, owners, PAIRS * 2);
        inner.freeObject(words[at * 2] as number);
        const location = allocate(at);
        if (words.length === 0) words = new Uint32Array(memory.buffer, owners, PAIRS * 2);
        words[at * 2] = location;
      }
    },
  };
}
