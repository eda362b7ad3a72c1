/**
 * `npm run bench` and `bench:compare` as a user meets them: what is written where, what is refused,
 * and what an interruption leaves.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseResults } from "../../bench/harness/results.ts";
import { parseOptions, UsageError } from "../../bench/options.ts";

const test = suite("bench command");
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "zmem-bench-"));

test.after(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  script: string,
  words: readonly string[],
  watch: (child: ChildProcess, stderr: string) => void = () => {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--expose-gc", "--import", "tsx", script, ...words], {
      cwd: ROOT,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      watch(child, stderr);
    });
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

test("options are understood", () => {
  const options = parseOptions([
    "--quick",
    "--filter",
    "codec",
    "--filter",
    "store",
    "--rounds",
    "7",
  ]);
  assert.is(options.effort, "quick");
  assert.equal(options.filters, ["codec", "store"]);
  assert.is(options.rounds, 7);
  assert.is(parseOptions([]).effort, "full");
  assert.is(parseOptions(["--all"]).effort, "all");
});

test("options that can't be understood are clear errors", () => {
  const expect = (words: string[], pattern: RegExp): void => {
    assert.throws(
      () => parseOptions(words),
      (error: Error) => error instanceof UsageError && pattern.test(error.message),
    );
  };
  expect(["--quik"], /--quik/);
  expect(["file.json"], /file\.json/);
  expect(["--json"], /--json/);
  expect(["--quick", "--all"], /exclude each other/);
  expect(["--rounds", "2"], /3 to 1000, got "2"/);
  expect(["--rounds", "many"], /got "many"/);
});

test("an unknown option ends with 2 and the usage, before anything runs", async () => {
  const { code, stdout, stderr } = await run("bench/run.ts", ["--fast"]);
  assert.is(code, 2);
  assert.is(stdout, "");
  assert.match(stderr, /--fast/);
  assert.match(stderr, /--filter NAME/);
});

test("a filter without a case, a path that is not there and an empty folder end with 2", async () => {
  mkdirSync(join(folder, "empty"), { recursive: true });
  const [filter, missing, empty, output] = await Promise.all([
    run("bench/run.ts", ["--quick", "--filter", "nonsense"]),
    run("bench/run.ts", ["--quick", "--filter", "calls", "--corpus", join(folder, "nowhere")]),
    run("bench/run.ts", ["--quick", "--filter", "calls", "--corpus", join(folder, "empty")]),
    run("bench/run.ts", ["--quick", "--filter", "calls", "--json", join(folder, "no/such/a.json")]),
  ]);
  assert.equal([filter.code, missing.code, empty.code, output.code], [2, 2, 2, 2]);
  assert.match(filter.stderr, /expected a part of one of calls, codec/);
  assert.match(missing.stderr, /expected a readable file or directory/);
  assert.match(empty.stderr, /is empty/);
  assert.match(output.stderr, /expected a folder that can be written to/);
});

test("a filter without a case ends bench:browser before it makes corpora", async () => {
  const { code, stderr } = await run("bench/browser.ts", ["--quick", "--filter", "memroy"]);
  assert.is(code, 2);
  assert.match(stderr, /expected a part of one of calls, codec, .*; got memroy/);
  assert.not.match(stderr, /corpus/);
});

test("a folder or an unwritable place for a file is refused before anything runs", async () => {
  for (const script of ["bench/run.ts", "bench/browser.ts"]) {
    const { code, stdout, stderr } = await run(script, ["--filter", "calls", "--json", folder]);
    assert.is(code, 2, stderr);
    assert.is(stdout, "");
    assert.match(stderr, /expected a file to write to, got the folder/);
  }
});

test("results go to stdout and into files, progress to stderr", async () => {
  const [json, markdown, html] = ["a.json", "a.md", "a.html"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const words = ["--quick", "--filter", "calls", "--rounds", "3"];
  const outputs = ["--json", json, "--markdown", markdown, "--html", html];
  const { code, stdout, stderr } = await run("bench/run.ts", [...words, ...outputs]);
  assert.is(code, 0, stderr);
  assert.match(stdout, /empty call/);
  assert.match(stderr, /1\/1 calls/);
  const file = parseResults(readFileSync(json, "utf8"), json);
  assert.is(file.complete, true);
  const call = file.measurements.find(({ contender }) => contender === "empty call");
  assert.is(call?.samples.length, 3);
  assert.ok((call?.median ?? 0) > 0 && (call?.median ?? 1e9) < 1000);
  assert.match(readFileSync(markdown, "utf8"), /\| empty call \|/);
  assert.match(readFileSync(html, "utf8"), /<td>empty call<\/td>/);

  const compared = await run("bench/compare.ts", [json, json]);
  assert.is(compared.code, 0, compared.stderr);
  assert.match(compared.stdout, /0 worse, 0 better/);
});

test("a comparison with something that is no result file ends with 2", async () => {
  const odd = join(folder, "odd.json");
  writeFileSync(odd, "{}");
  const [one, wrong, missing] = await Promise.all([
    run("bench/compare.ts", [odd]),
    run("bench/compare.ts", [odd, odd]),
    run("bench/compare.ts", [odd, join(folder, "nowhere.json")]),
  ]);
  assert.equal([one.code, wrong.code, missing.code], [2, 2, 2]);
  assert.match(one.stderr, /expected two result files, got 1/);
  assert.match(wrong.stderr, /expected a result file of schema/);
});

test("Ctrl-C ends the run soon and prints what is finished", async () => {
  let sent = false;
  const words = ["--all", "--filter", "calls", "--rounds", "1000"];
  const started = performance.now();
  const { code, stdout } = await run("bench/run.ts", words, (child, stderr) => {
    if (sent || !/1\/1 calls/.test(stderr)) return;
    sent = true;
    setTimeout(() => child.kill("SIGINT"), 200);
  });
  assert.ok(sent, "the run had begun");
  assert.is(code, 130);
  assert.match(stdout, /This run was interrupted/);
  assert.ok(performance.now() - started < 30_000);
});

test.run();
