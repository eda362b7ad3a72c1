/**
 * The demo page: joins controls, worker and views, and keeps the state that a link holds.
 *
 * Why so: whatever a person does becomes a change of state, a new run, or a request to the worker; a
 * new run ends the one before. What is shown of it is run-view.ts's.
 */
import { Address } from "./address.ts";
import { CLASS_PARTS } from "./charts/class-chart.ts";
import { attachGestures } from "./map/gestures.ts";
import { showLegend } from "./map/legend.ts";
import { type LinkState, type SourceName, THEMES } from "./model/link.ts";
import { toPoolOptions } from "./model/pool-options.ts";
import { type PoolOptions, type Source } from "./protocol.ts";
import { RunView } from "./run-view.ts";
import { Runner } from "./runner.ts";
import { BenchTab } from "./ui/bench-tab.ts";
import { attachControls, showControls } from "./ui/controls.ts";
import { download, mapToPng } from "./ui/download.ts";
import { DrawingPad } from "./ui/drawing-pad.ts";
import { element, make } from "./ui/elements.ts";
import { attachFiles } from "./ui/files.ts";
import { Frames } from "./ui/frames.ts";
import { attachHelp } from "./ui/help.ts";
import { attachKeys } from "./ui/keys.ts";
import { makeReport, reportToFile, toCaption } from "./ui/report.ts";
import { Tabs } from "./ui/tabs.ts";
import { showTheme, watchSystemTheme } from "./ui/theme.ts";

/** What of the state makes another run. */
const RUN_FIELDS = ["source", "pageSize", "limitBytes", "effort", "device", "workers"] as const;

const address = new Address();
let file: File | null = null;

const frames = new Frames();
const view = new RunView({
  frames,
  state: () => address.state,
  inspect: (page) => runner.send({ kind: "inspect", page }),
  act: (action) => runner.send({ kind: "act", action }),
  chosen: (page) => address.change({ page }),
  moved: (moment) => address.change({ moment }),
});
const { map, runLine } = view;
const runner = new Runner(
  (answer) =>
    frames.measure(() => {
      view.take(answer);
      if (answer.kind === "started" && view.run?.source === "drawing") {
        pad.begin(answer.options.pageSize);
      }
    }),
  (message) => view.crash(message),
);
const pad = new DrawingPad((pages, bytes) =>
  runner.send({ kind: "pixels", pages, bytes }, [pages.buffer, bytes.buffer]),
);
const bench = new BenchTab((choice) => address.change(choice));
const tabs = new Tabs((tab) => {
  if (tab === "bench") bench.show();
  address.change({ tab });
});

function toSource(name: SourceName, pageSize: number): Source | null {
  if (name === "file") return file === null ? null : { kind: "file", file };
  if (name === "program") return { kind: "program" };
  if (name === "drawing") return { kind: "drawing", ...pad.layout(pageSize) };
  return { kind: "sample", name };
}

function start(): void {
  const { state } = address;
  const source = toSource(state.source, state.pageSize);
  const isDrawing = state.source === "drawing";
  element("draw").hidden = !isDrawing;
  pad.end();
  if (source === null) {
    // Nothing takes the place of a run that goes on: it ends by itself.
    runner.send({ kind: "cancel" });
    runLine.fail(
      "This link was made with a file, which a link can't carry: choose the file again.",
    );
    return;
  }
  const fixedColumns = source.kind === "drawing" ? source.columns : 0;
  const options = toPoolOptions(state, crossOriginIsolated);
  const name = toName(state.source);
  view.prepare({ source: state.source, name, options, fixedColumns, isOpen: isDrawing });
  runner.start(source, options);
}

function toName(source: SourceName): string {
  if (source === "file") return file?.name ?? "The file";
  const option = element("source").querySelector(`option[value="${source}"]`);
  return option?.textContent ?? source;
}

function keepView(): void {
  const { zoom, centre } = map.camera;
  address.change({ view: zoom > 1 ? { zoom, ...centre } : null });
}

function zoomBy(factor: number): void {
  const { x, y } = map.focus;
  map.camera.zoomAt(x, y, factor);
  map.redraw();
  keepView();
}

function setOrder(order: LinkState["order"]): void {
  map.setOrder(order);
  element("order").textContent = `Order: ${order === "rows" ? "rows" : "Hilbert"}`;
  address.change({ order });
}

