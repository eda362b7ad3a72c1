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
      for (const figure of ["compress", "decompress"]) {
        const ratios = file.measurements
          .filter((row) => row.figure === figure)
          .map((row) => {
            const key = `${figure} ${row.corpus}`;
            const node = median([...(before.get(key) ?? []), ...(after.get(key) ?? [])]);
            const ratio = node / row.median;
            const contender = "Chromium ÷ Node";
            const shared = { figure: `${figure} by corpus`, contender, unit: "ratio" } as const;
            context.record({ ...shared, corpus: row.corpus, better: "higher", samples: [ratio] });
            return ratio;
          });
        context.record({
          figure,
          contender: "Chromium ÷ Node",
          unit: "ratio",
          better: "higher",
          samples: [geometricMean(ratios)],
          note: file.machine.engine,
        });
      }
    } finally {
      await launched.close();
    }
  },
};

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
