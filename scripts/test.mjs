/**
 * `npm test`: builds what the tests need, then runs every test file in a process of its own.
 *
 * What: test/**\/*.test.ts without test/slow; with `--slow` only test/slow. Words on the command
 * line select the files whose path contains one of them. The last line is always
 * `N passed, N failed, N skipped`, for people and for machines; the exit code is 1 when anything
 * failed.
 *
 * Why so: a process per file means that a crash, an endless loop or a leak of one file costs that
 * file only, and that memory limits are tested in a fresh process. Two files run at a time, one of
 * those with a browser at most, since a browser fills more than a core by itself. The browsers begin
 * first and last nearly to the end; beside them the other files run, the longest first, so that none
 * of those stands alone at the end. No test asserts how long something takes.
 *
 * Invariants: a file that ends without uvu's totals, with another exit code than its totals say,
 * or not at all within its time, counts as a failure. So does a filter that selects no file.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { listFiles, ROOT } from "./sources.mjs";
import { buildWasm } from "./wasm.mjs";

/** How long one file may take: normal, slow. */
const TIME_LIMIT_MS = { normal: 240_000, slow: 40 * 60_000 };

/** Files that start a browser. */
const BROWSER = /^test\/(?:browser\/|bench\/page\.)/;

/** Files that take half a minute or more: they begin before the others. */
const LONG = [
  "test/bench/command.test.ts",
  "test/assembly/codec/decoder.test.ts",
  "test/shared/stress.test.ts",
];

const { values: options, positionals: filters } = parseArgs({
  options: { slow: { type: "boolean", default: false } },
  allowPositionals: true,
});

function selectFiles() {
  return listFiles("test")
    .filter((path) => path.endsWith(".test.ts"))
    .filter((path) => path.startsWith("test/slow/") === options.slow)
    .filter((path) => filters.length === 0 || filters.some((word) => path.includes(word)));
}

/** Runs one file. Resolves to its totals, its output, its time and what went wrong around it. */
function runFile(path) {
  const started = performance.now();
  const limitMs = options.slow ? TIME_LIMIT_MS.slow : TIME_LIMIT_MS.normal;
  return new Promise((resolve) => {
    // A group of its own, so that a browser started by a file that hangs ends with it.
    const child = spawn(process.execPath, ["--import", "tsx", path], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    running.add(child);
    let output = "";
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, limitMs);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      if (options.slow) printNotes(path, output.slice(output.lastIndexOf("\n") + 1) + text);
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", (error) => (output += `could not start: ${error.message}\n`));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      const seconds = (performance.now() - started) / 1000;
      const totals = parseTotals(output);
      let trouble = null;
      if (timedOut) trouble = `did not end within ${limitMs / 1000} s`;
      else if (signal !== null) trouble = `was ended by ${signal}`;
      else if (totals === null) trouble = `ended with code ${code} and no totals`;
      else if (totals.passed + totals.skipped === 0) trouble = "ran no test";
      else if (code !== 0 && totals.failed === 0) trouble = `ended with code ${code}`;
      else if (code === 0 && totals.failed > 0) trouble = "ended with code 0 after a failure";
      const { passed, failed, skipped } = totals ?? { passed: 0, failed: 0, skipped: 0 };
      resolve({
        path,
        output,
        seconds,
        trouble,
        passed,
        failed: trouble === null ? failed : Math.max(failed, 1),
        skipped,
      });
    });
  });
}

/** What a file has to say (seeds, skipped for want of a browser), behind uvu's marks of tests. */
const NOTE = /(?:^|[•✘] |  )((?:SKIPPED|note|seed)\b.*)$/;

/** Prints what a slow file has to say as it says it: it may take half an hour. */
function printNotes(path, text) {
  for (const line of text.split("\n").slice(0, -1)) {
    const note = NOTE.exec(stripVTControlCharacters(line));
    if (note !== null) console.log(`       ${path}: ${note[1]}`);
  }
}

/** Reads the totals that uvu prints at the end; null when it did not come to that. */
function parseTotals(output) {
  const text = stripVTControlCharacters(output);
  const match = /^\s*Total:\s+(\d+)\s+Passed:\s+(\d+)\s+Skipped:\s+(\d+)\s+Duration:/m.exec(text);
  if (match === null) return null;
  const [total, passed, skipped] = match.slice(1).map(Number);
  return { passed, failed: total - passed, skipped };
}

const running = new Set();

function killGroup(child) {
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(1);
  });
}

const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

function report(result) {
  for (const key of ["passed", "failed", "skipped"]) totals[key] += result[key];
  const counts = [`${result.passed} passed`];
  if (result.failed > 0) counts.push(`${result.failed} failed`);
  if (result.skipped > 0) counts.push(`${result.skipped} skipped`);
  const mark = result.failed > 0 ? "FAIL" : "ok  ";
  console.log(`${mark} ${result.path}  ${counts.join(", ")}  ${result.seconds.toFixed(1)} s`);
  if (result.failed === 0) {
    // Those of slow files were printed when they were said.
    const lines = options.slow ? [] : stripVTControlCharacters(result.output).split("\n");
    for (const line of lines) {
      const note = NOTE.exec(line);
      if (note !== null) console.log(`       ${note[1]}`);
    }
    return;
  }
  failures.push(result.path);
  console.log(result.output.trimEnd());
  if (result.trouble !== null) console.log(`${result.path} ${result.trouble}`);
  console.log();
}

/** Runs files side by side, never two with a browser. */
async function runAll(files, width) {
  const queue = [...files].sort((first, second) => rankOf(first) - rankOf(second));
  let browsers = 0;
  const lane = async () => {
    for (;;) {
      const at = queue.findIndex((path) => browsers === 0 || !BROWSER.test(path));
      if (at < 0) return;
      const [path] = queue.splice(at, 1);
      const isBrowser = BROWSER.test(path);
      if (isBrowser) browsers += 1;
      report(await runFile(path));
      if (isBrowser) browsers -= 1;
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** What begins earlier has a lower one. */
function rankOf(path) {
  if (BROWSER.test(path)) return 0;
  return LONG.includes(path) ? 1 : 2;
}

async function main() {
  const started = performance.now();
  const files = selectFiles();
  if (files.length === 0) {
    console.log(`no test file matches ${filters.join(" ") || "test/**/*.test.ts"}`);
    totals.failed += 1;
    return;
  }
  for (const line of await buildWasm()) console.log(line);
  const { buildDist } = await import("./bundle.mjs");
  try {
    await buildDist();
  } catch (error) {
    // Most tests run on the sources: one that does not type-check costs itself and the package.
    console.log(`FAIL build  ${error.message}`);
    totals.failed += 1;
    failures.push("build");
  }

  await runAll(files, Math.min(2, availableParallelism()));

  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`\n${files.length} files in ${seconds} s`);
  for (const path of failures) console.log(`failed: ${path}`);
}

try {
  await main();
} catch (error) {
  console.error(`the tests could not run: ${error.message}`);
  totals.failed += 1;
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed > 0 ? 1 : 0;
