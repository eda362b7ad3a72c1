/**
 * zmem's codec by loops inside the module: no call from JavaScript and no copy is timed.
 *
 * Why so: this is what differs between engines when the module is the same; the case "engines"
 * compares Node and Chromium by it, and "codec-native" compares such loops with loops in C.
 */
import type { BenchCase } from "../harness/case.ts";
import { samplePages } from "../harness/pages.ts";

const PAGE_SIZE = 4096;
const PAGES = 256;
const EFFORT_DEFAULT = 1;
const PAGES_ADDRESS = 1 << 17;
const BLOCKS_ADDRESS = PAGES_ADDRESS + PAGES * PAGE_SIZE;
const LENGTHS_ADDRESS = BLOCKS_ADDRESS + PAGES * PAGE_SIZE;
const OUTPUT_ADDRESS = LENGTHS_ADDRESS + PAGES * 4;
const WORKSPACE_ADDRESS = OUTPUT_ADDRESS + PAGE_SIZE;
const WASM_PAGES = 64;

/** The loops of assembly/codec/testing.ts. */
export interface LoopModule {
  compressPages(
    blocks: number,
    blockStride: number,
    lengths: number,
    capacity: number,
    pages: number,
    pageSize: number,
    pageCount: number,
    workspace: number,
    effort: number,
    repeat: number,
    /** 1: each page with the codec that suits it, which then stands above its length. */
    adaptive?: number,
  ): number;
  decompressPages(
    page: number,
    pageSize: number,
    blocks: number,
    blockStride: number,
    lengths: number,
    blockCount: number,
    repeat: number,
  ): number;
}

export const moduleCase: BenchCase = {
  name: "module",
  title: "the codec by loops inside the module",
  efforts: ["all"],
  run: async ({ platform, corpora, measure, record, fail }) => {
    if (platform.compileCodec === undefined)
      return fail("zmem default", "there is no codec module");
    const module = await platform.compileCodec();
    for (const corpus of corpora.values()) {
      if (corpus.kind !== "real") continue;
      const memory = new WebAssembly.Memory({ initial: WASM_PAGES, maximum: WASM_PAGES });
      const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
      const loops = exports as unknown as LoopModule;
      const { pages } = samplePages(corpus, PAGE_SIZE, PAGES);
      const bytes = new Uint8Array(memory.buffer);
      pages.forEach((page, at) => bytes.set(page, PAGES_ADDRESS + at * PAGE_SIZE));
      const compress = (): void => {
        loops.compressPages(
          BLOCKS_ADDRESS,
          PAGE_SIZE,
          LENGTHS_ADDRESS,
          PAGE_SIZE,
          PAGES_ADDRESS,
          PAGE_SIZE,
          pages.length,
          WORKSPACE_ADDRESS,
          EFFORT_DEFAULT,
          1,
        );
      };
      const decompress = (): void => {
        const damaged = loops.decompressPages(
          OUTPUT_ADDRESS,
          PAGE_SIZE,
          BLOCKS_ADDRESS,
          PAGE_SIZE,
          LENGTHS_ADDRESS,
          pages.length,
          1,
        );
        if (damaged > 0) throw new Error(`${damaged} blocks are damaged`);
      };
      compress();
      for (const [figure, pass] of [
        ["compress", compress],
        ["decompress", decompress],
      ] as const) {
        const task = { name: "zmem default", operations: pages.length, pass };
        const samples = (await measure([task])).get(task.name) ?? [];
        record({
          figure,
          contender: "zmem default, in the module",
          corpus: corpus.name,
          pageSize: PAGE_SIZE,
          bytesPerOperation: PAGE_SIZE,
          unit: "ns",
          samples,
        });
      }
    }
  },
};
