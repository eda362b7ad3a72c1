/**
 * The codec alone: compress, decompress and ratio, per corpus and page size, as a JavaScript caller
 * meets them: bytes in, bytes out that the caller owns.
 *
 * Why so: every contender gets the same pages in the same order. Each result is decoded and
 * compared once before anything is timed; a contender that returns wrong bytes is a failure, not a
 * figure. Quick runs take 4 KiB and leave the slow ones out; full runs 4 and 64 KiB; all sizes only
 * with --all.
 */
import type { Corpus } from "../corpora/corpus.ts";
import type { BenchCase, BenchContext } from "../harness/case.ts";
import type { Task } from "../harness/measure.ts";
import { describeSample, isEqual, samplePages } from "../harness/pages.ts";
import { inSweeps } from "../harness/sweeps.ts";
import type { Codec, CodecContender } from "../peers/contender.ts";

const PAGE_SIZES = {
  quick: [4096],
  full: [4096, 65536],
  all: [4096, 8192, 16384, 32768, 65536],
} as const;
const ROUNDS = { quick: 6, full: 24, all: 64 } as const;
const SWEEPS = { quick: 1, full: 6, all: 8 } as const;
const BUDGET_SECONDS = { quick: Infinity, full: 75, all: Infinity } as const;
/** Bytes of pages that a pass goes through: more than the first-level caches hold. */
const SAMPLE_BYTES = { quick: 256 << 10, full: 256 << 10, all: 512 << 10 } as const;

interface Loaded {
  readonly contender: CodecContender;
  readonly codec: Codec;
  /** What the first sweep made, by corpus and page size. */
  readonly blocks: Map<string, readonly Uint8Array[]>;
}

export const codecCase: BenchCase = {
  name: "codec",
  title: "compress and decompress single pages, called from JavaScript",
  efforts: ["quick", "full", "all"],
  run: async (context) => {
    const loaded: Loaded[] = [];
    for (const contender of context.codecs) {
      if (context.effort === "quick" && contender.slow) continue;
      try {
        loaded.push({ contender, codec: await contender.load(), blocks: new Map() });
      } catch (error) {
        context.fail(contender.name, error);
      }
    }
    const { effort } = context;
    const sweeps = { count: SWEEPS[effort], budgetSeconds: BUDGET_SECONDS[effort] };
    await inSweeps(context, sweeps, async (sweep) => {
      for (const corpus of context.corpora.values()) {
        for (const pageSize of PAGE_SIZES[context.effort]) {
          sweep.progress(`${corpus.name}, pages of ${pageSize}`);
          await measureCorpus(sweep, loaded, corpus, pageSize);
        }
      }
    });
  },
};

async function measureCorpus(
  context: BenchContext,
  loaded: readonly Loaded[],
  corpus: Corpus,
  pageSize: number,
): Promise<void> {
  const sample = samplePages(corpus, pageSize, SAMPLE_BYTES[context.effort] / pageSize);
  const { pages } = sample;
  if (pages.length === 0)
    return context.fail("all", "the corpus has no page of this size", corpus.name);
  const note = describeSample(sample);
  const shared = { corpus: corpus.name, pageSize, note };
  const compressTasks: Task[] = [];
  const decompressTasks: Task[] = [];
  for (const { contender, codec, blocks: kept } of loaded) {
    const { name } = contender;
    const key = `${corpus.name} ${pageSize}`;
    const before = kept.get(key);
    let blocks: readonly Uint8Array[];
    try {
      // In other places of memory than those of the sweep before.
      blocks =
        before?.map((block) => Uint8Array.prototype.slice.call(block)) ?? compressAll(codec, pages);
    } catch (error) {
      context.fail(name, error, corpus.name);
      continue;
    }
    kept.set(key, blocks);
    if (before === undefined) {
      const bytes = blocks.reduce((sum, block) => sum + Math.min(block.length, pageSize), 0);
      const samples = [bytes / pages.length];
      context.record({ ...shared, figure: "size", contender: name, unit: "bytes", samples });
    }
    let result: Uint8Array | undefined;
    compressTasks.push({
      name,
      operations: pages.length,
      pass: () => {
        for (const page of pages) result = codec.compress(page);
      },
    });
    decompressTasks.push({
      name,
      operations: pages.length,
      pass: () => {
        for (const block of blocks) result = codec.decompress(block, pageSize);
        if (result?.length !== pageSize) throw new Error("a page came back in another size");
      },
    });
  }
  for (const [figure, tasks] of [
    ["compress", compressTasks],
    ["decompress", decompressTasks],
  ] as const) {
    for (const [contender, samples] of await context.measure(tasks, {
      rounds: ROUNDS[context.effort],
    })) {
      context.record({
        ...shared,
        figure,
        contender,
        unit: "ns",
        bytesPerOperation: pageSize,
        samples,
      });
    }
  }
}

/** @throws Error when a page does not come back */
function compressAll(codec: Codec, pages: readonly Uint8Array[]): Uint8Array[] {
  return pages.map((page) => {
    const block = codec.compress(page);
    if (!isEqual(codec.decompress(block, page.length), page)) {
      throw new Error("a page came back with other bytes");
    }
    return block;
  });
}
