/**
 * The main job: puts every page of an input through the front-end into a pool of its own, gets each
 * back, compares it, and reports what the pool holds.
 *
 * Why so: a fresh pool for each input, so that its memory held is that input's alone. Puts and gets
 * are timed around whole batches; reading the input and comparing happen outside the clock. A batch
 * of 4 MiB is more than the inner caches hold, so a get does not find its block where the put left
 * it.
 *
 * Invariants: a page that was kept and does not come back as it was ends the run with an error that
 * names it; nothing is reported as measured that was not compared.
 */
import { type PoolStats, type RejectReason } from "../types.ts";
import { ZmemError } from "../errors.ts";
import { type Input } from "./inputs.ts";
import { countSlots, cutPages, type PagingSummary } from "./pages.ts";
import { type Progress } from "./progress.ts";
import { createRandom } from "./sampling.ts";

/** A pool behind a front-end: one swap area. */
export interface Pool {
  /** @returns false when the page was rejected */
  put(slot: number, page: Uint8Array): boolean;
  /** @returns false when there is no such page */
  get(slot: number, page: Uint8Array): boolean;
  /** @returns whether the front-end says that the slot holds a page */
  has(slot: number): boolean;
  stats(): PoolStats;
  close(): void;
}

/** Makes a pool with room for slots 0 to `slots` − 1. */
export type OpenPool = (slots: number) => Promise<Pool>;

/** How fast calls were; nulls when nothing was timed. */
export interface Speed {
  readonly seconds: number;
  readonly bytesPerSecond: number | null;
  readonly pagesPerSecond: number | null;
}

/** What was measured on one input, or on all; sizes in bytes. The `--json` output, as it is. */
export interface Report {
  readonly path: string;
  /** Pages measured. */
  readonly pages: number;
  /** Their bytes, padding included. */
  readonly dataBytes: number;
  /** Pages and bytes of the whole input; more than was measured when it was sampled. */
  readonly inputPages: number;
  readonly inputBytes: number;
  /** Zeros added after the last byte. */
  readonly paddingBytes: number;
  readonly keptPages: number;
  readonly keptBytes: number;
  /** Bytes of all blocks, before any rounding. */
  readonly compressedBytes: number;
  /** What the pool costs: all memory that it has grown to. */
  readonly heldBytes: number;
  /** keptBytes / heldBytes; null when nothing is kept. */
  readonly ratio: number | null;
  /** keptBytes / compressedBytes; null when there is no block or no page. */
  readonly blockRatio: number | null;
  readonly sameFilledPages: number;
  readonly rawPages: number;
  readonly rejectedPages: number;
  /** Rejected puts by reason. */
  readonly rejects: Readonly<Record<RejectReason, number>>;
  readonly put: Speed;
  readonly get: Speed;
  /** Whether the input was so large that only a sample was taken. */
  readonly sampled: boolean;
  /** Whether all of the input that was to be measured was. */
  readonly complete: boolean;
}

