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

/** Null until something is to be measured, and after a worker has failed. */
let worker: Worker | null = null;

function setRunning(running: boolean): void {
  start.disabled = running;
  effort.disabled = running;
  stop.disabled = !running;
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

function take(reply: BenchReply): void {
  if (reply.kind === "progress") {
    progress.textContent = reply.message;
    // Where `npm run bench:browser` takes its progress from.
    console.info(reply.message);
  } else if (reply.kind === "error") {
    progress.textContent = `The run failed: ${reply.message}`;
    finish({ error: reply.message });
  } else {
    const { seconds, complete } = reply.file;
    progress.textContent = complete
      ? `Done in ${seconds} s.`
      : `Stopped after ${seconds} s: what was finished is below.`;
    report.textContent = reply.text;
    offer("save-json", JSON.stringify(reply.file, null, 1), "application/json");
    offer("save-html", reply.html, "text/html");
    downloads.hidden = false;
    finish({ file: reply.file });
  }
}

function open(): Worker {
  const opened = new Worker(new URL("./bench-worker.js", import.meta.url), { type: "module" });
  opened.addEventListener("message", ({ data }: MessageEvent<BenchReply>) => take(data));
  opened.addEventListener("error", (event) => {
    event.preventDefault();
    // Of no use any more, if it lives on at all: the next run has another.
    opened.terminate();
    worker = null;
    const reason = event.message || "it did not start";
    progress.textContent = `The worker failed: ${reason}`;
    finish({ error: reason });
  });
  return opened;
}

function run(request: BenchRequest): void {
  setRunning(true);
  report.textContent = "";
  downloads.hidden = true;
  progress.textContent = "Starting the benchmark …";
  worker ??= open();
  worker.postMessage(request);
}

start.addEventListener("click", () =>
  run({ effort: effort.value as Effort, filters: [], files: [...(files.files ?? [])] }),
);
stop.addEventListener("click", () => worker?.postMessage({ stop: true }));

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
