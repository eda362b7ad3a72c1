/**
 * Work in small steps until a budget of work or time is used up.
 *
 * Why so: one step inside the module takes bounded time, and only this side has a clock.
 */

/**
 * Calls `step` with batches until a budget is used up or nothing is left: where `isDone` does not
 * say so, that is when a step does less than it was asked.
 */
export function runBudgeted(
  most = Infinity,
  microseconds: number | undefined,
  batchSize: number,
  step: (batch: number) => number,
  isDone?: () => boolean,
): { count: number; done: boolean } {
  const until = microseconds === undefined ? Infinity : performance.now() + microseconds / 1000;
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
