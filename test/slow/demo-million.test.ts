/**
 * The page map with as many cells as it can have, 2^20: what each frame costs the page's thread while
 * every page is put, written back and got, and under the hand of a person who zooms, pans and goes
 * through time.
 *
 * Why so: what a frame does is held here and in test/browser/demo-map.test.ts; how long it takes is
 * taken from the browser's trace and printed beside the goal.
 */
import { type Page } from "puppeteer-core";
import * as assert from "uvu/assert";
import { MOST_CELLS_AT_ONCE } from "../../web/map/texture.ts";
import { MOST_EVENTS_AT_ONCE } from "../../web/model/moment.ts";
import { demoSuite, press, readReport, resetFrames, waitForStatus } from "../browser/demo-page.ts";
import { MANY_PAGES, manyCellsWorker } from "../browser/many-cells.ts";
import { describeTimes, traceMainThread } from "../browser/trace-tasks.ts";

const { test, inBrowser, open } = await demoSuite("demo with a million cells");

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The middle of the map on the screen. */
async function middleOf(page: Page): Promise<{ readonly x: number; readonly y: number }> {
  const map = await page.$("#map");
  await map?.scrollIntoView();
  const box = await map?.boundingBox();
  assert.ok(box);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function zoom(page: Page): Promise<void> {
  const { x, y } = await middleOf(page);
  await page.focus("#map");
  await page.mouse.move(x, y);
  // To the largest cells, which have gaps and shapes, and back.
  for (const deltaY of [-100, 100]) {
    for (let step = 0; step < 30; step++) {
      await page.mouse.wheel({ deltaY });
      await wait(16);
    }
  }
}

async function pan(page: Page): Promise<void> {
  const { x, y } = await middleOf(page);
  await page.focus("#map");
  for (let step = 0; step < 12; step++) await page.mouse.wheel({ deltaY: -100 });
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let step = 0; step < 60; step++) {
    await page.mouse.move(x + 150 * Math.sin(step / 5), y + 100 * Math.cos(step / 5));
    await wait(16);
  }
  await page.mouse.up();
  await press(page, "zoom-all");
}

async function reorder(page: Page): Promise<void> {
  for (const button of ["order", "zoom-in", "zoom-in", "zoom-in", "zoom-all", "order"]) {
    await press(page, button);
    await wait(500);
  }
}

async function replay(page: Page): Promise<void> {
  await press(page, "play");
  await page.waitForFunction(() => document.getElementById("play")?.textContent === "Replay", {
    timeout: 60_000,
  });
}

/** Jumps through the whole run, back and forth. */
async function scrub(page: Page): Promise<void> {
  for (const share of [0.5, 0.1, 0.9, 0, 0.7, 1]) {
    await page.$eval(
      "#moment",
      (slider, at) => {
        const { min, max } = slider as HTMLInputElement;
        (slider as HTMLInputElement).value = String(Number(min) + at * (Number(max) - Number(min)));
        slider.dispatchEvent(new Event("input"));
      },
      share,
    );
    await wait(700);
  }
}

inBrowser("puts, zooms, pans, orders and the time-lapse do a bounded part in each frame", () =>
  open(
    async (page) => {
      const measure = async (name: string, act: () => Promise<void>): Promise<void> => {
        await resetFrames(page);
        const times = await traceMainThread(page, act);
        const { mainThread, map } = await readReport(page);
        console.log(
          `\nnote ${name}: ${describeTimes(times)}; at most ${map.mostCells} cells and ` +
            `${map.mostEvents} events in a frame`,
        );
        assert.ok(mainThread.frames > 20, `${name}: ${mainThread.frames} frames`);
        assert.ok(
          map.mostCells <= MOST_CELLS_AT_ONCE,
          `${name}: ${map.mostCells} cells in a frame`,
        );
        assert.ok(map.mostEvents <= MOST_EVENTS_AT_ONCE, `${name}: ${map.mostEvents} events`);
      };
      await measure("run", async () => waitForStatus(page, /pages in/));
      const { forms } = await readReport(page);
      assert.is(
        Object.values(forms).reduce((sum, count) => sum + count, 0),
        MANY_PAGES,
      );
      await measure("zoom", async () => zoom(page));
      await measure("pan", async () => pan(page));
      await measure("orders", async () => reorder(page));
      await measure("replay", async () => replay(page));
      await measure("jumps in time", async () => scrub(page));
    },
    { hash: "source=zeros", files: { "/worker.js": manyCellsWorker({ isSlow: true }) } },
  ),
);

test.run();
