/**
 * Whole puts and gets from JavaScript against the native codec alone.
 *
 * What: zmem's put (copy in, compress, allocate, index) beside LZ4_compress_default over the same
 * pages in a loop in C, and zmem's get into the caller's buffer beside LZ4_decompress_safe.
 *
 * Why so: it says what a user of zmem pays for everything around the codec, in terms of the fastest
 * codec there is without anything around it. Steady state: memory touched, the same working set and
 * order on both sides, same-filled pages left out; destination capacity is the page size. Both sides
 * read the pages at the same addresses: spread over the corpus they cost a reader up to 15 % more
 * (pixels, 4 KiB, 2026-11), which zmem paid alone while liblz4 had a copy side by side.
 */
import { createZmem } from "../../src/index.ts";
import type { Corpus } from "../corpora/corpus.ts";
import type { BenchCase, BenchContext } from "../harness/case.ts";
import type { Task } from "../harness/measure.ts";
import { describeSample, fillAndCheck, samplePages } from "../harness/pages.ts";
import { loadNativeLz4, MODES, type NativeLz4 } from "../native/build.mjs";

const PAGE_SIZES = { quick: [4096], full: [4096, 65536], all: [4096, 65536] } as const;
const WORKING_SET_BYTES = 4 << 20;
const ROUNDS = { quick: 8, full: 15, all: 30 } as const;
const TYPE = 0;
/** Of no meaning to `LZ4_compress_default`. */
const LEVEL = 1;

export const storeNativeCase: BenchCase = {
  name: "store-native",
  title: "whole put and get against the native codec alone",
  efforts: ["full", "all"],
  run: async (context) => {
    const { addon, reason } = loadNativeLz4();
    if (addon === undefined) return context.fail("liblz4", `not measured: ${reason}`);
    for (const corpus of context.corpora.values()) {
      if (corpus.kind !== "real" && corpus.kind !== "user") continue;
      for (const pageSize of PAGE_SIZES[context.effort]) {
        context.progress(`${corpus.name}, pages of ${pageSize}`);
        await measureCorpus(context, addon, corpus, pageSize);
      }
    }
  },
};

async function measureCorpus(
  context: BenchContext,
  addon: NativeLz4,
  corpus: Corpus,
  pageSize: number,
): Promise<void> {
  const sample = samplePages(corpus, pageSize, WORKING_SET_BYTES / pageSize);
  if (sample.pages.length < 2)
    return context.fail("zmem", "the corpus has too few pages", corpus.name);
  const layout = layOut(sample.pages, pageSize);
  const { pages } = layout;
  const zmem = await createZmem({ pageSize });
  const { backend } = zmem;
  backend.openType(TYPE);
  const into = new Uint8Array(pageSize);
  fillAndCheck(
    pages,
    (key, page) => backend.putPage(TYPE, key, page),
    (key, page) => (backend.getPage(TYPE, key, page) ? page : undefined),
  );
  let shift = 0;
  const put: Task = {
    name: "zmem",
    operations: pages.length,
    pass: () => {
      shift = (shift + 1) % pages.length;
      for (let key = 0, at = shift; key < pages.length; key++) {
        backend.putPage(TYPE, key, pages[at] as Uint8Array);
        at = at + 1 === pages.length ? 0 : at + 1;
      }
    },
  };
  const get: Task = {
    name: "zmem",
    operations: pages.length,
    pass: () => {
      for (let key = 0; key < pages.length; key++) backend.getPage(TYPE, key, into);
    },
  };
  const native = nativeTasks(addon, layout, pageSize);
  const workingSet = `working set ${(pages.length * pageSize) / (1 << 20)} MiB`;
  const note = `${describeSample(sample)}, ${workingSet}; liblz4 ${addon.version()}, ${addon.flags()}`;
  for (const [figure, tasks] of [
    ["put", [put, native.compress]],
    ["get", [get, native.decompress]],
  ] as const) {
    const measured = await context.measure(tasks, { rounds: ROUNDS[context.effort] });
    for (const [contender, samples] of measured) {
      context.record({
        figure,
        contender,
        corpus: corpus.name,
        pageSize,
        unit: "ns",
        bytesPerOperation: pageSize,
        samples,
        note,
      });
    }
  }
  zmem.close();
}

/** Pages side by side in a buffer that has room for liblz4's blocks behind them. */
interface Layout {
  readonly memory: ArrayBuffer;
  readonly pages: readonly Uint8Array[];
  readonly blocks: number;
  readonly lengths: number;
  /** Where a page is decoded to. */
  readonly output: number;
}

function layOut(sample: readonly Uint8Array[], pageSize: number): Layout {
  const count = sample.length;
  const blocks = count * pageSize;
  const lengths = blocks * 2;
  const output = lengths + count * 4;
  const memory = new ArrayBuffer(output + pageSize);
  const pages = sample.map((page, at) => {
    const copy = new Uint8Array(memory, at * pageSize, pageSize);
    copy.set(page);
    return copy;
  });
  return { memory, pages, blocks, lengths, output };
}

/** The codec alone, over the same pages. */
function nativeTasks(
  addon: NativeLz4,
  { memory, pages, blocks, lengths, output }: Layout,
  pageSize: number,
): { readonly compress: Task; readonly decompress: Task } {
  const count = pages.length;
  const input = 0;
  const name = "liblz4, codec alone";
  return {
    compress: {
      name,
      operations: count,
      pass: () => {
        const target = [blocks, pageSize, lengths, pageSize] as const;
        const source = [input, pageSize, count] as const;
        addon.compressPages(memory, ...target, ...source, MODES.default, LEVEL, 1);
      },
    },
    decompress: {
      name,
      operations: count,
      pass: () => {
        const source = [blocks, pageSize, lengths, count] as const;
        if (addon.decompressPages(memory, output, pageSize, ...source, 1) > 0) {
          throw new Error("liblz4 finds a block damaged");
        }
      },
    },
  };
}
