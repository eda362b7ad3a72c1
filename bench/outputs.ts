/**
 * The files that a run was asked to write: looked at before anything runs, written at the end.
 *
 * Why so: a path that can't be written to shall not show after ten minutes of measuring.
 */
import { accessSync, constants, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type ResultFile, writeResults } from "./harness/results.ts";
import { type BenchOptions, UsageError } from "./options.ts";
import { reportToHtml } from "./report/html.ts";
import { reportToMarkdown } from "./report/text.ts";

type OutputOptions = Pick<BenchOptions, "json" | "markdown" | "html">;

/** @throws UsageError when one of the files can't be written */
export function checkOutputs({ json, markdown, html }: OutputOptions): void {
  for (const path of [json, markdown, html]) if (path !== undefined) checkWritable(path);
}

function checkWritable(path: string): void {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing?.isDirectory()) {
    throw new UsageError(`expected a file to write to, got the folder ${path}`);
  }
  const what = existing === undefined ? dirname(resolve(path)) : path;
  try {
    accessSync(what, constants.W_OK);
  } catch {
    const kind = existing === undefined ? "folder" : "file";
    throw new UsageError(`expected a ${kind} that can be written to, got ${what} (for ${path})`);
  }
}

/** @param place gives each file its final name */
export function writeOutputs(
  file: ResultFile,
  { json, markdown, html }: OutputOptions,
  place: (path: string) => string = (path) => path,
): void {
  if (json) writeFileSync(place(json), writeResults(file));
  if (markdown) writeFileSync(place(markdown), reportToMarkdown(file));
  if (html) writeFileSync(place(html), reportToHtml(file));
}
