/**
 * `zmem estimate`, from its options to its exit code.
 *
 * Why so: an input that can't be opened or read is said at once and costs the exit code, not the
 * other inputs. An interrupt ends the input that is being measured after its current batch and
 * prints what there is; a second one ends the process.
 */
import { cpus, totalmem } from "node:os";
import { type EstimateOptions } from "./arguments.ts";
import { openDefaultInputs } from "./default-input.ts";
import { type EstimateContext, estimateInput, type Report, sumReports } from "./estimate.ts";
import { type Input, InputError, openPath } from "./inputs.ts";
import { createPoolOpener } from "./pool.ts";
import { reportsToText, reportToNotes, SCHEMA } from "./print.ts";
import { toPrintable } from "./printable.ts";
import { createProgress } from "./progress.ts";

/** Memory that this process may use: the machine's, or less in a container. */
function machineMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}

/**
 * @returns the exit code
 * @throws UsageError when an option makes no sense to the pool
 */
export async function runEstimate(options: EstimateOptions, version: string): Promise<number> {
  const quarter = Math.floor(machineMemory() / 4);
  const limitBytes = options.limitBytes ?? quarter;
  const sampleBytes = options.sampleBytes ?? Math.max(quarter, options.pageSize);
  const { pageSize, seed } = options;
  const progress = createProgress(process.stderr);
  const problems: string[] = [];
  const notes: string[] = [];
  const say = (sentence: string): void => {
    progress.clear();
    process.stderr.write(`zmem: ${toPrintable(sentence)}\n`);
  };
  const complain = (sentence: string): void => {
    problems.push(sentence);
    say(sentence);
  };

  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  };
  process.on("SIGINT", onInterrupt);

  const context: EstimateContext = {
    pageSize,
    sampleBytes,
    seed,
    openPool: await createPoolOpener(pageSize, limitBytes),
    progress,
    signal: interrupt.signal,
  };
  const reports: Report[] = [];
  for await (const input of openInputs(options, complain, (note) => void notes.push(note))) {
    if (interrupt.signal.aborted) {
      await input.close();
      continue;
    }
    try {
      const report = await estimateInput(input, context);
      reports.push(report);
      notes.push(...reportToNotes(report, seed));
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    }
  }
  process.off("SIGINT", onInterrupt);
  progress.clear();
  if (interrupt.signal.aborted) {
    notes.push("interrupted: what is printed covers only what was measured until then");
  }

  if (reports.length > 0 || options.json) {
    const total = sumReports(reports, pageSize);
    if (options.json) {
      const result = {
        schema: SCHEMA,
        zmem: version,
        machine: {
          cpu: cpus()[0]?.model ?? "unknown",
          node: process.version,
          platform: process.platform,
          arch: process.arch,
          memoryBytes: machineMemory(),
        },
        pageSize,
        limitBytes,
        sampleBytes: Number.isFinite(sampleBytes) ? sampleBytes : null,
        seed,
        complete: total.complete && problems.length === 0,
        inputs: reports,
        total,
        notes,
        problems,
      };
      process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    } else {
      process.stdout.write(reportsToText(reports, total, limitBytes));
    }
  }
  for (const note of notes) say(note);
  if (interrupt.signal.aborted) return 130;
  return problems.length > 0 ? 1 : 0;
}

/** The inputs, each opened when the one before is done, the default ones all at once. */
async function* openInputs(
  { paths, recursive }: EstimateOptions,
  complain: (sentence: string) => void,
  note: (sentence: string) => void,
): AsyncGenerator<Input> {
  if (paths.length === 0) {
    yield* await openDefaultInputs(complain, note);
    return;
  }
  for (const path of paths) {
    try {
      yield await openPath(path, recursive, complain);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      complain(error.message);
    }
  }
}
