/**
 * The page map, the inspector and the time-lapse in a real browser, by pointer, finger and keys.
 */
import * as assert from "uvu/assert";
import { MOST_CELLS_AT_ONCE } from "../../web/map/texture.ts";
import { MOST_EVENTS_AT_ONCE } from "../../web/model/moment.ts";
import {
  demoSuite,
  moveTo,
  pickFile,
  press,
  readReport,
  textOf,
  waitForEnd,
  waitForStatus,
  workOf,
  writeMixedFile,
} from "./demo-page.ts";
import { MANY_PAGES, manyCellsWorker } from "./many-cells.ts";

const { test, inBrowser, open } = await demoSuite("demo map");

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

inBrowser("zoom and order by key keep the chosen page in view", () =>
  open(async (page) => {
    await waitForEnd(page);
    /** Where on the map a page is pointed at; null where it is not seen. */
    const find = (wanted: number): Promise<{ x: number; y: number } | null> =>
      page.$eval(
        "#map",
        (map, text) => {
          const { left, top, width, height } = map.getBoundingClientRect();
          for (let y = 3; y < height; y += 6) {
            for (let x = 3; x < width; x += 6) {
              const at = { clientX: left + x, clientY: top + y };
              map.dispatchEvent(new PointerEvent("pointermove", at));
              if (document.getElementById("cell")?.textContent?.startsWith(text)) return { x, y };
            }
          }
          return null;
        },
        `Page ${wanted}: `,
      );
    await page.focus("#map");
    await page.keyboard.press("End");
    const before = await find(4095);
    for (const key of ["+", "+"] as const) await page.keyboard.press(key);
    const after = await find(4095);
    assert.ok(before !== null && after !== null);
    // Its first place seen moves by no more than the cell grows.
    assert.ok(Math.abs(after.x - before.x) < 80 && Math.abs(after.y - before.y) < 80);
    assert.is(await find(0), null, "it did not zoom");
    await page.keyboard.press("o");
    assert.is.not(await find(4095), null);
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
    { hash: "source=records", viewport: { width: 1280, height: 900, hasTouch: true } },
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
    await moveTo(page, 10);
    await page.waitForFunction(() =>
      document.getElementById("moment-label")?.textContent?.startsWith("10 of 40"),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    const quarter = await held();
    assert.ok(quarter < full * 0.5 && quarter > 0, `${quarter} of ${full} pixels`);
    await moveTo(page, 36);
    await press(page, "play");
    assert.is(await textOf(page, "play"), "Stop");
    await page.waitForFunction(
      () => document.getElementById("moment-label")?.textContent === "now, after 40 events",
    );
    assert.is(await textOf(page, "play"), "Replay");
  }),
);

inBrowser("a million cells: a frame does as much as has changed, and a bounded part of it", () =>
  open(
    async (page) => {
      await waitForStatus(page, /pages in/);
      await workOf(page, async () => undefined);

      const looked = await workOf(page, async () => {
        await page.focus("#map");
        for (const key of ["+", "+", "+", "-", "ArrowRight", "ArrowDown"] as const) {
          await page.keyboard.press(key);
        }
        await page.keyboard.down("Shift");
        for (const key of ["ArrowRight", "ArrowDown"] as const) await page.keyboard.press(key);
        await page.keyboard.up("Shift");
        await page.hover("#map");
      });
      assert.ok(looked.frames > 0);
      assert.equal([looked.cells, looked.pixels], [0, 0], "looking around paints no cell");

      const ordered = await workOf(page, () => press(page, "order"));
      assert.is(ordered.cells, MANY_PAGES, "another order paints every cell once");
      assert.ok(ordered.mostCells <= MOST_CELLS_AT_ONCE, `${ordered.mostCells} cells in a frame`);
      // Along the curve a part of it is a square: what is handed over is little more than that.
      assert.ok(ordered.pixels < 6 * MANY_PAGES, `${ordered.pixels} pixels`);

      const half = MANY_PAGES / 2;
      const back = await workOf(page, () => moveTo(page, half));
      assert.equal([back.events, back.cells], [half, half], "going back costs what lies between");
      assert.ok(back.mostEvents <= MOST_EVENTS_AT_ONCE, `${back.mostEvents} events in a frame`);
      const step = await workOf(page, () => moveTo(page, half + 1000));
      assert.equal([step.events, step.cells], [1000, 1000]);
      const now = await workOf(page, () => moveTo(page, MANY_PAGES));
      assert.equal([now.events, now.cells], [half - 1000, half - 1000]);
      const { forms } = await readReport(page);
      assert.is(
        Object.values(forms).reduce((sum, count) => sum + count, 0),
        MANY_PAGES,
      );
    },
    { hash: "source=zeros", files: { "/worker.js": manyCellsWorker({ isSlow: false }) } },
  ),
);

test.run();
