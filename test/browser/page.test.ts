/**
 * The demo page in a real browser, as a person uses it: picks a file, reads the figures, points at
 * a cell, drops something that is no file.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ElementHandle, type Page } from "puppeteer-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serve } from "../../scripts/serve.ts";
import { buildWeb } from "../../scripts/web.ts";
import { launchBrowser } from "./launch.ts";

const test = suite("demo page");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;
const files = await buildWeb();
const folder = mkdtempSync(join(tmpdir(), "zmem-page-"));

test.after(async () => {
  await launched?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the page, runs `use`, and fails on any error that the page itself has noticed. */
async function withPage(use: (page: Page) => Promise<void>, isolated = true): Promise<void> {
  assert.ok(launched);
  const server = await serve({ files, isolated });
  const page = await launched.browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  try {
    await page.goto(`${server.url}/`);
    await use(page);
    assert.equal(errors, []);
  } finally {
    await page.close();
    await server.close();
  }
}

async function pick(page: Page, path: string): Promise<void> {
  const input = (await page.$("#file")) as ElementHandle<HTMLInputElement>;
  await input.uploadFile(path);
}

async function waitForStatus(page: Page, pattern: RegExp): Promise<void> {
  await page.waitForFunction(
    (source) =>
      new RegExp(source).test(document.getElementById("status")?.textContent ?? "") ||
      document.getElementById("error")?.hidden === false,
    { timeout: 20_000 },
    pattern.source,
  );
}

const textOf = (page: Page, id: string): Promise<string> =>
  page.$eval(`#${id}`, (element) => (element as HTMLElement).innerText);

/** 40 pages: 16 of zeros, 16 of text, 8 that don't compress. */
function writeMixedFile(): string {
  const page = 4096;
  const bytes = Buffer.alloc(40 * page);
  bytes.fill("a line of text that repeats, with a number\n", 16 * page, 32 * page);
  let state = 1;
  for (let at = 32 * page; at < bytes.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  const path = join(folder, "mixed file.bin");
  writeFileSync(path, bytes);
  return path;
}

for (const isolated of [true, false]) {
  inBrowser(`measures a file (${isolated ? "isolated" : "not isolated"})`, () =>
    withPage(async (page) => {
      await pick(page, writeMixedFile());
      await waitForStatus(page, /came back as it was/);
      assert.is(await textOf(page, "status"), "mixed file.bin: every page came back as it was.");
      await page.click("summary");
      const figures = await textOf(page, "figures");
      assert.match(figures, /^Pages\s+40$/m);
      assert.match(figures, /^of one repeated word\s+16 \(40%\)$/m);
      assert.match(figures, /^incompressible, kept as they are\s+8 \(20%\)$/m);
      assert.match(figures, /^rejected\s+0 \(0%\)$/m);
      assert.match(await textOf(page, "tiles"), /Ratio\s+\d+\.\d\dx/);
    }, isolated),
  );
}

inBrowser("draws a cell per page and says what each is", () =>
  withPage(async (page) => {
    await pick(page, writeMixedFile());
    await waitForStatus(page, /came back as it was/);
    const canvas = await page.$("#map");
    await canvas?.scrollIntoView();
    const box = await canvas?.boundingBox();
    assert.ok(box);
    // 40 pages are few enough for cells of the largest size, 22 pixels.
    const said: string[] = [];
    for (const cell of [0, 16, 32]) {
      const columns = Math.floor(box.width / 22);
      const x = box.x + (cell % columns) * 22 + 11;
      const y = box.y + Math.floor(cell / columns) * 22 + 11;
      await page.mouse.move(x, y);
      said.push(await textOf(page, "cell"));
    }
    assert.is(said[0], "Page 0: one repeated word");
    assert.match(said[1] ?? "", /^Page 16: \d+ of 4096 bytes \(\d+%\)$/);
    assert.is(said[2], "Page 32: 4096 of 4096 bytes (100%)");
    const colours = await page.evaluate(() => {
      const map = document.getElementById("map") as HTMLCanvasElement;
      const { data } = (map.getContext("2d") as CanvasRenderingContext2D).getImageData(
        0,
        0,
        map.width,
        map.height,
      );
      return new Set(new Uint32Array(data.buffer)).size;
    });
    // Nothing, same-filled, text, raw.
    assert.ok(colours >= 4, `${colours} colours`);
  }),
);

inBrowser("another page size measures the file again", () =>
  withPage(async (page) => {
    await pick(page, writeMixedFile());
    await waitForStatus(page, /came back as it was/);
    await page.select("#page-size", "16384");
    await page.waitForFunction(
      () => /^10 pages$/m.test(document.getElementById("tiles")?.innerText ?? ""),
      { timeout: 20_000 },
    );
    await waitForStatus(page, /came back as it was/);
  }),
);

inBrowser("the example needs no file", () =>
  withPage(async (page) => {
    await page.click("#example");
    await waitForStatus(page, /came back as it was/);
    assert.match(await textOf(page, "status"), /^A drawing of .* came back as it was\.$/);
  }),
);

inBrowser("an empty file is an error in plain words, and the next file works", () =>
  withPage(async (page) => {
    const empty = join(folder, "empty");
    writeFileSync(empty, "");
    await pick(page, empty);
    await waitForStatus(page, /not finished/);
    assert.is(await textOf(page, "error"), "The file is empty: there is no page to keep.");
    await pick(page, writeMixedFile());
    await waitForStatus(page, /came back as it was/);
    assert.is(await page.$eval("#error", (element) => (element as HTMLElement).hidden), true);
  }),
);

inBrowser("a drop without a file is an error in plain words", () =>
  withPage(async (page) => {
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.setData("text/plain", "some text");
      document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
    });
    assert.match(await textOf(page, "error"), /no file/);
  }),
);

inBrowser("fits a phone without scrolling sideways", () =>
  withPage(async (page) => {
    await page.setViewport({ width: 360, height: 740, deviceScaleFactor: 2 });
    await page.click("#example");
    await waitForStatus(page, /came back as it was/);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${width} pixels wide`);
  }),
);

test.run();
