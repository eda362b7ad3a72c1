/**
 * The page map with as many cells as it can have, 2^20, while every page is put, written back and
 * got: what each frame costs the page's thread.
 *
 * Why so: a file of 4 GiB in pages of 4 KiB would be that many, and no browser tab is given so much
 * memory. The map knows nothing of bytes, only of messages, so the worker here is one that sends
 * messages in the form, size and pace of the real one, and stores nothing.
 */
import * as assert from "uvu/assert";
import { demoSuite, press, readReport, waitForStatus } from "../browser/demo-page.ts";

const PAGES = 2 ** 20;

const { test, inBrowser, open } = await demoSuite("demo with a million cells");

/** Sends each page as put, every third as written back, every second as got. */
const WORKER = `
  const PAGES = ${PAGES}, BATCH = 8192;
  const EVENT_PUT = 0, EVENT_WRITEBACK = 1, EVENT_GET = 3;
  const latency = { p50: 1, p99: 2 };
  const totals = (pages) => ({
    elapsedMs: performance.now(), pages, sameFilledPages: 0, rawPages: 0, compressedPages: pages,
    rejectedPages: 0, devicePages: 0, dataBytes: pages * 4096, keptBytes: pages * 4096,
    payloadBytes: pages * 1000, objectBytes: pages * 1100, indexBytes: 0, fixedBytes: 0,
    freeBytes: 0, heldBytes: pages * 1200, limitBytes: 2 ** 32, putCount: pages, getCount: pages,
    rejectCount: 0, putMs: 1, getMs: 1, putUs: latency, getUs: latency, timedPages: 8,
  });
  addEventListener("message", async ({ data }) => {
    if (data.kind !== "start") return;
    const { run } = data;
    postMessage({ kind: "started", run, pages: PAGES, sourcePages: PAGES, name: "many" });
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
      send(EVENT_WRITEBACK, from, 3, 5);
      send(EVENT_GET, from, 2, 2);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    postMessage({ kind: "done", run, totals: totals(PAGES), cancelled: false });
  });`;

inBrowser("puts, writebacks, gets, zooms, orders and the replay stay within a frame's budget", () =>
  open(
    async (page) => {
      await waitForStatus(page, /pages in/);
      const run = await readReport(page);
      assert.is(
        Object.values(run.forms).reduce((sum, count) => sum + count, 0),
        PAGES,
      );
      const measured = [{ name: "run", ...run.mainThread }];
      const measure = async (name: string, act: () => Promise<void>): Promise<void> => {
        await page.evaluate(() =>
          (globalThis as unknown as { zmemDemo: { resetFrames(): void } }).zmemDemo.resetFrames(),
        );
        await act();
        measured.push({ name, ...(await readReport(page)).mainThread });
      };
      await measure("orders and zooms", async () => {
        for (const button of ["order", "zoom-in", "zoom-in", "zoom-in", "zoom-all", "order"]) {
          await press(page, button);
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      });
      await measure("replay", async () => {
        await press(page, "play");
        await page.waitForFunction(
          () => document.getElementById("play")?.textContent === "Replay",
          { timeout: 60_000 },
        );
      });
      for (const { name, frames, medianMs, p99Ms, worstMs } of measured) {
        console.log(
          `note ${name}: p50 ${medianMs}, p99 ${p99Ms}, worst ${worstMs} ms, ${frames} frames`,
        );
        assert.ok(frames > 20, `${name}: ${frames} frames`);
        assert.ok(medianMs < 8, `${name}: median of frames ${medianMs} ms`);
      }
    },
    { hash: "source=zeros", files: { "/worker.js": WORKER } },
  ),
);

test.run();
