/**
 * The page map: one cell per page, up to a million of them.
 *
 * Why so: cells live in a picture of one pixel per page (texture.ts), which the camera enlarges;
 * only where cells are large are gaps, shapes and marks drawn one by one, and then few fit into the
 * view. So a frame costs about the same for a hundred pages as for a million.
 *
 * What is shown is the columns as they are now, or, in the time-lapse, as they were at an event: a step
 * in time, either way, sets the cells that differ and no others.
 */
import { type Change, type Columns } from "../model/columns.ts";
import { type History } from "../model/history.ts";
import { type Order } from "../model/link.ts";
import { Moment } from "../model/moment.ts";
import { FORM_ABSENT } from "../protocol.ts";
import { wantsLessMotion } from "../ui/elements.ts";
import { type Frames } from "../ui/frames.ts";
import { themeColours } from "../ui/palette.ts";
import { Camera } from "./camera.ts";
import { layOutHilbert, layOutRows, type Layout } from "./order.ts";
import { drawFlashes, drawFrame, drawGaps, drawShapes, type Flash, FLASH_MS } from "./marks.ts";
import { SHAPES_FROM } from "./shapes.ts";
import { Texture } from "./texture.ts";
import { WorkRecord } from "./work-record.ts";

/** Milliseconds that one frame may paint for. */
const PAINT_BUDGET_MS = 2;
/** More events than this in one frame are a jump, in which nothing flashes. */
const MOST_FLASHED_EVENTS = 2 ** 14;
/** Gaps between cells appear where there is room for them, in CSS pixels. */
const GAPS_FROM = 4;

export class MapView {
  readonly canvas: HTMLCanvasElement;
  readonly camera = new Camera();
  readonly work = new WorkRecord();
  readonly #columns: Columns;
  readonly #history: History;
  readonly #frames: Frames;
  readonly #texture = new Texture();
  #layout: Layout = layOutRows(0, 1);
  #laidOutPages = -1;
  #order: Order = "rows";
  #fixedColumns = 0;
  #width = 1;
  #height = 1;
  #painting = false;
  #selected = -1;
  #hovered = -1;
  /** What the time-lapse shows; null for now. */
  #moment: Moment | null = null;
  /** Where it is to go, in events; null for now. */
  #target: number | null = null;
  #flashes: Flash[] = [];

