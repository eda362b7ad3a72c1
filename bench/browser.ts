/**
 * `npm run bench:browser`: the same cases in a real browser.
 *
 * What: builds the page, serves it with the corpora from the loopback interface, opens it in the
 * tests' Chromium and then in Firefox where one is installed, and prints and writes what each
 * measured. With --serve it only serves, for any browser that a person opens.
 *
 * Why so: the page is cross-origin isolated, which gives it a clock with a step of 5 µs.
 */
import type { Browser, Page } from "puppeteer-core";
import { serve } from "../scripts/serve.ts";
import { buildWasm } from "../scripts/wasm.mjs";
import { launchBrowser, launchFirefox } from "../test/browser/launch.ts";
import { type Corpus, CorpusError, loadCorpora } from "./corpora/index.ts";
import type { Effort } from "./harness/case.ts";
import type { ResultFile } from "./harness/results.ts";
import { type BenchOptions, checkFilters, parseOptions, USAGE, UsageError } from "./options.ts";
import { checkOutputs, writeOutputs } from "./outputs.ts";
import { reportToText } from "./report/text.ts";

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
const POLL_MS = 500;
const SERVE_PORT = 8081;
/** Exit code of what a Ctrl-C has ended. */
const INTERRUPTED = 130;

/** Name and launcher of each browser that the cases run in, where it is installed. */
const BROWSERS = [
  ["Chromium", launchBrowser],
  ["Firefox", launchFirefox],
] as const;

const BROWSER_USAGE = `bench:browser has no --goals and --list, and beside these
  --serve            serves the page for any browser, until Ctrl-C
It runs in Chromium and, where one is installed or named by ZMEM_FIREFOX, in Firefox; a file that
is asked for gets the browser's name before its extension.`;

/** What to run in a browser. */
export type BrowserRunOptions = Pick<BenchOptions, "effort" | "filters" | "rounds">;

/**
 * Serves the page and runs it in a browser.
 *
 * @param signal ends the run: its result is what was finished
 * @throws Error with what the page said
 */
export async function runInBrowser(
  browser: Browser,
  corpora: ReadonlyMap<string, Corpus>,
  options: BrowserRunOptions,
  onProgress: (message: string) => void,
  signal?: AbortSignal,
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
    // A page that has closed has nothing to stop.
    const stop = (): void => void page.click("#stop").catch(() => {});
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop);
    const { file, error } = await waitForResult(page);
    if (file === undefined) throw new Error(error ?? "the page gave no result");
    return file;
  } finally {
    await page.close();
    await server.close();
  }
}

/** What the page leaves when it is through. */
interface PageResult {
  readonly file?: ResultFile;
  readonly error?: string;
}

/** Asks again and again: puppeteer gives up a single call that waits after three minutes. */
async function waitForResult(page: Page): Promise<PageResult> {
  for (;;) {
    const result = await page.evaluate(
      () => (globalThis as { benchResult?: PageResult }).benchResult,
    );
    if (result !== undefined) return result;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
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
    checkOutputs(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(`${USAGE}\n\n${BROWSER_USAGE}\n`);
    return 0;
  }
  await buildWasm();
  // These import what the build makes.
  const { PORTABLE_CASES } = await import("./cases/portable.ts");
  let corpora: Map<string, Corpus>;
  try {
    const names = PORTABLE_CASES.map(({ name }) => name);
    checkFilters(options.filters, names);
    corpora = await loadCorpora({
      bytesEach: BYTES_EACH[options.effort],
      mixBytes: MIX_BYTES[options.effort],
      paths: options.corpusPaths,
      onProgress,
    });
  } catch (error) {
    if (!(error instanceof CorpusError || error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (isServing) {
    const { buildBenchPage } = await import("./browser-page.ts");
    const files = await buildBenchPage(corpora);
    try {
      const { url } = await serve({ files, port: SERVE_PORT });
      process.stdout.write(`The benchmarks are at ${url}/bench.html (Ctrl-C ends this)\n`);
      return 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      process.stderr.write(`--serve: expected port ${SERVE_PORT} to be free, got one in use\n`);
      return 2;
    }
  }
  return runEverywhere(corpora, options, onProgress);
}

async function runEverywhere(
  corpora: ReadonlyMap<string, Corpus>,
  options: BenchOptions,
  onProgress: (message: string) => void,
): Promise<number> {
  const abort = new AbortController();
  const interrupt = (): void => {
    // The second time the user means it.
    if (abort.signal.aborted) process.exit(INTERRUPTED);
    abort.abort();
  };
  process.on("SIGINT", interrupt);
  let failed = 0;
  let measured = 0;
  // One after the other: two at a time would measure each other.
  for (const [name, launch] of BROWSERS) {
    if (abort.signal.aborted) return INTERRUPTED;
    const launched = await launch({ handleSIGINT: false });
    if (launched === null) continue;
    measured += 1;
    try {
      const file = await runInBrowser(launched.browser, corpora, options, onProgress, abort.signal);
      process.stdout.write(`${name}\n\n${reportToText(file)}\n`);
      // Each browser's files have its name before their extension.
      writeOutputs(file, options, (path) => path.replace(/(\.\w+)?$/, `-${name.toLowerCase()}$1`));
      if (!file.complete) return INTERRUPTED;
    } catch (error) {
      failed += 1;
      process.stderr.write(`${name} failed: ${String(error)}\n`);
    } finally {
      await launched.close();
    }
  }
  return failed > 0 || measured === 0 ? 1 : 0;
}

if (process.argv[1]?.endsWith("browser.ts")) process.exitCode = await main(process.argv.slice(2));
