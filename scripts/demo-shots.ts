/**
 * `npm run demo:shots`: screenshots of the demo's main states, at desktop and phone size, in
 * dist-shots/. They are for eyes: crowded, unaligned or ugly is a defect.
 *
 * Words on the command line select the shots whose name contains one of them.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Page } from "puppeteer-core";
import { launchBrowser } from "../test/browser/launch.ts";
import { serve } from "./serve.ts";
import { buildWasm } from "./wasm.mjs";

const FOLDER = join(import.meta.dirname, "../dist-shots");
const DESKTOP = { width: 1440, height: 900, deviceScaleFactor: 1 };
const WIDE = { width: 2560, height: 1300, deviceScaleFactor: 1 };
const TABLET = { width: 768, height: 1024, deviceScaleFactor: 1 };
const PHONE = { width: 360, height: 740, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

interface Shot {
  readonly name: string;
  readonly hash: string;
  readonly viewport: typeof DESKTOP;
  readonly act?: (page: Page) => Promise<void>;
}

const click = (id: string) => async (page: Page) => {
  await page.evaluate((name) => document.getElementById(name)?.click(), id);
  await new Promise((resolve) => setTimeout(resolve, 1200));
};

async function forgetAndCompact(page: Page): Promise<void> {
  await click("act-forget")(page);
  await click("act-compact")(page);
}

/** Codecs on the first corpus, beside the reference run. */
async function benchAndCompare(page: Page): Promise<void> {
  await page.select("#bench-cases", "codec");
  await click("bench-run")(page);
  await page.waitForFunction(
    () => /codec: text/.test(document.getElementById("bench-status")?.textContent ?? ""),
    { timeout: 240_000 },
  );
  await click("bench-stop")(page);
  await page.waitForFunction(
    () => !(document.getElementById("bench-run") as HTMLButtonElement).disabled,
    { timeout: 60_000 },
  );
  await click("bench-compare")(page);
}

const SHOTS: readonly Shot[] = [
  { name: "desktop-start", hash: "", viewport: DESKTOP },
  { name: "desktop-page", hash: "page=1500", viewport: DESKTOP },
  { name: "desktop-hilbert-dark", hash: "page=1500&order=hilbert&theme=dark", viewport: DESKTOP },
  {
    name: "desktop-zoomed",
    hash: "view=6,0.5,0.25&limit=4&device=memory&page=1100",
    viewport: DESKTOP,
  },
  { name: "desktop-time", hash: "source=program&tab=time", viewport: DESKTOP },
  { name: "desktop-sizes", hash: "source=records&tab=sizes&theme=dark", viewport: DESKTOP },
  { name: "desktop-compacted", hash: "", viewport: DESKTOP, act: forgetAndCompact },
  { name: "desktop-bench", hash: "source=zeros&tab=bench", viewport: DESKTOP },
  {
    name: "desktop-bench-run",
    hash: "source=zeros&tab=bench",
    viewport: DESKTOP,
    act: benchAndCompare,
  },
  {
    name: "phone-bench-run",
    hash: "source=zeros&tab=bench&theme=dark",
    viewport: PHONE,
    act: benchAndCompare,
  },
  { name: "desktop-drawing", hash: "source=drawing", viewport: DESKTOP, act: click("pad-picture") },
  { name: "desktop-help", hash: "source=zeros", viewport: DESKTOP, act: click("help") },
  { name: "phone-help", hash: "source=zeros", viewport: PHONE, act: click("help") },
  { name: "desktop-workers", hash: "workers=2&limit=4&device=memory", viewport: DESKTOP },
  { name: "wide-start", hash: "page=1500", viewport: WIDE },
  { name: "tablet-start", hash: "theme=dark", viewport: TABLET },
  { name: "phone-start", hash: "", viewport: PHONE },
  { name: "phone-page", hash: "page=1500&theme=dark", viewport: PHONE },
  { name: "phone-drawing", hash: "source=drawing", viewport: PHONE, act: click("pad-picture") },
  { name: "phone-error", hash: "source=file", viewport: PHONE },
];

await buildWasm();
const { buildWeb } = await import("./web.ts");
const launched = await launchBrowser();
if (launched === null) process.exit(1);
const server = await serve({ files: await buildWeb() });
mkdirSync(FOLDER, { recursive: true });
const words = process.argv.slice(2);
try {
  for (const { name, hash, viewport, act } of SHOTS) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
    const page = await launched.browser.newPage();
    page.on("pageerror", (error) => console.log(`${name}: ${String(error)}`));
    page.on("console", (message) => {
      if (message.type() === "error") console.log(`${name}: ${message.text()}`);
    });
    await page.setViewport(viewport);
    await page.goto(`${server.url}/#${hash}`);
    await page.waitForFunction(() => document.getElementById("restart")?.hidden === false, {
      timeout: 240_000,
    });
    await act?.(page);
    await new Promise((resolve) => setTimeout(resolve, 700));
    const path = join(FOLDER, `${name}.png`);
    await page.screenshot({
      path,
      fullPage: !name.includes("help"),
    });
    console.log(`${name}.png`);
    await page.close();
  }
} finally {
  await launched.close();
  await server.close();
}
