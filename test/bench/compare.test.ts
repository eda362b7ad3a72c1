/**
 * Comparison of two runs, judgement of goals, and reports, on result files made up for it.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { NODE_CASES } from "../../bench/cases/node.ts";
import { compareFiles, comparisonToText } from "../../bench/compare.ts";
import { seededRandom } from "../../bench/corpora/random.ts";
import { EXPECTED_PEERS } from "../../bench/goals-store.ts";
import { GOALS, goalsToText, judgeGoals } from "../../bench/goals.ts";
import { type Measurement, type ResultFile, SCHEMA } from "../../bench/harness/results.ts";
import { median, present, spread } from "../../bench/harness/statistics.ts";
import { nodeStores } from "../../bench/peers/node-stores.ts";
import { formatBeside } from "../../bench/report/format.ts";
import { reportToHtml } from "../../bench/report/html.ts";
import { reportToMarkdown, reportToText } from "../../bench/report/text.ts";
import { verdictLines } from "../../bench/report/verdict.ts";

const test = suite("bench comparison and reports");

type Part = Partial<Measurement> & Pick<Measurement, "case" | "figure" | "contender">;

function row(part: Part): Measurement {
  const { samples = [1] } = part;
  return {
    corpus: "",
    pageSize: 4096,
    unit: "ns",
    better: "lower",
    bytesPerOperation: 4096,
    samples,
    median: median(present(samples)),
    spread: spread(present(samples)),
    ...part,
  };
}

function file(measurements: readonly Measurement[], effort = "full"): ResultFile {
  const corpus = { kind: "real", source: "s", bytes: 65536, checksum: "0", deterministic: true };
  return {
    schema: SCHEMA,
    project: "zmem",
    version: "0",
    startedAt: "2026-11-24T00:00:00.000Z",
    seconds: 1,
    effort,
    complete: true,
    machine: {
      platform: "test",
      processor: "<cpu>",
      processors: 2,
      memoryBytes: 2 ** 30,
      engine: "engine",
      timerNs: 1,
      collector: true,
    },
    versions: {},
    corpora: [
      { ...corpus, name: "text" },
      { ...corpus, name: "heap" },
    ],
    measurements,
    failures: [],
  };
}

function noisy(middle: number, seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: 15 }, () => middle * (0.98 + random.fraction() * 0.04));
}

test("a regression shows, an improvement shows, noise does not", () => {
  const rows = (slow: number, quick: number, ratio: number): Measurement[] => [
    row({ case: "c", figure: "put", contender: "a", samples: noisy(slow, 1 + slow) }),
    row({ case: "c", figure: "put", contender: "b", samples: noisy(quick, 2 + quick) }),
    row({ case: "c", figure: "put", contender: "c", samples: noisy(100, slow) }),
    row({
      case: "c",
      figure: "efficiency",
      contender: "a",
      better: "higher",
      unit: "ratio",
      samples: noisy(ratio, 5),
    }),
  ];
  const before = file(rows(100, 100, 0.9));
  const after = file(rows(120, 80, 0.7));
  const { changes } = compareFiles(before, after);
  assert.equal(
    changes.map(({ verdict }) => verdict),
    ["worse", "better", "same", "worse"],
  );
  for (const { ratio } of changes)
    assert.ok(ratio.low <= ratio.middle && ratio.middle <= ratio.high);
  assert.match(comparisonToText(before, after, compareFiles(before, after)), /2 worse, 1 better/);
});

test("relative to a contender of the same run, a slower machine is no regression", () => {
  const rows = (factor: number): Measurement[] => [
    row({
      case: "c",
      figure: "put",
      contender: "zmem",
      samples: noisy(100, 1).map((x) => x * factor),
    }),
    row({
      case: "c",
      figure: "put",
      contender: "peer",
      samples: noisy(200, 2).map((x) => x * factor),
    }),
  ];
  const [before, after] = [file(rows(1)), file(rows(1.5))];
  assert.is(compareFiles(before, after).changes[0]?.verdict, "worse");
  const relative = compareFiles(before, after, "peer");
  assert.is(relative.changes[0]?.verdict, "same");
  assert.is(compareFiles(before, after).agreement, undefined);
  assert.is(relative.agreement?.rows, 1);
  assert.is(relative.agreement?.close, 1);
  assert.match(
    comparisonToText(before, after, relative),
    /\nratios to peer in 1 rows: median distance 0\.\d %, 1 within 5 %\n/,
  );
});

test("a row is relative only where both files have the other contender", () => {
  const put = (contender: string): Measurement =>
    row({ case: "c", figure: "put", contender, samples: noisy(100, 3) });
  const alone = row({ case: "d", figure: "get", contender: "peer", samples: noisy(100, 4) });
  const [both, without] = [
    file([put("zmem"), put("peer"), alone]),
    file([put("peer"), alone]),
  ] as const;
  assert.is(compareFiles(both, both, "zmem").agreement?.rows, 1);
  const { changes, agreement } = compareFiles(both, without, "zmem");
  assert.is(agreement, undefined);
  for (const { key, ratio } of changes) assert.ok(ratio.middle > 0.9 && ratio.middle < 1.1, key);
  assert.throws(() => compareFiles(both, both, "zmme"), /--against: expected .*, got zmme/);
});

test("rows that are not relative are marked and counted apart", () => {
  const put = (contender: string, middle: number): Measurement =>
    row({ case: "c", figure: "put", contender, samples: noisy(middle, 3) });
  const alone = (middle: number): Measurement =>
    row({ case: "d", figure: "get", contender: "peer", samples: noisy(middle, 4) });
  const before = file([put("zmem", 100), put("peer", 100), alone(100)]);
  const after = file([put("zmem", 100), put("peer", 100), alone(200)]);
  const text = comparisonToText(before, after, compareFiles(before, after, "zmem"), "zmem");
  assert.match(
    text,
    /relative to zmem: 0 worse, 0 better, 1 the same; not relative: 1 worse, 0 better, 1 the same/,
  );
  assert.match(text, /d · get · peer · 4\.00 KiB \(not relative\)/);
  assert.not.match(text, /c · put · peer · 4\.00 KiB \(not/);
});

test("figures of other bytes under one name are no verdict, nor are one or two samples", () => {
  const rows = (middle: number): Measurement[] => [
    row({ case: "c", figure: "held", contender: "a", corpus: "heap", samples: noisy(middle, 1) }),
    row({ case: "c", figure: "held", contender: "a", corpus: "text", samples: noisy(middle, 1) }),
    row({ case: "c", figure: "size", contender: "a", corpus: "text", samples: [middle] }),
    row({ case: "c", figure: "pair", contender: "a", corpus: "text", samples: [middle, middle] }),
  ];
  const before = file(rows(100));
  const remade = file(rows(200));
  const after = {
    ...remade,
    corpora: remade.corpora.map((corpus) =>
      corpus.name === "heap" ? { ...corpus, checksum: "1" } : corpus,
    ),
  };
  const comparison = compareFiles(before, after);
  assert.equal(
    comparison.changes.map(({ verdict, sameData }) => [verdict, sameData]),
    [
      ["other data", false],
      ["worse", true],
      ["too few samples", true],
      ["too few samples", true],
    ],
  );
  const text = comparisonToText(before, after, comparison);
  assert.match(text, /1 worse, 0 better, 0 the same, 3 not judged/);
  assert.match(text, /0\.500 +– +too few samples/);
});

test("rows that only one file has are named", () => {
  const [one, two] = ["one", "two"].map((contender) => row({ case: "c", figure: "f", contender }));
  const { changes, onlyBefore, onlyAfter } = compareFiles(file([one!]), file([two!]));
  assert.equal(changes, []);
  assert.equal(onlyBefore, ["c · f · one · 4.00 KiB"]);
  assert.equal(onlyAfter, ["c · f · two · 4.00 KiB"]);
});

test("every goal names a case that exists", () => {
  const names = new Set(NODE_CASES.map(({ name }) => name));
  for (const { figure, cases } of GOALS) {
    for (const name of cases) assert.ok(names.has(name), `${figure} needs the case ${name}`);
  }
});

test("what was not measured is neither met nor short", () => {
  for (const { goal, verdict } of judgeGoals(file([]))) {
    assert.is(verdict, "not measured", goal.figure);
  }
});

test("goals are met and short by what was measured, on the worst kind of data too", () => {
  const store = (contender: string, text: number, heap: number): Measurement[] =>
    (["text", "heap"] as const).map((corpus) => {
      const ns = corpus === "text" ? text : heap;
      return row({
        case: "store",
        figure: "put, steady",
        contender,
        corpus,
        samples: [ns, ns, ns],
      });
    });
  const verdictOf = (rows: readonly Measurement[], part: string, effort = "full") =>
    judgeGoals(file(rows, effort)).find(({ goal }) => goal.figure.includes(part));
  const others = ["Map of lz4-napi", "Map of snappy", "lru-cache of lz4-wasm"];
  const rest = others.flatMap((name) => store(name, 300, 300));
  const ahead = [...store("zmem", 100, 100), ...store("Map of lz4-wasm", 200, 190), ...rest];
  assert.is(verdictOf(ahead, "put, least lead")?.verdict, "met");
  const behind = [...store("zmem", 100, 100), ...store("Map of lz4-wasm", 300, 90), ...rest];
  const judged = verdictOf(behind, "put, least lead");
  assert.is(judged?.verdict, "short");
  assert.ok(Math.abs((judged?.outcome?.value ?? 0) - 0.9) < 1e-9);
  assert.match(judged?.outcome?.detail ?? "", /Map of lz4-wasm on heap/);
  assert.is(verdictOf(ahead, "put against lz4-wasm-nodejs")?.verdict, "met");
  assert.is(verdictOf(behind, "put against lz4-wasm-nodejs")?.verdict, "short");

  for (const what of ["put, least lead", "put against lz4-wasm-nodejs"]) {
    for (const missing of ["Map of lz4-wasm", "zmem"]) {
      const without = ahead.filter((one) => one.contender !== missing || one.corpus !== "heap");
      const verdict = verdictOf(without, what)?.verdict;
      assert.is(verdict, "not measured", `${what}: ${missing} has no row on one real corpus`);
    }
  }
  const withoutPeer = ahead.filter(({ contender }) => contender !== "Map of lz4-napi");
  assert.is(verdictOf(withoutPeer, "put, least lead")?.verdict, "not measured");

  const efficiency = [
    row({
      case: "pool",
      figure: "efficiency after filling",
      contender: "zmem",
      corpus: "mix",
      samples: [0.97],
    }),
  ];
  assert.is(verdictOf(efficiency, "efficiency after filling")?.verdict, "met");
  assert.is(verdictOf(efficiency, "efficiency after filling", "quick")?.verdict, "not measured");
  assert.match(goalsToText(file(efficiency)), /1 met, 0 short/);
});

test("goals expect stores that there are, and say that a run was interrupted", () => {
  const names = nodeStores().map(({ name }) => name);
  for (const peer of EXPECTED_PEERS) assert.ok(names.includes(peer), peer);
  assert.match(goalsToText({ ...file([]), complete: false }), /^This run was interrupted/);
  assert.not.match(goalsToText(file([])), /interrupted/);
});

test("a figure can be told from its goal, however close it came", () => {
  for (const [goal, value, text] of [
    ["≥ 0.965", 0.9645, "0.9645"],
    ["≥ 0.965", 0.965, "0.965"],
    ["≥ 0.965", 0.9712, "0.971"],
    ["≥ 1.20, no kind below 1.05", 1.19996, "1.19996"],
    ["≥ 1.20, no kind below 1.05", 1.0496, "1.0496"],
    ["≥ 1.20", 1.187, "1.187"],
    ["< 48 KiB", 47.96, "47.96"],
    ["< 48 KiB", 47.3, "47.3"],
    ["≤ 250 ns", 250.04, "250.04"],
    ["≤ 250 ns", 1234.5, "1,235"],
    ["none", 0, "0"],
  ] as const) {
    assert.is(formatBeside(goal, value), text, `${value} beside ${goal}`);
  }
  const near = row({
    case: "pool",
    figure: "efficiency after filling",
    contender: "zmem",
    corpus: "mix",
    samples: [0.9645],
  });
  assert.match(goalsToText(file([near])), /≥ 0\.965 +0\.9645 +short/);
});

test("a report begins with where zmem is behind", () => {
  const rows = ["zmem", "Map of lz4-wasm"].map((contender, at) =>
    row({
      case: "store",
      figure: "get, steady",
      contender,
      corpus: "text",
      samples: [200 - at * 50],
    }),
  );
  const [first, second] = verdictLines(file(rows));
  assert.match(first ?? "", /NOT ahead .* in 1 of 1 comparisons/);
  assert.match(second ?? "", /get on text, 4 KiB: 0\.750 times Map of lz4-wasm/);
  assert.match(reportToText(file(rows)), /^zmem is NOT ahead/);
});

test("a report says which memory it compares: measured from outside, or counted from inside", () => {
  const memory = (name: string, figure: string): Measurement[] =>
    ["zmem", "Map of snappy"].map((contender, at) =>
      row({ case: name, figure, contender, corpus: "text", unit: "ratio", samples: [0.4 + at] }),
    );
  const puts = ["zmem", "Map of snappy"].map((contender, at) =>
    row({ case: "store", figure: "put, steady", contender, corpus: "text", samples: [1 + at] }),
  );
  const counted = memory("accounted", "accounted per logical byte");
  const held = memory("memory", "held per logical byte");
  const first = (rows: readonly Measurement[]): string => verdictLines(file(rows))[0] ?? "";
  assert.match(first(puts), /all 1 comparisons \(put, per real/);
  assert.match(first([...puts, ...counted]), /\(put, memory as counted from inside, per real/);
  assert.match(first([...puts, ...counted, ...held]), /all 2 comparisons \(put, memory held, per/);
  const explains = (rows: readonly Measurement[]): boolean =>
    verdictLines(file(rows)).some((line) =>
      line.startsWith("Counted from inside is all that zmem"),
    );
  assert.is(explains([...puts, ...counted]), true);
  assert.is(explains([...puts, ...counted, ...held]), false);
  assert.is(explains(puts), false);
});

test("a store plot has memory from outside, or in a browser what was counted", () => {
  const puts = row({ case: "store", figure: "put, steady", contender: "zmem", corpus: "text" });
  const counted = row({
    case: "accounted",
    figure: "accounted per logical byte",
    contender: "zmem",
    corpus: "text",
    unit: "ratio",
    samples: [0.4],
  });
  const held = { ...counted, case: "memory", figure: "held per logical byte" };
  assert.match(reportToHtml(file([puts, counted])), /counted: all of zmem, the data alone/);
  assert.match(reportToHtml(file([puts, counted, held])), /resident bytes per logical byte/);
});

test("a peer that failed stands in the report", () => {
  const failed = {
    ...file([]),
    failures: [{ case: "codec", contender: "pako 1", corpus: "", reason: "no such package" }],
  };
  for (const text of [reportToText(failed), reportToMarkdown(failed), reportToHtml(failed)]) {
    assert.match(text, /pako 1.*no such package/);
  }
});

test("the Markdown report has a table row for each contender", () => {
  const rows = ["zmem default", "peer|odd"].flatMap((contender) =>
    ["text", "heap"].map((corpus) =>
      row({ case: "codec", figure: "compress", contender, corpus, samples: [4096, 4096, 4096] }),
    ),
  );
  const text = reportToMarkdown(file(rows));
  assert.match(text, /^### codec: compress, 4\.00 KiB pages, MB\/s\n\n3 samples a figure:$/m);
  assert.match(text, /^\| zmem default \| 1,000 \| 1,000 \| 1,000 \|$/m);
  assert.match(text, /^\| peer\\\|odd \|/m);
});

test("every table says how many samples its figures have", () => {
  const put = { case: "store", figure: "put, steady", corpus: "text" };
  const text = reportToText(
    file([
      row({ ...put, contender: "zmem", samples: [10, 10, 10, 10] }),
      row({ ...put, contender: "Map of lz4js", samples: [11, null, null, 11] }),
      row({ case: "sizes", figure: "module", contender: "zmem", unit: "bytes", samples: [9] }),
    ]),
  );
  assert.match(text, /^store: put, steady, .* \(2 to 4 samples a figure\)$/m);
  assert.match(text, /^sizes: module, .* bytes$/m, "one sample each needs no word");
});

test("the HTML report is one file with plots, and its text is escaped", () => {
  const rows = ["zmem default", "<peer>"].flatMap((contender, at) => [
    row({ case: "codec", figure: "compress", contender, corpus: "text", samples: [4000 + at] }),
    row({
      case: "codec",
      figure: "size",
      contender,
      corpus: "text",
      unit: "bytes",
      bytesPerOperation: 0,
      samples: [2000 + at * 100],
    }),
  ]);
  const html = reportToHtml(
    file([
      ...rows,
      row({
        case: "pool",
        figure: "efficiency over churn",
        contender: "zmem",
        corpus: "mix",
        unit: "ratio",
        samples: [0.97, 0.95, 0.94],
      }),
    ]),
  );
  assert.match(html, /<svg [^>]*aria-label="text, 4\.00 KiB: compress"/);
  assert.match(html, /aria-label="pool efficiency over churn"/);
  assert.match(html, /&lt;peer&gt;/);
  assert.not.match(html, /<peer>|<cpu>/);
  assert.not.match(html, /(?:src|href)=|https?:|NaN|undefined|Infinity/);
});

test("the harness is judged by the loop by hand, not by the one that leaves its garbage", () => {
  const rows = ["lz4-wasm", "lz4-napi"].flatMap((contender) =>
    ["compress", "decompress"].flatMap((call) => {
      const control = (figure: string, samples: number[]): Measurement =>
        row({ case: "control", figure: `${call}: ${figure}`, contender, unit: "ratio", samples });
      return [
        control("harness ÷ loop by hand", [1.04]),
        control("harness ÷ long loop that leaves its garbage", [0.7]),
      ];
    }),
  );
  const judge = (those: readonly Measurement[]) =>
    judgeGoals(file(those)).find(({ goal }) => goal.cases.includes("control"));
  assert.is(judge(rows.slice(0, -2))?.verdict, "not measured", "one of four is missing");
  const harness = judge(rows);
  assert.is(harness?.verdict, "met");
  assert.ok(Math.abs((harness?.outcome?.value ?? 0) - 0.04) < 1e-9);
});

test("a report ends with the time of each case, the longest first", () => {
  const timed = { ...file([]), caseSeconds: { calls: 1.2, memory: 98.6, store: 12 } };
  for (const text of [reportToText(timed), goalsToText(timed)]) {
    assert.match(text, /time: memory 99 s, store 12 s, calls 1 s\n/);
  }
  assert.not.match(reportToText(file([])), /time:/);
});

test("the verdict compares rounds that both took part in", () => {
  const put = { case: "store", figure: "put, steady", corpus: "text" };
  const rows = [
    row({ ...put, contender: "zmem", samples: [10, 10, 100, 100, 100] }),
    row({ ...put, contender: "Map of lz4js", samples: [11, 11, 110, null, null] }),
  ];
  assert.match(verdictLines(file(rows)).join("\n"), /^zmem is ahead .* in all 1 comparisons/);
});

test.run();
