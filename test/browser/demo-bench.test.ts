/**
 * The benchmark tab in a real browser: it runs cases, shows their plots, copies the results, and
 * lays them beside a reference run, or says that there is none.
 */
import { type Page } from "puppeteer-core";
import * as assert from "uvu/assert";
import { RUN_BYTES } from "../../bench/corpora/corpus.ts";
import { type CorpusName, loadCorpora } from "../../bench/corpora/index.ts";
import { type ResultFile } from "../../bench/harness/results.ts";
import { compareWithReference, readReference } from "../../web/bench-compare.ts";
import { makeCorpora } from "../../web/bench-corpora.ts";
import {
  demoSuite,
  findViolations,
  isDisabled,
  type OpenOptions,
  press,
  textOf,
  waitForEnd,
} from "./demo-page.ts";

const { test, inBrowser, open } = await demoSuite("demo benchmark tab");

const openBench = (
  reference: string,
  use: (page: Page) => Promise<void>,
  prepare?: OpenOptions["prepare"],
): Promise<void> =>
  open(use, {
    hash: "source=zeros&tab=bench",
    files: { "/bench-reference.json": reference },
    ...(prepare ? { prepare } : {}),
  });

/** Keeps what the page copies, without asking for the right to the clipboard. */
const catchCopies = (page: Page): Promise<unknown> =>
  page.evaluateOnNewDocument(`
    Object.defineProperty(navigator, "clipboard", {
      value: { writeText: async (text) => { globalThis.copied = text; } },
    });`);

async function runCases(page: Page, cases: string): Promise<void> {
  await page.select("#bench-cases", cases);
  await press(page, "bench-run");
}

async function waitForBench(page: Page, pattern: RegExp): Promise<void> {
  try {
    await page.waitForFunction(
      (source) =>
        new RegExp(source).test(document.getElementById("bench-status")?.textContent ?? ""),
      { timeout: 60_000 },
      pattern.source,
    );
  } catch (error) {
    throw new Error(`waited for ${pattern.source}, saw: ${await textOf(page, "bench-status")}`, {
      cause: error,
    });
  }
}

/** A run of one figure on one corpus. */
function makeRun(checksum: string, nanoseconds: number): ResultFile {
  return {
    schema: 1,
    project: "zmem",
    version: "0",
    startedAt: "2026-01-01T00:00:00Z",
    seconds: 1,
    effort: "quick",
    complete: true,
    machine: {
      platform: "test",
      processor: "none",
      processors: 1,
      memoryBytes: 0,
      engine: "none",
      timerNs: 1,
      collector: false,
    },
    versions: {},
    corpora: [
      { name: "text", kind: "real", source: "", bytes: 4096, checksum, deterministic: true },
    ],
    measurements: [
      {
        case: "codec",
        figure: "compress",
        contender: "zmem default",
        corpus: "text",
        pageSize: 4096,
        unit: "ns",
        better: "lower",
        bytesPerOperation: 4096,
        samples: [1, 1.01, 0.99, 1, 1.005].map((factor) => factor * nanoseconds),
        median: nanoseconds,
        spread: 1,
      },
    ],
    failures: [],
  };
}

test("a ratio is a verdict only where both runs had the same bytes", () => {
  const [same] = compareWithReference(makeRun("a", 2000), makeRun("a", 1000)).figures;
  assert.is(same?.sameData, true);
  assert.is(same?.verdict, "better");
  assert.ok(Math.abs((same?.ratio.middle ?? 0) - 2) < 0.1, `ratio ${same?.ratio.middle}`);
  const [other] = compareWithReference(makeRun("a", 2000), makeRun("b", 1000)).figures;
  assert.is(other?.sameData, false);
});

test("what a page makes by itself is what Node has, where it can be", async () => {
  const wanted = { pixels: 2 << 20, random: 1 << 20 };
  const made = makeCorpora(new Uint8Array(RUN_BYTES), wanted);
  for (const [name, bytesEach] of Object.entries(wanted)) {
    const loaded = await loadCorpora({ bytesEach, names: [name as CorpusName] });
    assert.is(made.get(name)?.bytes.length, bytesEach);
    assert.is(made.get(name)?.checksum, loaded.get(name)?.checksum, name);
  }
});

test("a build without a reference run is no error, a file that is none is", () => {
  assert.is(readReference("null"), null);
  assert.throws(() => readReference('{"schema":99}'), /expected a result file of schema 1/);
  assert.throws(() => readReference("<!doctype html>"), /expected a result file in JSON/);
});

inBrowser("runs, shows figures, copies them, and compares them with a reference run", async () => {
  let copied = "";
  await openBench(
    "null",
    async (page) => {
      await waitForEnd(page);
      await page.waitForFunction(() =>
        /ships no reference run/.test(
          document.getElementById("bench-reference")?.textContent ?? "",
        ),
      );
      for (const id of ["bench-copy", "bench-save", "bench-report", "bench-compare"]) {
        assert.is(await isDisabled(page, id), true, id);
      }
      await runCases(page, "calls");
      assert.is(await isDisabled(page, "bench-run"), true);
      await waitForBench(page, /^Done in [\d.]+ s: \d+ figures\.$/);
      assert.is(await isDisabled(page, "bench-compare"), true);
      await press(page, "bench-copy");
      await waitForBench(page, /in the clipboard/);
      copied = await page.evaluate(() => (globalThis as unknown as { copied: string }).copied);
    },
    catchCopies,
  );
  const file = JSON.parse(copied) as ResultFile;
  assert.ok(file.measurements.some(({ contender }) => contender === "call into wasm"));
  // Ten times as slow, so whatever the machine does meanwhile, here is better.
  const slower = {
    ...file,
    measurements: file.measurements.map((row) => ({
      ...row,
      samples: row.samples.map((sample) => (sample ?? 0) * 10),
    })),
  };
  await openBench(JSON.stringify(slower), async (page) => {
    await waitForEnd(page);
    await runCases(page, "calls");
    await waitForBench(page, /^Done in/);
    assert.match(await textOf(page, "bench-reference"), /^The reference run: zmem .*Chrome/);
    await press(page, "bench-compare");
    const [, better = "", worse = "", alike = ""] =
      /on the same data: (\d+) better, (\d+) worse, (\d+) the same/.exec(
        await textOf(page, "bench-compared"),
      ) ?? [];
    assert.equal(
      [Number(better) > 0, worse, Number(better) + Number(alike)],
      [true, "0", file.measurements.length],
    );
    assert.match(await textOf(page, "bench-compare-table"), /call into wasm/);
    assert.equal(await findViolations(page), [], "comparison");
  });
});

