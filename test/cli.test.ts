/**
 * The command line as a user meets it: the built command in a process of its own, with every odd
 * input that a user can bring.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CLI = join(ROOT, "dist/cli.js");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  version: string;
};
const PAGE = 4096;
const ESCAPE = "\x1b";

const test = suite("command line");
const folder = mkdtempSync(join(tmpdir(), "zmem-cli-"));
const path = (name: string): string => join(folder, name);
test.after(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

function run(args: readonly string[], { input, env, cwd = folder }: RunOptions = {}): Result {
  const result = spawnSync(process.execPath, [CLI, ...args], {
    input: input ?? "",
    env: { ...process.env, NO_COLOR: "1", ...env },
    cwd,
    encoding: "utf8",
    timeout: 60_000,
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

interface JsonSpeed {
  readonly bytesPerSecond: number | null;
  readonly pagesPerSecond: number | null;
}

interface JsonReport {
  readonly path: string;
  readonly pages: number;
  readonly dataBytes: number;
  readonly inputPages: number;
  readonly inputBytes: number;
  readonly paddingBytes: number;
  readonly keptPages: number;
  readonly keptBytes: number;
  readonly compressedBytes: number;
  readonly heldBytes: number;
  readonly ratio: number | null;
  readonly sameFilledPages: number;
  readonly rawPages: number;
  readonly rejectedPages: number;
  readonly rejects: Record<string, number>;
  readonly put: JsonSpeed;
  readonly get: JsonSpeed;
  readonly complete: boolean;
}

interface JsonResult {
  readonly schema: number;
  readonly zmem: string;
  readonly pageSize: number;
  readonly limitBytes: number;
  readonly seed: number;
  readonly complete: boolean;
  readonly inputs: readonly JsonReport[];
  readonly total: JsonReport;
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

/** Runs with --json. @returns the object, and what went to stderr, and the exit code */
function runJson(args: readonly string[], options: RunOptions = {}): JsonResult & Result {
  const result = run(["estimate", "--json", ...args], options);
  return { ...(JSON.parse(result.stdout) as JsonResult), ...result };
}

const only = (result: JsonResult): JsonReport => {
  assert.is(result.inputs.length, 1);
  return result.inputs[0] as JsonReport;
};

/** Bytes that no LZ compressor can make smaller; seeded. */
function noise(bytes: number, seed = 1): Uint8Array {
  const result = new Uint8Array(bytes);
  let state = seed >>> 0;
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    result[at] = state >>> 24;
  }
  return result;
}

/** Text that compresses to a fraction. */
function text(bytes: number): Uint8Array {
  const lines: string[] = [];
  for (let line = 0, length = 0; length < bytes; line++) {
    const content = `line ${line} of a file that has many lines like this one\n`;
    lines.push(content);
    length += content.length;
  }
  return new TextEncoder().encode(lines.join("")).subarray(0, bytes);
}

test("--help and --version", () => {
  const help = run(["--help"]);
  assert.is(help.code, 0);
  assert.match(help.stdout, /^Usage: zmem estimate /);
  assert.is(help.stderr, "");
  for (const line of help.stdout.split("\n")) assert.ok(line.length <= 100, line);
  assert.equal(run(["-V"]), { code: 0, stdout: `${version}\n`, stderr: "" });
});

const USAGE_ERRORS: readonly [args: readonly string[], message: RegExp][] = [
  [[], /expected a command/],
  [["squeeze"], /unknown command "squeeze"/],
  [["estimate", "--frobnicate"], /Unknown option '--frobnicate'/],
  [["estimate", "--page-size", "5000"], /power of two from 4096 to 65536, got 5000/],
  [["estimate", "--page-size", "128K"], /power of two/],
  [["estimate", "--page-size", "x"], /--page-size: expected a size.*"x"/],
  [["estimate", "--limit", "lots"], /--limit: expected a size.*"lots"/],
  [["estimate", "--limit", "0"], /--limit: expected a size/],
  [["estimate", "--limit", "1K"], /--limit: expected room/],
  [["estimate", "--sample", "1"], /--sample: expected at least one page/],
  [["estimate", "--sample", "some"], /--sample: expected a size/],
  [["estimate", "--seed", "-1"], /--seed/],
  [["estimate", "--seed", "4294967296"], /--seed: expected an integer/],
  [["estimate", "-", "-"], /only once/],
  [["estimate", ""], /path 1 is empty/],
];

