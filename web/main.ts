/**
 * The demo page: joins the controls, the worker and the views, and owns the state that a link holds.
 *
 * Why so: the page only shows. It keeps columns of numbers, no bytes of what is stored; a new run
 * ends the one before. Whatever goes wrong is said in place, in words that name a way out, and what
 * was measured until then stays to be looked at.
 */
import { BenchTab } from "./ui/bench-tab.ts";
import { CLASS_PARTS, ClassChart } from "./charts/class-chart.ts";
import { Histogram } from "./charts/histogram.ts";
import { Timeline } from "./charts/timeline.ts";
import { Inspector } from "./inspector/inspector.ts";
import { attachGestures } from "./map/gestures.ts";
import { showLegend } from "./map/legend.ts";
import { MapView } from "./map/map-view.ts";
import { Columns } from "./model/columns.ts";
import { History } from "./model/history.ts";
import { formatLink, type LinkState, parseLink, type SourceName, THEMES } from "./model/link.ts";
import {
  type Answer,
  type PoolAction,
  type PoolOptions,
  type Source,
  type Totals,
} from "./protocol.ts";
import { Runner } from "./runner.ts";
import { Selection } from "./selection.ts";
import { attachControls, showControls } from "./ui/controls.ts";
import { download, mapToPng } from "./ui/download.ts";
import { attachFiles } from "./ui/files.ts";
import { DrawingPad } from "./ui/drawing-pad.ts";
import { element, make } from "./ui/elements.ts";
import { Frames } from "./ui/frames.ts";
import { attachKeys } from "./ui/keys.ts";
import { Replay } from "./ui/replay.ts";
import { makeReport, reportToFile, toCaption } from "./ui/report.ts";
import { RunLine } from "./ui/run-line.ts";
import { Tables } from "./ui/tables.ts";
import { Tabs } from "./ui/tabs.ts";
import { showTheme, watchSystemTheme } from "./ui/theme.ts";
import { Tiles } from "./ui/tiles.ts";
import { countToText } from "./ui/units.ts";

/** How often the address follows what happens, at most. */
const LINK_MS = 300;

let state: LinkState = parseLink(location.hash);
let file: File | null = null;
let totals: Totals | null = null;
let view = state.view;
let linkTimer = 0;
let drawing = false;

const frames = new Frames();
const columns = new Columns();
const history = new History();
const map = new MapView(element<HTMLCanvasElement>("map"), columns, history, frames);
const inspector = new Inspector(frames);
const tiles = new Tiles();
const runLine = new RunLine();
const classChart = new ClassChart(element<HTMLCanvasElement>("class-chart"), frames);
const timeline = new Timeline(element<HTMLCanvasElement>("time-chart"), frames);
const histogram = new Histogram(element<HTMLCanvasElement>("size-chart"), columns, frames);
const tables = new Tables(columns, timeline, histogram);
const replay = new Replay(history, map, frames);
const runner = new Runner(
  (answer) => frames.measure(() => take(answer)),
  (message) => runLine.fail(message),
);
const selection = new Selection({
  columns,
  map,
  inspector,
  tables,
  inspect: (page) => runner.send({ kind: "inspect", page }),
  chosen: (page) => change({ page }),
});
const pad = new DrawingPad((pages, bytes) =>
  runner.send({ kind: "pixels", pages, bytes }, [pages.buffer, bytes.buffer]),
);
const bench = new BenchTab();
const tabs = new Tabs((tab) => {
  if (tab === "bench") bench.show();
  change({ tab });
});

function change(changes: Partial<LinkState>): void {
  state = { ...state, ...changes };
  if (linkTimer !== 0) return;
  linkTimer = window.setTimeout(() => {
    linkTimer = 0;
    const link = formatLink(state);
    window.history.replaceState(null, "", link === "" ? location.pathname : `#${link}`);
  }, LINK_MS);
}

function toSource(name: SourceName): Source | null {
  if (name === "file") return file === null ? null : { kind: "file", file, name: file.name };
  if (name === "program") return { kind: "program" };
  if (name === "drawing") return { kind: "drawing", ...pad.layout(state.pageSize) };
  return { kind: "sample", name };
}

