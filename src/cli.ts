/**
 * The `zmem` command: what it was asked, done, and said with an exit code.
 *
 * Why so: no logic of its own beyond the order of things. Exit codes: 0 all went well, 1 something
 * failed (the other inputs were measured), 2 wrong usage, 130 interrupted (what was measured is
 * printed). A reader that closes the pipe early has got what it wanted: that is no failure.
 */
import { HELP, parseCommandLine, UsageError } from "./cli/arguments.ts";
import { runEstimate } from "./cli/run-estimate.ts";

declare const __ZMEM_VERSION__: string;

async function main(args: readonly string[]): Promise<number> {
  const command = parseCommandLine(args);
  switch (command.name) {
    case "help":
      process.stdout.write(HELP);
      return 0;
    case "version":
      process.stdout.write(`${__ZMEM_VERSION__}\n`);
      return 0;
    case "estimate":
      return runEstimate(command.options, __ZMEM_VERSION__);
  }
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
// Nobody reads our complaints: go on with the work.
process.stderr.on("error", () => {});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError;
  const message = error instanceof Error ? error.message : String(error);
  const hint = usage ? "\nTry: zmem --help" : "";
  process.stderr.write(`zmem: ${message}${hint}\n`);
  process.exitCode = usage ? 2 : 1;
}
