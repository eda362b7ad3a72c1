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
import { type Answer, type PoolAction, type Totals } from "./protocol.ts";
import { Selection } from "./selection.ts";
import { element } from "./ui/elements.ts";
import { Figures } from "./ui/figures.ts";
import { type Frames } from "./ui/frames.ts";
import { Headline } from "./ui/headline.ts";
import { PoolActions } from "./ui/pool-actions.ts";
import { Replay } from "./ui/replay.ts";
import { type ShownRun } from "./ui/report.ts";
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
  /** Asks the worker to do something to the pool. */
  act(action: PoolAction): void;
  /** A page was chosen by hand; -1 for none. */
  chosen(page: number): void;
  /** The time-lapse was left at a place, in events; -1 for now. */
  moved(moment: number): void;
}

/** How a run begins on the page. */
export interface RunBeginning extends ShownRun {
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
  readonly #actions: PoolActions;
  /** What the map is called before its pages are counted. */
  readonly #mapLabel: string;
  #totals: Totals | null = null;
  /** Share of the run that is done, 0 to 1. */
  #progress = 0;
  #figuresTimer = 0;
  /** What was asked for last. */
  #asked: RunBeginning | null = null;
  /** What is shown: what was asked for and has begun. */
  #shown: RunBeginning | null = null;

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
    this.#actions = new PoolActions((action) => {
      this.runLine.acting();
      host.act(action);
    });
    const { map } = this;
    this.#mapLabel = map.canvas.getAttribute("aria-label") ?? "";
    const [inspector, tables] = [this.#inspector, this.#tables];
    const { inspect, chosen } = host;
    this.selection = new Selection({ columns, map, inspector, tables, inspect, chosen });
  }

  /** The last figures; null before there are any. */
  get totals(): Totals | null {
    return this.#totals;
  }

  /** The run that is shown; null before one has begun. */
  get run(): RunBeginning | null {
    return this.#shown;
  }

  /** A run was asked for: what is shown stays that of the run before until this one has begun. */
  prepare(asked: RunBeginning): void {
    this.#asked = asked;
    // Of the run before.
    window.clearTimeout(this.#figuresTimer);
    this.#figuresTimer = 0;
    this.runLine.begin(asked.name);
    this.#actions.setPool(false);
    this.resetCosts();
  }

  /** The worker has stopped, and its pool is gone with it. */
  crash(message: string): void {
    this.#actions.setPool(false);
    this.runLine.fail(message);
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
        this.#begin(answer);
        break;
      case "batch":
        this.#takeBatch(answer);
        break;
      case "classes":
        this.#classChart.show(answer.rows);
        this.#tables.showClasses(answer.rows);
        break;
      case "acting":
        this.#actions.say(answer.text);
        break;
      case "acted":
        this.#totals = answer.totals;
        this.#classChart.show(answer.rows, answer.before);
        this.#tables.showClasses(answer.rows);
        this.#showTotals();
        this.selection.refresh();
        this.#actions.say(answer.text);
        this.#actions.end();
        this.runLine.acted();
        break;
      case "page":
        frames.request(() => {
          // A page on a device may answer after one that was chosen later.
          if (answer.details.page !== this.selection.page) return;
          this.#inspector.show(answer.details, this.columns.pageSize);
        });
        break;
      case "note":
        this.runLine.note(answer.message);
        break;
      case "done":
        this.#end(answer.totals, answer.cancelled);
        break;
      case "dropped":
        this.#actions.setPool(answer.hasPool);
        this.runLine.dropped();
        break;
      case "failed":
        this.#fail(answer);
        break;
    }
  }

  #fail({ message, endsRun, hasPool }: Extract<Answer, { kind: "failed" }>): void {
    this.#actions.setPool(hasPool);
    if (endsRun) this.runLine.fail(message);
    else {
      this.#actions.end();
      this.runLine.complain(message);
    }
  }

  #begin({ pages, sourcePages, options }: Extract<Answer, { kind: "started" }>): void {
    if (this.#asked === null) return;
    const { view } = this.#host.state();
    this.#shown = { ...this.#asked, options };
    this.columns.reset(pages, options.pageSize);
    this.#history.reset(pages);
    this.timeline.reset();
    this.#totals = null;
    this.#headline.clear();
    this.#figures.clear();
    this.#actions.begin(options.workers > 1);
    this.#classChart.show([]);
    this.#tables.showClasses([]);
    this.#histogram.redraw();
    this.map.canvas.setAttribute("aria-label", this.#mapLabel);
    this.map.reset(this.#shown.fixedColumns);
    this.map.camera.lookAt(view);
    this.selection.clear();
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
    this.runLine.end(totals, cancelled, this.#shown?.isOpen ?? false);
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
