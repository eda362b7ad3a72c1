/**
 * The demo under axe-core, in its main states, in both themes, at phone and desktop size; and that
 * nothing makes a phone scroll sideways.
 */
import { type Page } from "puppeteer-core";
import * as assert from "uvu/assert";
import { demoSuite, findViolations, press, waitForEnd } from "./demo-page.ts";

const PHONE = { width: 360, height: 740, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const DESKTOP = { width: 1280, height: 800 };

const { test, inBrowser, open } = await demoSuite("demo accessibility");

/** Opens every table and gives them time to be filled. */
async function openTables(page: Page): Promise<void> {
  await page.$$eval("details", (all) => {
    for (const details of all) details.open = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
}

// Axe takes a second or two each time, so not every view is checked in every theme at every size.
for (const [theme, name, viewport, tabs] of [
  ["light", "phone", PHONE, ["classes", "time"]],
  ["light", "desktop", DESKTOP, ["bench"]],
  ["dark", "phone", PHONE, ["sizes"]],
  ["dark", "desktop", DESKTOP, ["classes"]],
] as const) {
  inBrowser(`${theme}, ${name}: no violation, nothing too wide`, () =>
    open(
      async (page) => {
        await waitForEnd(page);
        await openTables(page);
        for (const tab of tabs) {
          await press(page, `tab-${tab}`);
          await new Promise((resolve) => setTimeout(resolve, 150));
          assert.equal(await findViolations(page), [], tab);
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(width <= viewport.width, `${tab}: ${width} pixels wide`);
        }
      },
      { hash: `source=records&theme=${theme}&page=100&limit=2`, viewport },
    ),
  );
}

inBrowser("help, errors and drawing have no violation either", () =>
  open(
    async (page) => {
      assert.equal(await findViolations(page), [], "error");
      await press(page, "help");
      assert.equal(await findViolations(page), [], "help");
      await page.keyboard.press("Escape");
      await page.select("#source", "drawing");
      await waitForEnd(page);
      assert.equal(await findViolations(page), [], "drawing");
    },
    { hash: "source=file", viewport: PHONE },
  ),
);

inBrowser("whoever wants less motion gets none", () =>
  open(async (page) => {
    await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
    await waitForEnd(page);
    await press(page, "restart");
    await waitForEnd(page);
    const moving = await page.evaluate(
      () => getComputedStyle(document.querySelector("#saving i") as Element).transitionDuration,
    );
    assert.match(moving, /^0s/);
    // Nothing flashes: two pictures of the map right after a run are the same.
    const look = (): Promise<string> =>
      page.evaluate(() => (document.getElementById("map") as HTMLCanvasElement).toDataURL());
    await new Promise((resolve) => setTimeout(resolve, 60));
    const first = await look();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.is(await look(), first);
  }),
);

inBrowser("every control is reached by the Tab key, and says its name", () =>
  open(async (page) => {
    await waitForEnd(page);
    const reached = new Set<string>();
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement?.id ?? ""));
    }
    const wanted = [
      "file",
      "source",
      "page-size",
      "limit",
      "effort",
      "device",
      "workers",
      "restart",
      "map",
    ];
    for (const id of [...wanted, "order", "play", "moment", "page-number", "tab-classes", "hex"]) {
      assert.ok(reached.has(id), `#${id} was not reached: ${[...reached].join(" ")}`);
    }
  }),
);

test.run();
