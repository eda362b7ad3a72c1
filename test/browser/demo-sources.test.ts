/**
 * Where pages come from, in a real browser: files picked and dropped, samples, a program at work, a
 * drawing; what is said of each, and of what is none.
 */
import { readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type ElementHandle } from "puppeteer-core";
import * as assert from "uvu/assert";
import { openingFiles } from "../../scripts/web.ts";
import {
  act,
  demoFiles,
  demoSuite,
  figureOf,
  folder,
  inWorker,
  pickFile,
  press,
  readReport,
  textOf,
  waitForEnd,
  waitForStatus,
  writeMixedFile,
  valueOf,
} from "./demo-page.ts";

const { test, inBrowser, open } = await demoSuite("demo sources");

test("what the page fetches when it opens weighs under 150 KB compressed", async () => {
  const files = await demoFiles();
  let total = 0;
  for (const name of openingFiles(files)) total += gzipSync(files[name] ?? "").length;
  assert.ok(total > 10_000 && total < 150_000, `${total} bytes`);
});

for (const isolated of [true, false]) {
  inBrowser(`measures a file (${isolated ? "isolated" : "not isolated"})`, () =>
    open(
      async (page) => {
        await pickFile(page, writeMixedFile());
        assert.match(
          await textOf(page, "status"),
          /^mixed file\.bin: 40 pages in [\d.]+ s, every page came back as it was\.$/,
        );
        assert.is(await figureOf(page, "original"), "160 KiB");
        assert.is(await figureOf(page, "compressed"), "16");
        assert.is(await figureOf(page, "same"), "16");
        assert.is(await figureOf(page, "raw"), "8");
        assert.is(await figureOf(page, "rejected"), "0");
        assert.match(await figureOf(page, "ratio"), /^\d+\.\d\dx$/);
        assert.match(await figureOf(page, "put"), /^[\d.]+ µs$/);
        assert.match(await textOf(page, "headline"), /^160 KiB of data /);
        const said = await textOf(page, "platform");
        assert.match(said, isolated ? /is cross-origin isolated/ : /is not cross-origin isolated/);
      },
      { isolated },
    ),
  );
}

inBrowser("what says that a run is over never stands beside the figures of another", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      // A page so busy, or so far in the background, that no frame of it is drawn any more.
      await page.evaluate("globalThis.requestAnimationFrame = () => 0");
      const input = (await page.$("#file")) as ElementHandle<HTMLInputElement>;
      await input.uploadFile(writeMixedFile());
      await page.waitForFunction(
        () => document.getElementById("status")?.textContent?.endsWith("as it was.") === true,
        { polling: 50 },
      );
      assert.match(await textOf(page, "status"), /^mixed file\.bin: 40 pages in /);
      assert.is(await figureOf(page, "original"), "160 KiB");
      assert.match(await textOf(page, "headline"), /^160 KiB of data /);
    },
    { hash: "source=zeros" },
  ),
);

inBrowser("a run that fails before its first page leaves nothing of the run before", () =>
  open(
    async (page) => {
      const path = join(folder, "changing.bin");
      writeFileSync(path, readFileSync(writeMixedFile()));
      await pickFile(page, path);
      await page.type("#page-number", "20\n");
      await page.waitForFunction(
        () => document.getElementById("page-title")?.textContent === "Page 20",
      );
      await act(page, "forget");
      // A file that has changed since it was picked can't be read any more.
      writeFileSync(path, "other bytes");
      utimesSync(path, new Date(0), new Date(0));
      await press(page, "restart");
      await waitForStatus(page, /not finished/);
      assert.is(await textOf(page, "headline"), "Nothing is stored yet.");
      for (const key of ["original", "held", "compressed", "put", "frames"]) {
        assert.is(await figureOf(page, key), "–", key);
      }
      assert.match(await textOf(page, "acted"), /^Blocks live in objects of fixed sizes/);
      assert.match(await textOf(page, "cell"), /^Point at a cell/);
      assert.is(await valueOf(page, "page-number"), "");
      assert.is(await textOf(page, "page-title"), "Page");
      assert.is(
        await page.$eval("#map", (map) => map.getAttribute("aria-label")),
        "Page map: arrows move from page to page",
      );
    },
    { hash: "source=zeros" },
  ),
);

