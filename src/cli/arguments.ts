/**
 * The command line read into a command, or into a sentence about what is wrong with it.
 *
 * Why so: what is wrong with a command line is found before anything runs, so that a misspelt
 * option of a long run costs nothing; such errors have an exit code of their own (2).
 */
import { parseArgs } from "node:util";
import { checkPageSize } from "../errors.ts";
import { textToBytes } from "./quantities.ts";

/** What `zmem estimate` was asked for; sizes in bytes. */
export interface EstimateOptions {
  /** Files, folders and "-"; none for the default input. */
  readonly paths: readonly string[];
  readonly pageSize: number;
  /** The limit on memory held by a pool; null for a quarter of the machine's memory. */
  readonly limitBytes: number | null;
  /** Input beyond this is sampled; null for a quarter of the machine's memory, Infinity for never. */
  readonly sampleBytes: number | null;
  readonly seed: number;
  readonly recursive: boolean;
  readonly json: boolean;
}

/** A command line that makes sense. */
export type Command =
  | { readonly name: "help" }
  | { readonly name: "version" }
  | { readonly name: "estimate"; readonly options: EstimateOptions };

/** A command line that does not; the message is for the user, without a prefix. */
export class UsageError extends Error {}

function readSize(option: string, text: string): number {
  const bytes = textToBytes(text);
  if (bytes === null || bytes === 0) {
    throw new UsageError(`--${option}: expected a size such as 4096, 256M or 2G, got "${text}"`);
  }
  return bytes;
}

/** @throws UsageError when the arguments make no sense */
export function parseCommandLine(args: readonly string[]): Command {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h", default: false },
        version: { type: "boolean", short: "V", default: false },
        json: { type: "boolean", default: false },
        recursive: { type: "boolean", short: "r", default: false },
        limit: { type: "string" },
        sample: { type: "string" },
        "page-size": { type: "string", default: "4096" },
        seed: { type: "string", default: "1" },
      },
    });
  } catch (error) {
    // Some of its messages have several lines.
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.replace(/\s*\n\s*/g, " "));
  }
  const { values, positionals } = parsed;
  const [name, ...paths] = positionals;
  if (values.help || name === "help") return { name: "help" };
  if (values.version) return { name: "version" };
  if (name === undefined) throw new UsageError("expected a command: zmem estimate [FILE|DIR|-]...");
  if (name !== "estimate") throw new UsageError(`unknown command "${name}"; there is: estimate`);
  if (paths.filter((path) => path === "-").length > 1) {
    throw new UsageError('"-" (standard input) can be given only once');
  }
  const empty = paths.indexOf("");
  if (empty >= 0) throw new UsageError(`path ${empty + 1} is empty`);

  const pageSize = readSize("page-size", values["page-size"]);
  try {
    checkPageSize(pageSize);
  } catch (error) {
    throw new UsageError(`--page-size: ${(error as Error).message.replace(/^page size: /, "")}`);
  }
  const seed = /^\d{1,10}$/.test(values.seed) ? Number(values.seed) : Number.NaN;
  if (!(seed <= 0xffff_ffff)) {
    throw new UsageError(`--seed: expected an integer from 0 to 4294967295, got "${values.seed}"`);
  }
  const { limit, sample } = values;
  const sampleBytes =
    sample === undefined ? null : sample === "all" ? Infinity : readSize("sample", sample);
  if (sampleBytes !== null && sampleBytes < pageSize) {
    throw new UsageError(`--sample: expected at least one page (${pageSize} bytes), got ${sample}`);
  }
  return {
    name: "estimate",
    options: {
      paths,
      pageSize,
      limitBytes: limit === undefined ? null : readSize("limit", limit),
      sampleBytes,
      seed,
      recursive: values.recursive,
      json: values.json,
    },
  };
}

export const HELP = `Usage: zmem estimate [options] [FILE|DIR|-]...

What would zmem save on my data? Puts every page of the input into a pool, gets each back,
compares it, and prints what the pool holds.

Without a path it takes data that every machine has: the running Node executable, source text
of the installed packages, and the live heap pages of this process.
"-" is standard input. The files of a folder are laid end to end. The last page of an input is
padded with zeros.

Options
  -r, --recursive     read all files below the folders that are named
      --page-size N   bytes per page, a power of two from 4K to 64K (4K)
      --limit SIZE    most memory a pool may hold; what doesn't fit is rejected and counted
                      (a quarter of the machine's memory)
      --sample SIZE   input larger than this is sampled; "all" never samples
                      (a quarter of the machine's memory)
      --seed N        seed of the sample (1)
      --json          one JSON object instead of the table, sizes in bytes
  -h, --help          this text
  -V, --version       the version

Columns
  PAGES  pages of the input      DATA   their bytes            COMPR  bytes of all blocks
  TOTAL  memory held by the pool, with index, tables and free space
  RATIO  kept data / TOTAL       SAME   same-filled pages      REJ    rejected pages
  PUT, GET  speed of the calls alone, without reading the input and comparing

Sizes are binary (K = 1024), speeds decimal (MB = 1000000 bytes).
Exit status: 0 all went well, 1 something failed (the rest was measured), 2 wrong usage,
130 interrupted (what was measured is printed).
NO_COLOR and FORCE_COLOR are honoured.
`;
