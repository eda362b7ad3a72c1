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

/** Binary units by their full names, because people read "MB" as decimal. */
function size(bytes: number): string {
  return bytesToText(bytes).replace(/([KMGTP])?$/, (unit) => (unit ? ` ${unit}iB` : " B"));
}

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
    ["Data", size(totals.keptBytes), `${totals.pages.toLocaleString("en")} pages`],
    ["Memory held", size(totals.heldBytes), `blocks ${size(totals.compressedBytes)}`],
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

/** Something to look at for who has no file at hand: the pixels of a drawing, as in a paint app. */
function measureExample(): void {
  const edge = 1536;
  const drawing = new OffscreenCanvas(edge, edge);
  const context = drawing.getContext("2d");
  if (context === null) {
    fail("This browser can't draw the example. Choose a file instead.");
    return;
  }
  const sky = context.createLinearGradient(0, 0, 0, edge);
  sky.addColorStop(0, "#0b3d91");
  sky.addColorStop(1, "#f7c59f");
  context.fillStyle = sky;
  context.fillRect(0, 0, edge, edge);
  context.fillStyle = "#fff8e7";
  context.beginPath();
  context.arc(edge * 0.7, edge * 0.3, edge * 0.12, 0, 2 * Math.PI);
  context.fill();
  for (let hill = 0; hill < 5; hill++) {
    context.fillStyle = `hsl(${150 - hill * 8} 40% ${45 - hill * 8}%)`;
    context.beginPath();
    context.moveTo(0, edge);
    for (let x = 0; x <= edge; x += 4) {
      const height = Math.sin(x / (90 + hill * 60) + hill * 2) * 60;
      context.lineTo(x, edge * (0.5 + hill * 0.1) + height);
    }
    context.lineTo(edge, edge);
    context.fill();
  }
  // Grass: fine strokes, which compress less well than sky.
  for (let blade = 0; blade < 9000; blade++) {
    const x = (blade * 7919) % edge;
    const y = edge * 0.7 + ((blade * 104729) % Math.floor(edge * 0.3));
    context.strokeStyle = `hsl(${90 + (blade % 40)} 50% ${25 + (blade % 30)}%)`;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + (blade % 9) - 4, y - 10 - (blade % 14));
    context.stroke();
  }
  context.fillStyle = "#ffffff";
  context.font = `${edge / 12}px system-ui`;
  context.fillText("pages of pixels", edge * 0.06, edge * 0.92);
  const { data } = context.getImageData(0, 0, edge, edge);
  measure(new Blob([data]), `A drawing of ${edge} × ${edge} pixels`);
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
element("example").addEventListener("click", measureExample);
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
