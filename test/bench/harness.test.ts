/**
 * The stopwatch and the runner, with contenders whose times are made up.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type BenchCase, Interrupted } from "../../bench/harness/case.ts";
import { measureInTurn, type Task, timerStepNs } from "../../bench/harness/measure.ts";
import { checkPages, fillAndCheck } from "../../bench/harness/pages.ts";
import { type Machine, parseResults, SCHEMA } from "../../bench/harness/results.ts";
import { runCases, type RunOptions } from "../../bench/harness/run.ts";
import { present } from "../../bench/harness/statistics.ts";

const test = suite("bench harness");
const pause = async (): Promise<void> => {};

/** A clock that moves only when a contender spends time: no other program can disturb it. */
class Clock {
  #milliseconds = 1000;
  readonly now = (): number => this.#milliseconds;
  readonly spend = (milliseconds: number): void => {
    this.#milliseconds += milliseconds;
  };
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

test("every contender runs in every round, the second of two rounds backwards", async () => {
  const order: string[] = [];
  const names = ["a", "b", "c", "d"];
  const tasks = names.map((name): Task => ({
    name,
    operations: 1,
    pass: () => void order.push(name),
  }));
  const setting = { rounds: 40, once: true };
  const samples = await measureInTurn(tasks, setting, { collect: undefined, pause });
  const rounds = Array.from({ length: 40 }, (_, round) => order.slice(round * 4, round * 4 + 4));
  for (const [index, round] of rounds.entries()) {
    assert.equal([...round].sort(), names);
    const before = rounds[index - 1] ?? [];
    const backwards = before.map((_, at) => before.at(-1 - at));
    if (index % 2 === 1) assert.equal(round, backwards);
  }
  const predecessors = new Set(rounds.map((round) => round[round.indexOf("a") - 1]));
  assert.is(predecessors.size, 4, "now and then every other one, or none, runs before a contender");
  for (const own of samples.values()) assert.is(own.length, 40);
});

test("a sample is the time of one operation", async () => {
  const { now, spend } = new Clock();
  const task: Task = { name: "a", operations: 4, pass: () => spend(2) };
  const samples = await measureInTurn(
    [task],
    { rounds: 5, batchMs: 4 },
    { collect: undefined, pause, now },
  );
  assert.equal(samples.get("a"), [500_000, 500_000, 500_000, 500_000, 500_000]);
});

test("a batch lasts as long as asked for, however short the pass", async () => {
  const { now, spend } = new Clock();
  let passes = 0;
  const task: Task = {
    name: "a",
    operations: 1,
    lead: () => (passes = 0),
    pass: () => {
      passes += 1;
      spend(0.001);
    },
  };
  const collect = (minor: boolean): void => {
    const atEnd = minor && passes > 0;
    if (atEnd) assert.ok(passes >= 3000, `a batch of ${passes} passes of 1 µs was to last 3 ms`);
  };
  const samples = await measureInTurn([task], { rounds: 4, batchMs: 3 }, { collect, pause, now });
  for (const sample of present(samples.get("a") ?? [])) assert.ok(Math.abs(sample - 1000) < 1);
});

test("what gets faster while it is compiled is measured when it no longer does", async () => {
  const { now, spend } = new Clock();
  let passes = 0;
  const task: Task = {
    name: "a",
    operations: 1,
    pass: () => {
      passes += 1;
      // 8 ms at first, 1 ms in the end.
      spend(Math.max(1, 8 - passes * 0.5));
    },
  };
  const setting = { rounds: 3, batchMs: 5 };
  const samples = await measureInTurn([task], setting, { collect: undefined, pause, now });
  assert.equal(samples.get("a"), [1e6, 1e6, 1e6]);
});

test("one that never settles is measured nevertheless", async () => {
  const { now, spend } = new Clock();
  let share = 1;
  const task: Task = {
    name: "a",
    operations: 1,
    pass: () => {
      share *= 0.95;
      spend(10 + 100 * share);
    },
  };
  const setting = { rounds: 3, batchMs: 10 };
  const samples = await measureInTurn([task], setting, { collect: undefined, pause, now });
  assert.is(samples.get("a")?.length, 3);
});

for (const [what, passMs, lead, expected] of [
  ["a whole pass goes before a batch", 1, undefined, "major pass minor minor pass pass minor"],
  ["nothing goes before a batch of one long pass", 20, undefined, "major minor minor pass minor"],
  ["a lead goes before a batch", 1, "lead", "major lead minor minor pass pass minor"],
] as const) {
  test(`${what}, untimed, between the collections`, async () => {
    const { now, spend } = new Clock();
    let events: string[] = [];
    const task: Task = {
      name: "a",
      operations: 1,
      ...(lead === undefined
        ? {}
        : {
            lead: () => {
              events.push(lead);
              spend(7);
            },
          }),
      pass: () => {
        events.push("pass");
        spend(passMs);
      },
    };
    const collect = (minor: boolean): void => {
      if (!minor) events = [];
      events.push(minor ? "minor" : "major");
    };
    const setting = { rounds: 1, batchMs: 2 };
    const samples = await measureInTurn([task], setting, { collect, pause, now });
    assert.equal(samples.get("a"), [passMs * 1e6]);
    assert.is(events.join(" "), expected);
  });
}

test("rounds that the user asks for go before those of a case", async () => {
  let found = 0;
  const measuring = makeCase("a", async ({ measure }) => {
    const task: Task = { name: "t", operations: 1, pass: () => {} };
    const samples = await measure([task], { rounds: 9, once: true });
    found = samples.get("t")?.length ?? 0;
  });
  await runCases(options([measuring], { rounds: 4 }));
  assert.is(found, 4);
  await runCases(options([measuring]));
  assert.is(found, 9);
});

test("a later part does not warm up again", async () => {
  const { now, spend } = new Clock();
  let passes = 0;
  const task: Task = {
    name: "a",
    operations: 1,
    pass: () => {
      passes += 1;
      spend(1);
    },
  };
  const sizes = new Map();
  for (const index of [0, 1]) {
    passes = 0;
    const part = { index, count: 2, sizes };
    const setting = { rounds: 3, batchMs: 2, part };
    await measureInTurn([task], setting, { collect: undefined, pause, now });
  }
  // The round that nobody counts and three more, of a pass ahead and two timed.
  assert.is(passes, 12);
});

test("parts share the rounds among them", async () => {
  for (const [rounds, expected] of [
    [undefined, [2, 2, 3]],
    [20, [6, 7, 7]],
  ] as const) {
    const found: number[] = [];
    const measuring = makeCase("a", async ({ measure }) => {
      const task: Task = { name: "t", operations: 1, pass: () => {} };
      for (let index = 0; index < 3; index++) {
        const part = { index, count: 3, sizes: new Map() };
        const samples = await measure([task], { rounds: 7, once: true, part });
        found.push(samples.get("t")?.length ?? 0);
      }
    });
    await runCases(options([measuring], rounds === undefined ? {} : { rounds }));
    assert.equal(found, expected);
  }
});

/** The orders in which four contenders run, one word a round, by parts of so many rounds. */
async function ordersOf(parts: readonly number[], orderSeed?: number): Promise<string[]> {
  let order = "";
  const tasks = ["a", "b", "c", "d"].map((name): Task => ({
    name,
    operations: 1,
    pass: () => void (order += name),
  }));
  const measuring = makeCase("a", async ({ measure }) => {
    for (const index of parts.keys()) {
      const part = { index, count: parts.length, sizes: new Map() };
      const rounds = parts.reduce((sum, own) => sum + own, 0);
      const seed = orderSeed === undefined ? {} : { orderSeed };
      const samples = await measure(tasks, { rounds, once: true, part, ...seed });
      assert.is(samples.get("a")?.length, parts[index]);
    }
  });
  await runCases(options([measuring]));
  return order.match(/.{4}/g) ?? [];
}

test("parts go on with the orders of the parts before them, the odd round's reverse included", async () => {
  const whole = await ordersOf([24]);
  assert.equal(await ordersOf([3, 3, 3, 3, 3, 3, 3, 3]), whole);
  const drawn = whole.filter((_, round) => round % 2 === 0);
  assert.ok(new Set(drawn).size > 6, `few of the 24 orders: ${drawn.join(" ")}`);
  const reversed = whole.filter((_, round) => round % 2 === 1);
  assert.equal(
    reversed,
    drawn.map((order) => [...order].map((_, at) => order.at(-1 - at)).join("")),
  );
  assert.is.not((await ordersOf([24], 1)).join(" "), whole.join(" "), "another seed, other orders");
});

test("a contender that pauses goes on in step with the parts before", async () => {
  const slow: Task = { name: "slow", operations: 1, every: 3, pass: () => {} };
  const found: string[] = [];
  const measuring = makeCase("a", async ({ measure }) => {
    const sizes = new Map();
    for (const index of [0, 1, 2]) {
      const part = { index, count: 3, sizes };
      const samples = await measure([slow], { rounds: 12, batchMs: 0.01, part });
      found.push((samples.get("slow") ?? []).map((one) => (one === null ? "-" : "x")).join(""));
    }
  });
  await runCases(options([measuring]));
  assert.equal(found, ["x--x", "--x-", "-x--"]);
});

test("a slow contender pauses in some rounds, and stays in step", async () => {
  const { now, spend } = new Clock();
  const slow: Task = { name: "slow", operations: 1, pass: () => spend(50) };
  const fast: Task = { name: "fast", operations: 1, pass: () => spend(0.1) };
  const samples = await measureInTurn(
    [slow, fast],
    { rounds: 6, batchMs: 2 },
    { collect: undefined, pause, now },
  );
  assert.equal(samples.get("slow"), [50e6, null, null, null, null, null]);
  assert.is(present(samples.get("fast") ?? []).length, 6);
});

test("garbage of a batch is charged to it, less what a collection of nothing takes", async () => {
  const { now, spend } = new Clock();
  let garbage = 0;
  const collect = (minor: boolean): void => {
    spend(minor ? 3 + garbage : 100);
    garbage = 0;
  };
  const pass = (): void => {
    garbage += 0.5;
    spend(1);
  };
  const task: Task = { name: "a", operations: 1, pass };
  for (const setting of [{ once: true }, { batchMs: 4 }]) {
    const samples = await measureInTurn([task], { rounds: 3, ...setting }, { collect, pause, now });
    assert.equal(samples.get("a"), [1.5e6, 1.5e6, 1.5e6]);
  }
});

test("the preparation is not timed, and may take its time", async () => {
  const { now, spend } = new Clock();
  const task: Task = {
    name: "a",
    operations: 1,
    prepare: async () => {
      await pause();
      spend(20);
    },
    pass: () => spend(1),
  };
  const samples = await measureInTurn(
    [task],
    { rounds: 2, once: true },
    { collect: undefined, pause, now },
  );
  assert.equal(samples.get("a"), [1e6, 1e6]);
});

test("pages are filled and got back, or it is said which one was not", () => {
  const pages = [1, 2].map((value) => new Uint8Array(16).fill(value));
  const kept = new Map<number, Uint8Array>();
  const put = (key: number, page: Uint8Array): boolean => kept.set(key, page).size < 9;
  fillAndCheck(pages, put, (key) => kept.get(key));
  fillAndCheck(pages, put, (key, into) => (into.set(kept.get(key) as Uint8Array), into));
  for (const get of [() => undefined, () => kept.get(0)]) {
    assert.throws(() => checkPages(pages, get), /page \d came back with other bytes/);
  }
  assert.throws(
    () =>
      fillAndCheck(
        pages,
        () => false,
        () => undefined,
      ),
    /page 0 was rejected/,
  );
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
