/**
 * What the main thread of a page in Chromium did, task by task, from the browser's own trace.
 *
 * Why so: the page counts the time of its own frame code; a trace counts all that its main thread did
 * (style, layout, painting, collection), and knows nothing of our counting.
 */
import { type Page } from "puppeteer-core";
import * as assert from "uvu/assert";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds by the clock, and of the thread's own work. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * Tasks of the page's main thread while `work` ran, ascending: milliseconds in which the thread
 * itself worked, so that a machine with other things to do doesn't look like a slow page.
 */
export async function traceTasks(page: Page, work: () => Promise<void>): Promise<number[]> {
  await page.tracing.start({
    categories: ["toplevel", "disabled-by-default-devtools.timeline", "devtools.timeline"],
  });
  await work();
  const trace = await page.tracing.stop();
  assert.ok(trace);
  const { traceEvents } = JSON.parse(Buffer.from(trace).toString()) as {
    traceEvents: TraceEvent[];
  };
  const threads = traceEvents.filter(
    ({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain",
  );
  const isMain = new Set(threads.map(({ pid, tid }) => `${pid} ${tid}`));
  return traceEvents
    .filter(({ name, ph, pid, tid }) => {
      return ph === "X" && name === "RunTask" && isMain.has(`${pid} ${tid}`);
    })
    .map(({ dur = 0, tdur = dur }) => tdur / 1000)
    .sort((one, other) => one - other);
}

/** @param sorted ascending */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
}

/** Tasks in words: percentiles in milliseconds. */
export function describeTasks(tasks: readonly number[]): string {
  const figures = [0.5, 0.99].map((share) => percentile(tasks, share).toFixed(2));
  return (
    `${tasks.length} traced tasks p50 ${figures[0]}, p99 ${figures[1]}, ` +
    `worst ${(tasks.at(-1) ?? 0).toFixed(2)} ms`
  );
}
