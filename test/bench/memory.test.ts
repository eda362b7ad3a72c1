/**
 * The case "memory" with a probe that makes its figures up: who is measured beside whom, and in which
 * order rows come.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { memoryCase } from "../../bench/cases/memory.ts";
import { processCase } from "../../bench/cases/process.ts";
import type { Corpus } from "../../bench/corpora/corpus.ts";
import {
  type BenchCase,
  type BenchContext,
  type Effort,
  Interrupted,
  type ProbeRequest,
  type ProbeResult,
  type Row,
} from "../../bench/harness/case.ts";
import { waitForReturn } from "../../bench/probe.ts";
import { nodeStores } from "../../bench/peers/node-stores.ts";

const test = suite("bench memory");

const QUICK_STORES = ["zmem", "Map of copies", "Map of lz4-wasm", "Map of snappy"];

interface Told {
  readonly rows: Row[];
  readonly failures: string[];
}

/** Runs a case on the corpora of a quick run. */
async function run(
  probeMemory: (request: ProbeRequest) => Promise<ProbeResult>,
  pause = async (): Promise<void> => {},
  effort: Effort = "quick",
  benchCase: BenchCase = memoryCase,
): Promise<Told & { readonly thrown: unknown }> {
  const told: Told = { rows: [], failures: [] };
  const corpus = (name: string): Corpus => ({
    name,
    kind: "real",
    source: "test",
    checksum: "",
    deterministic: true,
    bytes: new Uint8Array(65536),
  });
  const context: BenchContext = {
    platform: { kind: "node", probeMemory },
    effort,
    corpora: new Map(["jsheap", "mix"].map((name) => [name, corpus(name)])),
    codecs: [],
    stores: nodeStores(),
    measure: async () => new Map(),
    record: (row) => void told.rows.push(row),
    fail: (contender, error) => void told.failures.push(`${contender}: ${String(error)}`),
    progress: () => {},
    pause,
  };
  let thrown: unknown;
  await benchCase.run(context).catch((error: unknown) => (thrown = error));
  return { ...told, thrown };
}

const holds = (filledBytes: number): ProbeResult => ({ filledBytes, statedBytes: [], method: "m" });
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const who = (rows: readonly Row[]): string[] =>
  rows.map(({ contender, corpus }) => `${contender} with ${corpus}`);
const inOrder = ["jsheap", "mix"].flatMap((corpus) =>
  QUICK_STORES.map((store) => `${store} with ${corpus}`),
);

test("several processes run at a time, and rows come in the order of the stores", async () => {
  let running = 0;
  let most = 0;
  const { rows, failures } = await run(async ({ store, logicalBytes }) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(store === "zmem" ? 20 : 2);
    running -= 1;
    return holds(logicalBytes / 2);
  });
  assert.ok(most > 1 && most <= 3, `${most} at a time`);
  assert.equal(who(rows), inOrder);
  for (const { samples } of rows) assert.equal(samples, [0.5]);
  assert.equal(failures, []);
});

test("all rows of one figure are of one size, and churn has processes of its own", async () => {
  const requests: ProbeRequest[] = [];
  const probe = async (request: ProbeRequest): Promise<ProbeResult> => {
    requests.push(request);
    const { logicalBytes, churnRounds } = request;
    const churnedBytes = logicalBytes / 4;
    return { ...holds(logicalBytes / 2), ...(churnRounds > 0 ? { churnedBytes } : {}) };
  };
  const { rows, failures } = await run(probe, undefined, "full");
  assert.equal(failures, []);
  assert.is(rows.length, requests.length);
  const sizes = new Map<string, Set<string>>();
  for (const { figure, note = "", samples } of rows) {
    const own = sizes.get(figure) ?? new Set();
    sizes.set(figure, own.add(note));
    assert.equal(samples, [figure.includes("churn") ? 0.25 : 0.5]);
  }
  assert.equal([...sizes.keys()], ["held per logical byte", "held after 5 rounds of churn"]);
  for (const [figure, notes] of sizes) assert.is(notes.size, 1, `${figure}: ${[...notes].join()}`);
});

test("a process that fails is reported, and the others are measured", async () => {
  const { rows, failures } = await run(async ({ store }) => {
    if (store === "Map of snappy") throw new Error("no luck");
    return holds(1);
  });
  assert.equal(failures, Array(2).fill("Map of snappy: Error: no luck"));
  assert.is(rows.length, 6);
});

const trimmed: ProbeResult = {
  ...holds(1000),
  statedBytes: [1000, 200],
  freedBytes: 800,
  trimmedBytes: 900,
};

test("a trim that misses its deadline is a figure, and a goal that is short", async () => {
  let clock = 5000;
  const now = (): number => (clock += 6000);
  assert.equal(await waitForReturn(() => false, 5000, now), { trimSeconds: 12, isTrimLate: true });
  const early = { trimSeconds: 0.2, isTrimLate: false };
  assert.equal(
    await waitForReturn(
      () => true,
      5000,
      () => 5200,
    ),
    early,
    "the settling counts",
  );

  const late = { ...trimmed, trimSeconds: 12, isTrimLate: true };
  const { rows, failures } = await run(async () => late, undefined, "full", processCase);
  assert.equal(failures, []);
  const row = rows.find(({ figure }) => figure.startsWith("until 90 %"));
  assert.equal(row?.samples, [12_000]);
  assert.match(row?.note ?? "", /had not left/);
});

test("one of two processes that fails lets the other end, and then the case fails", async () => {
  let ended = false;
  const { rows, thrown } = await run(
    async ({ flushShare }) => {
      if (flushShare > 0) throw new Error("no luck");
      await sleep(10);
      ended = true;
      return trimmed;
    },
    undefined,
    "full",
    processCase,
  );
  assert.is(ended, true);
  assert.match(String(thrown), /no luck/);
  assert.is(rows.length, 2);
});

test("a process without figures is a failure, not silence", async () => {
  const { thrown } = await run(async () => holds(1), undefined, "full", processCase);
  assert.match(String(thrown), /expected the bytes .*, got none/);
});

test("an interruption waits for those that run and keeps what they found", async () => {
  let ended = 0;
  let pauses = 0;
  const { rows, thrown } = await run(
    async () => {
      await sleep(5);
      ended += 1;
      return holds(1);
    },
    async () => {
      pauses += 1;
      if (pauses > 4) throw new Interrupted("stop");
    },
  );
  assert.instance(thrown, Interrupted);
  assert.is(ended, 4);
  assert.equal(who(rows), inOrder.slice(0, 4));
});

test.run();
