/**
 * The entry zmem/shared in a real browser: the main thread takes part and only spins, and workers
 * are terminated in the middle of their calls, which takes Chromium about 2 s each. Without
 * isolation the error names the headers.
 */
import { build } from "esbuild";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serve } from "../../scripts/serve.ts";
import { launchBrowser } from "../browser/launch.ts";
import type { SharedReport } from "../browser/shared-zmem-page.ts";

const test = suite("browser: zmem/shared");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;
const files = await bundle();

test.after(() => launched?.close());

async function bundle(): Promise<Record<string, string | Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: ["shared-zmem-page.ts", "shared-zmem-worker.ts"].map(
      (name) => `${import.meta.dirname}/../browser/${name}`,
    ),
    outdir: "out",
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: ["es2022"],
  });
  const served: Record<string, string | Uint8Array> = {
    "/index.html": '<!doctype html><script type="module" src="/shared-zmem-page.js"></script>',
  };
  for (const { path, contents } of outputFiles) {
    served[`/${path.slice(path.lastIndexOf("/") + 1)}`] = contents;
  }
  return served;
}

async function onPage<Result>(isolated: boolean, expression: string): Promise<Result> {
  assert.ok(launched);
  const server = await serve({ files, isolated });
  const page = await launched.browser.newPage();
  try {
    page.setDefaultTimeout(60_000);
    await page.goto(`${server.url}/`);
    await page.waitForFunction(() => "runShared" in globalThis);
    return (await page.evaluate(expression)) as Result;
  } finally {
    await page.close();
    await server.close();
  }
}

inBrowser("main thread and 3 web workers on the same pages, 9 terminated in all", async () => {
  const report = await onPage<SharedReport>(true, "runShared(6)");
  assert.equal(report.violations, []);
  assert.is(report.terminations, 9);
  assert.ok(report.workerCalls >= 3000 && report.mainCalls > 200, JSON.stringify(report));
  const [bits, ...counts] = report.counts;
  assert.equal(counts, [bits, bits]);
  assert.equal(report.left, [0, 0]);
  console.log(`${report.workerCalls} calls of workers, ${report.mainCalls} puts of the page`);
});

inBrowser(
  "a page that is not cross-origin isolated is told which headers are missing",
  async () => {
    const message = await onPage<string>(false, "failShared()");
    assert.match(message, /Cross-Origin-Opener-Policy: same-origin/);
    assert.match(message, /Cross-Origin-Embedder-Policy: require-corp/);
  },
);

test.run();
