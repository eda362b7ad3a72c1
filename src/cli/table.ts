/**
 * A table for a terminal: the first column to the left, figures to the right, two spaces between.
 * Widths are counted in code points, so that a path outside ASCII keeps its column.
 */

/** Text cells; every row has as many as the head. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const width = (text: string): number => [...text].length;

/** The table as lines without trailing spaces, the head first. */
export function tableToLines({ head, rows }: Table): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ""))));
  return all.map((row) =>
    row
      .map((cell, column) => {
        const space = " ".repeat((widths[column] ?? 0) - width(cell));
        return column === 0 ? cell + space : space + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}