function start(): void {
  const source = toSource(state.source);
  element("draw").hidden = state.source !== "drawing";
  drawing = false;
  pad.end();
  if (source === null) {
    runLine.fail(
      "This link was made with a file, which a link can't carry: choose the file again.",
    );
    return;
  }
  runLine.begin(toName());
  frames.reset();
  const { pageSize, limitBytes, effort, device } = state;
  runner.start(source, { pageSize, limitBytes, effort, device });
}

function toName(): string {
  if (state.source === "file") return file?.name ?? "The file";
  const option = element("source").querySelector(`option[value="${state.source}"]`);
  return option?.textContent ?? state.source;
}

function take(answer: Answer): void {
  switch (answer.kind) {
    case "started":
      begin(answer.pages, answer.sourcePages);
      break;
    case "batch": {
      const grown = columns.apply(answer.pages, answer.forms, answer.sizes);
      history.add(answer.pages, answer.forms, answer.sizes, answer.event);
      map.update(answer.pages, answer.event, grown);
      ({ totals } = answer);
      timeline.add(totals);
      runLine.progress(answer.progress);
      selection.refresh(answer.pages);
      frames.request(showTotals);
      break;
    }
    case "classes":
      classChart.show(answer.rows);
      tables.showClasses(answer.rows);
      break;
    case "acting":
      element("acted").textContent = answer.text;
      break;
    case "acted":
      runLine.acted();
      ({ totals } = answer);
      element("acted").textContent = answer.text;
      classChart.show(answer.rows, answer.before);
      tables.showClasses(answer.rows);
      frames.request(showTotals);
      selection.refresh();
      break;
    case "page":
      frames.request(() => inspector.show(answer.details, columns.pageSize));
      break;
    case "note":
      runLine.note(answer.message);
      break;
    case "done":
      ({ totals } = answer);
      frames.request(showTotals);
      runLine.end(totals, answer.cancelled, drawing);
      map.canvas.setAttribute("aria-label", describeMap(totals));
      if (state.page >= 0) selection.choose(state.page, false);
      else selection.chooseAny();
      break;
    case "dropped":
      runLine.dropped();
      break;
    case "failed":
      if (answer.endsRun) runLine.fail(answer.message);
      else runLine.complain(answer.message);
      break;
  }
}

function begin(pages: number, sourcePages: number): void {
  columns.reset(pages, state.pageSize);
  history.reset(pages);
  timeline.reset();
  totals = null;
  selection.clear();
  classChart.show([]);
  const tilesInRow = state.source === "drawing" ? pad.layout(state.pageSize).columns : 0;
  map.reset(tilesInRow);
  if (view !== null) map.camera.look(view.zoom, view.x, view.y);
  replay.reset();
  runLine.started(pages, sourcePages);
  if (state.source === "drawing") {
    drawing = true;
    pad.begin(state.pageSize);
  }
}

function showTotals(): void {
  if (totals === null) return;
  tiles.show(totals);
  replay.update();
  if (state.tab === "sizes") histogram.redraw();
  tables.refresh();
}

function describeMap({ pages, sameFilledPages, rawPages, rejectedPages }: Totals): string {
  return (
    `Page map of ${countToText(pages)} pages: ${countToText(sameFilledPages)} same-filled, ` +
    `${countToText(rawPages)} raw, ${countToText(rejectedPages)} rejected. ` +
    `Arrows move from page to page.`
  );
}

function keepView(): void {
  const { zoom, centre } = map.camera;
  view = zoom > 1 ? { zoom, ...centre } : null;
  change({ view });
}

function zoomBy(factor: number): void {
  const { clientWidth, clientHeight } = map.canvas;
  map.camera.zoomAt(clientWidth / 2, clientHeight / 2, factor);
  map.redraw();
  keepView();
}

function setOrder(order: LinkState["order"]): void {
  map.setOrder(order);
  element("order").textContent = `Order: ${order === "rows" ? "rows" : "Hilbert"}`;
  change({ order });
}

