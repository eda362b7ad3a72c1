/**
 * Links that bring a state back, the help, and what can be saved, in a real browser.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import {
  demoSuite,
  folder,
  moveTo,
  pickFile,
  press,
  readReport,
  textOf,
  valueOf,
  waitForEnd,
  waitForStatus,
  writeMixedFile,
} from "./demo-page.ts";

const { test, inBrowser, open } = await demoSuite("demo links");

inBrowser("a link brings back source, pool, page, order, moment, tab, theme and view", () =>
  open(
    async (page, url) => {
      await waitForEnd(page);
      await page.select("#page-size", "8192");
      await waitForEnd(page);
      await page.select("#effort", "fast");
      await waitForEnd(page);
      await page.type("#page-number", "7\n");
      await press(page, "order");
      await press(page, "zoom-in");
      await moveTo(page, 100);
      await press(page, "tab-sizes");
      await press(page, "theme");
      await new Promise((resolve) => setTimeout(resolve, 500));
      const link = await page.evaluate(() => location.href);
      assert.match(
        link,
        /#source=records&size=8192&effort=fast&page=7&order=hilbert&moment=100&tab=sizes&theme=light&view=/,
      );
      await page.goto("about:blank");
      await page.goto(link);
      await waitForEnd(page);
      await page.waitForFunction(() => document.getElementById("page-body")?.hidden === false);
      assert.is(await valueOf(page, "page-size"), "8192");
      assert.is(await valueOf(page, "page-number"), "7");
      assert.is(await textOf(page, "order"), "Order: Hilbert");
      assert.is(await textOf(page, "moment-label"), "100 of 1,024 events");
      assert.is(await page.$eval("#panel-sizes", (panel) => (panel as HTMLElement).hidden), false);
      assert.is(await page.evaluate(() => document.documentElement.dataset["theme"]), "light");
      await page.goto(`${url}/#source=zeros&page=3`);
      await waitForStatus(page, /^Zeros/);
    },
    { hash: "source=records" },
  ),
);

inBrowser("a link brings back workers and what the benchmark is to measure", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      assert.equal(
        [
          await valueOf(page, "workers"),
          await valueOf(page, "bench-cases"),
          await valueOf(page, "bench-effort"),
        ],
        ["2", "stores", "full"],
      );
      await page.select("#bench-cases", "pool");
      await page.select("#bench-effort", "all");
      await page.waitForFunction(() => location.hash.includes("cases=pool&long=all"));
      await page.evaluate(() => {
        location.hash = "#source=zeros&tab=bench&cases=codec";
      });
      await page.waitForFunction(
        () => (document.getElementById("bench-cases") as HTMLSelectElement).value === "codec",
      );
      assert.is(await valueOf(page, "bench-effort"), "quick");
    },
    { hash: "source=zeros&tab=bench&workers=2&cases=stores&long=full" },
  ),
);

inBrowser("a link without a view, another source and a file show the whole map", () =>
  open(
    async (page) => {
      const zoomIn = async (): Promise<void> => {
        await press(page, "zoom-in");
        await page.waitForFunction(() => location.hash.includes("view="));
        assert.match(await page.evaluate(() => location.hash), /view=1\.60,/);
        // A finger moves what is enlarged, by whatever means it was.
        await page.waitForFunction(
          () => document.getElementById("map")?.style.touchAction === "none",
        );
      };
      const steps: readonly (() => Promise<unknown>)[] = [
        () => page.evaluate(() => (location.hash = "#source=records&page=3")),
        () => page.evaluate(() => (location.hash = "#source=zeros")),
        () => page.select("#source", "records"),
        () => pickFile(page, writeMixedFile()),
      ];
      await waitForEnd(page);
      await zoomIn();
      for (const step of steps) {
        await step();
        await page.waitForFunction(() => !location.hash.includes("view="));
        await waitForEnd(page);
        await zoomIn();
      }
    },
    { hash: "source=records" },
  ),
);

inBrowser("what is saved is called by its own name after another run failed to begin", () =>
  open(async (page) => {
    await waitForEnd(page);
    const before = await readReport(page);
    const empty = join(folder, "empty.bin");
    writeFileSync(empty, "");
    await pickFile(page, empty);
    assert.match(await textOf(page, "error"), /^The file is empty/);
    const { source, name, options, totals } = await readReport(page);
    assert.equal([source, name], ["zeros", "Zeros"]);
    assert.equal([options, totals], [before.options, before.totals]);
  }),
);

inBrowser("another theme recolours what is drawn", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const look = (): Promise<string> =>
        page.$eval("#class-chart", (chart) => (chart as HTMLCanvasElement).toDataURL());
      const light = await look();
      await page.keyboard.press("t");
      await page.waitForFunction(
        (before) =>
          (document.getElementById("class-chart") as HTMLCanvasElement).toDataURL() !== before,
        { timeout: 10_000 },
        light,
      );
      assert.is(await page.evaluate(() => document.documentElement.dataset["theme"]), "dark");
    },
    { hash: "source=records&theme=light" },
  ),
);

inBrowser("? opens the help, which closes again; exports are offered", () =>
  open(async (page) => {
    await waitForEnd(page);
    await page.keyboard.press("?");
    assert.is(
      await page.$eval("#help-dialog", (dialog) => (dialog as HTMLDialogElement).open),
      true,
    );
    await page.keyboard.press("Escape");
    assert.is(
      await page.$eval("#help-dialog", (dialog) => (dialog as HTMLDialogElement).open),
      false,
    );
    const saved = await page.evaluate(async () => {
      const files: { name: string; type: string; size: number; text: string }[] = [];
      HTMLAnchorElement.prototype.click = function (this: HTMLAnchorElement) {
        const { href, download } = this;
        void (async () => {
          const blob = await (await fetch(href)).blob();
          const { type, size } = blob;
          files.push({ name: download, type, size, text: await blob.text() });
        })();
      };
      document.getElementById("save-json")?.click();
      document.getElementById("save-png")?.click();
      const until = performance.now() + 5000;
      while (files.length < 2 && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return files.sort((one, other) => one.name.localeCompare(other.name));
    });
    assert.equal(
      saved.map(({ name, type }) => `${name} ${type}`),
      ["zmem-map.png image/png", "zmem.json application/json"],
    );
    assert.ok(saved.every(({ size }) => size > 500));
    const { pages, totals } = JSON.parse(saved[1]?.text ?? "") as {
      readonly pages: Readonly<Record<string, readonly number[]>>;
      readonly totals: unknown;
    };
    assert.equal(totals, (await readReport(page)).totals);
    // 16 MiB of zeros: each page same-filled, none with a block.
    assert.equal(pages["forms"], Array(4096).fill(1));
    assert.equal(pages["blockBytes"], Array(4096).fill(0));
  }),
);

test.run();