inBrowser("every sample comes back as it was, and a link without one shows the mix", () =>
  open(
    async (page) => {
      const names = [
        "mix",
        "records",
        "code",
        "database",
        "landscape",
        "terrain",
        "random",
        "zeros",
      ];
      await waitForEnd(page);
      assert.is(await valueOf(page, "source"), "mix");
      for (const name of names) {
        if (name !== "mix") await page.select("#source", name);
        await waitForEnd(page);
        assert.match(await textOf(page, "status"), /every page came back as it was\.$/, name);
        const { totals } = await readReport(page);
        assert.ok((totals["pages"] ?? 0) >= 100, `${name}: ${totals["pages"]} pages`);
        if (name === "random") assert.is(totals["rawPages"], totals["pages"]);
        if (name === "zeros") assert.is(totals["sameFilledPages"], totals["pages"]);
      }
    },
    { hash: "" },
  ),
);

inBrowser("a program works and its memory is put again and again", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      assert.match(await textOf(page, "status"), /every page came back as it was\.$/);
      const { totals } = await readReport(page);
      const { putCount = 0, pages = 0 } = totals;
      assert.ok(pages >= 4096 && putCount > 20 * pages, `${putCount} puts, ${pages} pages`);
    },
    { hash: "source=program" },
  ),
);

inBrowser("drawing puts the tiles that a stroke touches, and no others", () =>
  open(
    async (page) => {
      await waitForStatus(page, /every changed tile/);
      await page.waitForFunction(
        () => document.querySelector('[data-figure="same"]')?.textContent === "256",
      );
      const before = (await readReport(page)).totals["putCount"] ?? 0;
      const pad = await page.$("#pad");
      await pad?.scrollIntoView();
      const box = await pad?.boundingBox();
      assert.ok(box);
      // Across the middle of the canvas: 16 tiles wide, and as high as the brush reaches.
      await page.mouse.move(box.x + 5, box.y + box.height / 2 + 8);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width - 5, box.y + box.height / 2 + 8, { steps: 5 });
      await page.mouse.up();
      await page.waitForFunction(
        () => Number(document.querySelector('[data-figure="compressed"]')?.textContent) >= 14,
      );
      const { totals } = await readReport(page);
      assert.ok(
        (totals["compressedPages"] ?? 0) <= 32,
        `${totals["compressedPages"]} tiles changed`,
      );
      assert.ok((totals["putCount"] ?? 0) - before < 256, "tiles were put that had not changed");
      assert.is(totals["pages"], 256);
    },
    { hash: "source=drawing" },
  ),
);

inBrowser("a file that is dropped is measured", () =>
  open(async (page) => {
    await waitForEnd(page);
    const bytes = readFileSync(writeMixedFile()).toString("base64");
    await page.evaluate((text) => {
      const content = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([content], "dropped.bin"));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
    }, bytes);
    await waitForStatus(page, /^dropped\.bin: 40 pages .* as it was/);
  }),
);

inBrowser("a file that is too large is sampled, and said to be", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const path = join(folder, "huge.bin");
      writeFileSync(path, "");
      // Zeros that take no room on the disk.
      truncateSync(path, 1.25 * 1024 ** 3);
      const input = (await page.$("#file")) as ElementHandle<HTMLInputElement>;
      await input.uploadFile(path);
      await waitForStatus(page, /^huge\.bin, a sample of 16,384 of its 20,480 pages: putting/);
      await page.keyboard.press("Escape");
      await waitForStatus(page, /^huge\.bin: cancelled after [\d,]+ pages/);
    },
    { hash: "source=zeros&size=65536" },
  ),
);

inBrowser("a browser without memory for the pool says so, with a way out", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      assert.match(await textOf(page, "error"), /^The browser has no memory left for this\. Close/);
      assert.is(await textOf(page, "status"), "Zeros: not finished.");
    },
    {
      prepare: inWorker(`
        WebAssembly.Memory = class {
          constructor() {
            throw new RangeError("WebAssembly.Memory(): could not allocate memory");
          }
        };`),
    },
  ),
);

inBrowser("errors are said in plain words, and the next file works", () =>
  open(
    async (page) => {
      assert.match(await textOf(page, "error"), /made with a file/);
      const empty = join(folder, "empty");
      writeFileSync(empty, "");
      await pickFile(page, empty);
      assert.is(await textOf(page, "error"), "The file is empty: there is no page to keep.");
      await page.$eval("#limit", (input) => {
        (input as HTMLInputElement).value = "0";
        input.dispatchEvent(new Event("change"));
      });
      assert.match(await textOf(page, "limit-error"), /from 1 to 4096/);
      await page.evaluate(() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.setData("text/plain", "some text");
        document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
      });
      assert.match(await textOf(page, "note"), /no file/);
      await pickFile(page, writeMixedFile());
      assert.is(await page.$eval("#error", (element) => (element as HTMLElement).hidden), true);
    },
    { hash: "source=file" },
  ),
);

test.run();
