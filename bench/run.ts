/**
 * `npm run bench`: the cases in Node.
 *
 * What: checks the command line, builds the modules, loads the corpora, runs the cases, prints and
 * writes the results.
 *
 * Why so: results go to stdout and progress to stderr, so that either can be kept. A goal that is
 * short is no error; only a command line or a corpus that can't be used is (exit code 2).
 */
import { buildWasm } from "../scripts/wasm.mjs";
import { goalsToText } from "./goals.ts";
import { type BenchOptions, parseOptions, USAGE, UsageError } from "./options.ts";
import { writeOutputs } from "./outputs.ts";
import { reportToText } from "./report/text.ts";

async function main(words: readonly string[]): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseOptions(words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const showProgress = makeProgress();
  showProgress("building the modules");
  await buildWasm();
  // These import what the build makes.
  const { runInNode, selectCases } = await import("./run-node.ts");
  const { CorpusError } = await import("./corpora/corpus.ts");
  try {
    if (options.list) {
      const cases = selectCases({ ...options, effort: "all" });
      for (const { name, title } of cases) process.stdout.write(`${name.padEnd(14)}${title}\n`);
      return 0;
    }
    const file = await runInNode(options, showProgress);
    showProgress("");
    process.stdout.write(options.goals ? goalsToText(file) : reportToText(file));
    writeOutputs(file, options);
    return file.complete ? 0 : 130;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof CorpusError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

/** A line that is overwritten on a terminal, lines in a log. */
function makeProgress(): (message: string) => void {
  if (!process.stderr.isTTY) {
    return (message) => void (message && process.stderr.write(`${message}\n`));
  }
  return (message) => {
    const width = (process.stderr.columns ?? 80) - 1;
    process.stderr.write(`\r\u001b[2K${message.slice(0, width)}`);
  };
}

process.exitCode = await main(process.argv.slice(2));
