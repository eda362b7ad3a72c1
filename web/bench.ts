/**
 * The bench page: a button that runs the cases in this browser, and the report.
 *
 * What: starts a run in the worker, shows its progress, then the report as text, and offers the raw
 * results and the report with plots as files. `?auto=quick` starts at once, which is how
 * `npm run bench:browser` uses it; the result then also lies in `globalThis.benchResult`.
 */
import type { Effort } from "../bench/harness/case.ts";
import type { ResultFile } from "../bench/harness/results.ts";
import type { BenchReply, BenchRequest } from "./bench-messages.ts";

/** What `npm run bench:browser` reads. */
interface BenchOutcome {
  readonly file?: ResultFile;
  readonly error?: string;
}

const element = <T extends HTMLElement>(id: string): T => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as T;
};

const start = element<HTMLButtonElement>("start");
const stop = element<HTMLButtonElement>("stop");
const effort = element<HTMLSelectElement>("effort");
const files = element<HTMLInputElement>("files");
const progress = element<HTMLOutputElement>("progress");
const report = element<HTMLPreElement>("report");
const downloads = element<HTMLParagraphElement>("downloads");

const worker = new Worker(new URL("./bench-worker.js", import.meta.url), { type: "module" });

function setRunning(running: boolean): void {
  start.disabled = running;
  effort.disabled = running;
  stop.disabled = !running;
}

function run(request: BenchRequest): void {
  setRunning(true);
  report.textContent = "";
  downloads.hidden = true;
  worker.postMessage(request);
}

function finish(outcome: BenchOutcome): void {
  setRunning(false);
  (globalThis as { benchResult?: BenchOutcome }).benchResult = outcome;
}

function offer(id: string, text: string, type: string): void {
  const link = element<HTMLAnchorElement>(id);
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text], { type }));
}

worker.addEventListener("message", ({ data }: MessageEvent<BenchReply>) => {
  if (data.kind === "progress") {
    progress.textContent = data.message;
    // Where `npm run bench:browser` takes its progress from.
    console.info(data.message);
  } else if (data.kind === "error") {
    progress.textContent = `The run failed: ${data.message}`;
    finish({ error: data.message });
  } else {
    progress.textContent = `Done in ${data.file.seconds} s.`;
    report.textContent = data.text;
    offer("save-json", JSON.stringify(data.file, null, 1), "application/json");
    offer("save-html", data.html, "text/html");
    downloads.hidden = false;
    finish({ file: data.file });
  }
});
worker.addEventListener("error", ({ message }) => {
  progress.textContent = `The worker failed: ${message}`;
  finish({ error: message });
});

start.addEventListener("click", () =>
  run({ effort: effort.value as Effort, filters: [], files: [...(files.files ?? [])] }),
);
stop.addEventListener("click", () => worker.postMessage({ stop: true }));

const query = new URLSearchParams(location.search);
const auto = query.get("auto");
if (auto !== null) {
  const rounds = Number(query.get("rounds"));
  effort.value = auto;
  run({
    effort: auto as Effort,
    filters: query.getAll("filter"),
    files: [],
    ...(rounds > 0 ? { rounds } : {}),
  });
}