function setOptions(options: Partial<PoolOptions>): void {
  change(options);
  start();
}

function takeFile(chosen: File): void {
  file = chosen;
  element("source").querySelector<HTMLOptionElement>('option[value="file"]')!.disabled = false;
  change({ source: "file", page: -1 });
  showControls(state);
  start();
}

/** All that is known, as one object: for the export, and for tests. */
function report(): object {
  return makeReport(state, toName(), totals, columns, timeline, frames);
}

async function savePng(): Promise<void> {
  const picture = await mapToPng(map.canvas, toCaption(toName(), totals));
  if (picture === null) runLine.note("The browser could not make a picture of the map.");
  else download("zmem-map.png", picture);
}

function nextTheme(): void {
  const theme = THEMES[(THEMES.indexOf(state.theme) + 1) % THEMES.length] ?? "auto";
  change({ theme });
  redrawAll();
}

function redrawAll(): void {
  showTheme(state.theme);
  for (const drawn of [map, classChart, timeline, histogram]) drawn.redraw();
}

function attach(): void {
  attachControls((source) => {
    view = null;
    change({ source, page: -1, view });
    start();
  }, setOptions);
  attachGestures(map, {
    select: (page) => selection.choose(page),
    hover: (page) => {
      map.hover(page);
      selection.point(page);
    },
    viewChanged: keepView,
    setOrder,
    inspect: () => element("page-number").focus(),
    pages: () => columns.pages,
  });
  const click = (id: string, action: () => void): void =>
    element(id).addEventListener("click", action);
  click("zoom-in", () => zoomBy(1.6));
  click("zoom-out", () => zoomBy(1 / 1.6));
  click("zoom-all", () => zoomBy(0));
  click("order", () => setOrder(map.order === "rows" ? "hilbert" : "rows"));
  click("save-json", () => download("zmem.json", reportToFile(report(), columns)));
  click("save-png", () => void savePng());
  click("theme", nextTheme);
  click("restart", start);
  const pause = (): void => runner.send({ kind: "pause", paused: runLine.togglePause() });
  click("pause", pause);
  const cancel = (): void => runner.send({ kind: "cancel" });
  click("cancel", cancel);
  for (const action of ["read", "forget", "compact", "trim", "recompress"] satisfies PoolAction[]) {
    click(`act-${action}`, () => {
      runLine.acting();
      runner.send({ kind: "act", action });
    });
  }
  attachKeys({
    Space: pause,
    escape: cancel,
    r: start,
    p: () => replay.toggle(),
    m: () => map.canvas.focus(),
    t: nextTheme,
  });
  attachFiles(takeFile, (message) => runLine.note(message));
  watchSystemTheme(redrawAll);
  window.addEventListener("hashchange", () => {
    const before = state;
    applyLink();
    const runChanged = (["source", "pageSize", "limitBytes", "effort", "device"] as const).some(
      (name) => before[name] !== state[name],
    );
    if (runChanged) start();
    else selection.choose(state.page);
  });
}

/** Takes over what the address says. */
function applyLink(): void {
  state = parseLink(location.hash);
  ({ view } = state);
  showControls(state);
  showTheme(state.theme);
  setOrder(state.order);
  tabs.show(state.tab);
  if (view !== null) map.camera.look(view.zoom, view.x, view.y);
}

attach();
showLegend(element("legend"));
element("class-key").replaceChildren(
  ...CLASS_PARTS.map(({ name, colour }) => {
    const sample = make("i");
    sample.style.background = colour;
    return make("li", {}, sample, name);
  }),
);
element("platform").textContent = crossOriginIsolated
  ? "This page is cross-origin isolated: clocks tick in steps of 5 µs."
  : "This page is not cross-origin isolated: it works, without shared workers and with a coarser clock, so latencies are measured over more pages at once.";
applyLink();
Object.assign(globalThis, { zmemDemo: { report, resetFrames: () => frames.reset() } });
if (typeof WebAssembly === "undefined") {
  runLine.fail("This browser has no WebAssembly, or it is switched off: zmem can't run here.");
} else {
  start();
}
