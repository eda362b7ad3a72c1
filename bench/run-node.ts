/**
 * A run in Node: which cases, and what of the platform they get.
 */
import { cpus, totalmem } from "node:os";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { NODE_CASES } from "./cases/node.ts";
import { CORPUS_NAMES, type CorpusName, loadCorpora } from "./corpora/index.ts";
import type { BenchCase, Effort, Platform } from "./harness/case.ts";
import { timerStepNs } from "./harness/measure.ts";
import type { Machine, ResultFile } from "./harness/results.ts";
import { runCases } from "./harness/run.ts";
import { goalCases } from "./goals.ts";
import { type BenchOptions, checkFilters } from "./options.ts";
import { checkOutputs } from "./outputs.ts";
import { nodeStores, ownVersion } from "./peers/node-stores.ts";
import { buildModule } from "./peers/codec-module.ts";
import { nodeCodecs, peerVersions } from "./peers/node.ts";
import { canProbe, probe } from "./probe.ts";

const MIB = 1 << 20;
const BYTES_EACH: Readonly<Record<Effort, number>> = {
  quick: 8 * MIB,
  full: 32 * MIB,
  all: 32 * MIB,
};
const MIX_BYTES: Readonly<Record<Effort, number>> = {
  quick: 64 * MIB,
  full: 256 * MIB,
  all: 256 * MIB,
};

/** The cases that options ask for. @throws UsageError when a filter matches none */
export function selectCases({ effort, filters, goals }: BenchOptions): BenchCase[] {
  const wanted = goalCases();
  const offered = NODE_CASES.filter(({ name, efforts }) =>
    goals ? wanted.has(name) : filters.length > 0 || efforts.includes(effort),
  );
  if (filters.length === 0) return offered;
  checkFilters(
    filters,
    offered.map(({ name }) => name),
  );
  return offered.filter(({ name }) => filters.some((filter) => name.includes(filter)));
}

/** @throws UsageError or CorpusError before anything is measured */
export async function runInNode(
  options: BenchOptions,
  onProgress: (message: string) => void,
): Promise<ResultFile> {
  const { effort } = options;
  const cases = selectCases(options);
  checkOutputs(options);
  const corpora = {
    bytesEach: BYTES_EACH[effort],
    mixBytes: MIX_BYTES[effort],
    paths: options.corpusPaths,
  };
  const abort = new AbortController();
  const interrupt = (): void => {
    // The second time the user means it.
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  };
  process.on("SIGINT", interrupt);
  try {
    const onMissing = (name: string, reason: string): void =>
      onProgress(`the corpus ${name} is left out: ${reason}`);
    const names = cases.every(({ withoutCorpora }) => withoutCorpora) ? [] : CORPUS_NAMES;
    const loaded = await loadCorpora({ ...corpora, names, onProgress, onMissing });
    const versions = peerVersions();
    return await runCases({
      cases,
      effort,
      corpora: loaded,
      platform: nodePlatform(corpora),
      machine: describeMachine(),
      version: ownVersion(),
      versions,
      codecs: nodeCodecs(ownVersion(), versions, compileCodec),
      stores: nodeStores(),
      onProgress,
      signal: abort.signal,
      ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
    });
  } finally {
    process.off("SIGINT", interrupt);
  }
}

function nodePlatform(corpora: {
  readonly bytesEach: number;
  readonly mixBytes: number;
  readonly paths: readonly string[];
}): Platform {
  const collect = exposeCollector();
  return {
    kind: "node",
    compileCodec,
    collect: (minor) => void collect(minor ? { type: "minor" } : { type: "major" }),
    loadCorpus: async (name, bytes) => {
      const names: CorpusName[] = [name];
      const wanted =
        name === "mix" ? { bytesEach: corpora.bytesEach, mixBytes: bytes } : { bytesEach: bytes };
      const corpus = (await loadCorpora({ ...wanted, names })).get(name);
      if (corpus === undefined) throw new Error(`the corpus ${name} can't be made here`);
      return corpus;
    },
    ...(canProbe() ? { probeMemory: (request) => probe(request, corpora) } : {}),
  };
}

async function compileCodec(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await buildModule("codec"));
}

type Collect = (options: { readonly type: "minor" | "major" }) => void;

/** The collector, also when Node was started without --expose-gc. */
function exposeCollector(): Collect {
  const exposed = (globalThis as { readonly gc?: Collect }).gc;
  if (exposed !== undefined) return exposed;
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as Collect;
}

function describeMachine(): Machine {
  const processors = cpus();
  return {
    platform: `${process.platform} ${process.arch}`,
    processor: processors[0]?.model.trim() ?? "unknown processor",
    processors: processors.length,
    memoryBytes: totalmem(),
    engine: `Node ${process.versions.node} (V8 ${process.versions.v8})`,
    timerNs: timerStepNs(),
    collector: true,
  };
}