/** What holds for all inputs of a run. */
export interface EstimateContext {
  readonly pageSize: number;
  readonly sampleBytes: number;
  readonly seed: number;
  readonly openPool: OpenPool;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const BATCH_BYTES = 4 * 1024 ** 2;

function toSpeed(seconds: number, pages: number, pageSize: number): Speed {
  const pagesPerSecond = seconds > 0 && pages > 0 ? pages / seconds : null;
  return {
    seconds,
    pagesPerSecond,
    bytesPerSecond: pagesPerSecond === null ? null : pagesPerSecond * pageSize,
  };
}

/** The pages of a buffer as views, made once so that the timed loops allocate nothing. */
function toPages(buffer: Uint8Array, pageSize: number): Uint8Array[] {
  return Array.from({ length: buffer.length / pageSize }, (_, index) =>
    buffer.subarray(index * pageSize, (index + 1) * pageSize),
  );
}

/** What the loop over an input has counted. */
interface Measured {
  readonly pages: number;
  readonly putPages: number;
  readonly gotPages: number;
  readonly putMs: number;
  readonly getMs: number;
}

/**
 * Measures one input and closes it.
 *
 * @throws ZmemError `ERR_ZMEM_CORRUPT` when a page does not come back as it was
 */
export async function estimateInput(input: Input, context: EstimateContext): Promise<Report> {
  const { pageSize, sampleBytes, seed, openPool, progress, signal } = context;
  const samplePages = Math.max(1, Math.floor(sampleBytes / pageSize));
  const slotCount = countSlots(input, pageSize, samplePages);
  const buffer = new Uint8Array(BATCH_BYTES);
  const summary: PagingSummary = {
    inputBytes: 0,
    inputPages: 0,
    paddingBytes: 0,
    sampled: false,
    missingPages: 0,
  };
  let pool: Pool | null = null;
  try {
    pool = await openPool(slotCount);
    const batches = cutPages(
      input,
      { pageSize, samplePages, random: createRandom(seed), buffer, signal },
      summary,
    );
    const sources = toPages(buffer, pageSize);
    const results = toPages(new Uint8Array(BATCH_BYTES), pageSize);
    const total = input.kind === "sized" ? input.bytes : 0;
    progress.show(input.label, 0, total);
    let putPages = 0;
    let gotPages = 0;
    let putMs = 0;
    let getMs = 0;
    for await (const { slots, bytesRead } of batches) {
      const times = runBatch(pool, slots, sources, results);
      putMs += times.putMs;
      getMs += times.getMs;
      putPages += slots.length;
      gotPages += compareBatch(input.label, pool, slots, sources, results);
      progress.show(input.label, bytesRead, total);
    }
    const pages = Math.min(putPages, slotCount);
    const measured = { pages, putPages, gotPages, putMs, getMs };
    return toReport(input.label, pageSize, measured, pool.stats(), summary, signal.aborted);
  } finally {
    pool?.close();
    await input.close();
  }
}

/** Puts all pages of a batch, then gets all. */
function runBatch(
  pool: Pool,
  slots: readonly number[],
  sources: readonly Uint8Array[],
  results: readonly Uint8Array[],
): { putMs: number; getMs: number } {
  const start = performance.now();
  for (let index = 0; index < slots.length; index++) {
    pool.put(slots[index] as number, sources[index] as Uint8Array);
  }
  const middle = performance.now();
  for (let index = 0; index < slots.length; index++) {
    pool.get(slots[index] as number, results[index] as Uint8Array);
  }
  return { putMs: middle - start, getMs: performance.now() - middle };
}

/** Compares what came back. @returns the pages that the pool has kept */
function compareBatch(
  label: string,
  pool: Pool,
  slots: readonly number[],
  sources: readonly Uint8Array[],
  results: readonly Uint8Array[],
): number {
  let kept = 0;
  for (const [index, slot] of slots.entries()) {
    const source = sources[index] as Uint8Array;
    const result = results[index] as Uint8Array;
    if (!pool.has(slot)) {
      if (pool.get(slot, result)) {
        throw new ZmemError("ERR_ZMEM_CORRUPT", `${label}: page ${slot} was rejected and got`);
      }
      continue;
    }
    if (Buffer.compare(source, result) !== 0) {
      throw new ZmemError("ERR_ZMEM_CORRUPT", `${label}: page ${slot} did not come back as it was`);
    }
    // The next batch must not find its page in the buffer already.
    result[0] = (result[0] as number) ^ 0xff;
    kept += 1;
  }
  return kept;
}

/** A ratio that says nothing when one side is nothing. */
function divide(above: number, below: number): number | null {
  return above === 0 || below === 0 ? null : above / below;
}

function toReport(
  path: string,
  pageSize: number,
  { pages, putPages, gotPages, putMs, getMs }: Measured,
  stats: PoolStats,
  summary: PagingSummary,
  interrupted: boolean,
): Report {
  return {
    path,
    pages,
    dataBytes: pages * pageSize,
    inputPages: summary.inputPages,
    inputBytes: summary.inputBytes,
    paddingBytes: summary.paddingBytes,
    keptPages: stats.pages,
    keptBytes: stats.logicalBytes,
    compressedBytes: stats.payloadBytes,
    heldBytes: stats.heldBytes,
    ratio: divide(stats.logicalBytes, stats.heldBytes),
    blockRatio: divide(stats.logicalBytes, stats.payloadBytes),
    sameFilledPages: stats.sameFilledPages,
    rawPages: stats.rawPages,
    rejectedPages: pages - stats.pages,
    rejects: { ...stats.rejects },
    put: toSpeed(putMs / 1000, putPages, pageSize),
    get: toSpeed(getMs / 1000, gotPages, pageSize),
    sampled: summary.sampled,
    complete: !interrupted && summary.missingPages === 0,
  };
}

/** All reports as one: sums, and speeds over the summed times. */
export function sumReports(reports: readonly Report[], pageSize: number): Report {
  const sum = (pick: (report: Report) => number): number =>
    reports.reduce((total, report) => total + pick(report), 0);
  const rejects: Record<RejectReason, number> = {
    closedType: sum((report) => report.rejects.closedType),
    disabled: sum((report) => report.rejects.disabled),
    limit: sum((report) => report.rejects.limit),
    growth: sum((report) => report.rejects.growth),
    incompressible: sum((report) => report.rejects.incompressible),
  };
  const speed = (pick: (report: Report) => Speed): Speed => {
    const seconds = sum((report) => pick(report).seconds);
    const pages = sum((report) => pick(report).seconds * (pick(report).pagesPerSecond ?? 0));
    return toSpeed(seconds, pages, pageSize);
  };
  const keptBytes = sum((report) => report.keptBytes);
  const heldBytes = sum((report) => report.heldBytes);
  const compressedBytes = sum((report) => report.compressedBytes);
  return {
    path: "total",
    pages: sum((report) => report.pages),
    dataBytes: sum((report) => report.dataBytes),
    inputPages: sum((report) => report.inputPages),
    inputBytes: sum((report) => report.inputBytes),
    paddingBytes: sum((report) => report.paddingBytes),
    keptPages: sum((report) => report.keptPages),
    keptBytes,
    compressedBytes,
    heldBytes,
    ratio: divide(keptBytes, heldBytes),
    blockRatio: divide(keptBytes, compressedBytes),
    sameFilledPages: sum((report) => report.sameFilledPages),
    rawPages: sum((report) => report.rawPages),
    rejectedPages: sum((report) => report.rejectedPages),
    rejects,
    put: speed((report) => report.put),
    get: speed((report) => report.get),
    sampled: reports.some((report) => report.sampled),
    complete: reports.every((report) => report.complete),
  };
}
