/**
 * Work in small steps until a budget of work or time is used up.
 *
 * Why so: one step inside the module takes bounded time, and only this side has a clock.
 */
import { describe } from "../errors.ts";

/**
 * Checks what was asked of compaction or recompression. Below 0 is a budget that is used up.
 *
 * @throws TypeError or RangeError for what is no number
 */
function checkBudget(what: string, value: unknown): void {
  if (typeof value === "number" && !Number.isNaN(value)) return;
  const message = `budget: expected a number of ${what}, got ${describe(value)}`;
  throw typeof value === "number" ? new RangeError(message) : new TypeError(message);
}

/**
 * Calls `step` with batches until a budget is used up or nothing is left: where `isDone` does not
 * say so, that is when a step does less than it was asked.
 *
 * @throws TypeError or RangeError for a budget that is no number
 */
export function runBudgeted(
  most = Infinity,
  microseconds = Infinity,
  batchSize: number,
  step: (batch: number) => number,
  isDone?: () => boolean,
): { count: number; done: boolean } {
  checkBudget("objects or pages", most);
  checkBudget("microseconds", microseconds);
  const until = performance.now() + microseconds / 1000;
  let count = 0;
  let done = false;
  while (!done && count < most && performance.now() < until) {
    const batch = Math.ceil(Math.min(batchSize, most - count));
    const finished = step(batch);
    count += finished;
    done = isDone === undefined ? finished < batch : isDone();
  }
  return { count, done };
}
