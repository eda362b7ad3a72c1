/**
 * What a run shows: takes the worker's answers, keeps their columns, and has every view draw them.
 *
 * Why so: the page only shows. It keeps columns of numbers, no bytes of what is stored. Whatever goes
 * wrong is said in place, and what was measured until then stays to be looked at.
 */
import { ClassChart } from "./charts/class-chart.ts";
import { Histogram } from "./charts/histogram.ts";
import { Timeline } from "./charts/timeline.ts";
import { Inspector } from "./inspector/inspector.ts";
import { MapView } from "./map/map-view.ts";
import { Columns } from "./model/columns.ts";
import { History } from "./model/history.ts";
import { type LinkState } from "./model/link.ts";
import { type Answer, type Totals } from "./protocol.ts";
import { Selection } from "./selection.ts";
import { element } from "./ui/elements.ts";
import { Figures } from "./ui/figures.ts";
import { type Frames } from "./ui/frames.ts";
import { Headline } from "./ui/headline.ts";
import { Replay } from "./ui/replay.ts";
import { RunLine } from "./ui/run-line.ts";
import { Tables } from "./ui/tables.ts";
import { countToText } from "./ui/units.ts";

/** Figures follow a run at this distance: nobody reads faster, and each change is a layout. */
const FIGURES_MS = 150;

/** What the views ask of the page. */
export interface RunHost {
  readonly frames: Frames;
  state(): LinkState;
  /** Asks the worker for a page. */
  inspect(page: number): void;
  /** A page was chosen by hand; -1 for none. */
  chosen(page: number): void;
  /** The time-lapse was left at a place, in events; -1 for now. */
  moved(moment: number): void;
}

/** How a run begins on the page. */
export interface RunBeginning {
  /** Cells in a row of the map; 0 to choose. */
  readonly fixedColumns: number;
  /** Whether pages go on coming by hand. */
  readonly isOpen: boolean;
}

export class RunView {
  readonly columns = new Columns();
  readonly runLine = new RunLine();
  readonly map: MapView;
  readonly timeline: Timeline;
  readonly replay: Replay;
  readonly selection: Selection;
  readonly #host: RunHost;
  readonly #history = new History();
  readonly #headline = new Headline();
  readonly #figures = new Figures();
  readonly #inspector: Inspector;
  readonly #classChart: ClassChart;
  readonly #histogram: Histogram;
  readonly #tables: Tables;
  #totals: Totals | null = null;
  /** Share of the run that is done, 0 to 1. */
  #progress = 0;
  #figuresTimer = 0;
  #beginning: RunBeginning = { fixedColumns: 0, isOpen: false };

