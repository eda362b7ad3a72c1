/**
 * The stopwatch and the runner, with contenders whose times are made up.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type BenchCase, Interrupted } from "../../bench/harness/case.ts";
import { measureInTurn, type Task, timerStepNs } from "../../bench/harness/measure.ts";
import { type Machine, parseResults, SCHEMA } from "../../bench/harness/results.ts";
import { runCases, type RunOptions } from "../../bench/harness/run.ts";
import { median, present } from "../../bench/harness/statistics.ts";

const test = suite("bench harness");
const pause = async (): Promise<void> => {};

function spin(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

const machine: Machine = {
  platform: "test",
  processor: "test",
  processors: 1,
  memoryBytes: 0,
  engine: "test",
  timerNs: 1,
  collector: false,
};

function options(cases: readonly BenchCase[], more: Partial<RunOptions> = {}): RunOptions {
  return {
    cases,
    effort: "quick",
    platform: { kind: "node" },
    machine,
    version: "0",
    versions: {},
    corpora: new Map(),
    codecs: [],
    stores: [],
    ...more,
  };
}

function makeCase(name: string, run: BenchCase["run"]): BenchCase {
  return { name, title: name, efforts: ["quick"], run };
}

test("every contender runs in every round, and the order rotates", async () => {
  const order: string[] = [];
  const task = (name: string): Task => ({ name, operations: 1, pass: () => void order.push(name) });
  const tasks = [task("a"), task("b"), task("c")];
  const samples = await measureInTurn(
    tasks,
    { rounds: 3, once: true },
    { collect: undefined, pause },
  );
  assert.is(order.join(""), "abcbcacab");
  for (const own of samples.values()) assert.is(own.length, 3);
});

test("a sample is the time of one operation", async () => {
  const task: Task = { name: "spin", operations: 4, pass: () => spin(2) };
  const samples = await measureInTurn(
    [task],
    { rounds: 5, batchMs: 4 },
    { collect: undefined, pause },
  );
  const middle = median(present(samples.get("spin") ?? []));
  assert.ok(middle > 490_000 && middle < 900_000, `2 ms for 4 operations gave ${middle} ns each`);
});

test("a batch lasts as long as asked for, however short the pass", async () => {
  let passes = 0;
  const task: Task = { name: "short", operations: 1, pass: () => void (passes += 1) };
  const started = performance.now();
  await measureInTurn([task], { rounds: 4, batchMs: 3 }, { collect: undefined, pause });
  assert.ok(performance.now() - started > 4 * 3, "four batches of three milliseconds");
  assert.ok(passes > 1000);
});

test("a slow contender pauses in some rounds, and stays in step", async () => {
  const slow: Task = { name: "slow", operations: 1, pass: () => spin(24) };
  const fast: Task = { name: "fast", operations: 1, pass: () => spin(0.1) };
  const samples = await measureInTurn(
    [slow, fast],
    { rounds: 6, batchMs: 2 },
    { collect: undefined, pause },
  );
  const own = samples.get("slow") ?? [];
  assert.is(own.length, 6);
  assert.ok(own.includes(null), "it paused");
  assert.ok(own[0] !== null, "it took part in the first round");
  assert.not.ok(samples.get("fast")?.includes(null));
});

test("garbage is collected before a batch, and the young part of its own charged to it", async () => {
  const events: string[] = [];
  const collect = (minor: boolean): void => {
    events.push(minor ? "minor" : "major");
    if (minor) spin(3);
  };
  const task: Task = { name: "a", operations: 1, pass: () => void events.push("pass") };
  const samples = await measureInTurn([task], { rounds: 2, once: true }, { collect, pause });
  assert.is(events.join(" "), "major pass minor major pass minor");
  for (const sample of present(samples.get("a") ?? [])) assert.ok(sample > 2.9e6, `${sample}`);
});

test("the preparation is not timed, and may take its time", async () => {
  const task: Task = {
    name: "a",
    operations: 1,
    prepare: () => new Promise((resolve) => setTimeout(resolve, 20)),
    pass: () => spin(1),
  };
  const samples = await measureInTurn(
    [task],
    { rounds: 2, once: true },
    { collect: undefined, pause },
  );
  for (const sample of present(samples.get("a") ?? [])) assert.ok(sample < 10e6, `${sample}`);
});

test("the clock has a step", () => {
  const step = timerStepNs();
  assert.ok(step > 0 && step < 20e6, `${step} ns`);
});

test("a case that throws is reported, and the next one runs", async () => {
  const file = await runCases(
    options([
      makeCase("broken", async () => {
        throw new Error("no luck");
      }),
      makeCase("sound", async ({ record }) => {
        record({ figure: "f", contender: "c", unit: "ns", samples: [3, 1, 2] });
      }),
    ]),
  );
  assert.is(file.complete, true);
  assert.is(file.failures[0]?.reason, "no luck");
  assert.is(file.measurements[0]?.median, 2);
  assert.is(file.measurements[0]?.case, "sound");
});

test("an interruption keeps what is finished", async () => {
  const abort = new AbortController();
  const record = { figure: "f", contender: "c", unit: "ns", samples: [1] } as const;
  const file = await runCases(
    options(
      [
        makeCase("first", async (context) => context.record(record)),
        makeCase("second", async (context) => {
          context.record(record);
          abort.abort();
          await context.pause();
          assert.unreachable("the pause throws");
        }),
        makeCase("third", async () => assert.unreachable("never runs")),
      ],
      { signal: abort.signal },
    ),
  );
  assert.is(file.complete, false);
  assert.equal(
    file.measurements.map((row) => row.case),
    ["first", "second"],
  );
  assert.equal(file.failures, []);
  assert.instance(new Interrupted("x"), Error);
});

test("a result file is read back, and another file is a clear error", () => {
  const text = JSON.stringify({ schema: SCHEMA, measurements: [] });
  assert.is(parseResults(text, "a.json").schema, SCHEMA);
  assert.throws(() => parseResults("{", "a.json"), /a\.json: expected a result file in JSON/);
  assert.throws(() => parseResults("null", "a.json"), /expected a result file of schema/);
  assert.throws(() => parseResults('{"schema":99}', "a.json"), /got schema 99/);
});

test.run();
