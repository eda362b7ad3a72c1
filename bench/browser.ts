/**
 * `npm run bench:browser`: the same cases in a real browser.
 *
 * What: builds the page, serves it with the corpora from the loopback interface, opens it in the
 * tests' Chromium (and in Firefox where one is installed), and prints and writes what it measured.
 * With --serve it only serves, for any browser that a person opens.
 *
 * Why so: the page is cross-origin isolated, which gives it a clock with a step of 5 µs.
 */
import { existsSync, writeFileSync } from "node:fs";
import { type Browser, launch } from "puppeteer-core";
import { serve } from "../scripts/serve.ts";
import { buildWasm } from "../scripts/wasm.mjs";
import { launchBrowser } from "../test/browser/launch.ts";
import { type Corpus, CorpusError, loadCorpora } from "./corpora/index.ts";
import type { Effort } from "./harness/case.ts";
import { type ResultFile, writeResults } from "./harness/results.ts";
import { type BenchOptions, parseOptions, USAGE, UsageError } from "./options.ts";
import { reportToHtml } from "./report/html.ts";
import { reportToMarkdown, reportToText } from "./report/text.ts";

const MIB = 1 << 20;
const BYTES_EACH: Readonly<Record<Effort, number>> = {
  quick: 8 * MIB,
  full: 16 * MIB,
  all: 32 * MIB,
};
const MIX_BYTES: Readonly<Record<Effort, number>> = {
  quick: 64 * MIB,
  full: 96 * MIB,
  all: 256 * MIB,
};
const FIREFOX_PATHS = [
  "/usr/bin/firefox",
  "/usr/bin/firefox-esr",
  "/Applications/Firefox.app/Contents/MacOS/firefox",
  "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
];
const DEADLINE_MS = 3_600_000;
const SERVE_PORT = 8081;

/** What to run in a browser. */
export type BrowserRunOptions = Pick<BenchOptions, "effort" | "filters" | "rounds">;

/** Serves the page and runs it in a browser. @throws Error with what the page said */
export async function runInBrowser(
  browser: Browser,
  corpora: ReadonlyMap<string, Corpus>,
  options: BrowserRunOptions,
  onProgress: (message: string) => void,
): Promise<ResultFile> {
  const { buildBenchPage } = await import("./browser-page.ts");
  const server = await serve({ files: await buildBenchPage(corpora) });
  const page = await browser.newPage();
  try {
    page.on("console", (message) => onProgress(message.text()));
    const query = new URLSearchParams({ auto: options.effort });
    for (const filter of options.filters) query.append("filter", filter);
    if (options.rounds !== undefined) query.set("rounds", String(options.rounds));
    await page.goto(`${server.url}/bench.html?${query}`);
    const handle = await page.waitForFunction(
      () => (globalThis as { benchResult?: unknown }).benchResult,
      { timeout: DEADLINE_MS, polling: 500 },
    );
    const { file, error } = (await handle.jsonValue()) as {
      readonly file?: ResultFile;
      readonly error?: string;
    };
    if (file === undefined) throw new Error(error ?? "the page gave no result");
    return file;
  } finally {
    await page.close();
    await server.close();
  }
}

async function main(words: readonly string[]): Promise<number> {
  const onProgress = (message: string): void => void process.stderr.write(`${message}\n`);
  const isServing = words.includes("--serve");
  let options: BenchOptions;
  try {
    options = parseOptions(words.filter((word) => word !== "--serve"));
    if (options.goals || options.list)
      throw new UsageError("bench:browser has no --goals and --list");
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(
      `${USAGE}\n\nbench:browser also: --serve serves the page for any browser\n`,
    );
    return 0;
  }
  await buildWasm();
  let corpora: Map<string, Corpus>;
  try {
    corpora = await loadCorpora({
      bytesEach: BYTES_EACH[options.effort],
      mixBytes: MIX_BYTES[options.effort],
      paths: options.corpusPaths,
      onProgress,
    });
  } catch (error) {
    if (!(error instanceof CorpusError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (isServing) {
    const { buildBenchPage } = await import("./browser-page.ts");
    const { url } = await serve({ files: await buildBenchPage(corpora), port: SERVE_PORT });
    process.stdout.write(`The benchmarks are at ${url}/bench.html (Ctrl-C ends this)\n`);
    return 0;
  }
  return runEverywhere(corpora, options, onProgress);
}

async function runEverywhere(
  corpora: ReadonlyMap<string, Corpus>,
  options: BenchOptions,
  onProgress: (message: string) => void,
): Promise<number> {
  const chromium = await launchBrowser();
  const browsers: { readonly name: string; readonly browser: Browser; close(): Promise<void> }[] =
    [];
  if (chromium !== null)
    browsers.push({ name: "Chromium", ...chromium, close: () => chromium.close() });
  const firefox = FIREFOX_PATHS.find((path) => existsSync(path));
  if (firefox !== undefined) {
    const browser = await launch({ browser: "firefox", executablePath: firefox, headless: true });
    browsers.push({ name: "Firefox", browser, close: () => browser.close() });
  }
  if (browsers.length === 0) return 1;
  let failed = 0;
  for (const { name, browser, close } of browsers) {
    try {
      const file = await runInBrowser(browser, corpora, options, onProgress);
      process.stdout.write(`${name}\n\n${reportToText(file)}\n`);
      writeOutputs(file, name, browsers.length > 1, options);
    } catch (error) {
      failed += 1;
      process.stderr.write(`${name} failed: ${String(error)}\n`);
    } finally {
      await close();
    }
  }
  return failed > 0 ? 1 : 0;
}

/** Writes the files asked for; with several browsers each gets its name before the extension. */
function writeOutputs(
  file: ResultFile,
  name: string,
  several: boolean,
  options: BenchOptions,
): void {
  const place = (path: string): string =>
    several ? path.replace(/(\.\w+)?$/, `-${name.toLowerCase()}$1`) : path;
  if (options.json) writeFileSync(place(options.json), writeResults(file));
  if (options.markdown) writeFileSync(place(options.markdown), reportToMarkdown(file));
  if (options.html) writeFileSync(place(options.html), reportToHtml(file));
}

if (process.argv[1]?.endsWith("browser.ts")) process.exitCode = await main(process.argv.slice(2));
