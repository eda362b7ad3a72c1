/**
 * The demo page in a real browser, as a person uses it: picks files and sources, reads the figures,
 * walks the map, looks at pages, compacts and trims, draws, pauses, cancels, meets errors.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Page } from "puppeteer-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { OPENING_FILES } from "../../scripts/web.ts";
import {
  demoFiles,
  folder,
  type OpenOptions,
  pickFile,
  press,
  readReport,
  removeFolder,
  textOf,
  tileOf,
  waitForEnd,
  waitForStatus,
  withDemo,
  writeMixedFile,
} from "./demo-page.ts";
import { launchBrowser } from "./launch.ts";

const test = suite("demo page");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;
const open = (use: Parameters<typeof withDemo>[1], options: OpenOptions = {}): Promise<void> =>
  withDemo(launched, use, options);

/** Has a script run in the page's worker before the worker's own. */
const inWorker =
  (script: string) =>
  (page: Page): Promise<unknown> =>
    page.evaluateOnNewDocument((first) => {
      const start = globalThis.Worker;
      globalThis.Worker = class extends start {
        constructor(address: string | URL, options?: WorkerOptions) {
          // Messages that come while the worker's own script loads are not to be lost.
          const whole = `
            ${first}
            const early = [];
            const keep = (event) => early.push(event.data);
            addEventListener("message", keep);
            await import(${JSON.stringify(String(address))});
            removeEventListener("message", keep);
            for (const data of early) dispatchEvent(new MessageEvent("message", { data }));`;
          super(URL.createObjectURL(new Blob([whole], { type: "text/javascript" })), options);
        }
      };
    }, script);

test.after(async () => {
  await launched?.close();
  removeFolder();
});

test("what the page fetches when it opens weighs under 150 KB compressed", async () => {
  const files = await demoFiles();
  let total = 0;
  for (const name of OPENING_FILES) total += gzipSync(files[name] ?? "").length;
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
        assert.is(await tileOf(page, "original"), "160 KiB");
        assert.is(await tileOf(page, "compressed"), "16");
        assert.is(await tileOf(page, "same"), "16");
        assert.is(await tileOf(page, "raw"), "8");
        assert.is(await tileOf(page, "rejected"), "0");
        assert.match(await tileOf(page, "ratio"), /^\d+\.\d\dx$/);
        assert.match(await tileOf(page, "put"), /^[\d.]+ µs$/);
        assert.match(await textOf(page, "headline"), /^160 KiB of data /);
        const said = await textOf(page, "platform");
        assert.match(said, isolated ? /is cross-origin isolated/ : /is not cross-origin isolated/);
      },
      { isolated },
    ),
  );
}

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
      assert.is(
        await page.$eval("#source", (select) => (select as HTMLSelectElement).value),
        "mix",
      );
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
        () => document.querySelector('[data-tile="same"]')?.textContent === "256",
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
        () => Number(document.querySelector('[data-tile="compressed"]')?.textContent) >= 14,
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

inBrowser("the map has a cell per page, says what each is, and takes keys", () =>
  open(async (page) => {
    await pickFile(page, writeMixedFile());
    // Nothing, same-filled, text, raw: as soon as the next frame has drawn them.
    await page.waitForFunction(
      () => {
        const map = document.getElementById("map") as HTMLCanvasElement;
        const context = map.getContext("2d") as CanvasRenderingContext2D;
        const { data } = context.getImageData(0, 0, map.width, map.height);
        return new Set(new Uint32Array(data.buffer)).size >= 4;
      },
      { timeout: 10_000 },
    );
    await page.focus("#map");
    await page.keyboard.press("Home");
    assert.is(await textOf(page, "cell"), "Page 0: same-filled");
    await page.keyboard.press("ArrowRight");
    assert.is(await textOf(page, "cell"), "Page 1: same-filled");
    await page.keyboard.press("End");
    assert.is(await textOf(page, "cell"), "Page 39: raw");
    await page.keyboard.press("PageUp");
    assert.match(await textOf(page, "cell"), /^Page \d+: /);
    await page.keyboard.press("Enter");
    assert.is(await page.evaluate(() => document.activeElement?.id), "page-number");
    await page.type("#page-number", "16\n");
    assert.match(await textOf(page, "cell"), /^Page 16: \d+ of 4096 bytes/);
    // A click on a cell chooses it.
    const box = await (await page.$("#map"))?.boundingBox();
    assert.ok(box);
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    assert.match(await textOf(page, "cell"), /^Page \d+: /);
    for (const key of ["+", "+", "-", "o", "o", "0"] as const) {
      await page.focus("#map");
      await page.keyboard.press(key);
    }
    assert.is(await textOf(page, "order"), "Order: rows");
  }),
);

