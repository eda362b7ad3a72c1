/**
 * The worker of the bench page: runs the cases that Node runs, off the page's thread.
 *
 * Why so: a batch must not be interrupted by drawing, and a page must stay usable for the minutes
 * that a run takes. Corpora are fetched from where the page came from; on a host without them the
 * worker makes those that plain scripts can make.
 */
import { PORTABLE_CASES } from "../bench/cases/portable.ts";
import { type Corpus, RUN_BYTES, uniqueName } from "../bench/corpora/corpus.ts";
import type { BenchCase, Effort, Platform } from "../bench/harness/case.ts";
import { timerStepNs } from "../bench/harness/measure.ts";
import type { Machine } from "../bench/harness/results.ts";
import { runCases } from "../bench/harness/run.ts";
import { browserCodecs, compileServedCodec } from "../bench/peers/browser.ts";
import { allStores } from "../bench/peers/stores.ts";
import { reportToHtml } from "../bench/report/html.ts";
import { reportToText } from "../bench/report/text.ts";
import { makeCorpora, toCorpus } from "./bench-corpora.ts";
import type { BenchReply, BenchRequest, BenchStop } from "./bench-messages.ts";

declare const __BENCH_VERSION__: string;
declare const __BENCH_VERSIONS__: Readonly<Record<string, string>>;

let abort: AbortController | undefined;

function reply(message: BenchReply): void {
  (self as unknown as { postMessage(message: unknown): void }).postMessage(message);
}

self.addEventListener("message", ({ data }: MessageEvent<BenchRequest | BenchStop>) => {
  if ("stop" in data) abort?.abort();
  else void run(data);
});

async function run(request: BenchRequest): Promise<void> {
  abort = new AbortController();
  const onProgress = (message: string): void => reply({ kind: "progress", message });
  try {
    const codecs = browserCodecs(__BENCH_VERSION__, __BENCH_VERSIONS__);
    const file = await runCases({
      cases: selectCases(request.effort, request.filters),
      effort: request.effort,
      platform: makePlatform(),
      machine: describeMachine(),
      version: __BENCH_VERSION__,
      versions: __BENCH_VERSIONS__,
      corpora: await loadCorpora(request, onProgress),
      codecs,
      stores: allStores(codecs),
      onProgress,
      signal: abort.signal,
      ...(request.rounds === undefined ? {} : { rounds: request.rounds }),
    });
    reply({ kind: "result", file, text: reportToText(file), html: reportToHtml(file) });
  } catch (error) {
    reply({ kind: "error", message: error instanceof Error ? error.message : String(error) });
  }
}

function selectCases(effort: Effort, filters: readonly string[]): BenchCase[] {
  if (filters.length === 0) return PORTABLE_CASES.filter(({ efforts }) => efforts.includes(effort));
  const chosen = PORTABLE_CASES.filter(({ name }) => filters.some((part) => name.includes(part)));
  if (chosen.length === 0) throw new Error(`no case has ${filters.join(" or ")} in its name`);
  return chosen;
}

function makePlatform(): Platform {
  const { gc } = globalThis as { readonly gc?: (options: object) => void };
  return {
    kind: "browser",
    compileCodec: compileServedCodec,
    ...(gc ? { collect: (minor) => gc({ type: minor ? "minor" : "major" }) } : {}),
  };
}

async function loadCorpora(
  { files, sizes }: BenchRequest,
  onProgress: (message: string) => void,
): Promise<Map<string, Corpus>> {
  let corpora = new Map<string, Corpus>();
  const manifest = await fetch("corpora/manifest.json").catch(() => undefined);
  if (manifest?.ok) {
    for (const info of (await manifest.json()) as Omit<Corpus, "bytes">[]) {
      onProgress(`fetching the corpus ${info.name}`);
      const response = await fetch(`corpora/${encodeURIComponent(info.name)}.bin`);
      if (!response.ok) throw new Error(`the corpus ${info.name}: HTTP ${response.status}`);
      corpora.set(info.name, { ...info, bytes: new Uint8Array(await response.arrayBuffer()) });
    }
  } else {
    onProgress("making corpora");
    const script = await fetch(import.meta.url);
    corpora = makeCorpora(new Uint8Array(await script.arrayBuffer()), sizes);
  }
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (bytes.length === 0) throw new Error(`${file.name} is empty`);
    const whole = new Uint8Array(Math.max(RUN_BYTES, bytes.length & -RUN_BYTES));
    whole.set(bytes.subarray(0, whole.length));
    const name = uniqueName(file.name, corpora);
    corpora.set(name, toCorpus(name, "user", "a file of the user", whole));
  }
  return corpora;
}

function describeMachine(): Machine {
  const {
    userAgent,
    hardwareConcurrency,
    deviceMemory = 0,
  } = navigator as Navigator & {
    readonly deviceMemory?: number;
  };
  return {
    platform: "browser",
    processor: "processors",
    processors: hardwareConcurrency,
    memoryBytes: deviceMemory * 2 ** 30,
    engine: userAgent,
    timerNs: timerStepNs(),
    collector: "gc" in globalThis,
  };
}
