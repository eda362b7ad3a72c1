/**
 * The whole report as text for a terminal and as Markdown: verdict, machine, corpora, tables.
 */
import type { ResultFile } from "../harness/results.ts";
import { formatBytes } from "./format.ts";
import { buildTables, type Table, tableToMarkdown, tableToText } from "./tables.ts";
import { verdictLines } from "./verdict.ts";

/** One line on where and how the run took place. */
export function describeRun(file: ResultFile): string {
  const { machine, version, effort, seconds, startedAt, remark } = file;
  const { engine, platform, processor, processors, memoryBytes, timerNs, collector } = machine;
  return [
    `zmem ${version}, ${engine}, ${platform}`,
    `${processors} × ${processor}${memoryBytes > 0 ? `, ${formatBytes(memoryBytes)}` : ""}`,
    `${effort} run of ${seconds} s on ${startedAt.slice(0, 10)}`,
    `clock step ${timerNs} ns, garbage ${collector ? "collected between contenders" : "not controlled"}`,
    ...(remark === undefined ? [] : [remark]),
  ].join("; ");
}

/** How long each case took, the longest first; "" where it is not known. */
export function describeTimes({ caseSeconds = {} }: ResultFile): string {
  const longest = Object.entries(caseSeconds).sort(([, first], [, second]) => second - first);
  if (longest.length === 0) return "";
  return `time: ${longest.map(([name, seconds]) => `${name} ${seconds.toFixed(0)} s`).join(", ")}`;
}

/** What the run was made on. */
export function listCorpora({ corpora }: ResultFile): Table {
  return {
    title: "corpora",
    columns: ["name", "size", "checksum", "made of"],
    rows: corpora.map(({ name, bytes, checksum, deterministic, source }) => [
      name,
      formatBytes(bytes),
      `${checksum}${deterministic ? "" : " (differs by machine)"}`,
      source,
    ]),
  };
}

/** For a terminal. */
export function reportToText(file: ResultFile): string {
  const tables = buildTables(file).map(tableToText);
  const lines = [...verdictLines(file), "", describeRun(file), "", ...tables];
  return [...lines, describeTimes(file), ""].join("\n");
}

/** For a file or an issue. */
export function reportToMarkdown(file: ResultFile): string {
  const tables = [listCorpora(file), ...buildTables(file)].map(tableToMarkdown);
  const verdict = verdictLines(file).map((line) => `- ${line.trim()}`);
  return ["# zmem benchmark", "", ...verdict, "", describeRun(file), "", ...tables].join("\n");
}
