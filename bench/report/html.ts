/**
 * The report as one HTML file that needs nothing else: verdict, machine, plots, tables, corpora.
 */
import type { Measurement, ResultFile } from "../harness/results.ts";
import { formatPageSize, throughput } from "./format.ts";
import { escapeMarkup, type Line, linePlot, type Point, scatterPlot } from "./plots.ts";
import { buildTables, groupBy, type Table } from "./tables.ts";
import { describeRun, listCorpora } from "./text.ts";
import { verdictLines } from "./verdict.ts";

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --ground: #fff; --faint: #d8dce0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ea; --ground: #16191c; --faint: #3a4046; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  max-width: 76rem; margin: 0 auto; padding: 1rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); gap: 1rem; }
svg { width: 100%; height: auto; font-size: 10px; }
svg text { fill: var(--ink); } svg .title { font-weight: 600; font-size: 12px; } svg .name { font-size: 9px; }
svg .grid { stroke: var(--faint); fill: none; } svg .axis { stroke: var(--ink); fill: none; }
svg .line { fill: none; stroke-width: 1.5; }
.k0 { fill: #d1495b; stroke: #d1495b; } .k1 { fill: #2e86ab; stroke: #2e86ab; }
.k2 { fill: #3c8d53; stroke: #3c8d53; } .k3 { fill: #b26e00; stroke: #b26e00; }
.k4 { fill: #7b5ea7; stroke: #7b5ea7; } .k5 { fill: #5c6f7b; stroke: #5c6f7b; }
.k6 { fill: #a4508b; stroke: #a4508b; } .k7 { fill: #00897b; stroke: #00897b; }
.k8 { fill: #6d4c41; stroke: #6d4c41; } .k9 { fill: #8a8d00; stroke: #8a8d00; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.15rem 0.6rem; text-align: right; border-bottom: 1px solid var(--faint); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } caption { text-align: left; font-weight: 600; padding: 0.8rem 0 0.2rem; }
.verdict { border-left: 4px solid var(--ink); padding-left: 1rem; white-space: pre-wrap; }`;

/** The whole file. */
export function reportToHtml(file: ResultFile): string {
  const plots = [...codecPlots(file), ...storePlots(file), ...churnPlots(file)].filter(Boolean);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>zmem benchmark</title>
<style>${STYLE}</style>
</head>
<body>
<h1>zmem benchmark</h1>
<p class="verdict">${escapeMarkup(verdictLines(file).join("\n"))}</p>
<p>${escapeMarkup(describeRun(file))}</p>
<div class="plots">
${plots.join("\n")}
</div>
${[listCorpora(file), ...buildTables(file)].map(tableToMarkup).join("\n")}
</body>
</html>
`;
}

function tableToMarkup({ title, columns, rows, samples }: Table): string {
  const caption = samples === undefined ? title : `${title} (${samples})`;
  const cells = (values: readonly string[], tag: string): string =>
    `<tr>${values.map((value) => `<${tag}>${escapeMarkup(value)}</${tag}>`).join("")}</tr>`;
  return [
    `<div class="wide"><table><caption>${escapeMarkup(caption)}</caption>`,
    `<thead>${cells(columns, "th")}</thead>`,
    `<tbody>${rows.map((row) => cells(row, "td")).join("\n")}</tbody></table></div>`,
  ].join("\n");
}

/** A number for each contender, the same in all plots. */
function kindsOf({ measurements }: ResultFile): (contender: string) => number {
  const shown = measurements.filter((row) => row.case === "codec" || row.case === "store");
  const names = [...new Set(shown.map(({ contender }) => contender))];
  return (contender) => Math.max(0, names.indexOf(contender));
}

/** Compression ratio across, compression throughput up; one plot per corpus and page size. */
function codecPlots(file: ResultFile): string[] {
  const kindOf = kindsOf(file);
  const rows = file.measurements.filter((row) => row.case === "codec");
  return groupBy(rows, ({ corpus, pageSize }) => `${corpus}\n${pageSize}`).flatMap(([, group]) =>
    ["compress", "decompress"].map((figure) => {
      const points = group.flatMap((row): Point[] => {
        if (row.figure !== figure) return [];
        const size = group.find(
          ({ figure: name, contender }) => name === "size" && contender === row.contender,
        );
        if (size === undefined) return [];
        const { contender: label } = row;
        const ratio = row.pageSize / size.median;
        return [{ x: ratio, y: throughput(row), label, kind: kindOf(label) }];
      });
      const [first] = group as [Measurement, ...Measurement[]];
      const title = `${first.corpus}, ${formatPageSize(first.pageSize)}: ${figure}`;
      return scatterPlot(title, "compression ratio", `${figure}, MB/s`, points);
    }),
  );
}

/** Memory across, throughput up: where each store stands. In a browser memory is only counted. */
function storePlots(file: ResultFile): string[] {
  const kindOf = kindsOf(file);
  const rowsOf = (name: string, figure: string): Measurement[] =>
    file.measurements.filter((row) => row.case === name && row.figure === figure);
  const measured = rowsOf("memory", "held per logical byte");
  const [memory, xName] =
    measured.length > 0
      ? [measured, "resident bytes per logical byte, seen from outside"]
      : [
          rowsOf("accounted", "accounted per logical byte"),
          "bytes per logical byte, counted: all of zmem, the data alone of others",
        ];
  return groupBy(memory, ({ corpus }) => corpus).flatMap(([corpus, held]) =>
    ["put, steady", "get, steady"].map((figure) => {
      const points = held.flatMap((row): Point[] => {
        const speed = file.measurements.find(
          (other) =>
            other.case === "store" &&
            other.figure === figure &&
            other.contender === row.contender &&
            other.corpus === corpus &&
            other.pageSize === row.pageSize,
        );
        if (speed === undefined) return [];
        const { contender: label } = row;
        return [{ x: row.median, y: throughput(speed), label, kind: kindOf(label) }];
      });
      const title = `${corpus}, stores: ${figure}`;
      return scatterPlot(title, xName, "MB/s", points);
    }),
  );
}

/** Pool efficiency after each round of churn. */
function churnPlots(file: ResultFile): string[] {
  const lines = file.measurements
    .filter((row) => row.case === "pool" && row.figure === "efficiency over churn")
    .map(({ corpus, samples }, kind): Line => {
      const values = samples.filter((sample) => sample !== null);
      return { label: corpus, kind, values };
    });
  return [linePlot("pool efficiency over churn", "rounds", "payload ÷ memory held", lines)];
}
