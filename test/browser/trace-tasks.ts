/**
 * What the main thread of a page in Chromium did, from the browser's own trace: task by task, and the
 * code of each frame.
 *
 * Why so: the page counts the time of its own frame code by the clock; a trace counts all that its main
 * thread did (style, layout, painting, collection), and knows nothing of our counting. Both are counted
 * in the thread's own time, so that a machine with other things to do doesn't look like a slow page.
 *
 * They are figures to be printed beside the goal and never what a test asserts: a test proves what is
 * done, on any machine.
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

/** Milliseconds of the thread's own work, ascending. */
export interface MainThreadTimes {
  /** Everything, a task at a time. */
  readonly tasks: readonly number[];
  /** Code of the page that ran for a frame. */
  readonly frames: readonly number[];
}

/** What the main thread may take for a frame while a large file streams through, milliseconds. */
const GOAL_MS = 8;

/** What the page's main thread did while `work` ran. */
export async function traceMainThread(
  page: Page,
  work: () => Promise<void>,
): Promise<MainThreadTimes> {
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
  const timesOf = (wanted: string): number[] =>
    traceEvents
      .filter(
        ({ name, ph, pid, tid }) => ph === "X" && name === wanted && isMain.has(`${pid} ${tid}`),
      )
      .map(({ dur = 0, tdur = dur }) => tdur / 1000)
      .sort((one, other) => one - other);
  return { tasks: timesOf("RunTask"), frames: timesOf("FireAnimationFrame") };
}

/** The times in words, with the goal beside them. */
export function describeTimes({ tasks, frames }: MainThreadTimes): string {
  return `${describe("frame code", frames)}; ${describe("main-thread tasks", tasks)} (goal: p99 under ${GOAL_MS} ms)`;
}

/** @param sorted ascending */
function describe(name: string, sorted: readonly number[]): string {
  const at = (share: number): string =>
    (sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0).toFixed(2);
  return `${name} p50 ${at(0.5)}, p99 ${at(0.99)}, worst ${at(1)} ms of ${sorted.length}`;
}
