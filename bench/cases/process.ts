/**
 * zmem in a process, seen from outside: whether its statistics tell the truth, and whether a trim
 * gives memory back.
 *
 * What: 1 GiB of pages of the mix are put; resident memory against `heldBytes`. Then 80 % are flushed,
 * the pool compacted and trimmed, in a process without an exposed collector; the parent waits until
 * the memory has left. With --all also 6 GiB over several instances.
 */
import type { BenchCase, BenchContext, ProbeRequest } from "../harness/case.ts";

const PAGE_SIZE = 4096;
const GIB = 1 << 30;
const LOGICAL_BYTES = { quick: GIB / 8, full: GIB, all: GIB } as const;

export const processCase: BenchCase = {
  name: "process",
  title: "statistics and trim against resident memory",
  efforts: ["full", "all"],
  run: async (context) => {
    const { platform, effort, fail, progress } = context;
    if (platform.probeMemory === undefined) {
      return fail("zmem", "needs Node on Linux, where a process can be measured from outside");
    }
    const request = { store: "zmem", corpus: "mix", pageSize: PAGE_SIZE, churnRounds: 0 };
    const logicalBytes = LOGICAL_BYTES[effort];
    progress(`filling ${logicalBytes / (1 << 20)} MiB, and beside it flush of 80 % and trim`);
    const ends = await Promise.allSettled([
      measureStatistics(context, { ...request, logicalBytes, flushShare: 0 }),
      measureTrim(context, { ...request, logicalBytes, flushShare: 0.8 }),
    ]);
    // Not before both have ended: what comes next would be measured beside the other.
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    if (effort === "all") {
      progress("6 GiB over several instances");
      const large = { ...request, store: "zmem, instances of 1 GiB", logicalBytes: 6 * GIB };
      await measureStatistics(context, { ...large, flushShare: 0 });
    }
  },
};

async function measureStatistics(context: BenchContext, request: ProbeRequest): Promise<void> {
  const result = await context.platform.probeMemory?.(request);
  const stated = result?.statedBytes[0];
  if (result === undefined || stated === undefined) {
    throw new Error("expected the bytes that the store says it holds, got none");
  }
  const shared = {
    contender: request.store,
    corpus: request.corpus,
    pageSize: PAGE_SIZE,
    unit: "ratio",
    note: `${request.logicalBytes / (1 << 20)} MiB logical; ${result.method}`,
  } as const;
  context.record({
    ...shared,
    figure: "resident growth ÷ held by statistics",
    samples: [result.filledBytes / stated],
  });
  context.record({
    ...shared,
    figure: "resident growth ÷ logical",
    samples: [result.filledBytes / request.logicalBytes],
  });
}

async function measureTrim(context: BenchContext, request: ProbeRequest): Promise<void> {
  const result = await context.platform.probeMemory?.(request);
  if (
    result?.freedBytes === undefined ||
    result.trimmedBytes === undefined ||
    result.trimSeconds === undefined
  ) {
    throw new Error("expected the bytes and the time of a trim, got none");
  }
  const shared = {
    contender: request.store,
    corpus: request.corpus,
    pageSize: PAGE_SIZE,
    note: `${Math.round(result.freedBytes / (1 << 20))} MiB freed by statistics; ${result.method}`,
  } as const;
  const returned = (result.filledBytes - result.trimmedBytes) / result.freedBytes;
  context.record({
    ...shared,
    figure: "share of freed memory that left the process",
    unit: "ratio",
    better: "higher",
    samples: [returned],
  });
  context.record({
    ...shared,
    figure: "until 90 % of freed memory had left",
    unit: "ms",
    samples: [result.trimSeconds * 1000],
    ...(result.isTrimLate ? { note: "it had not left by then; nobody waited longer" } : {}),
  });
}