for (const [args, message] of USAGE_ERRORS) {
  test(`wrong usage is exit code 2 and a sentence: ${["zmem", ...args].join(" ")}`, () => {
    const { code, stdout, stderr } = run(args);
    assert.is(code, 2);
    assert.is(stdout, "");
    assert.match(stderr, message);
    assert.match(stderr, /^zmem: .+\nTry: zmem --help\n$/);
  });
}

test("a file: every figure adds up", () => {
  const bytes = new Uint8Array(40 * PAGE);
  bytes.set(text(16 * PAGE), 16 * PAGE);
  bytes.set(noise(8 * PAGE), 32 * PAGE);
  writeFileSync(path("mixed"), bytes);
  const result = runJson([path("mixed")]);
  assert.is(result.code, 0);
  assert.is(result.stderr, "");
  assert.is(result.schema, 1);
  assert.is(result.zmem, version);
  assert.is(result.pageSize, PAGE);
  assert.is(result.complete, true);
  assert.equal(result.problems, []);
  const report = only(result);
  assert.is(report.path, path("mixed"));
  assert.is(report.pages, 40);
  assert.is(report.dataBytes, 40 * PAGE);
  assert.is(report.inputBytes, 40 * PAGE);
  assert.is(report.keptPages, 40);
  assert.is(report.keptBytes, 40 * PAGE);
  assert.is(report.sameFilledPages, 16);
  assert.is(report.rawPages, 8);
  assert.is(report.rejectedPages, 0);
  assert.is(report.paddingBytes, 0);
  // The noise alone takes its pages; the text takes less than its own.
  assert.ok(report.compressedBytes > 8 * PAGE && report.compressedBytes < 24 * PAGE);
  assert.ok(report.heldBytes > report.compressedBytes, `${report.heldBytes} held`);
  assert.is(report.heldBytes % 65536, 0);
  assert.is(report.ratio, report.keptBytes / report.heldBytes);
  for (const speed of [report.put, report.get]) {
    assert.ok((speed.bytesPerSecond ?? 0) > 0);
    assert.ok(
      Math.abs((speed.pagesPerSecond ?? 0) * PAGE - (speed.bytesPerSecond ?? 0)) < 1,
      "speeds in pages and bytes differ",
    );
  }
  assert.equal({ ...result.total, path: "" }, { ...report, path: "" });
});

test("the table: a head, a row for each path, a total, a sentence", () => {
  writeFileSync(path("text"), text(64 * PAGE));
  writeFileSync(path("noise"), noise(16 * PAGE));
  const { code, stdout, stderr } = run(["estimate", "text", "noise"]);
  assert.is(code, 0);
  assert.is(stderr, "");
  const lines = stdout.split("\n");
  assert.match(lines[0] ?? "", /^PATH +PAGES +DATA +COMPR +TOTAL +RATIO +SAME +REJ +PUT +GET$/);
  assert.match(
    lines[1] ?? "",
    /^text +64 +256K +\S+K +\S+K +\d+\.\d\dx +0% +0% +\S+ .B\/s +\S+ .B\/s$/,
  );
  assert.match(lines[2] ?? "", /^noise +16 +64K +64K +\S+K +\d+\.\d\dx +0% +0% /);
  assert.match(lines[3] ?? "", /^total +80 +320K /);
  assert.is(lines[4], "");
  assert.match(lines[5] ?? "", /^zmem would save /);
  assert.equal(lines.slice(6), [""]);
});

test("a single path has no total row", () => {
  writeFileSync(path("text"), text(64 * PAGE));
  const { stdout } = run(["estimate", "text"]);
  assert.not.match(stdout, /^total/m);
});

test("data that can't be compressed saves nothing, and the sentence says so", () => {
  writeFileSync(path("noise"), noise(16 * PAGE));
  const { code, stdout } = run(["estimate", "noise"]);
  assert.is(code, 0);
  assert.match(stdout, /zmem would save nothing here/);
});

test("a tail shorter than a page is padded, and that is said", () => {
  writeFileSync(path("tail"), text(2 * PAGE + 100));
  const result = runJson([path("tail")]);
  assert.is(result.code, 0);
  const report = only(result);
  assert.is(report.pages, 3);
  assert.is(report.inputBytes, 2 * PAGE + 100);
  assert.is(report.paddingBytes, PAGE - 100);
  assert.match(result.stderr, /the last page was padded with 3996 zeros/);
  assert.is(result.notes.length, 1);
});