inBrowser("the map zooms by wheel and pinch and moves by dragging", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const viewOf = async (): Promise<number[]> => {
        await new Promise((resolve) => setTimeout(resolve, 450));
        const view = /view=([-\d.,]+)/.exec(await page.evaluate(() => location.hash))?.[1];
        return view === undefined ? [1, 0.5, 0.5] : view.split(",").map(Number);
      };
      const map = await page.$("#map");
      await map?.scrollIntoView();
      const box = await map?.boundingBox();
      assert.ok(box);
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      // Untouched, the wheel is the page's.
      await page.mouse.move(x, y);
      await page.mouse.wheel({ deltaY: -200 });
      assert.is((await viewOf())[0], 1);
      await page.focus("#map");
      await page.mouse.wheel({ deltaY: -300 });
      const [wheeled = 0, startX = 0] = await viewOf();
      assert.ok(wheeled > 1.7, `zoom ${wheeled} after the wheel`);
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x - 120, y, { steps: 4 });
      await page.mouse.up();
      const [, draggedX = 0] = await viewOf();
      assert.ok(draggedX > startX + 0.02, `from ${startX} to ${draggedX}`);
      const touch = await page.createCDPSession();
      const fingers = (distance: number) => [
        { x: x - distance, y, id: 1 },
        { x: x + distance, y, id: 2 },
      ];
      await touch.send("Input.dispatchTouchEvent", {
        type: "touchStart",
        touchPoints: fingers(20),
      });
      for (const distance of [30, 40, 60]) {
        await touch.send("Input.dispatchTouchEvent", {
          type: "touchMove",
          touchPoints: fingers(distance),
        });
      }
      await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
      const [pinched = 0] = await viewOf();
      assert.ok(pinched > wheeled * 1.5, `zoom ${wheeled} before the pinch, ${pinched} after`);
      await press(page, "zoom-all");
      assert.is((await viewOf())[0], 1);
    },
    { hash: "source=terrain", viewport: { width: 1280, height: 900, hasTouch: true } },
  ),
);

inBrowser("the inspector shows bytes, sequences and place of a page", () =>
  open(async (page) => {
    await pickFile(page, writeMixedFile());
    await page.type("#page-number", "16\n");
    await page.waitForFunction(
      () => document.getElementById("page-title")?.textContent === "Page 16",
    );
    const facts = await textOf(page, "page-facts");
    assert.match(facts, /Held as\s+compressed/);
    assert.match(facts, /Codec\s+LZ4/);
    assert.match(facts, /Size class\s+\d+ bytes/);
    assert.match(facts, /Place\s+zspage \d+, slot \d+/);
    assert.match(facts, /Put\s+once, last/);
    const hex = await textOf(page, "hex");
    assert.match(hex.replace(/\s/g, ""), /^00006120/, "the bytes begin with 'a '");
    // Literals and copied bytes of the sequences are the whole page.
    const [literals = 0, copied = 0] = [
      ...(await textOf(page, "sequence")).matchAll(/([\d,]+) (?:bytes are|are copied)/g),
    ].map((match) => Number((match[1] ?? "").replaceAll(",", "")));
    assert.is(literals + copied, 4096);
    await page.focus("#strip");
    await page.keyboard.press("ArrowRight");
    assert.match(
      await textOf(page, "sequence"),
      /^Sequence 0: \d+ literals at byte 0, then \d+ bytes copied from byte \d+/,
    );
    assert.ok((await page.$$("#hex .match")).length > 0, "the match is marked in the bytes");
    await press(page, "hex-on");
    assert.is(await textOf(page, "hex-place"), "bytes 256 to 511 of 4096");
  }),
);

