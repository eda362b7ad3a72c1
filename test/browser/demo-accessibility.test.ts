/**
 * The demo under axe-core, in its main states, in both themes, at phone and desktop size; and that
 * nothing makes a phone scroll sideways.
 */
import { type Page } from "puppeteer-core";
import * as assert from "uvu/assert";
import {
  demoSuite,
  findViolations,
  press,
  textOf,
  waitForEnd,
  waitForStatus,
} from "./demo-page.ts";

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

inBrowser("what happens by the way is read aloud: its place is there before it has words", () =>
  open(async (page) => {
    await waitForEnd(page);
    const role = await page.$eval("#note", (note) => note.closest("[role]")?.getAttribute("role"));
    assert.is(role, "status");
  }),
);

const keyOf = (page: Page, id: string): Promise<string | null> =>
  page.$eval(`#${id}`, (button) => button.getAttribute("aria-keyshortcuts"));

const themeOf = (page: Page): Promise<string> => textOf(page, "theme");

inBrowser("keys of one letter can be switched off, which is remembered; Esc stays", () =>
  open(async (page) => {
    await waitForEnd(page);
    const switchKeys = async (): Promise<void> => {
      await press(page, "help");
      await page.click("#keys-on");
      await page.keyboard.press("Escape");
      // The next frame takes the focus out of what is closed.
      await page.waitForFunction(() => document.activeElement === document.body);
    };
    await page.keyboard.press("t");
    assert.is(await themeOf(page), "Theme: light");
    await switchKeys();
    await page.keyboard.press("t");
    await page.keyboard.press("?");
    assert.is(await themeOf(page), "Theme: light");
    assert.is(await page.$("#help-dialog[open]"), null);
    assert.is(await keyOf(page, "theme"), null);
    await page.waitForFunction(() => location.hash.includes("theme=light"));
    await page.reload();
    await waitForEnd(page);
    await page.keyboard.press("t");
    assert.is(await themeOf(page), "Theme: light");
    await page.select("#source", "database");
    await waitForStatus(page, /preparing/);
    await page.keyboard.press("Escape");
    await waitForStatus(page, /cancelled/);
    await switchKeys();
    await page.keyboard.press("t");
    assert.is(await themeOf(page), "Theme: dark");
    assert.is(await keyOf(page, "theme"), "t");
  }),
);

inBrowser("a browser that keeps nothing for pages has its keys, and can switch them off", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      await page.keyboard.press("t");
      assert.is(await themeOf(page), "Theme: light");
      await press(page, "keys-on");
      await page.keyboard.press("t");
      assert.is(await themeOf(page), "Theme: light");
    },
    {
      prepare: (page) =>
        page.evaluateOnNewDocument(`
          Object.defineProperty(globalThis, "localStorage", {
            get() { throw new DOMException("no", "SecurityError"); },
          });`),
    },
  ),
);

inBrowser("Space pauses a run, and scrolls the page when there is none", () =>
  open(
    async (page) => {
      const isTaken = (): Promise<boolean> =>
        page.evaluate(() => {
          const space = new KeyboardEvent("keydown", { key: " ", bubbles: true, cancelable: true });
          return !document.body.dispatchEvent(space);
        });
      await waitForStatus(page, /putting/);
      assert.is(await isTaken(), true);
      await waitForStatus(page, /paused/);
      await page.keyboard.press("Escape");
      await waitForEnd(page);
      assert.is(await isTaken(), false);
    },
    { hash: "source=program" },
  ),
);

test.run();