inBrowser("a run that is stopped shows the plots of what was finished", () =>
  openBench("null", async (page) => {
    await waitForEnd(page);
    await runCases(page, "codec");
    // The second corpus: one of each page size is finished.
    await waitForBench(page, /codec: text/);
    await press(page, "bench-stop");
    await waitForBench(page, /^Stopped after/);
    assert.match(await textOf(page, "bench-verdict"), /interrupted/);
    const names = await page.$$eval("#bench-plots svg", (plots) =>
      plots.map((plot) => plot.getAttribute("aria-label")),
    );
    assert.ok(
      names.some((name) => /^pixels, [\d.]+ KiB: compress$/.test(name ?? "")),
      names.join(),
    );
    assert.ok((await page.$$("#bench-plots .name")).length > 3, "contenders have no marks");
    await page.$eval("#bench-details", (details) => ((details as HTMLDetailsElement).open = true));
    assert.equal(await findViolations(page), [], "plots and tables");
    await page.setViewport({ width: 360, height: 740, isMobile: true, hasTouch: true });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${width} pixels wide on a phone`);
  }),
);

/** A worker in place of the real one: what it does with a request, `data`, and `reply`. */
const fakeWorker = (does: string): Record<string, string> => ({
  "/bench-worker.js": `addEventListener("message", ({ data }) => {
    const reply = (message) => postMessage(message);
    ${does}
  });`,
});

inBrowser("a run that is asked for early waits for the reference run, and makes data as long", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const release = (): Promise<unknown> => page.evaluate("globalThis.release()");
      await runCases(page, "calls");
      await press(page, "bench-stop");
      assert.is(await isDisabled(page, "bench-run"), true);
      await release();
      await waitForBench(page, /^Stopped before anything was measured\.$/);
      await page.reload();
      await waitForEnd(page);
      await runCases(page, "calls");
      assert.is(await textOf(page, "bench-status"), "Starting the benchmark …");
      await release();
      await waitForBench(page, /^Measuring: \{"text":4096\}$/);
    },
    {
      hash: "source=zeros&tab=bench",
      files: {
        "/bench-reference.json": JSON.stringify(makeRun("a", 1000)),
        ...fakeWorker(`reply({ kind: "progress", message: JSON.stringify(data.sizes) });`),
      },
      prepare: (page) =>
        page.evaluateOnNewDocument(`
          const released = new Promise((resolve) => (globalThis.release = resolve));
          const load = globalThis.fetch;
          globalThis.fetch = async (address, options) => {
            if (String(address).includes("bench-reference")) await released;
            return load(address, options);
          };`),
    },
  ),
);

/** Fails at a request, and lives on with something to say. */
const FAILING = `
  setTimeout(() => reply({ kind: "progress", message: "still there" }), 50);
  throw new Error("out of order");`;

inBrowser("a worker that failed is heard no more, and the next run has another", () =>
  open(
    async (page, url) => {
      await waitForEnd(page);
      const settle = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 300));
      for (let runs = 0; runs < 2; runs++) {
        await press(page, "bench-run");
        await waitForBench(page, /could not be run: .*out of order/);
        await settle();
        assert.match(await textOf(page, "bench-status"), /could not be run/);
      }
      await page.goto(`${url}/bench.html`);
      for (let runs = 0; runs < 2; runs++) {
        await page.click("#start");
        await page.waitForFunction(() =>
          /^The worker failed: .*out of order/.test(
            document.getElementById("progress")?.textContent ?? "",
          ),
        );
        await settle();
        assert.match(await textOf(page, "progress"), /^The worker failed/);
        assert.is(await isDisabled(page, "start"), false);
      }
    },
    { hash: "source=zeros&tab=bench", files: fakeWorker(FAILING) },
  ),
);

inBrowser("the page for files of one's own tells a stopped run from one that is done", () =>
  open(
    async (page, url) => {
      await page.goto(`${url}/bench.html`);
      for (const [complete, said] of [
        [true, "Done in 3 s."],
        [false, "Stopped after 3 s: what was finished is below."],
      ] as const) {
        await page.select("#effort", complete ? "quick" : "full");
        await page.click("#start");
        await page.waitForFunction(
          (wanted) => document.getElementById("progress")?.textContent === wanted,
          { timeout: 10_000 },
          said,
        );
      }
    },
    {
      files: fakeWorker(`
        const file = { seconds: 3, complete: data.effort === "quick" };
        reply({ kind: "result", file, text: "", html: "" });`),
    },
  ),
);

inBrowser("the page for files of one's own has no accessibility violation", () =>
  open(async (page, url) => {
    await page.goto(`${url}/bench.html`);
    assert.equal(await findViolations(page), []);
  }),
);

test.run();