  constructor(host: RunHost) {
    const { frames } = host;
    const { columns } = this;
    const canvas = (id: string): HTMLCanvasElement => element<HTMLCanvasElement>(id);
    this.#host = host;
    this.map = new MapView(canvas("map"), columns, this.#history, frames);
    this.replay = new Replay(this.#history, this.map, frames, host.moved);
    this.timeline = new Timeline(canvas("time-chart"), frames);
    this.#classChart = new ClassChart(canvas("class-chart"), frames);
    this.#histogram = new Histogram(canvas("size-chart"), columns, frames);
    this.#inspector = new Inspector(frames);
    this.#tables = new Tables(columns, this.timeline, this.#histogram);
    const { map } = this;
    const [inspector, tables] = [this.#inspector, this.#tables];
    const { inspect, chosen } = host;
    this.selection = new Selection({ columns, map, inspector, tables, inspect, chosen });
  }

  /** The last figures; null before there are any. */
  get totals(): Totals | null {
    return this.#totals;
  }

  /** A run was asked for. */
  prepare(name: string, beginning: RunBeginning): void {
    this.#beginning = beginning;
    // Of the run before.
    window.clearTimeout(this.#figuresTimer);
    this.#figuresTimer = 0;
    this.runLine.begin(name);
    this.resetCosts();
  }

  /** Forgets what frames have cost. */
  resetCosts(): void {
    this.#host.frames.reset();
    this.map.work.reset();
  }

  redraw(): void {
    for (const drawn of [this.map, this.#classChart, this.timeline, this.#histogram]) {
      drawn.redraw();
    }
  }

  take(answer: Answer): void {
    const { frames } = this.#host;
    switch (answer.kind) {
      case "started":
        this.#begin(answer.pages, answer.sourcePages);
        break;
      case "batch":
        this.#takeBatch(answer);
        break;
      case "classes":
        this.#classChart.show(answer.rows);
        this.#tables.showClasses(answer.rows);
        break;
      case "acting":
        element("acted").textContent = answer.text;
        break;
      case "acted":
        this.#totals = answer.totals;
        this.#classChart.show(answer.rows, answer.before);
        this.#tables.showClasses(answer.rows);
        this.#showTotals();
        this.selection.refresh();
        element("acted").textContent = answer.text;
        this.runLine.acted();
        break;
      case "page":
        frames.request(() => this.#inspector.show(answer.details, this.columns.pageSize));
        break;
      case "note":
        this.runLine.note(answer.message);
        break;
      case "done":
        this.#end(answer.totals, answer.cancelled);
        break;
      case "dropped":
        this.runLine.dropped();
        break;
      case "failed":
        if (answer.endsRun) this.runLine.fail(answer.message);
        else this.runLine.complain(answer.message);
        break;
    }
  }

  #begin(pages: number, sourcePages: number): void {
    const { pageSize, view } = this.#host.state();
    this.columns.reset(pages, pageSize);
    this.#history.reset(pages);
    this.timeline.reset();
    this.#totals = null;
    this.#headline.clear();
    this.selection.clear();
    this.#classChart.show([]);
    this.map.reset(this.#beginning.fixedColumns);
    if (view !== null) this.map.camera.look(view.zoom, view.x, view.y);
    this.replay.reset();
    this.runLine.started(pages, sourcePages);
  }

  #takeBatch(answer: Extract<Answer, { kind: "batch" }>): void {
    const change = this.columns.apply(answer.pages, answer.forms, answer.sizes);
    this.#history.add(change, answer.event);
    this.map.update(change, answer.event);
    this.#totals = answer.totals;
    this.timeline.add(answer.totals);
    this.#progress = answer.progress;
    this.selection.refresh(answer.pages);
    if (this.#figuresTimer !== 0) return;
    this.#figuresTimer = window.setTimeout(() => {
      this.#figuresTimer = 0;
      this.runLine.progress(this.#progress);
      this.#host.frames.request(this.#showTotals);
    }, FIGURES_MS);
  }

  #end(totals: Totals, cancelled: boolean): void {
    this.#totals = totals;
    // At once: what says that a run is over must not stand beside the figures of the run before, which
    // a busy page's next frames may still show.
    this.#showTotals();
    this.runLine.end(totals, cancelled, this.#beginning.isOpen);
    element<HTMLButtonElement>("act-trim").disabled = totals.workers > 1;
    element("trim-note").hidden = totals.workers === 1;
    this.map.canvas.setAttribute("aria-label", describeMap(totals));
    const { page, moment } = this.#host.state();
    if (moment >= 0) this.replay.go(moment);
    if (page >= 0) this.selection.choose(page, false);
    else this.selection.chooseAny();
  }

  readonly #showTotals = (): void => {
    if (this.#totals === null) return;
    this.#headline.show(this.#totals);
    this.#figures.show(this.#totals, this.#host.frames.report());
    this.replay.update();
    if (this.#host.state().tab === "sizes") this.#histogram.redraw();
    this.#tables.refresh();
  };
}

function describeMap({ pages, sameFilledPages, rawPages, rejectedPages }: Totals): string {
  return (
    `Page map of ${countToText(pages)} pages: ${countToText(sameFilledPages)} same-filled, ` +
    `${countToText(rawPages)} raw, ${countToText(rejectedPages)} rejected. ` +
    `Arrows move from page to page.`
  );
}