  constructor(canvas: HTMLCanvasElement, columns: Columns, history: History, frames: Frames) {
    this.canvas = canvas;
    this.#columns = columns;
    this.#history = history;
    this.#frames = frames;
    new ResizeObserver(() => this.#resize()).observe(canvas);
  }

  get layout(): Layout {
    return this.#layout;
  }

  get selected(): number {
    return this.#selected;
  }

  get order(): Order {
    return this.#order;
  }

  /** Begins the map of a new run. @param fixedColumns cells in a row; 0 to choose */
  reset(fixedColumns: number): void {
    this.#fixedColumns = fixedColumns;
    this.#flashes = [];
    this.#moment = null;
    this.#target = null;
    this.#hovered = -1;
    this.#laidOutPages = -1;
    this.#layOut();
  }

  setOrder(order: Order): void {
    if (order === this.#order) return;
    this.#order = order;
    this.#laidOutPages = -1;
    this.#layOut();
    if (this.camera.zoom > 1) this.select(this.#selected, true);
  }

  /** Pages have changed. @param event why, one of the EVENT_ numbers */
  update({ pages, isGrown }: Change, event: number): void {
    if (isGrown) this.#layOut();
    if (this.#moment !== null) return;
    const { forms, sizes, pageSize } = this.#columns;
    for (const page of pages) {
      this.#texture.set(page, forms[page] as number, sizes[page] as number, pageSize);
    }
    // Unseen they would pile up: only frames forget them.
    if (!wantsLessMotion() && !document.hidden) {
      this.#flashes.push({ pages, event, born: performance.now() });
    }
    this.redraw();
  }

  /** Shows the state after so many events of the run; null for now. */
  showMoment(event: number | null): void {
    this.#target = event;
    if (event !== null) this.#moment ??= new Moment(this.#columns, this.#history);
    this.redraw();
  }

  select(page: number, reveal: boolean): void {
    this.#selected = page;
    if (reveal && page >= 0) {
      const place = this.#layout.place(page);
      const { columns } = this.#layout;
      this.camera.reveal(place % columns, Math.floor(place / columns));
    }
    this.redraw();
  }

  hover(page: number): void {
    if (page === this.#hovered) return;
    this.#hovered = page;
    this.redraw();
  }

  /** The page at a place of the canvas in CSS pixels; -1 for none. */
  pageAt(x: number, y: number): number {
    const column = Math.floor(this.camera.left + x / this.camera.scale);
    const row = Math.floor(this.camera.top + y / this.camera.scale);
    return this.#pageIn(column, row);
  }

  /** The page that lies so many cells to the right and below of another. */
  neighbour(page: number, right: number, down: number): number {
    const place = this.#layout.place(Math.max(page, 0));
    const column = (place % this.#layout.columns) + right;
    const row = Math.floor(place / this.#layout.columns) + down;
    return this.#pageIn(column, row);
  }

  /** The middle of the selected cell on the canvas; that of the canvas when it is not seen. */
  get focus(): { readonly x: number; readonly y: number } {
    const { columns } = this.#layout;
    const { left, top, scale } = this.camera;
    const place = this.#layout.place(Math.max(this.#selected, 0));
    const x = ((place % columns) + 0.5 - left) * scale;
    const y = (Math.floor(place / columns) + 0.5 - top) * scale;
    const isSeen = x >= 0 && y >= 0 && x < this.#width && y < this.#height;
    return this.#selected >= 0 && isSeen ? { x, y } : { x: this.#width / 2, y: this.#height / 2 };
  }

  redraw(): void {
    this.#frames.request(this.#draw);
  }

  #pageIn(column: number, row: number): number {
    if (column < 0 || row < 0 || column >= this.#layout.columns || row >= this.#layout.rows) {
      return -1;
    }
    const page = this.#layout.pageAt(column, row);
    return page < this.#columns.pages ? page : -1;
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0) return;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#laidOutPages = -1;
    this.#layOut();
  }

  #layOut(): void {
    const { pages } = this.#columns;
    if (pages === this.#laidOutPages) return;
    this.#laidOutPages = pages;
    this.#layout =
      this.#order === "hilbert"
        ? layOutHilbert(pages)
        : layOutRows(pages, this.#width / this.#height, this.#fixedColumns);
    this.camera.fit(this.#layout.columns, this.#layout.rows, this.#width, this.#height);
    this.#repaint();
  }

  #repaint(): void {
    const { pages } = this.#columns;
    this.#texture.reset(this.#layout);
    // Of a run that has not begun there is nothing to paint.
    this.#painting = this.#moment !== null || this.#columns.counts[FORM_ABSENT] !== pages;
    this.redraw();
  }

  /** Moves the time-lapse on. @returns whether it is where it should be */
  #moveMoment(until: number): boolean {
    if (this.#moment === null) return true;
    if (!this.#moment.isKnown) {
      this.#moment = new Moment(this.#columns, this.#history);
      this.#repaint();
    }
    const { pageSize } = this.#columns;
    const target = this.#target ?? this.#history.end;
    const from = this.#moment.at;
    const flashes = target > from && target - from <= MOST_FLASHED_EVENTS && !wantsLessMotion();
    const happened = new Map<number, number[]>();
    const isThere = this.#moment.move(target, until, (page, form, size, kind) => {
      this.#texture.set(page, form, size, pageSize);
      if (!flashes) return;
      const alike = happened.get(kind);
      if (alike === undefined) happened.set(kind, [page]);
      else alike.push(page);
    });
    const born = performance.now();
    for (const [event, pages] of happened) {
      this.#flashes.push({ pages: Uint32Array.from(pages), event, born });
    }
    this.work.addEvents(Math.abs(this.#moment.at - from));
    if (isThere && this.#target === null) this.#moment = null;
    return isThere;
  }

  readonly #draw = (now: number): boolean => {
    const { pages, pageSize } = this.#columns;
    const until = performance.now() + PAINT_BUDGET_MS;
    const isThere = this.#moveMoment(until);
    const { forms, sizes } = this.#moment ?? this.#columns;
    if (this.#painting) {
      this.#painting = !this.#texture.paint(pages, forms, sizes, pageSize, until);
    }
    this.#texture.upload();
    this.work.endFrame(this.#texture.takeWork());
    // A finger scrolls the page past the whole map, and moves an enlarged one.
    this.canvas.style.touchAction = this.camera.zoom > 1 ? "none" : "pan-y";
    const context = this.canvas.getContext("2d");
    if (context === null) return false;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.#width * ratio);
    const height = Math.round(this.#height * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    const { scale, left, top } = this.camera;
    context.imageSmoothingEnabled = scale * ratio < 1;
    const { columns, rows } = this.#layout;
    context.drawImage(
      this.#texture.canvas,
      -left * scale,
      -top * scale,
      columns * scale,
      rows * scale,
    );
    const view = {
      layout: this.#layout,
      scale,
      left,
      top,
      width: this.#width,
      height: this.#height,
    };
    if (scale >= GAPS_FROM) drawGaps(context, view, themeColours().well);
    if (scale >= SHAPES_FROM) drawShapes(context, view, forms, pages);
    this.#flashes = this.#flashes.filter(({ born }) => now - born < FLASH_MS);
    drawFlashes(context, view, this.#flashes, now);
    const isCell = (page: number): boolean => page >= 0 && page < pages;
    if (isCell(this.#hovered)) drawFrame(context, view, this.#hovered, 0.6);
    if (isCell(this.#selected)) drawFrame(context, view, this.#selected, 1);
    return this.#painting || !isThere || this.#flashes.length > 0;
  };
}
