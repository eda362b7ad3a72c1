/**
 * Whether a history of calls on one key can have happened in some order, one call after the other,
 * each between its begin and its end.
 *
 * Why so: that is what "ends in one of the states that some sequential order allows" means, for
 * what the workers saw on the way too. Each worker makes one call at a time, so how far an order
 * has come is one position per worker; with the state of the key it is remembered what was tried
 * in vain. Source: J. Wing and C. Gong, "Testing and verifying concurrent objects", 1993, with the
 * memory of G. Lowe, 2017.
 */
import type { HistoryEvent } from "./load.ts";

/** The page of a key: its version, 0 for none. @returns the next state, -1 when it can't be */
function apply(state: number, { verb, version, result }: HistoryEvent): number {
  if (verb === "put") return result === 1 ? version : 0;
  if (verb === "get") return result === state ? state : -1;
  if (verb === "test") return (result === 1) === (state !== 0) ? state : -1;
  if (verb === "flush") return (result === 1) === (state !== 0) ? 0 : -1;
  return 0;
}

/** @param events the calls on one key, in any order; the key is empty at first */
export function isLinearizable(events: readonly HistoryEvent[]): boolean {
  const seats = [...new Set(events.map(({ seat }) => seat))];
  const lines = seats.map((seat) =>
    events.filter((event) => event.seat === seat).sort((a, b) => a.from - b.from),
  );
  const failed = new Set<string>();
  const stack = [{ positions: lines.map(() => 0), state: 0 }];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const { positions, state } = node;
    const next = lines.map((line, at) => line[positions[at] as number]);
    if (next.every((event) => event === undefined)) return true;
    // Nothing may be put before a call that had ended when it began.
    const earliestEnd = Math.min(...next.map((event) => event?.to ?? Infinity));
    next.forEach((event, at) => {
      if (event === undefined || event.from > earliestEnd) return;
      const after = apply(state, event);
      if (after < 0) return;
      const moved = positions.map((position, line) => (line === at ? position + 1 : position));
      const known = `${moved.join()}:${after}`;
      if (failed.has(known)) return;
      failed.add(known);
      stack.push({ positions: moved, state: after });
    });
  }
  return false;
}
