/**
 * A real browser for the tests, on a machine where nobody has installed one.
 *
 * What: `launchBrowser()` starts the first Chromium it finds: the one named by ZMEM_CHROMIUM, the
 * one packed into @sparticuz/chromium (linux x64), or a system Chromium or Chrome. `launchFirefox()`
 * starts the Firefox named by ZMEM_FIREFOX or an installed one, by WebDriver BiDi.
 *
 * Why so: the packed one makes `npm ci && npm test` enough. It is unpacked once, by a child process
 * into a folder of its own that is renamed when complete, because the package itself unpacks into
 * the shared temporary folder and takes a half-written file of another process for a whole one. Its
 * own `args` are not used: they switch off site isolation, and with it cross-origin isolation and
 * OPFS. A profile folder is given, because OPFS without one lives in memory and is 40 times slower.
 *
 * Invariants: without a browser a test is skipped loudly. Without a Chromium it fails on a CI
 * machine; without a Firefox never, because none comes with the packages.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, launch, type LaunchOptions } from "puppeteer-core";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PACKED = "147.0.0";
const CACHE = join(ROOT, "node_modules/.cache/zmem");

const SYSTEM_CHROMIUMS: readonly string[] = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

const SYSTEM_FIREFOXES: readonly string[] = [
  "/usr/bin/firefox",
  "/usr/bin/firefox-esr",
  "/snap/bin/firefox",
  "/Applications/Firefox.app/Contents/MacOS/firefox",
  "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
];

/** An executable and what its environment needs beside ours. */
interface Executable {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
  readonly origin: string;
}

/** A running browser; `close` also removes its profile. */
export interface LaunchedBrowser {
  readonly browser: Browser;
  /** Where its executable came from: a variable, a package or a path. */
  readonly origin: string;
  close(): Promise<void>;
}

/** @returns the executable that a variable names; null when it is not set */
function findNamed(variable: "ZMEM_CHROMIUM" | "ZMEM_FIREFOX"): Executable | null {
  const named = process.env[variable];
  if (named === undefined || named === "") return null;
  if (!existsSync(named)) throw new Error(`${variable} names ${named}, which does not exist`);
  return { executablePath: named, env: {}, origin: variable };
}

/** @returns null when none of the paths exists */
function findInstalled(paths: readonly string[]): Executable | null {
  const found = paths.find((path) => existsSync(path));
  return found === undefined ? null : { executablePath: found, env: {}, origin: found };
}

/** @returns null when this machine has none */
async function findChromium(): Promise<Executable | null> {
  const named = findNamed("ZMEM_CHROMIUM");
  if (named !== null) return named;
  if (process.platform === "linux" && process.arch === "x64") {
    const folder = await unpack();
    return {
      executablePath: join(folder, "chromium"),
      env: {
        FONTCONFIG_PATH: join(folder, "fonts"),
        LD_LIBRARY_PATH: [join(folder, "al2023/lib"), process.env["LD_LIBRARY_PATH"]]
          .filter(Boolean)
          .join(":"),
      },
      origin: `@sparticuz/chromium ${PACKED}`,
    };
  }
  return findInstalled(SYSTEM_CHROMIUMS);
}

/** Unpacks the packed Chromium unless that was done before. @returns its folder */
async function unpack(): Promise<string> {
  const folder = join(CACHE, `chromium-${PACKED}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(`${folder}-`);
  const script =
    'const { default: chromium } = await import("@sparticuz/chromium");' +
    "await chromium.executablePath();";
  // It unpacks into what it takes for the temporary folder, and its bundled libraries only when
  // it believes to run where they are missing.
  await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: scratch, AWS_LAMBDA_JS_RUNTIME: "nodejs22.x" },
  });
  // Its own looks for fonts in places of a Lambda; without any font the browser ends itself.
  writeFileSync(
    join(scratch, "fonts/fonts.conf"),
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${join(folder, "fonts")}</dir>
  <cachedir>${join(folder, "fonts-cache")}</cachedir>
</fontconfig>
`,
  );
  try {
    renameSync(scratch, folder);
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Starts an executable with a fresh profile. */
async function start(
  { executablePath, env, origin }: Executable,
  options: LaunchOptions,
): Promise<LaunchedBrowser> {
  const profile = mkdtempSync(join(tmpdir(), "zmem-browser-"));
  const removeProfile = (): void =>
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  let browser: Browser;
  try {
    browser = await launch({
      ...options,
      executablePath,
      userDataDir: profile,
      env: { ...process.env, ...env },
      timeout: 60_000,
    });
  } catch (error) {
    removeProfile();
    throw new Error(`could not start the browser from ${origin}`, { cause: error });
  }
  return {
    browser,
    origin,
    close: async () => {
      await browser.close();
      removeProfile();
    },
  };
}

/**
 * Starts a Chromium with a fresh profile.
 *
 * @param own options of puppeteer beside ours
 * @returns null when there is none and CI is not set; a line beginning with SKIPPED says so
 * @throws Error when there is none and CI is set
 */
export async function launchBrowser(own: LaunchOptions = {}): Promise<LaunchedBrowser | null> {
  const chromium = await findChromium();
  if (chromium === null) {
    const message =
      "no browser found: set ZMEM_CHROMIUM to a Chromium or Chrome, or install one; " +
      "the browser tests need it";
    if (process.env["CI"]) throw new Error(message);
    console.log(`SKIPPED ${message}`);
    return null;
  }
  // The packed build is the headless shell, which knows no other mode.
  return start(chromium, { ...own, headless: "shell", args: ["--no-sandbox", "--disable-gpu"] });
}

/**
 * Starts a Firefox with a fresh profile.
 *
 * @param own options of puppeteer beside ours
 * @returns null when there is none; a line beginning with SKIPPED says so
 */
export async function launchFirefox(own: LaunchOptions = {}): Promise<LaunchedBrowser | null> {
  const firefox = findNamed("ZMEM_FIREFOX") ?? findInstalled(SYSTEM_FIREFOXES);
  if (firefox === null) {
    console.log("SKIPPED no Firefox found: set ZMEM_FIREFOX to one, or install it");
    return null;
  }
  return start(firefox, { ...own, browser: "firefox", headless: true });
}
