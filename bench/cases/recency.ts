/**
 * What tracking recency costs a get: the module as it ships against one without.
 *
 * What: every get of this case raises a counter, which is the dearest kind: pages are put anew
 * before each batch and got three times, until their counters are full. Both modules do the same in
 * turn; gets are into the module's window, so that no copy hides the difference.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { instantiator } from "../../src/platform/instantiate.ts";
import type { BenchCase } from "../harness/case.ts";
import type { Task } from "../harness/measure.ts";
import { fillAndCheck, samplePages } from "../harness/pages.ts";
import { buildModule } from "../peers/codec-module.ts";

const SHIPPED = fileURLToPath(new URL("../../build/zmem.wasm", import.meta.url));
const PAGE_SIZE = 4096;
const PAGES = 4000;
const GETS_PER_PAGE = 3;
const ROUNDS = { quick: 21, full: 25, all: 81 } as const;

export const recencyCase: BenchCase = {
  name: "recency",
  title: "what tracking recency costs a get",
  efforts: ["full", "all"],
  run: async ({ corpora, effort, measure, record }) => {
    const corpus = corpora.get("mix") ?? [...corpora.values()][0];
    if (corpus === undefined) throw new Error("no corpus is loaded");
    const { pages } = samplePages(corpus, PAGE_SIZE, PAGES);
    const tasks = [
      gets("with recency", await startBackend(readFileSync(SHIPPED)), pages),
      gets("without recency", await startBackend(await buildModule("no-recency")), pages),
    ];
    const samples = await measure(tasks, { rounds: ROUNDS[effort], once: true });
    for (const [contender, own] of samples) {
      record({
        figure: "get",
        contender,
        corpus: corpus.name,
        pageSize: PAGE_SIZE,
        unit: "ns",
        bytesPerOperation: PAGE_SIZE,
        samples: own,
        note: "each page thrice after its put",
      });
    }
  },
};

async function startBackend(bytes: Uint8Array<ArrayBuffer>): Promise<ZmemBackend> {
  const backend = new ZmemBackend(instantiator(await WebAssembly.compile(bytes)));
  backend.init(PAGE_SIZE);
  backend.openType(0);
  return backend;
}

function gets(name: string, backend: ZmemBackend, pages: readonly Uint8Array[]): Task {
  fillAndCheck(
    pages,
    (key, page) => backend.putPage(0, key, page),
    (key) => backend.viewPage(0, key),
  );
  return {
    name,
    operations: pages.length * GETS_PER_PAGE,
    prepare: () => pages.forEach((page, key) => void backend.putPage(0, key, page)),
    pass: () => {
      for (let times = 0; times < GETS_PER_PAGE; times++) {
        for (let key = 0; key < pages.length; key++) backend.viewPage(0, key);
      }
    },
  };
}