test("an empty file is no page and no error", () => {
  writeFileSync(path("empty"), "");
  const result = runJson([path("empty")]);
  assert.is(result.code, 0);
  assert.is(only(result).pages, 0);
  assert.is(only(result).put.bytesPerSecond, null);
  const { code, stdout } = run(["estimate", "empty"]);
  assert.is(code, 0);
  assert.match(stdout, /^empty +0 +0 +0 +\d+K +- +- +- +- +-$/m);
  assert.match(stdout, /^No page was kept/m);
});

test("a page of another size", () => {
  writeFileSync(path("text"), text(64 * PAGE));
  for (const size of ["8192", "16K", "64KiB"]) {
    const result = runJson(["--page-size", size, path("text")]);
    assert.is(result.code, 0);
    assert.is(only(result).pages, (64 * PAGE) / result.pageSize);
  }
});

test("a missing file is an error that names it; the others are measured", () => {
  writeFileSync(path("text"), text(64 * PAGE));
  const result = runJson(["no-such-file", "text"]);
  assert.is(result.code, 1);
  assert.is(result.complete, false);
  assert.is(result.stderr, "zmem: no-such-file: no such file or folder\n");
  assert.equal(result.problems, ["no-such-file: no such file or folder"]);
  assert.is(only(result).pages, 64);
});

test("only missing files: no table, exit code 1", () => {
  const { code, stdout, stderr } = run(["estimate", "gone", "gone too"]);
  assert.is(code, 1);
  assert.is(stdout, "");
  assert.match(stderr, /^zmem: gone: .*\nzmem: gone too: .*\n$/);
});

test("a folder wants -r; with it, all files below lie end to end", () => {
  mkdirSync(path("tree/a/b"), { recursive: true });
  writeFileSync(path("tree/one"), text(100));
  writeFileSync(path("tree/a/two"), text(PAGE));
  writeFileSync(path("tree/a/b/three"), noise(3 * PAGE));
  writeFileSync(path("tree/a/b/empty"), "");
  // Would never end if links were followed.
  symlinkSync("..", path("tree/a/up"));
  const refused = run(["estimate", "tree"]);
  assert.is(refused.code, 1);
  assert.match(refused.stderr, /tree: is a folder; give -r/);
  const result = runJson(["-r", "tree"]);
  assert.is(result.code, 0);
  const report = only(result);
  assert.is(report.inputBytes, 4 * PAGE + 100);
  assert.is(report.pages, 5);
  assert.is(report.paddingBytes, PAGE - 100);
});

test("an empty folder is no page and no error", () => {
  mkdirSync(path("hollow"), { recursive: true });
  const result = runJson(["-r", "hollow"]);
  assert.is(result.code, 0);
  assert.is(only(result).pages, 0);
});

test("a file that can't be read is an error that names it", () => {
  if (process.platform === "win32" || process.getuid?.() === 0) return;
  writeFileSync(path("secret"), text(PAGE));
  chmodSync(path("secret"), 0);
  const result = run(["estimate", "secret"]);
  assert.is(result.code, 1);
  assert.match(result.stderr, /secret: permission denied/);
});

test("standard input, by name", () => {
  const result = runJson(["-"], { input: text(10 * PAGE + 1) });
  assert.is(result.code, 0);
  const report = only(result);
  assert.is(report.path, "-");
  assert.is(report.pages, 11);
  assert.is(report.inputBytes, 10 * PAGE + 1);
  assert.is(report.paddingBytes, PAGE - 1);
  assert.is(only(runJson(["-"], { input: "" })).pages, 0);
});

test("a folder as standard input is an error that says so", () => {
  if (process.platform === "win32") return;
  const stdin = openSync(folder, "r");
  const { status, stderr } = spawnSync(process.execPath, [CLI, "estimate", "-"], {
    stdio: [stdin, "pipe", "pipe"],
    encoding: "utf8",
  });
  closeSync(stdin);
  assert.is(status, 1);
  assert.is(stderr, "zmem: -: standard input is a folder\n");
});

test("a file and the same bytes on standard input give the same figures", () => {
  const bytes = new Uint8Array([...text(300 * PAGE), ...noise(20 * PAGE), ...text(5)]);
  writeFileSync(path("same"), bytes);
  const file = only(runJson(["--limit", "1G", "same"]));
  const stream = only(runJson(["--limit", "1G", "-"], { input: bytes }));
  for (const key of ["pages", "inputBytes", "compressedBytes", "heldBytes", "rawPages"] as const) {
    assert.is(stream[key], file[key], key);
  }
});

