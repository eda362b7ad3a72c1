/**
 * The worker of the bench page: runs the cases that Node runs, off the page's thread.
 *
 * Why so: a batch must not be interrupted by drawing, and a page must stay usable for the minutes
 * that a run takes. Corpora are fetched from where the page came from; on a host without them the
 * worker makes those that plain scripts can make.
 */
import { PORTABLE_CASES } from "../bench/cases/portable.ts";
import { checksum, type Corpus, RUN_BYTES } from "../bench/corpora/corpus.ts";
import { makeRandom, makeSparse } from "../bench/corpora/ends.ts";
import { makeMix } from "../bench/corpora/mix.ts";
import { renderPixels } from "../bench/corpora/pixels.ts";
import type { BenchCase, Effort, Platform } from "../bench/harness/case.ts";
import { timerStepNs } from "../bench/harness/measure.ts";
import type { Machine } from "../bench/harness/results.ts";
import { runCases } from "../bench/harness/run.ts";
import { browserCodecs, compileServedCodec } from "../bench/peers/browser.ts";
import { allStores } from "../bench/peers/stores.ts";
import { reportToHtml } from "../bench/report/html.ts";
import { reportToText } from "../bench/report/text.ts";
import type { BenchReply, BenchRequest, BenchStop } from "./bench-messages.ts";

declare const __BENCH_VERSION__: string;
declare const __BENCH_VERSIONS__: Readonly<Record<string, string>>;

const MADE_BYTES = 4 << 20;

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
      corpora: await loadCorpora(request.files, onProgress),
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
  files: readonly File[],
  onProgress: (message: string) => void,
): Promise<Map<string, Corpus>> {
  const corpora = new Map<string, Corpus>();
  const manifest = await fetch("corpora/manifest.json").catch(() => undefined);
  if (manifest?.ok) {
    for (const info of (await manifest.json()) as Omit<Corpus, "bytes">[]) {
      onProgress(`fetching the corpus ${info.name}`);
      const response = await fetch(`corpora/${info.name}.bin`);
      corpora.set(info.name, { ...info, bytes: new Uint8Array(await response.arrayBuffer()) });
    }
  } else {
    onProgress("making corpora");
    await makeCorpora(corpora);
  }
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (bytes.length === 0) throw new Error(`${file.name} is empty`);
    const whole = new Uint8Array(Math.max(RUN_BYTES, bytes.length & -RUN_BYTES));
    whole.set(bytes.subarray(0, whole.length));
    add(corpora, file.name, "user", { bytes: whole, source: "a file of the user" });
  }
  return corpora;
}

/** What a page can make by itself: rendered pixels, its own scripts as text, and the ends. */
async function makeCorpora(corpora: Map<string, Corpus>): Promise<void> {
  add(corpora, "pixels", "real", renderPixels(MADE_BYTES));
  const script = await fetch(import.meta.url);
  const text = new Uint8Array(await script.arrayBuffer());
  if (text.length >= RUN_BYTES) {
    add(corpora, "text", "real", { bytes: text, source: "the script of this page" });
    add(corpora, "sparse", "real", makeSparse(MADE_BYTES, text));
  }
  add(corpora, "random", "synthetic", makeRandom(MADE_BYTES));
  add(corpora, "mix", "mix", makeMix(MADE_BYTES, [...corpora.values()]));
}

function add(
  corpora: Map<string, Corpus>,
  name: string,
  kind: Corpus["kind"],
  { bytes: all, source }: { readonly bytes: Uint8Array; readonly source: string },
): void {
  const bytes = all.subarray(0, all.length & -RUN_BYTES);
  corpora.set(name, {
    name,
    kind,
    source,
    bytes,
    checksum: checksum(bytes),
    deterministic: kind !== "user",
  });
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
