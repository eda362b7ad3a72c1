/**
 * Results as tables: what stdout and the Markdown file show.
 *
 * Why so: a table per case and page size, contenders down, one column per figure; where a case has
 * several corpora their geometric mean comes first and one column per corpus follows, so that a
 * table fits a terminal and no kind of data is hidden.
 */
import type { Measurement, ResultFile } from "../harness/results.ts";
import { geometricMean, present } from "../harness/statistics.ts";
import { formatFigure, formatNumber, formatPageSize, formatSpread, throughput } from "./format.ts";

/** A table: the first column is left-aligned, the others right. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** "3 to 96 samples a figure"; absent where each is of one. */
  readonly samples?: string;
}

/** All tables of a result file, case by case. */
export function buildTables({ measurements, corpora }: ResultFile): Table[] {
  const real = new Set(corpora.filter(({ kind }) => kind === "real").map(({ name }) => name));
  return groupBy(measurements, (row) => row.case).flatMap(([name, rows]) =>
    groupBy(rows, ({ figure, pageSize }) => `${figure}\n${pageSize}`).flatMap(([, group]) =>
      buildTable(name, group, real),
    ),
  );
}

function buildTable(name: string, rows: readonly Measurement[], real: ReadonlySet<string>): Table {
  const [first] = rows as [Measurement, ...Measurement[]];
  const samples = describeSamples(rows);
  const corpora = [...new Set(rows.map(({ corpus }) => corpus))];
  const contenders = [...new Set(rows.map(({ contender }) => contender))];
  const page = formatPageSize(first.pageSize);
  const unit = unitOf(first);
  const title = `${name}: ${first.figure}${page && `, ${page} pages`}${unit && `, ${unit}`}`;
  const find = (contender: string, corpus: string): Measurement | undefined =>
    rows.find((row) => row.contender === contender && row.corpus === corpus);
  if (corpora.length === 1) {
    const columns = ["contender", corpora[0] || "figure", "spread", "note"];
    const body = rows.map((row) => [
      row.contender,
      formatFigure(row),
      formatSpread(row),
      row.note ?? "",
    ]);
    return { title, columns, rows: body, ...samples };
  }
  const means = corpora.filter((corpus) => real.has(corpus));
  const withMean = means.length > 1;
  const columns = ["contender", ...(withMean ? ["mean of real"] : []), ...corpora];
  const body = contenders.map((contender) => {
    const cells = corpora.map((corpus) => cell(find(contender, corpus)));
    if (!withMean) return [contender, ...cells];
    const values = means
      .map((corpus) => find(contender, corpus))
      .filter((row) => row !== undefined);
    const mean =
      values.length < means.length ? "–" : formatValue(geometricMean(values.map(valueOf)), first);
    return [contender, mean, ...cells];
  });
  return { title, columns, rows: body, ...samples };
}

/** How many there are, without the rounds in which a slow contender paused. */
function describeSamples(rows: readonly Measurement[]): Pick<Table, "samples"> {
  const counts = rows.map(({ samples }) => present(samples).length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (most <= 1) return {};
  return { samples: `${least === most ? least : `${least} to ${most}`} samples a figure` };
}

function valueOf(row: Measurement): number {
  const speed = throughput(row);
  return Number.isNaN(speed) ? row.median : speed;
}

function cell(row: Measurement | undefined): string {
  return row === undefined ? "–" : formatValue(valueOf(row), row);
}

function formatValue(value: number, like: Measurement): string {
  return like.unit === "ratio" && value < 10 ? value.toFixed(3) : formatNumber(value);
}

function unitOf(row: Measurement): string {
  if (!Number.isNaN(throughput(row))) return "MB/s";
  return { ns: "ns", ms: "ms", bytes: "bytes", ratio: "" }[row.unit];
}

/** Groups in the order of their first member. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups];
}

/** The table in columns of equal width, for a terminal. */
export function tableToText({ title, columns, rows, samples }: Table): string {
  const widths = columns.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => (row[at] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  const head = samples === undefined ? title : `${title} (${samples})`;
  return [head, line(columns), ...rows.map(line), ""].join("\n");
}

/** The table in Markdown. */
export function tableToMarkdown({ title, columns, rows, samples }: Table): string {
  const escape = (text: string): string => text.replaceAll("|", "\\|");
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(" | ")} |`;
  const rule = `|${columns.map((_, at) => (at === 0 ? "---" : "--:")).join("|")}|`;
  const head = samples === undefined ? [] : [`${samples}:`, ""];
  return [`### ${title}`, "", ...head, line(columns), rule, ...rows.map(line), ""].join("\n");
}
