/**
 * The bench page in real browsers: the button runs the cases, and all contenders of the browser load
 * there.
 */
import type { Page } from "puppeteer-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildBenchPage } from "../../bench/browser-page.ts";
import { checksum, type Corpus } from "../../bench/corpora/corpus.ts";
import { makeSparse } from "../../bench/corpora/ends.ts";
import { randomBytes } from "../../bench/corpora/random.ts";
import type { ResultFile } from "../../bench/harness/results.ts";
import { runInBrowser } from "../../bench/browser.ts";
import { serve } from "../../scripts/serve.ts";
import { launchBrowser, launchFirefox } from "../browser/launch.ts";

const test = suite("bench page");
const launched = await launchBrowser();
const firefox = await launchFirefox();
const inBrowser = launched === null ? test.skip : test;

test.after(async () => {
  await launched?.close();
  await firefox?.close();
});

function smallCorpora(): Map<string, Corpus> {
  const { bytes } = makeSparse(1 << 18, randomBytes(1 << 16, 2));
  const info = {
    kind: "real",
    source: "test",
    checksum: checksum(bytes),
    deterministic: true,
  } as const;
  return new Map([["sparse", { ...info, name: "sparse", bytes }]]);
}

for (const [name, running, engine] of [
  ["Chromium", launched, /Chrome/],
  ["Firefox", firefox, /Firefox/],
] as const) {
  const inThis = running === null ? test.skip : test;
  inThis(`${name}: every codec loads and gives back its pages, every store counts`, async () => {
    assert.ok(running);
    const file = await runInBrowser(
      running.browser,
      smallCorpora(),
      { effort: "full", filters: ["codec", "accounted"], rounds: 3 },
      () => {},
    );
    assert.equal(
      file.failures.filter(({ reason }) => !reason.includes("too few")),
      [],
    );
    const names = new Set(file.measurements.map(({ contender }) => contender));
    for (const contender of [
      "zmem default",
      "lz4-wasm",
      "zstd-wasm 1",
      "lz4js",
      "snappyjs",
      "fflate 1",
      "pako 1",
      "zmem",
      "Map of copies",
      "Map of lz4-wasm",
      "lru-cache of lz4-wasm",
    ]) {
      assert.ok(names.has(contender), `${contender} was measured`);
    }
    assert.match(file.machine.engine, engine);
  });
}

inBrowser("a run that is ended from outside gives what is finished", async () => {
  assert.ok(launched);
  const abort = new AbortController();
  const file = await runInBrowser(
    launched.browser,
    smallCorpora(),
    { effort: "all", filters: ["calls"], rounds: 1000 },
    (message) => {
      if (message.includes("1/1 calls")) abort.abort();
    },
    abort.signal,
  );
  assert.is(file.complete, false);
  assert.equal(file.failures, []);
});

inBrowser("the button runs, the other one stops, and the report appears", async () => {
  assert.ok(launched);
  // Without corpora on the server, as on a static host: the page makes its own.
  const server = await serve({ files: await buildBenchPage(new Map()) });
  const page: Page = await launched.browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  try {
    await page.goto(`${server.url}/bench.html`);
    await page.click("#start");
    await page.waitForFunction(
      () => /codec: pixels/.test(document.getElementById("progress")?.textContent ?? ""),
      { timeout: 60_000 },
    );
    await page.click("#stop");
    await page.waitForFunction(() => (globalThis as { benchResult?: unknown }).benchResult, {
      timeout: 60_000,
    });
    const report = await page.$eval("#report", (node) => node.textContent);
    assert.match(report ?? "", /This run was interrupted/);
    assert.match(report ?? "", /empty call/);
    const file = (await page.evaluate(
      () => (globalThis as { benchResult?: { file?: unknown } }).benchResult?.file,
    )) as ResultFile;
    assert.is(file.complete, false);
    assert.ok(file.corpora.some(({ name }) => name === "pixels"));
    assert.is(await page.$eval("#start", (node) => (node as HTMLButtonElement).disabled), false);
    assert.is(await page.$eval("#downloads", (node) => (node as HTMLElement).hidden), false);
    assert.equal(errors, []);
  } finally {
    await page.close();
    await server.close();
  }
});

test.run();