inBrowser("holes, compaction and trim are told in bytes, and memory held goes down", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const act = async (action: string): Promise<string> => {
        const before = await textOf(page, "acted");
        await press(page, `act-${action}`);
        await page.waitForFunction(
          (text) => {
            const said = document.getElementById("acted")?.innerText ?? "";
            // While it goes on it ends with an ellipsis.
            return said !== text && !said.endsWith("…");
          },
          {},
          before,
        );
        return textOf(page, "acted");
      };
      const held = async (): Promise<number> => (await readReport(page)).totals["heldBytes"] ?? 0;
      const gets = (await readReport(page)).totals["getCount"] ?? 0;
      assert.is(
        await act("read"),
        "Got 4,000 pages, the first ones more often than the last: writeback will spare these longest.",
      );
      assert.is((await readReport(page)).totals["getCount"], gets + 4000);
      assert.match(await act("recompress"), /^Tried [\d,]+ blocks .* saved\.$/);
      const start = await held();
      assert.match(await act("forget"), /^Forgot [\d,]+ pages/);
      assert.match(await act("compact"), /^Compacted in \d+ ms: moved [\d,]+ objects/);
      assert.is(await held(), start);
      assert.match(await act("trim"), /^Trimmed: memory held went from/);
      assert.ok((await held()) < start * 0.8, `${start} bytes before, ${await held()} after`);
      const report = await readReport(page);
      assert.is(
        report.forms["not held"],
        report.totals["pages"]! -
          report.totals["compressedPages"]! -
          report.totals["rawPages"]! -
          report.totals["sameFilledPages"]!,
      );
    },
    { hash: "" },
  ),
);

inBrowser("a limit rejects, and each device takes what is rejected", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const { totals } = await readReport(page);
      assert.ok((totals["rejectedPages"] ?? 0) > 0);
      assert.ok((totals["heldBytes"] ?? Infinity) <= 3 * 1024 ** 2);
      for (const device of ["memory", "opfs", "indexeddb"]) {
        await page.select("#device", device);
        await waitForEnd(page);
        assert.match(await textOf(page, "status"), /every page came back as it was/, device);
        const { totals: held, forms } = await readReport(page);
        assert.is(held["rejectedPages"], 0, device);
        assert.ok((held["devicePages"] ?? 0) > 1000, `${device}: ${held["devicePages"]}`);
        // The map knows of every page where it is, also of those that had to make room.
        assert.is(forms["on device"], held["devicePages"], device);
        assert.is(forms["compressed"], held["compressedPages"], device);
      }
    },
    { hash: "limit=3" },
  ),
);

inBrowser("a browser that refuses storage runs without a device, and says so", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      assert.match(await textOf(page, "note"), /goes on without a swap device/);
      assert.match(await textOf(page, "status"), /every page came back as it was/);
    },
    {
      hash: "limit=3&device=opfs",
      prepare: inWorker(`
        StorageManager.prototype.getDirectory = () =>
          Promise.reject(new DOMException("no", "SecurityError"));`),
    },
  ),
);

inBrowser("pause holds, cancel ends, and what was put stays", () =>
  open(
    async (page) => {
      await waitForStatus(page, /putting/);
      await page.keyboard.press("Space");
      await waitForStatus(page, /paused/);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const first = (await readReport(page)).totals?.["putCount"];
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.is((await readReport(page)).totals?.["putCount"], first, "puts went on");
      await page.keyboard.press("Space");
      await waitForStatus(page, /putting/);
      await page.keyboard.press("Escape");
      await waitForStatus(page, /cancelled after [\d,]+ pages/);
      await page.keyboard.press("r");
      await waitForStatus(page, /putting/);
    },
    { hash: "source=program" },
  ),
);

inBrowser("a sample in the making can be cancelled, and what was there before stays", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const { totals } = await readReport(page);
      await page.select("#source", "database");
      await waitForStatus(page, /preparing/);
      await page.keyboard.press("Escape");
      await waitForStatus(page, /cancelled before the first page/);
      assert.equal((await readReport(page)).totals, totals);
      // The pool of the run before still answers.
      await page.focus("#map");
      await page.keyboard.press("End");
      await page.waitForFunction(() => document.getElementById("page-body")?.hidden === false);
      await press(page, "act-forget");
      await page.waitForFunction(() =>
        document.getElementById("acted")!.innerText.startsWith("Forgot"),
      );
      assert.ok(((await readReport(page)).forms["not held"] ?? 0) > 1000);
      await press(page, "restart");
      await waitForStatus(page, /preparing|putting/);
    },
    { hash: "source=zeros" },
  ),
);

