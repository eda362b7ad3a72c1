/**
 * The worker of the demo page: owns the module, reads the file, puts every page, gets it back,
 * compares it, and reports how it is kept.
 *
 * Why so: all work happens off the page's thread, so the page stays responsive while a large file
 * is measured. Puts and gets are timed around whole batches, because clocks in browsers tick in
 * steps of up to 100 µs.
 *
 * Invariants: at most MAX_PAGES_BYTES of a file are measured, spread evenly over all of it; the
 * page is told.
 */
import { createRandom, samplePages } from "../src/cli/sampling.ts";
import {
  type Answer,
  FORM_COMPRESSED,
  FORM_RAW,
  FORM_REJECTED,
  FORM_SAME_FILLED,
  type Request,
  type Totals,
} from "./messages.ts";
import { openStore, type Store } from "./store.ts";

const BATCH_BYTES = 2 * 1024 ** 2;
/** More than this of a file is sampled: browsers end tabs that take too much memory. */
const MAX_BYTES = 1024 ** 3;
const SEED = 1;

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
let currentRun = 0;

scope.addEventListener("message", (event: MessageEvent<Request>) => {
  const request = event.data;
  currentRun = request.run;
  measure(request).catch((error: unknown) => {
    answer({ kind: "failed", run: request.run, message: toPlainWords(error) });
  });
});

function answer(message: Answer, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}

function toPlainWords(error: unknown): string {
  if (error instanceof DOMException && error.name === "NotReadableError") {
    return "The file can't be read any more. It may have changed since you picked it: pick it again.";
  }
  if (error instanceof DOMException && error.name === "NotFoundError") {
    return "The file is gone, or it is a folder. Pick a file.";
  }
  if (error instanceof RangeError && /memory|allocation/i.test(error.message)) {
    return "The browser has no memory left for this. Close other tabs, or pick a smaller file.";
  }
  return error instanceof Error ? error.message : String(error);
}

async function measure({ run, file, pageSize }: Request): Promise<void> {
  if (file.size === 0) throw new Error("The file is empty: there is no page to keep.");
  const filePages = Math.ceil(file.size / pageSize);
  const wanted = Math.floor(MAX_BYTES / pageSize);
  const runs = [...samplePages(filePages, wanted, createRandom(SEED))];
  const pages = runs.reduce((sum, { count }) => sum + count, 0);
  const store = await openStore(pageSize, pages);
  try {
    answer({ kind: "started", run, pages, filePages });
    const batchPages = BATCH_BYTES / pageSize;
    const source = new Uint8Array(BATCH_BYTES);
    const result = new Uint8Array(BATCH_BYTES);
    const sources = toPages(source, pageSize);
    const results = toPages(result, pageSize);
    const times = { putMs: 0, getMs: 0 };
    let first = 0;
    for (const part of runs) {
      for (let page = part.first; page < part.first + part.count; page += batchPages) {
        const count = Math.min(batchPages, part.first + part.count - page);
        const blob = file.slice(page * pageSize, (page + count) * pageSize);
        const bytes = new Uint8Array(await blob.arrayBuffer());
        // A newer request has come while the file was read.
        if (run !== currentRun) return;
        source.set(bytes);
        source.fill(0, bytes.length, count * pageSize);
        const forms = runBatch(store, first, count, sources, results, times);
        const blockBytes = new Uint32Array(count);
        for (let index = 0; index < count; index++) {
          if (forms[index] !== FORM_REJECTED) {
            compare(page + index, sources[index] as Uint8Array, results[index] as Uint8Array);
          }
          const info = store.inspect(first + index);
          blockBytes[index] = info?.payloadBytes ?? 0;
          if (info?.form === "sameFilled") forms[index] = FORM_SAME_FILLED;
          else if (info?.form === "raw") forms[index] = FORM_RAW;
        }
        first += count;
        const totals = toTotals(store, first, pageSize, times);
        answer({ kind: "batch", run, first: first - count, forms, blockBytes, totals }, [
          forms.buffer,
          blockBytes.buffer,
        ]);
      }
    }
    answer({ kind: "done", run, totals: toTotals(store, first, pageSize, times) });
  } finally {
    store.close();
  }
}

function toPages(buffer: Uint8Array, pageSize: number): Uint8Array[] {
  return Array.from({ length: buffer.length / pageSize }, (_, index) =>
    buffer.subarray(index * pageSize, (index + 1) * pageSize),
  );
}

/** Puts all pages of a batch, then gets all. @returns which were kept, as forms */
function runBatch(
  store: Store,
  first: number,
  count: number,
  sources: readonly Uint8Array[],
  results: readonly Uint8Array[],
  times: { putMs: number; getMs: number },
): Uint8Array<ArrayBuffer> {
  const forms = new Uint8Array(count);
  const start = performance.now();
  for (let index = 0; index < count; index++) {
    const kept = store.put(first + index, sources[index] as Uint8Array);
    forms[index] = kept ? FORM_COMPRESSED : FORM_REJECTED;
  }
  const middle = performance.now();
  for (let index = 0; index < count; index++) {
    store.get(first + index, results[index] as Uint8Array);
  }
  times.putMs += middle - start;
  times.getMs += performance.now() - middle;
  return forms;
}

function compare(page: number, source: Uint8Array, result: Uint8Array): void {
  for (let index = 0; index < source.length; index++) {
    if (source[index] !== result[index]) {
      throw new Error(`Page ${page} did not come back as it was. This is a fault of zmem.`);
    }
  }
  // The next batch must not find its page in the buffer already.
  result[0] = (result[0] as number) ^ 0xff;
}

function toTotals(
  store: Store,
  pages: number,
  pageSize: number,
  times: { putMs: number; getMs: number },
): Totals {
  const stats = store.stats();
  return {
    pages,
    sameFilledPages: stats.sameFilledPages,
    rawPages: stats.rawPages,
    rejectedPages: pages - stats.pages,
    dataBytes: pages * pageSize,
    keptBytes: stats.logicalBytes,
    compressedBytes: stats.payloadBytes,
    heldBytes: stats.heldBytes,
    ...times,
  };
}
