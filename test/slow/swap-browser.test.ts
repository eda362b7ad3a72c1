/**
 * 256 MiB of pages through a pool of 32 MiB with OPFS behind it, in a worker of a real browser; and
 * the same when the browser refuses more storage, which is a rejected put and no error.
 */
import { build } from "esbuild";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serve } from "../../scripts/serve.ts";
import { launchBrowser } from "../browser/launch.ts";
import type { SwapReport, SwapRequest } from "../browser/swap-worker.ts";

const test = suite("a quarter gigabyte in the browser");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;

const LIMIT_BYTES = 32 * 2 ** 20;
const PAGES = 2 ** 28 / 4096;

async function runInBrowser(request: SwapRequest, quotaBytes?: number): Promise<SwapReport> {
  assert.ok(launched);
  const bundle = await build({
    entryPoints: [`${import.meta.dirname}/../browser/swap-worker.ts`],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
  });
  const server = await serve({
    files: {
      "/index.html": "<!doctype html><title>x</title>",
      "/swap-worker.js": bundle.outputFiles[0]?.contents ?? "",
    },
  });
  const page = await launched.browser.newPage();
  try {
    await page.goto(`${server.url}/`);
    page.setDefaultTimeout(600_000);
    if (quotaBytes !== undefined) {
      const session = await page.createCDPSession();
      const override = { origin: server.url, quotaSize: quotaBytes };
      await session.send("Storage.overrideQuotaForOrigin", override);
    }
    const report = await page.evaluate(
      (sent) =>
        new Promise<SwapReport & { error?: string }>((resolve, reject) => {
          const worker = new Worker("/swap-worker.js", { type: "module" });
          worker.addEventListener("message", ({ data }) => resolve(data as SwapReport));
          worker.addEventListener("error", ({ message }) => reject(new Error(message)));
          worker.postMessage(sent);
        }),
      request,
    );
    assert.is(report.error, undefined, report.error);
    return report;
  } finally {
    await page.close();
    await server.close();
  }
}

inBrowser("256 MiB come back as they went in", async () => {
  const report = await runInBrowser({ pages: PAGES, limitBytes: LIMIT_BYTES });
  console.log(`note ${JSON.stringify(report)}`);
  assert.is(report.wrong, 0);
  assert.is(report.kept, PAGES);
  assert.is(report.deviceErrors, 0);
  assert.ok(report.writtenBackPages > 10_000 && report.promotedPages > 10_000);
  assert.ok(report.peakHeldBytes <= LIMIT_BYTES);
});

inBrowser("a quota that is refused is a rejected put, and nothing is lost", async () => {
  const report = await runInBrowser({ pages: PAGES, limitBytes: LIMIT_BYTES }, 24 * 2 ** 20);
  console.log(`note ${JSON.stringify(report)}`);
  assert.is(report.wrong, 0);
  assert.is(report.deviceErrors, 0);
  assert.ok(report.deviceFull > 0 && report.rejected > 1000, "the quota was met");
  assert.ok(report.kept > 10_000);
});

test.after(() => launched?.close());

test.run();