test("a limit rejects what doesn't fit, counts it by reason, and keeps the rest", () => {
  writeFileSync(path("much"), noise(512 * PAGE));
  const result = runJson(["--limit", "1M", "much"]);
  assert.is(result.code, 0);
  assert.is(result.limitBytes, 1024 ** 2);
  const report = only(result);
  assert.is(report.pages, 512);
  assert.is(report.keptPages + report.rejectedPages, 512);
  assert.ok(report.rejectedPages > 200, `${report.rejectedPages} rejected`);
  assert.ok(report.keptPages > 100, `${report.keptPages} kept`);
  assert.is(report.rejects["limit"], report.rejectedPages);
  assert.ok(report.heldBytes <= 1024 ** 2);
  assert.match(result.stderr, /puts rejected \(limit\)/);
});

test("a large file is sampled evenly, by seed, and that is said", () => {
  // The first half is zeros, the second noise: a fair sample has about as much of each.
  const bytes = new Uint8Array(4096 * PAGE);
  bytes.set(noise(2048 * PAGE), 2048 * PAGE);
  writeFileSync(path("large"), bytes);
  const sample = (seed: string): JsonResult & Result =>
    runJson(["--sample", "2M", "--seed", seed, "large"]);
  const first = sample("1");
  assert.is(first.code, 0);
  const report = only(first);
  assert.is(report.pages, 512);
  assert.is(report.inputPages, 4096);
  assert.is(report.inputBytes, 4096 * PAGE);
  assert.ok(Math.abs(report.sameFilledPages - 256) <= 16, `${report.sameFilledPages} of zeros`);
  assert.match(first.stderr, /sampled 512 of 4096 pages \(seed 1\)/);
  const strip = ({ inputs }: JsonResult): unknown =>
    inputs.map((input) => ({ ...input, put: null, get: null }));
  assert.equal(strip(sample("1")), strip(first));
  const all = runJson(["--sample", "all", "large"]);
  assert.is(only(all).pages, 4096);
  assert.is(all.stderr, "");
});

test("a long stream is sampled evenly too, though its length is not known", () => {
  const bytes = new Uint8Array(4096 * PAGE);
  bytes.set(noise(2048 * PAGE), 2048 * PAGE);
  const result = runJson(["--sample", "2M", "-"], { input: bytes });
  assert.is(result.code, 0);
  const report = only(result);
  assert.is(report.pages, 512);
  assert.is(report.inputPages, 4096);
  assert.is(report.keptPages, 512);
  assert.ok(Math.abs(report.sameFilledPages - 256) < 80, `${report.sameFilledPages} of zeros`);
  assert.match(result.stderr, /sampled 512 of 4096 pages \(seed 1\)/);
});

/** Starts a run that reads standard input, which the caller feeds. */
function start(args: readonly string[]): { child: ChildProcess; ended: Promise<Result> } {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin?.on("error", () => {});
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const ended = new Promise<Result>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Cuts each file to 10 bytes at the moment when it is opened, after its size was asked. */
const CUT_ON_OPEN = `
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const open = fs.promises.open;
  fs.promises.open = async (path, ...rest) => {
    if (/shrinking/.test(path)) fs.truncateSync(path, 10);
    return open(path, ...rest);
  };
  syncBuiltinESMExports();
`;

test("a file that shrinks while it is read is an error; what was read is measured", () => {
  writeFileSync(path("cut.mjs"), CUT_ON_OPEN);
  writeFileSync(path("shrinking"), text(3000 * PAGE));
  writeFileSync(path("text"), text(64 * PAGE));
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(path("cut.mjs")).href}` };
  const result = runJson(["shrinking", "text"], { env });
  assert.is(result.code, 1);
  const sentence = "shrinking: shrank while it was read: expected 12288000 bytes, got 10";
  assert.is(result.stderr, `zmem: ${sentence}\n`);
  assert.equal(result.problems, [sentence]);
  assert.is(result.complete, false);
  assert.equal(
    result.inputs.map((report) => report.pages),
    [1, 64],
  );
});

test("a file in a folder that shrinks leaves the others as they are", () => {
  mkdirSync(path("folder/shrinking"), { recursive: true });
  writeFileSync(path("cut.mjs"), CUT_ON_OPEN);
  writeFileSync(path("folder/a"), noise(4 * PAGE));
  writeFileSync(path("folder/shrinking/b"), noise(4 * PAGE));
  writeFileSync(path("folder/z"), noise(4 * PAGE));
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(path("cut.mjs")).href}` };
  const result = runJson(["-r", "folder"], { env });
  assert.is(result.code, 1);
  assert.match(
    result.stderr,
    /shrinking.b: shrank while it was read: expected 16384 bytes, got 10/,
  );
  const report = only(result);
  // One page of the second file was read in part, three are gone.
  assert.is(report.pages, 9);
  assert.is(report.rawPages, 8);
});

