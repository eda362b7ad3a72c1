/**
 * The same module in Chromium and in Node.
 *
 * What: the case "module" in the tests' Chromium, between two runs of it in Node; per corpus the
 * ratio of throughputs, and their geometric mean.
 *
 * Why so: an engine's compiler may treat a module differently; that shows only without calls and
 * copies. The two runs in Node around it take out a slow drift of the machine.
 */
import { launchBrowser } from "../../test/browser/launch.ts";
import { runInBrowser } from "../browser.ts";
import type { BenchCase, BenchContext } from "../harness/case.ts";
import type { ResultFile } from "../harness/results.ts";
import { geometricMean, median, present } from "../harness/statistics.ts";
import { moduleCase } from "./module.ts";

const CORPUS_BYTES = 2 << 20;
const ROUNDS = 15;

export const enginesCase: BenchCase = {
  name: "engines",
  title: "the same module in Chromium and in Node",
  efforts: ["full", "all"],
  run: async (context) => {
    const launched = await launchBrowser();
    if (launched === null) return context.fail("Chromium", "no browser was found");
    try {
      const corpora = new Map(
        [...context.corpora.values()]
          .filter(({ kind }) => kind === "real")
          .map((corpus) => [
            corpus.name,
            { ...corpus, bytes: corpus.bytes.subarray(0, CORPUS_BYTES) },
          ]),
      );
      const before = await runInNode({ ...context, corpora });
      const options = { effort: context.effort, filters: ["module"], rounds: ROUNDS };
      const file = await runInBrowser(launched.browser, corpora, options, context.progress);
      const after = await runInNode({ ...context, corpora });
      const node = new Map(
        [...before].map(([key, samples]) => [key, [...samples, ...(after.get(key) ?? [])]]),
      );
      recordRatios(context, [...corpora.keys()], node, file);
    } finally {
      await launched.close();
    }
  },
};

/**
 * Records the ratios, and a mean where all corpora have one.
 *
 * @param node samples by "figure corpus"
 */
export function recordRatios(
  { record, fail }: Pick<BenchContext, "record" | "fail">,
  corpora: readonly string[],
  node: ReadonlyMap<string, readonly number[]>,
  browser: ResultFile,
): void {
  for (const { contender, corpus, reason } of browser.failures) {
    fail(`${contender} in Chromium`, reason, corpus);
  }
  const shared = { contender: "Chromium ÷ Node", unit: "ratio", better: "higher" } as const;
  for (const figure of ["compress", "decompress"]) {
    const ratios: number[] = [];
    for (const corpus of corpora) {
      const row = browser.measurements.find(
        (one) => one.figure === figure && one.corpus === corpus,
      );
      const ratio = median(node.get(`${figure} ${corpus}`) ?? []) / (row?.median ?? Number.NaN);
      if (!Number.isFinite(ratio)) {
        fail(shared.contender, `${figure}: not measured on both sides`, corpus);
        continue;
      }
      ratios.push(ratio);
      record({ ...shared, figure: `${figure} by corpus`, corpus, samples: [ratio] });
    }
    if (ratios.length === 0 || ratios.length < corpora.length) continue;
    const samples = [geometricMean(ratios)];
    record({ ...shared, figure, samples, note: browser.machine.engine });
  }
}

/** @returns nanoseconds a page, all samples, by "figure corpus" */
async function runInNode(context: BenchContext): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  await moduleCase.run({
    ...context,
    measure: (tasks) => context.measure(tasks, { rounds: ROUNDS }),
    record: ({ figure, corpus, samples }) => {
      found.set(`${figure} ${corpus}`, present(samples));
    },
  });
  return found;
}
