/**
 * Measures the same rows several times over, and joins their samples.
 *
 * What: a case is gone through in sweeps; each opens its contenders anew and takes a share of the
 * rounds. The samples of a row are those of all sweeps, in their order.
 *
 * Why so: where a store's memory comes to lie decides part of its speed, 1.6 times for a Map of
 * copies and a tenth for others, and stays as it is while the store is open; and a machine keeps a
 * mood for seconds, in which one contender suffers more than another. More rounds in one place and
 * at one time average neither (2026-11). Sweeps are minutes apart in the longest cases.
 *
 * Invariant: as in measure.ts, sample i of all rows of one comparison is round i: a contender that
 * failed in one sweep has nulls for its rounds. What an interruption finds measured is recorded.
 * A slow machine makes fewer sweeps, so that a full run ends within ten minutes there, too.
 */
import type { BenchContext, Row } from "./case.ts";
import type { BatchSize } from "./measure.ts";

/** So many there are also when the time is over. */
const LEAST_SWEEPS = 2;

/** A sweep of fewer rounds, an order and its reverse, would open its contenders for nothing. */
const LEAST_ROUNDS = 2;

/**
 * @param count sweeps, when there is time, and no more than the rounds that the user has asked for fill
 * @param budgetSeconds no sweep begins that would end later, unless the user has asked for rounds
 * @param sweep measures and records everything once
 */
export async function inSweeps(
  context: BenchContext,
  {
    count: most,
    budgetSeconds = Infinity,
  }: { readonly count: number; readonly budgetSeconds?: number },
  sweep: (context: BenchContext, index: number) => Promise<void>,
): Promise<void> {
  const count = Math.min(most, Math.ceil((context.rounds ?? Infinity) / LEAST_ROUNDS));
  const joined = new Joined();
  /** By the place of a call in its sweep, which is the same in all. */
  const sizes: Map<string, BatchSize>[] = [];
  const failed = new Set<string>();
  const started = performance.now();
  let sweepStarted = started;
  /** The next sweep takes as long as the last one; the first is longer, for its warm-ups. */
  const hasTimeFor = (sweeps: number): boolean => {
    const now = performance.now();
    const seconds = (now - started + (now - sweepStarted)) / 1000;
    sweepStarted = now;
    return sweeps <= LEAST_SWEEPS || context.rounds !== undefined || seconds <= budgetSeconds;
  };
  try {
    for (let index = 0; index < count && hasTimeFor(index + 1); index++) {
      joined.beginSweep();
      let calls = 0;
      await sweep(
        {
          ...context,
          measure: (tasks, options) => {
            const own = (sizes[calls++] ??= new Map());
            return context.measure(tasks, { ...options, part: { index, count, sizes: own } });
          },
          record: (row) => joined.add(row),
          fail: (contender, error, corpus = "") => {
            // Once is enough.
            const key = JSON.stringify([contender, corpus, String(error)]);
            if (!failed.has(key)) context.fail(contender, error, corpus);
            failed.add(key);
          },
          progress: (message) => context.progress(`${message}, sweep ${index + 1} of ${count}`),
        },
        index,
      );
    }
  } finally {
    for (const row of joined.rows()) context.record(row);
  }
}

type Sample = number | null;

/** Rows by what they measure, those of one comparison at the same length after every sweep. */
class Joined {
  readonly #comparisons = new Map<string, Map<string, Row & { samples: Sample[] }>>();
  /** Rounds of each comparison before this sweep. */
  readonly #before = new Map<string, number>();

  beginSweep(): void {
    for (const [key, rows] of this.#comparisons) this.#before.set(key, longest(rows.values()));
  }

  add(row: Row): void {
    const key = JSON.stringify([row.figure, row.corpus, row.pageSize]);
    const rows = this.#comparisons.get(key) ?? new Map<string, Row & { samples: Sample[] }>();
    this.#comparisons.set(key, rows);
    const own = rows.get(row.contender) ?? { ...row, samples: [] };
    rows.set(row.contender, own);
    pad(own.samples, this.#before.get(key) ?? 0);
    own.samples.push(...row.samples);
  }

  *rows(): Generator<Row> {
    for (const rows of this.#comparisons.values()) {
      const length = longest(rows.values());
      for (const row of rows.values()) {
        pad(row.samples, length);
        yield row;
      }
    }
  }
}

function longest(rows: Iterable<Row>): number {
  return Math.max(0, ...[...rows].map(({ samples }) => samples.length));
}

function pad(samples: Sample[], length: number): void {
  while (samples.length < length) samples.push(null);
}