function setOptions(options: Partial<PoolOptions>): void {
  address.change({ ...options, moment: -1 });
  showControls(address.state);
  start();
}

function setSource(source: SourceName): void {
  address.change({ source, page: -1, moment: -1, view: null });
  start();
}

function takeFile(chosen: File): void {
  file = chosen;
  element("source").querySelector<HTMLOptionElement>('option[value="file"]')!.disabled = false;
  address.change({ source: "file", page: -1, moment: -1, view: null });
  showControls(address.state);
  start();
}

/** All that is known, as one object: for the export, and for tests. */
function report(): object {
  const { run, totals, columns, timeline } = view;
  const work = map.work.report();
  return makeReport({ run, totals, columns, timeline, frames: frames.report(), work });
}

async function saveJson(): Promise<void> {
  download("zmem.json", await reportToFile(report(), view.columns));
}

async function savePng(): Promise<void> {
  const picture = await mapToPng(map.canvas, toCaption(view.run, view.totals));
  if (picture === null) runLine.note("The browser could not make a picture of the map.");
  else download("zmem-map.png", picture);
}

function nextTheme(): void {
  const theme = THEMES[(THEMES.indexOf(address.state.theme) + 1) % THEMES.length] ?? "auto";
  address.change({ theme });
  redrawAll();
}

function redrawAll(): void {
  showTheme(address.state.theme);
  view.redraw();
}

function attachMap(): void {
  attachGestures(map, {
    select: (page) => view.selection.choose(page),
    hover: (page) => {
      map.hover(page);
      view.selection.point(page);
    },
    viewChanged: keepView,
    setOrder,
    inspect: () => element("page-number").focus(),
    pages: () => view.columns.pages,
  });
}

function attachButtons(): void {
  const pause = (): boolean => {
    if (!runLine.isRunning) return false;
    runner.send({ kind: "pause", paused: runLine.togglePause() });
    return true;
  };
  const cancel = (): void => runner.send({ kind: "cancel" });
  const buttons: Readonly<Record<string, () => unknown>> = {
    "zoom-in": () => zoomBy(1.6),
    "zoom-out": () => zoomBy(1 / 1.6),
    "zoom-all": () => zoomBy(0),
    order: () => setOrder(map.order === "rows" ? "hilbert" : "rows"),
    "save-json": () => void saveJson(),
    "save-png": () => void savePng(),
    theme: nextTheme,
    restart: start,
    pause,
    cancel,
  };
  for (const [id, action] of Object.entries(buttons)) {
    element(id).addEventListener("click", action);
  }
  attachKeys({
    "?": attachHelp(),
    Space: pause,
    escape: cancel,
    r: start,
    p: () => view.replay.toggle(),
    m: () => map.canvas.focus(),
    t: nextTheme,
  });
}

/** Shows what the state says. */
function showState(): void {
  const { state } = address;
  showControls(state);
  showTheme(state.theme);
  setOrder(state.order);
  bench.choose(state);
  tabs.show(state.tab);
  map.camera.lookAt(state.view);
  map.redraw();
}

function showKeys(): void {
  showLegend(element("legend"));
  element("class-key").replaceChildren(
    ...CLASS_PARTS.map(({ name, colour }) => {
      const sample = make("i");
      sample.style.background = colour;
      return make("li", {}, sample, name);
    }),
  );
  element("platform").textContent = crossOriginIsolated
    ? "This page is cross-origin isolated: workers can share a pool, and clocks tick in steps of 5 µs."
    : "This page is not cross-origin isolated: it works, without shared workers and with a coarser clock, so latencies are measured over more pages at once.";
}

attachControls(setSource, setOptions);
attachMap();
attachButtons();
attachFiles(takeFile, (message) => runLine.note(message));
watchSystemTheme(redrawAll);
window.addEventListener("hashchange", () => {
  const before = address.read();
  showState();
  if (RUN_FIELDS.some((name) => before[name] !== address.state[name])) start();
  else {
    view.selection.choose(address.state.page);
    view.replay.go(address.state.moment);
  }
});
showKeys();
showState();
Object.assign(globalThis, { zmemDemo: { report, resetFrames: () => view.resetCosts() } });
if (typeof WebAssembly === "undefined") {
  runLine.fail("This browser has no WebAssembly, or it is switched off: zmem can't run here.");
} else {
  start();
}