test("an interrupt prints what was measured, exit code 130", async () => {
  if (process.platform === "win32") return;
  const { child, ended } = start(["estimate", "-"]);
  // All is written when the process has read all but what the pipe holds; it then waits for more.
  await new Promise<void>((resolve) => child.stdin?.write(text(2048 * PAGE), () => resolve()));
  await sleep(500);
  child.kill("SIGINT");
  const { code, stdout, stderr } = await ended;
  assert.is(code, 130);
  const pages = Number(/^- +(\d+) /m.exec(stdout)?.[1]);
  assert.ok(pages > 2000 && pages <= 2048, `${pages} pages`);
  assert.match(stderr, /interrupted/);
});

test("a FIFO is read when its writer comes; until then an interrupt ends the wait", async () => {
  if (process.platform === "win32") return;
  execFileSync("mkfifo", [path("fifo")]);
  writeFileSync(path("text"), text(64 * PAGE));
  const waiting = start(["estimate", "text", "fifo"]);
  await sleep(1000);
  waiting.child.kill("SIGINT");
  const interrupted = await waiting.ended;
  assert.is(interrupted.code, 130);
  assert.match(interrupted.stdout, /^text +64 /m);

  const reading = start(["estimate", "fifo"]);
  await sleep(500);
  await writeFile(path("fifo"), text(64 * PAGE));
  const { code, stdout, stderr } = await reading.ended;
  assert.is(code, 0, stderr);
  assert.match(stdout, /^fifo +64 /m);
});

test("a reader that closes the pipe early is no error", async () => {
  writeFileSync(path("text"), text(64 * PAGE));
  const { child, ended } = start(["estimate", "text", "text"]);
  child.stdout?.destroy();
  const { code, stderr } = await ended;
  assert.is(code, 0);
  assert.is(stderr, "");
});

test("names with spaces, dashes and control characters", () => {
  writeFileSync(path("-r"), text(64 * PAGE));
  writeFileSync(path("a b"), text(64 * PAGE));
  const result = runJson(["--", "-r", "a b"]);
  assert.is(result.code, 0);
  assert.equal(
    result.inputs.map((report) => report.path),
    ["-r", "a b"],
  );
  if (process.platform === "win32") return;
  writeFileSync(path("evil\x1b[31m\nname"), text(64 * PAGE));
  const { stdout } = run(["estimate", "evil\x1b[31m\nname"]);
  assert.not.ok(stdout.includes(ESCAPE));
  assert.match(stdout, /^evil�\[31m�name +64 /m);
});

test("colour: none in a pipe or with NO_COLOR, some when forced", () => {
  writeFileSync(path("text"), text(64 * PAGE));
  assert.not.ok(run(["estimate", "text"]).stdout.includes(ESCAPE));
  const forced = { NO_COLOR: "", FORCE_COLOR: "1" };
  assert.ok(run(["estimate", "text"], { env: forced }).stdout.startsWith(`${ESCAPE}[1mPATH`));
});

test("a file of unknown size is read to its end", () => {
  if (process.platform !== "linux") return;
  // /proc files say that they have 0 bytes.
  const report = only(runJson(["/proc/cpuinfo"]));
  assert.ok(report.inputBytes > 0);
  assert.is(report.pages, Math.ceil(report.inputBytes / PAGE));
});

test("without a path it measures real data of this machine", () => {
  const result = runJson([], { cwd: ROOT });
  assert.is(result.code, 0);
  assert.is(result.inputs.length, 3);
  const [executable, source, heap] = result.inputs as [JsonReport, JsonReport, JsonReport];
  assert.is(executable.path, "Node executable");
  assert.is(source.path, "source text of packages");
  assert.is(heap.path, process.platform === "linux" ? "live heap pages" : "heap snapshot (JSON)");
  assert.ok(heap.pages * PAGE > 20e6, `${heap.pages} heap pages`);
  // Pages that were never touched would be zeros; real heaps have few.
  assert.ok(heap.sameFilledPages < heap.pages / 4, `${heap.sameFilledPages} same-filled`);
  for (const report of result.inputs) {
    assert.ok((report.ratio ?? 0) > 1.2, `${report.path}: ${report.ratio}`);
    assert.is(report.rejectedPages, 0);
  }
  assert.is(result.total.pages, executable.pages + source.pages + heap.pages);
  assert.is(result.total.heldBytes, executable.heldBytes + source.heldBytes + heap.heldBytes);
});

test.run();
