/**
 * The demo page: takes a file, has a worker measure it, shows what comes back.
 *
 * Why so: the page only shows. It keeps no bytes of the file; a new file ends the run before it.
 * Whatever goes wrong is said in place, in words that name a way out.
 */
import { bytesToText, ratioToText, shareToText, speedToText } from "../src/cli/quantities.ts";
import { type Answer, type Request, type Totals } from "./messages.ts";
import { PageMap, showLegend } from "./page-map.ts";

function element<Type extends HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element "${id}"`);
  return found as Type;
}

const drop = element("drop");
const fileInput = element<HTMLInputElement>("file");
const pageSizeSelect = element<HTMLSelectElement>("page-size");
const statusLine = element("status");
const errorBox = element("error");
const progressBar = element<HTMLProgressElement>("progress");
const result = element("result");
const cellLine = element("cell");
const canvas = element<HTMLCanvasElement>("map");

const map = new PageMap(canvas);
let worker: Worker | null = null;
let run = 0;
let current: { readonly file: Blob; readonly name: string } | null = null;
let expectedPages = 0;
let sampleNote = "";

function fail(message: string): void {
  errorBox.textContent = message;
  errorBox.hidden = false;
  progressBar.hidden = true;
  statusLine.textContent = current === null ? "No file yet." : `${current.name}: not finished.`;
}

function startWorker(): Worker {
  const started = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  started.addEventListener("message", (event: MessageEvent<Answer>) => show(event.data));
  started.addEventListener("error", (event) => {
    event.preventDefault();
    worker = null;
    fail(
      event.message
        ? `The worker stopped: ${event.message}`
        : "The worker could not be started. Reload the page; an ad blocker may be in the way.",
    );
  });
  return started;
}

function measure(file: Blob, name: string): void {
  current = { file, name };
  run += 1;
  errorBox.hidden = true;
  progressBar.hidden = false;
  progressBar.value = 0;
  result.hidden = true;
  statusLine.textContent = `Reading ${name} …`;
  worker ??= startWorker();
  const request: Request = { run, file, pageSize: Number(pageSizeSelect.value) };
  worker.postMessage(request);
}

function show(answer: Answer): void {
  if (answer.run !== run || current === null) return;
  switch (answer.kind) {
    case "started":
      expectedPages = answer.pages;
      sampleNote =
        answer.filePages > answer.pages
          ? `, a sample of ${answer.pages.toLocaleString("en")} of its ${answer.filePages.toLocaleString("en")} pages`
          : "";
      result.hidden = false;
      map.reset(answer.pages, Number(pageSizeSelect.value));
      break;
    case "batch":
      map.add(answer.first, answer.forms, answer.blockBytes);
      progressBar.value = (answer.first + answer.forms.length) / expectedPages;
      showTotals(answer.totals);
      break;
    case "done":
      showTotals(answer.totals);
      progressBar.hidden = true;
      statusLine.textContent = `${current.name}${sampleNote}: every page came back as it was.`;
      canvas.setAttribute("aria-label", describeTotals(answer.totals));
      break;
    case "failed":
      fail(answer.message);
      break;
  }
}

const speed = (bytes: number, milliseconds: number): string =>
  speedToText(milliseconds > 0 && bytes > 0 ? (bytes / milliseconds) * 1000 : null);

const toRatio = (totals: Totals): number | null =>
  totals.heldBytes > 0 && totals.keptBytes > 0 ? totals.keptBytes / totals.heldBytes : null;

function describeTotals(totals: Totals): string {
  return (
    `Map of ${totals.pages} pages by compressed size: ` +
    `${totals.sameFilledPages} of one repeated word, ${totals.rawPages} incompressible, ` +
    `${totals.rejectedPages} rejected; ratio ${ratioToText(toRatio(totals))}`
  );
}

function showTotals(totals: Totals): void {
  const tiles: [term: string, value: string, detail: string][] = [
    ["Ratio", ratioToText(toRatio(totals)), "data kept / memory held"],
    ["Data", `${bytesToText(totals.keptBytes)}B`, `${totals.pages.toLocaleString("en")} pages`],
    [
      "Memory held",
      `${bytesToText(totals.heldBytes)}B`,
      `blocks ${bytesToText(totals.compressedBytes)}B`,
    ],
    ["Put", speed(totals.dataBytes, totals.putMs), "compress and keep"],
    ["Get", speed(totals.keptBytes, totals.getMs), "get back"],
  ];
  element("tiles").replaceChildren(
    ...tiles.map(([term, value, detail]) => {
      const tile = document.createElement("div");
      const name = document.createElement("dt");
      name.textContent = term;
      const content = document.createElement("dd");
      const small = document.createElement("small");
      small.textContent = detail;
      content.append(value, small);
      tile.append(name, content);
      return tile;
    }),
  );
  const count = (pages: number): string =>
    `${pages.toLocaleString("en")} (${shareToText(pages, totals.pages)})`;
  const figures: [name: string, value: string][] = [
    ["Pages", totals.pages.toLocaleString("en")],
    ["of one repeated word", count(totals.sameFilledPages)],
    ["incompressible, kept as they are", count(totals.rawPages)],
    ["rejected", count(totals.rejectedPages)],
    ["Data, bytes", totals.keptBytes.toLocaleString("en")],
    ["Blocks, bytes", totals.compressedBytes.toLocaleString("en")],
    ["Memory held, bytes", totals.heldBytes.toLocaleString("en")],
  ];
  element("figures").replaceChildren(
    ...figures.map(([name, value]) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      const cell = document.createElement("td");
      cell.textContent = value;
      row.append(head, cell);
      return row;
    }),
  );
}

/** Something to look at for who has no file at hand: the code that this page runs. */
async function measureExample(): Promise<void> {
  try {
    const parts = await Promise.all(
      ["./worker.js", "./main.js", "./style.css", "./index.html"].map(async (path) => {
        const response = await fetch(path);
        if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
        return response.blob();
      }),
    );
    measure(new Blob(parts), "The code of this page");
  } catch (error) {
    fail(`The example could not be loaded: ${(error as Error).message}`);
  }
}

fileInput.addEventListener("change", () => {
  const file = fileInput.files?.[0];
  if (file !== undefined) measure(file, file.name);
  // The same file can be picked again.
  fileInput.value = "";
});
pageSizeSelect.addEventListener("change", () => {
  if (current !== null) measure(current.file, current.name);
});
element("example").addEventListener("click", () => void measureExample());
element("source").addEventListener("submit", (event) => event.preventDefault());

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) drop.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const files = event.dataTransfer?.files;
  const file = files?.[0];
  if (file === undefined) fail("That was no file. Drop a file, or choose one.");
  else measure(file, file.name);
});

function showCell(event: PointerEvent): void {
  const box = canvas.getBoundingClientRect();
  const page = map.pageAt(event.clientX - box.left, event.clientY - box.top);
  if (page >= 0) cellLine.textContent = map.describe(page);
}
canvas.addEventListener("pointermove", showCell);
canvas.addEventListener("pointerdown", showCell);
window.addEventListener("resize", () => map.layOut());
showLegend(element("legend"));

if (typeof WebAssembly === "undefined") {
  fail("This browser has no WebAssembly, or it is switched off: zmem can't run here.");
}
