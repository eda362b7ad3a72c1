/**
 * What the tests of the demo share: the page served and opened in a real browser, with every error
 * that the page itself notices, and small files to give it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ElementHandle, type Page, type Viewport } from "puppeteer-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serve } from "../../scripts/serve.ts";
import { buildWeb, type WebFiles } from "../../scripts/web.ts";
import { type MapWork } from "../../web/map/work-record.ts";
import { launchBrowser, type LaunchedBrowser } from "./launch.ts";

/** How the page is opened. */
export interface OpenOptions {
  /** What follows "#" in the address. */
  readonly hash?: string;
  readonly isolated?: boolean;
  readonly viewport?: Viewport;
  /** Contents by path that take the place of what the build has there. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Called before the page is opened. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

/** The figures that the page gives out. */
export interface DemoReport {
  /** Null before there was a run. */
  readonly source: string | null;
  readonly name: string | null;
  readonly options: Readonly<Record<string, string | number>> | null;
  readonly totals: Readonly<Record<string, number>>;
  readonly forms: Readonly<Record<string, number>>;
  readonly mainThread: {
    readonly frames: number;
    readonly medianMs: number;
    readonly p99Ms: number;
    readonly worstMs: number;
  };
  readonly map: MapWork;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const folder = mkdtempSync(join(tmpdir(), "zmem-demo-"));
let built: Promise<WebFiles> | undefined;

/** Removes what the tests have written. */
function removeFolder(): void {
  rmSync(folder, { recursive: true, force: true });
}

/** The page, built once. */
export function demoFiles(): Promise<WebFiles> {
  built ??= buildWeb();
  return built;
}

/**
 * A suite with a browser of its own, which ends with it.
 *
 * @returns `inBrowser` is skipped where there is no browser; `open` is `withDemo` in this one
 */
export async function demoSuite(name: string, launch = launchBrowser) {
  const test = suite(name);
  const launched = await launch();
  test.after(async () => {
    await launched?.close();
    removeFolder();
  });
  return {
    test,
    inBrowser: launched === null ? test.skip : test,
    open: (use: Parameters<typeof withDemo>[1], options: OpenOptions = {}): Promise<void> =>
      withDemo(launched, use, options),
  };
}

/** Opens the page, runs `use`, and fails on any error that the page itself has noticed. */
async function withDemo(
  launched: LaunchedBrowser | null,
  use: (page: Page, url: string) => Promise<void>,
  { hash = "source=zeros", isolated = true, viewport, files = {}, prepare }: OpenOptions = {},
): Promise<void> {
  assert.ok(launched);
  const server = await serve({ files: { ...(await demoFiles()), ...files }, isolated });
  const page = await launched.browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  try {
    if (viewport !== undefined) await page.setViewport(viewport);
    await prepare?.(page);
    await page.goto(`${server.url}/#${hash}`);
    await use(page, server.url);
    assert.equal(errors, []);
  } finally {
    await page.close();
    await server.close();
  }
}

/** Waits until no run is going on. */
export async function waitForEnd(page: Page): Promise<void> {
  await page.waitForFunction(() => document.getElementById("restart")?.hidden === false, {
    timeout: 120_000,
  });
}

/** Waits until the status line matches. */
export async function waitForStatus(page: Page, pattern: RegExp, timeout = 120_000): Promise<void> {
  await page.waitForFunction(
    (source) => new RegExp(source).test(document.getElementById("status")?.textContent ?? ""),
    { timeout },
    pattern.source,
  );
}

/** Gives the page a file as a person does, and waits for its run. */
export async function pickFile(page: Page, path: string): Promise<void> {
  await waitForEnd(page);
  const input = (await page.$("#file")) as ElementHandle<HTMLInputElement>;
  await input.uploadFile(path);
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  await waitForStatus(page, new RegExp(`^${name}.*(as it was|not finished)`));
}

/** Has a script run in the page's worker before the worker's own. */
export const inWorker =
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

export const textOf = (page: Page, id: string): Promise<string> =>
  page.$eval(`#${id}`, (element) => (element as HTMLElement).innerText);

/** One of the figures. */
export const figureOf = (page: Page, key: string): Promise<string> =>
  page.$eval(`[data-figure="${key}"]`, (element) => element.textContent ?? "");

/** Presses a button, wherever it is on the page. */
export async function press(page: Page, id: string): Promise<void> {
  await page.$eval(`#${id}`, (element) => (element as HTMLElement).click());
}

/** Moves the time-lapse by its slider. */
export const moveTo = (page: Page, event: number): Promise<void> =>
  page.$eval(
    "#moment",
    (slider, value) => {
      (slider as HTMLInputElement).value = String(value);
      slider.dispatchEvent(new Event("input"));
    },
    event,
  );

/** What a control is set to. */
export const valueOf = (page: Page, id: string): Promise<string> =>
  page.$eval(`#${id}`, (control) => (control as HTMLSelectElement | HTMLInputElement).value);

export const isDisabled = (page: Page, id: string): Promise<boolean> =>
  page.$eval(`#${id}`, (control) => (control as HTMLButtonElement).disabled);

/** Does something to the pool. @returns what is said of it at its end */
export async function act(page: Page, action: string): Promise<string> {
  const before = await textOf(page, "acted");
  await press(page, `act-${action}`);
  await page.waitForFunction(
    (text) => {
      const said = document.getElementById("acted")?.innerText ?? "";
      // While it goes on it ends with an ellipsis.
      return said !== text && !said.endsWith("…");
    },
    { timeout: 60_000 },
    before,
  );
  return textOf(page, "acted");
}

export async function readReport(page: Page): Promise<DemoReport> {
  return page.evaluate(() =>
    (globalThis as unknown as { zmemDemo: { report(): DemoReport } }).zmemDemo.report(),
  );
}

/** Forgets what frames have cost, and what the map has done. */
export async function resetFrames(page: Page): Promise<void> {
  await page.evaluate(() =>
    (globalThis as unknown as { zmemDemo: { resetFrames(): void } }).zmemDemo.resetFrames(),
  );
}

/** What the map does because of an act, until it has come to rest. */
export async function workOf(page: Page, happen: () => Promise<unknown>): Promise<MapWork> {
  await resetFrames(page);
  await happen();
  let work = (await readReport(page)).map;
  for (let before = -1; work.frames !== before;) {
    before = work.frames;
    await new Promise((resolve) => setTimeout(resolve, 600));
    work = (await readReport(page)).map;
  }
  return work;
}

/** 40 pages: 16 of zeros, 16 of text, 8 that don't compress. */
export function writeMixedFile(): string {
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

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
  readonly passes: readonly unknown[];
}

/** What axe-core finds wrong with the page as it is, a line each. */
export async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const results = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  assert.ok(results.passes.length > 15, "axe checked next to nothing");
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${html.slice(0, 120)} ${failureSummary}`),
  );
}
