/**
 * Sweeps: the samples of several goes join into one row, round by round.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type BenchContext, Interrupted, type Row } from "../../bench/harness/case.ts";
import type { MeasureOptions } from "../../bench/harness/measure.ts";
import { inSweeps } from "../../bench/harness/sweeps.ts";

const test = suite("bench sweeps");

/** A context that keeps what it is told. */
function makeContext(): {
  readonly context: BenchContext;
  readonly rows: Row[];
  readonly failures: string[];
  readonly asked: (MeasureOptions | undefined)[];
} {
  const rows: Row[] = [];
  const failures: string[] = [];
  const asked: (MeasureOptions | undefined)[] = [];
  const context: BenchContext = {
    platform: { kind: "node" },
    effort: "quick",
    corpora: new Map(),
    codecs: [],
    stores: [],
    measure: async (_, options) => {
      asked.push(options);
      return new Map();
    },
    record: (row) => void rows.push(row),
    fail: (contender, error) => void failures.push(`${contender}: ${String(error)}`),
    progress: () => {},
    pause: async () => {},
  };
  return { context, rows, failures, asked };
}

const row = (contender: string, samples: Row["samples"], corpus = "mix"): Row => ({
  figure: "put",
  contender,
  corpus,
  pageSize: 4096,
  unit: "ns",
  samples,
});

const summary = (rows: readonly Row[]): [string, Row["samples"]][] =>
  rows.map(({ contender, corpus, samples }) => [`${contender} ${corpus}`, samples]);

test("samples of a row follow each other, and rows of different data stay apart", async () => {
  const { context, rows, asked } = makeContext();
  await inSweeps(context, { count: 2 }, async (sweep, index) => {
    await sweep.measure([], { rounds: 5 });
    sweep.record(row("a", [index, 10]));
    sweep.record(row("a", [index], "text"));
  });
  assert.equal(summary(rows), [
    ["a mix", [0, 10, 1, 10]],
    ["a text", [0, 1]],
  ]);
  const [first, second] = asked.map((options) => options?.part);
  assert.equal(
    [first, second].map((part) => part && [part.index, part.count]),
    [
      [0, 2],
      [1, 2],
    ],
  );
  assert.is(first?.sizes, second?.sizes, "the second sweep knows what the first has found out");
  assert.is(asked[1]?.rounds, 5);
});

test("who misses a sweep has nulls for its rounds, and its failure is told once", async () => {
  const { context, rows, failures } = makeContext();
  await inSweeps(context, { count: 3 }, async (sweep, index) => {
    sweep.record(row("a", [index, index]));
    if (index === 1) sweep.record(row("late", [7, 8]));
    else sweep.fail("late", new Error("not now"));
  });
  assert.equal(summary(rows), [
    ["a mix", [0, 0, 1, 1, 2, 2]],
    ["late mix", [null, null, 7, 8, null, null]],
  ]);
  assert.equal(failures, ["late: Error: not now"]);
});

test("no third sweep begins that would end too late; rounds that the user asked for are all made, two a sweep at least", async () => {
  for (const [rounds, expected] of [
    [undefined, 2],
    [9, 4],
    [5, 3],
  ] as const) {
    const { context } = makeContext();
    const asked = rounds === undefined ? context : { ...context, rounds };
    let sweeps = 0;
    const wait = async (): Promise<void> => {
      sweeps += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await inSweeps(asked, { count: 4, budgetSeconds: 0.001 }, wait);
    assert.is(sweeps, expected);
  }
});

test("an interruption keeps what the sweeps before it found", async () => {
  const { context, rows } = makeContext();
  let thrown: unknown;
  await inSweeps(context, { count: 3 }, async (sweep, index) => {
    if (index === 2) throw new Interrupted("stop");
    sweep.record(row("a", [index]));
  }).catch((error: unknown) => (thrown = error));
  assert.instance(thrown, Interrupted);
  assert.equal(summary(rows), [["a mix", [0, 1]]]);
});

test.run();
