/**
 * Cases on little data: they run to the end, verify what they get, and record the rows that goals
 * and plots look up. Their figures prove nothing here.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { accountedCase } from "../../bench/cases/accounted.ts";
import { controlCase } from "../../bench/cases/control.ts";
import { recordRatios } from "../../bench/cases/engines.ts";
import { recencyCase } from "../../bench/cases/recency.ts";
import { LARGEST_DISTANCE, repeatCase } from "../../bench/cases/repeat.ts";
import { sizesCase } from "../../bench/cases/sizes.ts";
import { writebackCase } from "../../bench/cases/writeback.ts";
import { zipfCase } from "../../bench/cases/zipf.ts";
import { checksum, type Corpus } from "../../bench/corpora/corpus.ts";
import { makeSparse } from "../../bench/corpora/ends.ts";
import { randomBytes } from "../../bench/corpora/random.ts";
import { judgeGoals } from "../../bench/goals.ts";
import type { BenchCase, Row } from "../../bench/harness/case.ts";
import type { Measurement, ResultFile } from "../../bench/harness/results.ts";
import { runCases, type RunOptions } from "../../bench/harness/run.ts";
import type { CodecContender } from "../../bench/peers/contender.ts";
import { nodeStores } from "../../bench/peers/node-stores.ts";
import { drive, type Run } from "../../bench/writeback/drive.ts";
import { makeTrace, simulateLru } from "../../bench/writeback/trace.ts";

const test = suite("bench cases");

function smallMix(): Map<string, Corpus> {
  const { bytes } = makeSparse(1 << 21, randomBytes(1 << 16, 3));
  const info = { kind: "mix", source: "test", deterministic: true } as const;
  return new Map([["mix", { ...info, name: "mix", checksum: checksum(bytes), bytes }]]);
}

async function run(benchCase: BenchCase): Promise<ResultFile> {
  const file = await runAny(benchCase);
  assert.equal(file.failures, []);
  assert.is(file.complete, true);
  assert.ok((file.caseSeconds?.[benchCase.name] ?? 0) > 0, "its time is recorded");
  return { ...file, effort: "full" };
}

/** A run that may fail. */
function runAny(benchCase: BenchCase, more: Partial<RunOptions> = {}): Promise<ResultFile> {
  return runCases({
    cases: [benchCase],
    effort: "quick",
    rounds: 3,
    platform: { kind: "node" },
    machine: {
      platform: "test",
      processor: "test",
      processors: 1,
      memoryBytes: 0,
      engine: "test",
      timerNs: 1,
      collector: false,
    },
    version: "0",
    versions: {},
    corpora: smallMix(),
    codecs: [],
    stores: nodeStores(),
    ...more,
  });
}

const find = (file: ResultFile, figure: string, contender: string): Measurement | undefined =>
  file.measurements.find((row) => row.figure === figure && row.contender === contender);

/** The goals that a case is for, all judged. */
function judged(file: ResultFile, name: string): string[] {
  const goals = judgeGoals(file).filter(({ goal }) => goal.cases.includes(name));
  assert.ok(goals.length > 0);
  for (const { goal, verdict } of goals) {
    assert.is.not(verdict, "not measured", goal.figure);
  }
  return goals.map(({ goal }) => goal.figure);
}

test("writeback brings back every page, and its goals find their rows", async () => {
  const file = await run(writebackCase);
  for (const contender of ["zmem", "reject when full", "uncompressed LRU"]) {
    const reads = find(file, "device reads per get", contender)?.median ?? -1;
    assert.ok(reads > 0 && reads < 1, `${contender}: ${reads}`);
    const hits = find(file, "hit share", contender)?.median ?? -1;
    assert.ok(Math.abs(hits + reads - 1) < 1e-9);
    const [middle, tail, slowest] = ["median", "99.9 %", "slowest"].map(
      (share) => find(file, `put, ${share}`, contender)?.median ?? 0,
    ) as [number, number, number];
    assert.ok(middle > 0 && middle <= tail && tail <= slowest, `${middle} ${tail} ${slowest}`);
  }
  assert.is(judged(file, "writeback").length, 4);
});

test("a store that brings back other bytes is found out", async () => {
  const bytes = randomBytes(16 * 4096, 4);
  const trace = makeTrace({ keys: 16, operations: 200, exponent: 0.9, readShare: 0.8, seed: 1 });
  const work = { bytes, keys: 16, trace, warmUp: 50, pause: async () => {} };
  const pages = new Map<number, Uint8Array>();
  const honest = {
    name: "a store",
    put: (key: number, page: Uint8Array) => void pages.set(key, page.slice()),
    get: (key: number, page: Uint8Array) => page.set(pages.get(key) as Uint8Array),
    deviceReads: () => 0,
    deviceWrittenPages: () => 0,
    pagesInMemory: () => pages.size,
    close: () => {},
  };
  const { deviceReadsPerGet, putLatencies, getLatencies }: Run = await drive(honest, work);
  assert.is(deviceReadsPerGet, 0);
  assert.is(putLatencies.length + getLatencies.length, 150);
  const stale = {
    ...honest,
    put: (key: number, page: Uint8Array) => {
      if (!pages.has(key)) pages.set(key, page.slice());
    },
  };
  pages.clear();
  let message = "";
  await drive(stale, work).catch((error: Error) => (message = error.message));
  assert.match(message, /a store: page \d+ came back with other bytes/);
});

