/**
 * The state of the page as a link: everything after "#" in the address.
 *
 * Why so: whoever finds something sends the link, and the other sees the same: source, pool, page,
 * order, place in the map and in time, tab, what the benchmark is to measure. A file can't be in a link, so a link
 * made with one says that a file was there and nothing about it.
 *
 * Invariant: what is the default is not in the link; what makes no sense in a link is the default.
 */
import {
  DEVICES,
  EFFORTS,
  MOST_WORKERS,
  type PoolOptions,
  SAMPLE_NAMES,
  type SampleName,
} from "../protocol.ts";

export const TABS = ["classes", "time", "sizes", "bench"] as const;
export type Tab = (typeof TABS)[number];
export const ORDERS = ["rows", "hilbert"] as const;
export type Order = (typeof ORDERS)[number];
export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export type SourceName = SampleName | "file" | "program" | "drawing";
/** Which cases the benchmark runs, and how thoroughly. */
export const BENCH_CASES = ["all", "codec", "stores", "pool", "calls"] as const;
export const BENCH_EFFORTS = ["quick", "full", "all"] as const;

const PAGE_SIZES = [4096, 8192, 16384, 32768, 65536] as const;
const WORKERS = Array.from({ length: MOST_WORKERS }, (_, index) => index + 1);
const SOURCES: readonly SourceName[] = [...SAMPLE_NAMES, "file", "program", "drawing"];
const MIB = 1024 ** 2;
/** More than this and phones end the tab. */
const DEFAULT_LIMIT = 1024 * MIB;

/** All that a link says. */
export interface LinkState extends PoolOptions {
  readonly source: SourceName;
  /** The selected page; -1 for none. */
  readonly page: number;
  readonly order: Order;
  /** What the time-lapse shows, in events of the run; -1 for now. */
  readonly moment: number;
  readonly tab: Tab;
  readonly theme: Theme;
  readonly cases: (typeof BENCH_CASES)[number];
  readonly howLong: (typeof BENCH_EFFORTS)[number];
  /** Cells across the map, and the place in its middle as shares; null for all of it. */
  readonly view: { readonly zoom: number; readonly x: number; readonly y: number } | null;
}

export const DEFAULT_STATE: LinkState = {
  source: "mix",
  pageSize: 4096,
  limitBytes: DEFAULT_LIMIT,
  effort: "default",
  device: "none",
  workers: 1,
  page: -1,
  order: "rows",
  moment: -1,
  tab: "classes",
  theme: "auto",
  cases: "all",
  howLong: "quick",
  view: null,
};

function choose<Item>(text: string | null, items: readonly Item[], otherwise: Item): Item {
  return items.find((item) => String(item) === text) ?? otherwise;
}

/** @returns -1 for what is no whole number from 0 on */
function parseCount(text: string | null): number {
  const count = Number(text ?? -1);
  return Number.isInteger(count) && count >= 0 ? count : -1;
}

/** @param hash what follows "#", with or without it */
export function parseLink(hash: string): LinkState {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const limit = Number(fields.get("limit"));
  const view = (fields.get("view") ?? "").split(",").map(Number);
  const [zoom = 0, x = 0, y = 0] = view;
  return {
    source: choose(fields.get("source"), SOURCES, DEFAULT_STATE.source),
    pageSize: choose(fields.get("size"), PAGE_SIZES, DEFAULT_STATE.pageSize),
    limitBytes: limit > 0 && Number.isFinite(limit) ? limit * MIB : DEFAULT_LIMIT,
    effort: choose(fields.get("effort"), EFFORTS, DEFAULT_STATE.effort),
    device: choose(fields.get("device"), DEVICES, DEFAULT_STATE.device),
    workers: choose(fields.get("workers"), WORKERS, DEFAULT_STATE.workers),
    page: parseCount(fields.get("page")),
    order: choose(fields.get("order"), ORDERS, DEFAULT_STATE.order),
    moment: parseCount(fields.get("moment")),
    tab: choose(fields.get("tab"), TABS, DEFAULT_STATE.tab),
    theme: choose(fields.get("theme"), THEMES, DEFAULT_STATE.theme),
    cases: choose(fields.get("cases"), BENCH_CASES, DEFAULT_STATE.cases),
    howLong: choose(fields.get("long"), BENCH_EFFORTS, DEFAULT_STATE.howLong),
    view: view.length === 3 && zoom > 1 && view.every(Number.isFinite) ? { zoom, x, y } : null,
  };
}

/** @returns what comes after "#"; empty when all is as at the start */
export function formatLink(state: LinkState): string {
  const fields = new URLSearchParams();
  const add = (name: string, value: string | number, usual: string | number): void => {
    if (value !== usual) fields.set(name, String(value));
  };
  add("source", state.source, DEFAULT_STATE.source);
  add("size", state.pageSize, DEFAULT_STATE.pageSize);
  add("limit", state.limitBytes / MIB, DEFAULT_LIMIT / MIB);
  add("effort", state.effort, DEFAULT_STATE.effort);
  add("device", state.device, DEFAULT_STATE.device);
  add("workers", state.workers, DEFAULT_STATE.workers);
  add("page", state.page, DEFAULT_STATE.page);
  add("order", state.order, DEFAULT_STATE.order);
  add("moment", state.moment, DEFAULT_STATE.moment);
  add("tab", state.tab, DEFAULT_STATE.tab);
  add("theme", state.theme, DEFAULT_STATE.theme);
  add("cases", state.cases, DEFAULT_STATE.cases);
  add("long", state.howLong, DEFAULT_STATE.howLong);
  if (state.view !== null) {
    const { zoom, x, y } = state.view;
    fields.set("view", [zoom.toFixed(2), x.toFixed(4), y.toFixed(4)].join(","));
  }
  return fields.toString().replaceAll("%2C", ",");
}
