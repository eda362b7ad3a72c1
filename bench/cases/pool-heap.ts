/**
 * Why pages of a JavaScript heap cost what they cost: memory held ÷ logical beside what others make
 * of the same pages.
 *
 * What: the pages of the case "pool", once more: the share that liblz4's blocks take of them, by
 * themselves and without any memory around them, and what zmem holds with effort `high`.
 *
 * Why so: efficiency on these pages is 0.97, so that memory held ÷ logical follows the blocks. How
 * well a heap compresses depends on the program whose heap it is; liblz4's share says it.
 */
import { createZmem } from "../../src/index.ts";
import type { BenchCase, BenchContext } from "../harness/case.ts";
import { isSameFilled } from "../harness/pages.ts";
import { loadNativeLz4, MODES, type NativeLz4 } from "../native/build.mjs";

const PAGE_SIZE = 4096;
const LOGICAL_BYTES = 256 << 20;
const TYPE = 0;
const PAUSE_PAGES = 512;
/** Of no meaning to `LZ4_compress_default`. */
const LEVEL = 1;

export const poolHeapCase: BenchCase = {
  name: "pool-heap",
  title: "what JavaScript-heap pages compress to",
  efforts: ["full", "all"],
  run: async (context) => {
    const corpus =
      (await context.platform.loadCorpus?.("jsheap", LOGICAL_BYTES)) ??
      context.corpora.get("jsheap");
    if (corpus === undefined) return context.fail("zmem", "the corpus jsheap is missing", "jsheap");
    const bytes = corpus.bytes.subarray(0, corpus.bytes.length - (corpus.bytes.length % PAGE_SIZE));
    const { addon, reason } = loadNativeLz4();
    if (addon === undefined) context.fail("liblz4", `not measured: ${reason}`);
    else {
      const note = `liblz4 ${addon.version()}, blocks alone`;
      record(
        context,
        "block bytes ÷ logical",
        "liblz4",
        await nativeShare(context, addon, bytes),
        note,
      );
    }
    context.progress("filling heap pages at effort high");
    record(context, "held ÷ logical, effort high", "zmem high", await heldHigh(context, bytes), "");
  },
};

function record(
  { record: keep }: BenchContext,
  figure: string,
  contender: string,
  value: number,
  note: string,
): void {
  keep({
    figure,
    contender,
    corpus: "jsheap",
    pageSize: PAGE_SIZE,
    unit: "ratio",
    better: "lower",
    samples: [value],
    note,
  });
}

/** Bytes of liblz4's blocks ÷ bytes of the pages; a page that does not shrink counts whole. */
async function nativeShare(
  { pause }: BenchContext,
  addon: NativeLz4,
  bytes: Uint8Array,
): Promise<number> {
  const blocks = PAUSE_PAGES * PAGE_SIZE;
  const lengths = blocks * 2;
  const memory = new ArrayBuffer(lengths + PAUSE_PAGES * 4);
  let total = 0;
  for (let start = 0; start < bytes.length; start += blocks) {
    const part = bytes.subarray(start, start + blocks);
    const count = part.length / PAGE_SIZE;
    new Uint8Array(memory).set(part);
    const target = [blocks, PAGE_SIZE, lengths, PAGE_SIZE] as const;
    addon.compressPages(memory, ...target, 0, PAGE_SIZE, count, MODES.default, LEVEL, 1);
    for (const [index, length] of new Uint32Array(memory, lengths, count).entries()) {
      const page = part.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE);
      if (!isSameFilled(page)) total += length === 0 ? PAGE_SIZE : length;
    }
    await pause();
  }
  return total / bytes.length;
}

async function heldHigh({ pause }: BenchContext, bytes: Uint8Array): Promise<number> {
  const zmem = await createZmem({ pageSize: PAGE_SIZE, effort: "high" });
  const { backend } = zmem;
  backend.openType(TYPE);
  for (let key = 0; key < bytes.length / PAGE_SIZE; key++) {
    const page = bytes.subarray(key * PAGE_SIZE, (key + 1) * PAGE_SIZE);
    if (!backend.putPage(TYPE, key, page)) throw new Error(`page ${key} was rejected`);
    if (key % PAUSE_PAGES === 0) await pause();
  }
  const { heldBytes, logicalBytes } = backend.stats();
  zmem.close();
  return heldBytes / logicalBytes;
}
