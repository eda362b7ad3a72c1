/**
 * A worker for the demo page that sends as many cells as its map can have, and stores nothing.
 *
 * Why so: a file of 4 GiB in pages of 4 KiB would be that many, and no browser tab is given so much
 * memory. The map knows nothing of bytes, only of messages, so these have the form and the size of the
 * real ones.
 */
import { MAX_CELLS } from "../../web/protocol.ts";

/** Cells that it sends. */
export const MANY_PAGES = MAX_CELLS;

/**
 * @param isSlow at the pace of the real worker, with every third page written back and every second
 *   one got; otherwise puts alone, as fast as it can
 * @returns the script
 */
export function manyCellsWorker({ isSlow }: { readonly isSlow: boolean }): string {
  return `
  const PAGES = ${MANY_PAGES}, BATCH = 8192, IS_SLOW = ${isSlow};
  const EVENT_PUT = 0, EVENT_WRITEBACK = 1, EVENT_GET = 3;
  const latency = { p50: 1, p99: 2 };
  const totals = (pages) => ({
    elapsedMs: performance.now(), streamMs: 1, workers: 1, pages, sameFilledPages: 0, rawPages: 0,
    compressedPages: pages, rejectedPages: 0, devicePages: 0, dataBytes: pages * 4096,
    keptBytes: pages * 4096, payloadBytes: pages * 1000, objectBytes: pages * 1100, indexBytes: 0,
    fixedBytes: 0, freeBytes: 0, heldBytes: pages * 1200, limitBytes: 2 ** 32, putCount: pages,
    getCount: pages, rejectCount: 0, putMs: 1, getMs: 1, putUs: latency, getUs: latency,
    timedPages: 8,
  });
  addEventListener("message", async ({ data }) => {
    if (data.kind !== "start") return;
    const { run } = data;
    postMessage({ kind: "started", run, pages: PAGES, sourcePages: PAGES, options: data.options });
    const send = (event, from, step, form) => {
      const count = Math.ceil(BATCH / step);
      const pages = Uint32Array.from({ length: count }, (_, at) => from + at * step);
      const forms = Uint8Array.from(pages, (page) => form < 0 ? 1 + (page >>> 6) % 4 : form);
      const sizes = Uint32Array.from(pages, (page) => (page * 31) % 4096);
      const progress = (from + BATCH) / PAGES;
      postMessage({ kind: "batch", run, event, pages, forms, sizes, totals: totals(from + BATCH), progress });
    };
    for (let from = 0; from < PAGES; from += BATCH) {
      send(EVENT_PUT, from, 1, -1);
      if (!IS_SLOW) continue;
      send(EVENT_WRITEBACK, from, 3, 5);
      send(EVENT_GET, from, 2, 2);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    postMessage({ kind: "done", run, totals: totals(PAGES), cancelled: false });
  });`;
}
