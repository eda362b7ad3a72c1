/**
 * The main paths of the demo in a real Firefox, where one is installed: isolated and not.
 *
 * Why so: the page leans on what engines do differently (workers in workers, shared memory, clocks,
 * canvas, storage); the rest of it is tested in Chromium alone.
 */
import * as assert from "uvu/assert";
import {
  demoSuite,
  figureOf,
  findViolations,
  pickFile,
  press,
  readReport,
  textOf,
  waitForEnd,
  waitForStatus,
  writeMixedFile,
} from "./demo-page.ts";
import { launchFirefox } from "./launch.ts";

const { test, inBrowser, open } = await demoSuite("demo in Firefox", launchFirefox);

for (const isolated of [true, false]) {
  inBrowser(`a file, the map, a page of it (${isolated ? "isolated" : "not isolated"})`, () =>
    open(
      async (page) => {
        await pickFile(page, writeMixedFile());
        assert.match(
          await textOf(page, "status"),
          /^mixed file\.bin: 40 pages in [\d.]+ s, every page came back as it was\.$/,
        );
        for (const [key, value] of [
          ["original", "160 KiB"],
          ["compressed", "16"],
          ["same", "16"],
          ["raw", "8"],
        ] as const) {
          assert.is(await figureOf(page, key), value, key);
        }
        await page.focus("#map");
        await page.keyboard.press("Home");
        assert.is(await textOf(page, "cell"), "Page 0: same-filled");
        await page.keyboard.press("End");
        assert.is(await textOf(page, "cell"), "Page 39: raw");
        await page.type("#page-number", "16\n");
        await page.waitForFunction(
          () => document.getElementById("page-title")?.textContent === "Page 16",
        );
        assert.match(await textOf(page, "page-facts"), /Held as\s+compressed/);
        await page.focus("#strip");
        await page.keyboard.press("ArrowRight");
        assert.match(await textOf(page, "sequence"), /^Sequence 0: \d+ literals at byte 0/);
        const colours = await page.evaluate(() => {
          const map = document.getElementById("map") as HTMLCanvasElement;
          const context = map.getContext("2d") as CanvasRenderingContext2D;
          const { data } = context.getImageData(0, 0, map.width, map.height);
          return new Set(new Uint32Array(data.buffer)).size;
        });
        assert.ok(colours >= 4, `${colours} colours on the map`);
        assert.match(
          await textOf(page, "pool-note"),
          isolated ? /^$/ : /^One worker: .* not cross-origin isolated/,
        );
      },
      { isolated },
    ),
  );
}

inBrowser("two workers keep what one keeps", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const alone = (await readReport(page)).totals;
      await page.select("#workers", "2");
      // The status says the same of the run before: only the note tells that the second has begun.
      await page.waitForFunction(() => document.getElementById("shared-note")?.hidden === false);
      await waitForEnd(page);
      await waitForStatus(page, /every page came back as it was\.$/);
      const { totals } = await readReport(page);
      for (const name of ["pages", "payloadBytes", "compressedPages", "sameFilledPages"]) {
        assert.is(totals[name], alone[name], name);
      }
      await press(page, "act-forget");
      await page.waitForFunction(() =>
        document.getElementById("acted")?.textContent?.startsWith("Forgot"),
      );
    },
    { hash: "source=records" },
  ),
);

inBrowser("a full pool writes to the browser's storage", () =>
  open(
    async (page) => {
      for (const device of ["opfs", "indexeddb"]) {
        if (device !== "opfs") await page.select("#device", device);
        await waitForStatus(page, /every page came back as it was\.$/);
        const { totals, forms } = await readReport(page);
        assert.is(totals["rejectedPages"], 0, device);
        assert.ok((totals["devicePages"] ?? 0) > 100, `${device}: ${totals["devicePages"]}`);
        assert.is(forms["on device"], totals["devicePages"], device);
      }
    },
    { hash: "source=records&limit=2&device=opfs" },
  ),
);

inBrowser("a link brings a state back, a dropped file is measured, and axe finds nothing", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      await page.waitForFunction(
        () => document.getElementById("page-title")?.textContent === "Page 7",
      );
      assert.is(await textOf(page, "order"), "Order: Hilbert");
      assert.is(await page.$eval("#panel-sizes", (panel) => (panel as HTMLElement).hidden), false);
      assert.is(await page.evaluate(() => document.documentElement.dataset["theme"]), "dark");
      assert.equal(await findViolations(page), []);
      await page.evaluate(() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["x".repeat(10_000)], "dropped.bin"));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
      });
      await waitForStatus(page, /^dropped\.bin: 2 pages .* as it was/);
    },
    { hash: "source=records&size=8192&page=7&order=hilbert&tab=sizes&theme=dark" },
  ),
);

test.run();
