/**
 * The case "memory" with a probe that makes its figures up: who is measured beside whom, and in which
 * order rows come.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { memoryCase } from "../../bench/cases/memory.ts";
import type { Corpus } from "../../bench/corpora/corpus.ts";
import {
  type BenchContext,
  Interrupted,
  type ProbeRequest,
  type ProbeResult,
  type Row,
} from "../../bench/harness/case.ts";
import { nodeStores } from "../../bench/peers/node-stores.ts";

const test = suite("bench memory");

const QUICK_STORES = ["zmem", "Map of copies", "Map of lz4-wasm", "Map of snappy"];

interface Told {
  readonly rows: Row[];
  readonly failures: string[];
}

/** Runs the case on the corpora of a quick run. */
async function run(
  probeMemory: (request: ProbeRequest) => Promise<ProbeResult>,
  pause = async (): Promise<void> => {},
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
    effort: "quick",
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
  await memoryCase.run(context).catch((error: unknown) => (thrown = error));
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

test("a process that fails is reported, and the others are measured", async () => {
  const { rows, failures } = await run(async ({ store }) => {
    if (store === "Map of snappy") throw new Error("no luck");
    return holds(1);
  });
  assert.equal(failures, Array(2).fill("Map of snappy: Error: no luck"));
  assert.is(rows.length, 6);
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
