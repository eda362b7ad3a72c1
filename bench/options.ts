/**
 * The command line of `npm run bench`.
 *
 * Why so: a typing error shall not start ten minutes of measuring, so everything is checked before
 * anything runs, and a message says what was expected and what came.
 */
import { parseArgs } from "node:util";
import type { Effort } from "./harness/case.ts";

/** What a run was asked to do. */
export interface BenchOptions {
  readonly effort: Effort;
  readonly help: boolean;
  readonly list: boolean;
  readonly goals: boolean;
  /** Names of cases, or parts of them; none means all of the effort. */
  readonly filters: readonly string[];
  readonly corpusPaths: readonly string[];
  readonly rounds?: number;
  readonly json?: string;
  readonly markdown?: string;
  readonly html?: string;
}

/** A command line that can't be understood; the message is for the user. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const USAGE = `npm run bench -- [options]

  --quick            the main cases, under a minute
  --all              every case, page size and contender; takes its time
                     (without either: what fits into ten minutes)
  --goals            runs what the goals need and prints goal, measured, met or short
  --filter NAME      only cases whose name contains NAME; may be repeated
  --corpus PATH      adds a file or a directory as a corpus; may be repeated
  --rounds N         samples per figure, 3 to 1000
  --json FILE        writes the results with all raw samples
  --markdown FILE    writes the tables as Markdown
  --html FILE        writes a report with plots, one file
  --list             lists the cases
  --help             this text

Results go to stdout, progress to stderr. Ctrl-C prints what is finished.`;

const OPTIONS = {
  quick: { type: "boolean" },
  all: { type: "boolean" },
  goals: { type: "boolean" },
  list: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  filter: { type: "string", multiple: true },
  corpus: { type: "string", multiple: true },
  rounds: { type: "string" },
  json: { type: "string" },
  markdown: { type: "string" },
  html: { type: "string" },
} as const;

/** @throws UsageError */
export function parseOptions(words: readonly string[]): BenchOptions {
  let values;
  try {
    ({ values } = parseArgs({ args: [...words], options: OPTIONS, strict: true }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.quick && values.all) throw new UsageError("--quick and --all exclude each other");
  const { json, markdown, html } = values;
  return {
    effort: values.quick ? "quick" : values.all ? "all" : "full",
    help: values.help ?? false,
    list: values.list ?? false,
    goals: values.goals ?? false,
    filters: values.filter ?? [],
    corpusPaths: values.corpus ?? [],
    ...(values.rounds === undefined ? {} : { rounds: parseRounds(values.rounds) }),
    ...(json === undefined ? {} : { json }),
    ...(markdown === undefined ? {} : { markdown }),
    ...(html === undefined ? {} : { html }),
  };
}

/** @throws UsageError for a filter that is in no name */
export function checkFilters(filters: readonly string[], names: readonly string[]): void {
  for (const filter of filters) {
    if (names.some((name) => name.includes(filter))) continue;
    throw new UsageError(`--filter: expected a part of one of ${names.join(", ")}; got ${filter}`);
  }
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 3 || rounds > 1000) {
    throw new UsageError(
      `--rounds: expected an integer from 3 to 1000, got ${JSON.stringify(text)}`,
    );
  }
  return rounds;
}
