/**
 * The ways in which a zmem backend rejects a put, whichever build it is over.
 *
 * Why so: the plain and the shared backend have the same options and reasons; what differs is how
 * one is made, and how much room the least pool needs.
 */
import type { FrontswapOps, Page, PoolStats, RejectReason } from "../../src/types.ts";
import { KEY_TYPE, type BackendUnderTest, type RejectPoint } from "./case.ts";
import { makePage, PAGE_KINDS } from "./pages.ts";

/** The type that fills the pool up; not the one under test. */
const FILLER_TYPE = 900;

/** What of a backend is needed to make it reject. */
export interface RejectingOps extends FrontswapOps {
  setEnabled(enabled: boolean): void;
  setLimit(limitBytes: number): void;
  stats(): PoolStats;
}

interface RejectOptions {
  readonly limitBytes?: number;
  readonly maximumWasmPages?: number;
  readonly acceptRaw?: boolean;
}

/** How a backend is made, and what it can be refused. */
export interface RejectSetup {
  readonly pageSize: number;
  make(options: RejectOptions): BackendUnderTest & { readonly ops: RejectingOps };
  /** Options of pools so small that they are soon full, and why a put is rejected then. */
  readonly full: readonly (readonly [name: string, reason: RejectReason, options: RejectOptions])[];
}

/** All reject points of a backend. */
export function zmemRejectPoints({ pageSize, make, full }: RejectSetup): RejectPoint[] {
  const random = makePage("random", 99, pageSize);
  const everyKind = PAGE_KINDS.map((kind) => makePage(kind, 99, pageSize));
  // A raw page takes over the place of another raw page: that is no reject.
  const smallPages = everyKind.slice(0, -1);

  function point(
    name: string,
    reason: RejectReason,
    pagesThatWillBeRejected: readonly Page[],
    options: RejectOptions,
    provoke: (ops: RejectingOps) => void,
    recover: (ops: RejectingOps) => void,
  ): RejectPoint {
    return {
      name,
      make: () => {
        const backend = make(options);
        const { ops } = backend;
        ops.init(pageSize);
        ops.openType(KEY_TYPE);
        return {
          ...backend,
          pagesThatWillBeRejected,
          olderPages: pagesThatWillBeRejected === everyKind ? everyKind : smallPages,
          provoke: () => provoke(ops),
          recover: () => recover(ops),
          countRejects: () => ops.stats().rejects[reason],
        };
      },
    };
  }

  const fill = (ops: RejectingOps): void => fillUp(ops, smallPages, pageSize);
  const empty = (ops: RejectingOps): void => ops.flushArea(FILLER_TYPE);
  const nothing = (): void => undefined;
  return [
    point(
      "disabled",
      "disabled",
      everyKind,
      {},
      (ops) => ops.setEnabled(false),
      (ops) => ops.setEnabled(true),
    ),
    point(
      "limit lowered",
      "limit",
      [random],
      {},
      (ops) => ops.setLimit(0),
      (ops) => ops.setLimit(Infinity),
    ),
    ...full.map(([name, reason, options]) => point(name, reason, [random], options, fill, empty)),
    point("incompressible", "incompressible", [random], { acceptRaw: false }, nothing, nothing),
  ];
}

/**
 * Puts random pages, then pages of ever smaller blocks, until none is kept.
 *
 * @param neighbours are put first, so that the tested page's older copy shares its zspage with
 *   another page and frees no run when it is dropped
 */
function fillUp(ops: RejectingOps, neighbours: readonly Page[], pageSize: number): void {
  ops.openType(FILLER_TYPE);
  let offset = 0;
  for (const page of neighbours) ops.putPage(FILLER_TYPE, offset++, page);
  const page = makePage("random", 1, pageSize);
  for (let zeros = 0; zeros < pageSize; zeros += pageSize / 8) {
    page.fill(0, 0, zeros);
    while (ops.putPage(FILLER_TYPE, offset, page)) offset++;
  }
}