for (const [name, failure, said] of [
  ["fills up", "QuotaExceededError", /^The swap device is full: .* all others stay\.$/],
  ["fails", "InvalidStateError", /^The swap device failed \(.*\)\. The run goes on: /],
] as const) {
  inBrowser(`a device that ${name} in mid-run rejects, says so, and keeps the rest`, () =>
    open(
      async (page) => {
        await waitForEnd(page);
        assert.match(await textOf(page, "note"), said);
        assert.match(await textOf(page, "status"), /every page came back as it was/);
        const { totals, forms } = await readReport(page);
        assert.ok((totals["rejectedPages"] ?? 0) > 500, `${totals["rejectedPages"]} rejected`);
        assert.ok((totals["devicePages"] ?? 0) > 100, `${totals["devicePages"]} on the device`);
        assert.is(forms["on device"], totals["devicePages"]);
        assert.is(forms["rejected"], totals["rejectedPages"]);
      },
      {
        hash: "source=random&limit=3&device=opfs",
        prepare: inWorker(`
          const { write } = FileSystemSyncAccessHandle.prototype;
          let left = 500 * 4096;
          FileSystemSyncAccessHandle.prototype.write = function (bytes, options) {
            if ((left -= bytes.byteLength) < 0) throw new DOMException("no", "${failure}");
            return write.call(this, bytes, options);
          };`),
      },
    ),
  );
}

inBrowser("the time-lapse goes back to nothing and plays to the end", () =>
  open(async (page) => {
    await pickFile(page, writeMixedFile());
    const held = (): Promise<number> =>
      page.evaluate(() => {
        const map = document.getElementById("map") as HTMLCanvasElement;
        const context = map.getContext("2d") as CanvasRenderingContext2D;
        const { data } = context.getImageData(0, 0, map.width, map.height);
        return data.filter((value, index) => index % 4 === 3 && value > 0).length;
      });
    await new Promise((resolve) => setTimeout(resolve, 600));
    const full = await held();
    await page.$eval("#moment", (slider) => {
      (slider as HTMLInputElement).value = "10";
      slider.dispatchEvent(new Event("input"));
    });
    await page.waitForFunction(() =>
      document.getElementById("moment-label")?.textContent?.startsWith("10 of 40"),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    const quarter = await held();
    assert.ok(quarter < full * 0.5 && quarter > 0, `${quarter} of ${full} pixels`);
    await press(page, "play");
    assert.is(await textOf(page, "play"), "Stop");
    await press(page, "play");
    assert.is(await textOf(page, "play"), "Replay");
  }),
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

inBrowser("a link brings back source, pool, page, order, tab, theme and view", () =>
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
      await press(page, "tab-sizes");
      await press(page, "theme");
      await new Promise((resolve) => setTimeout(resolve, 500));
      const link = await page.evaluate(() => location.href);
      assert.match(
        link,
        /#source=terrain&size=8192&effort=fast&page=7&order=hilbert&tab=sizes&theme=light&view=/,
      );
      await page.goto("about:blank");
      await page.goto(link);
      await waitForEnd(page);
      await page.waitForFunction(() => document.getElementById("page-body")?.hidden === false);
      assert.is(
        await page.$eval("#page-size", (select) => (select as HTMLSelectElement).value),
        "8192",
      );
      assert.is(
        await page.$eval("#page-number", (input) => (input as HTMLInputElement).value),
        "7",
      );
      assert.is(await textOf(page, "order"), "Order: Hilbert");
      assert.is(await page.$eval("#panel-sizes", (panel) => (panel as HTMLElement).hidden), false);
      assert.is(await page.evaluate(() => document.documentElement.dataset["theme"]), "light");
      await page.goto(`${url}/#source=zeros&page=3`);
      await waitForStatus(page, /^Zeros/);
    },
    { hash: "source=terrain" },
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
      const files: { name: string; type: string; size: number }[] = [];
      HTMLAnchorElement.prototype.click = function (this: HTMLAnchorElement) {
        void fetch(this.href)
          .then((response) => response.blob())
          .then(({ type, size }) => files.push({ name: this.download, type, size }));
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
  }),
);

test.run();