test("an exact LRU with room for all reads nothing, with room for one nearly always", () => {
  const trace = makeTrace({ keys: 50, operations: 5000, exponent: 0.9, readShare: 1, seed: 2 });
  assert.is(simulateLru(trace, 50, 50, 0), 0);
  const reads = simulateLru(trace, 50, 1, 0);
  assert.ok(reads > 3500 && reads < 5000, `${reads}`);
});

test("two modules, with and without recency, get the same pages", async () => {
  const file = await run(recencyCase);
  assert.is(find(file, "get", "with recency")?.samples.length, 3);
  assert.is(judged(file, "recency").length, 1);
});

test("repeat names each ratio's distance and the largest", async () => {
  const file = await run(repeatCase);
  const largest = find(file, LARGEST_DISTANCE, "harness");
  const others = file.measurements.filter(({ contender }) => contender !== "harness");
  assert.is(others.length, 8);
  assert.is(largest?.median, Math.max(...others.map(({ median }) => median)));
  judged(file, "repeat");
});

test("repeat says no largest distance when a ratio is missing", async () => {
  const broken = nodeStores().map((store) =>
    store.name === "Map of snappy"
      ? { ...store, open: () => Promise.reject(new Error("no luck")) }
      : store,
  );
  const file = await runAny(repeatCase, { stores: broken });
  assert.is(find(file, LARGEST_DISTANCE, "harness"), undefined);
  const reasons = file.failures.map(({ contender, reason }) => `${contender}: ${reason}`);
  assert.ok(reasons.includes("Map of snappy: put, steady: not measured twice"), reasons.join());
  assert.is(find(file, "put, steady", "Map of copies")?.corpus, "mix");
});

for (const benchCase of [zipfCase, controlCase]) {
  test(`${benchCase.name} ends when the run is interrupted`, async () => {
    const abort = new AbortController();
    let messages = 0;
    const file = await runAny(benchCase, {
      signal: abort.signal,
      codecs: [makeCodec("lz4-napi"), makeCodec("lz4-wasm")],
      onProgress: () => {
        messages += 1;
        // In the midst of the first contender.
        setTimeout(() => abort.abort(), 5);
      },
    });
    assert.is(file.complete, false);
    assert.equal(file.failures, []);
    assert.ok(messages <= 2, `${messages} messages: no further contender had its turn`);
  });
}

/** Keeps pages as they are. */
function makeCodec(name: string): CodecContender {
  const codec = { compress: (page: Uint8Array) => page.slice(), decompress: (b: Uint8Array) => b };
  return { name, family: "lz4", runtime: "javascript", version: "0", load: async () => codec };
}

test("engines says what failed in the browser, and no mean of a part", () => {
  const rows: Row[] = [];
  const failures: string[] = [];
  const context = {
    record: (row: Row) => void rows.push(row),
    fail: (contender: string, error: unknown, corpus = "") =>
      void failures.push(`${contender} on ${corpus}: ${String(error)}`),
  };
  const measured = (figure: string, corpus: string, median: number): Measurement =>
    ({ figure, corpus, median }) as Measurement;
  const browser = {
    failures: [{ case: "module", contender: "zmem", corpus: "heap", reason: "no luck" }],
    machine: { engine: "Chromium" },
    measurements: [
      measured("compress", "text", 200),
      measured("compress", "heap", 100),
      measured("decompress", "text", 50),
    ],
  } as unknown as ResultFile;
  const node = new Map(
    ["compress", "decompress"].flatMap((figure) =>
      ["text", "heap"].map((corpus) => [`${figure} ${corpus}`, [100, 100]] as const),
    ),
  );
  recordRatios(context, ["text", "heap"], node, browser);
  assert.equal(
    rows.map(({ figure, samples }) => [figure, samples[0]?.toFixed(3)]),
    [
      ["compress by corpus", "0.500"],
      ["compress by corpus", "1.000"],
      ["compress", "0.707"],
      ["decompress by corpus", "2.000"],
    ],
  );
  assert.equal(failures, [
    "zmem in Chromium on heap: no luck",
    "Chromium ÷ Node on heap: decompress: not measured on both sides",
  ]);
});

test("a cache that returns other bytes is found out", async () => {
  const stores = nodeStores()
    .filter(({ name }) => name === "Map of copies")
    .map((honest) => ({
      ...honest,
      open: async (pageSize: number, limitBytes?: number) => {
        const store = await honest.open(pageSize, limitBytes);
        return {
          ...store,
          put: (key: number, page: Uint8Array) =>
            store.put(
              key,
              page.map((x) => x ^ 1),
            ),
        };
      },
    }));
  const file = await runAny(zipfCase, { stores });
  assert.equal(file.measurements, []);
  assert.match(file.failures[0]?.reason ?? "", /came back with other bytes/);
});

test("every store counts its memory, and compressed ones less than a Map of copies", async () => {
  const file = await run(accountedCase);
  const share = (name: string): number =>
    find(file, "accounted per logical byte", name)?.median ?? Number.NaN;
  assert.is(share("Map of copies"), 1);
  for (const name of ["zmem", "Map of lz4-wasm", "Map of snappy", "lru-cache of lz4-wasm"]) {
    assert.ok(share(name) > 0.05 && share(name) < 1.2, `${name}: ${share(name)}`);
  }
});

test("module, entry and page are weighed against their goals", async () => {
  const file = await run(sizesCase);
  for (const { unit, median } of file.measurements) {
    assert.is(unit, "bytes");
    assert.ok(median > 10_000);
  }
  assert.is(judged(file, "sizes").length, 3);
});

test.run();
