/**
 * The benchmark tab: runs the portable cases in their worker, shows plots and tables of the report,
 * hands out the results, and lays them beside the reference run.
 *
 * Why so: the worker and its report are those of the benchmark page; plots come out of the report as
 * they are, so the tab shows what the saved file shows. Nothing of it is fetched before the tab is
 * looked at: the page stays small for those who never do.
 */
import { type Effort } from "../../bench/harness/case.ts";
import { type ResultFile, writeResults } from "../../bench/harness/results.ts";
import type * as Compare from "../bench-compare.ts";
import { type BenchReply, type BenchRequest, type BenchStop } from "../bench-messages.ts";
import { type LinkState } from "../model/link.ts";
import { download } from "./download.ts";
import { element, fillTable } from "./elements.ts";
import { countToText } from "./units.ts";

/** Parts of case names by the values of the control; none selects all. */
const FILTERS: Readonly<Record<LinkState["cases"], readonly string[]>> = {
  all: [],
  codec: ["codec"],
  // What stores hold is a case of its own; their plots need both.
  stores: ["store", "accounted"],
  pool: ["pool"],
  calls: ["calls"],
};

type Result = Extract<BenchReply, { kind: "result" }>;
/** What the benchmark is to measure. */
type Choice = Pick<LinkState, "cases" | "howLong">;

export class BenchTab {
  readonly #status = element("bench-status");
  readonly #run = element<HTMLButtonElement>("bench-run");
  readonly #stop = element<HTMLButtonElement>("bench-stop");
  readonly #compare = element<HTMLButtonElement>("bench-compare");
  readonly #cases = element<HTMLSelectElement>("bench-cases");
  readonly #effort = element<HTMLSelectElement>("bench-effort");
  #worker: Worker | null = null;
  /** Done once it is known whether there is a reference run; null before the tab was looked at. */
  #looking: Promise<void> | null = null;
  #stopped = false;
  #result: Result | null = null;
  #module: typeof Compare | null = null;
  #reference: Compare.Reference | null = null;

  /** @param onChoice other cases, or another length, were chosen */
  constructor(onChoice: (choice: Choice) => void) {
    const choose = (): void => onChoice(this.#choice());
    this.#cases.addEventListener("change", choose);
    this.#effort.addEventListener("change", choose);
    this.#run.addEventListener("click", () => void this.#start());
    this.#stop.addEventListener("click", () => {
      this.#stopped = true;
      this.#send({ stop: true });
    });
    this.#compare.addEventListener("click", () => this.#showComparison());
    const onResult = (id: string, use: (result: Result) => void): void =>
      element(id).addEventListener("click", () => {
        if (this.#result !== null) use(this.#result);
      });
    onResult("bench-copy", ({ file }) => void this.#copy(file));
    onResult("bench-save", ({ file }) =>
      download("zmem-bench.json", new Blob([writeResults(file)], { type: "application/json" })),
    );
    onResult("bench-report", ({ html }) =>
      download("zmem-bench.html", new Blob([html], { type: "text/html" })),
    );
    this.#setRunning(false);
  }

  /** Sets the controls. */
  choose({ cases, howLong }: Choice): void {
    this.#cases.value = cases;
    this.#effort.value = howLong;
  }

  #choice(): Choice {
    return {
      cases: this.#cases.value as Choice["cases"],
      howLong: this.#effort.value as Choice["howLong"],
    };
  }

  /** The tab is looked at. */
  show(): void {
    this.#looking ??= this.#loadReference();
  }

  async #loadReference(): Promise<void> {
    const note = element("bench-reference");
    try {
      const script = new URL("./bench-compare.js", import.meta.url).href;
      const response = await fetch("./bench-reference.json");
      if (!response.ok) throw new Error(`the server answers ${response.status}`);
      this.#module = (await import(script)) as typeof Compare;
      this.#reference = this.#module.readReference(await response.text());
      note.textContent =
        this.#reference === null
          ? "This build ships no reference run, so there is nothing to compare with."
          : `The reference run: ${this.#reference.about}.`;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      note.textContent = `The reference run could not be loaded (${reason}): there is nothing to compare with.`;
    }
    this.#setRunning(!this.#stop.disabled);
  }

  async #start(): Promise<void> {
    this.#stopped = false;
    this.#setRunning(true);
    this.#status.textContent = "Starting the benchmark …";
    // Data as long as that of the reference run: else there is no verdict on any of it.
    await this.#looking;
    if (this.#stopped) {
      this.#end("Stopped before anything was measured.");
      return;
    }
    this.#worker ??= this.#open();
    const { cases, howLong } = this.#choice();
    const effort: Effort = howLong;
    const corpora = this.#reference?.file.corpora ?? [];
    const sizes = Object.fromEntries(corpora.map(({ name, bytes }) => [name, bytes]));
    this.#send({ effort, filters: FILTERS[cases], files: [], sizes });
  }

  #send(message: BenchRequest | BenchStop): void {
    this.#worker?.postMessage(message);
  }

  #open(): Worker {
    const worker = new Worker(new URL("./bench-worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<BenchReply>) => {
      if (data.kind === "progress") this.#status.textContent = `Measuring: ${data.message}`;
      else if (data.kind === "error") this.#end(`The run failed: ${data.message}`);
      else this.#showResult(data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      // It may live on after an error, and would go on measuring.
      worker.terminate();
      this.#worker = null;
      this.#end(`The benchmark could not be run: ${event.message || "its worker did not start"}.`);
    });
    return worker;
  }

  /** An earlier result stays when a run fails. */
  #end(words: string): void {
    this.#status.textContent = words;
    this.#setRunning(false);
  }

  #showResult(result: Result): void {
    this.#result = result;
    const { seconds, complete, measurements } = result.file;
    const count = countToText(measurements.length);
    const report = new DOMParser().parseFromString(result.html, "text/html");
    const plots = [...report.querySelectorAll(".plots > svg")];
    const tables = [...report.querySelectorAll(".wide")];
    for (const table of tables) {
      table.className = "scroll";
      table.setAttribute("tabindex", "0");
      table.setAttribute("role", "region");
      table.setAttribute("aria-label", table.querySelector("caption")?.textContent ?? "Figures");
    }
    element("bench-verdict").textContent = report.querySelector(".verdict")?.textContent ?? "";
    element("bench-plots").replaceChildren(...plots);
    element("bench-plots").hidden = plots.length === 0;
    element("bench-tables").replaceChildren(...tables);
    element("bench-details").hidden = false;
    element("bench-comparison").hidden = true;
    this.#end(
      complete
        ? `Done in ${seconds} s: ${count} figures.`
        : `Stopped after ${seconds} s: the ${count} figures that were finished are here.`,
    );
  }

  async #copy(file: ResultFile): Promise<void> {
    try {
      await navigator.clipboard.writeText(writeResults(file));
      this.#status.textContent = "The results are in the clipboard, as JSON.";
    } catch {
      this.#status.textContent = "The browser doesn't let this page copy: save the JSON instead.";
    }
  }

  #showComparison(): void {
    if (this.#module === null || this.#reference === null || this.#result === null) return;
    const { figures, onlyReference, onlyHere } = this.#module.compareWithReference(
      this.#reference.file,
      this.#result.file,
    );
    const same = figures.filter(({ sameData }) => sameData);
    const count = (wanted: string): string =>
      countToText(same.filter(({ verdict }) => verdict === wanted).length);
    element("bench-compared").textContent =
      figures.length === 0
        ? "This run and the reference run have no figure in common."
        : `Here against the reference run, on the same data: ${count("better")} better, ` +
          `${count("worse")} worse, ${count("same")} the same. ` +
          `${countToText(figures.length - same.length)} on other data of the same kind, which is ` +
          `no verdict; ${countToText(onlyReference)} only there, ${countToText(onlyHere)} only here.`;
    fillTable(
      element<HTMLTableElement>("bench-compare-table"),
      "Ratio of medians: above 1 is better here",
      ["Figure", "Ratio", "95 % interval", "Here"],
      figures.map(({ key, ratio: { low, middle, high }, verdict }) => [
        key,
        middle.toFixed(2),
        Number.isNaN(low) ? "–" : `${low.toFixed(2)} – ${high.toFixed(2)}`,
        verdict,
      ]),
    );
    element("bench-compared-rows").hidden = figures.length === 0;
    element("bench-comparison").hidden = false;
    element("bench-compared").scrollIntoView({ block: "nearest" });
  }

  #setRunning(running: boolean): void {
    this.#run.disabled = running;
    this.#cases.disabled = running;
    this.#effort.disabled = running;
    this.#stop.disabled = !running;
    element("bench-progress").hidden = !running;
    for (const id of ["bench-copy", "bench-save", "bench-report"]) {
      element<HTMLButtonElement>(id).disabled = running || this.#result === null;
    }
    this.#compare.disabled = running || this.#result === null || this.#reference === null;
  }
}
