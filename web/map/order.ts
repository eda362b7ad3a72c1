/**
 * Where the cell of a page lies: row by row, or along a Hilbert curve.
 *
 * Why so: rows are what everybody expects. On a Hilbert curve pages that are neighbours in memory
 * stay neighbours on the map, in both directions, so a region of a file is a patch and not a stripe.
 *
 * Source: D. Hilbert, "Ueber die stetige Abbildung einer Linie auf ein Flächenstück", 1891; the
 * conversion by bits is the textbook one.
 */

/** A grid of cells and the way through it. */
export interface Layout {
  readonly columns: number;
  readonly rows: number;
  /** Column and row of a page, as row × columns + column. */
  place(page: number): number;
  /** The page at a column and row; may be beyond the last page. */
  pageAt(column: number, row: number): number;
}

/** Row by row. @param aspect width ÷ height that the grid should have, about */
export function layOutRows(pages: number, aspect: number, fixedColumns = 0): Layout {
  const ideal = Math.ceil(Math.sqrt(Math.max(pages, 1) * aspect));
  const columns = fixedColumns > 0 ? fixedColumns : Math.max(1, Math.min(ideal, pages || 1));
  const rows = Math.max(1, Math.ceil(pages / columns));
  return {
    columns,
    rows,
    place: (page) => page,
    pageAt: (column, row) => row * columns + column,
  };
}

/**
 * Along a Hilbert curve, in the smallest square of a power of two that has room; rows and columns of
 * it that no page needs are left out.
 */
export function layOutHilbert(pages: number): Layout {
  let side = 1;
  while (side * side < pages) side *= 2;
  const box = findBox(pages, side);
  const columns = Math.max(1, box.right - box.left);
  return {
    columns,
    rows: Math.max(1, box.bottom - box.top),
    place: (page) => {
      const place = distanceToPlace(page, side);
      return (Math.floor(place / side) - box.top) * columns + (place % side) - box.left;
    },
    pageAt: (column, row) => placeToDistance(column + box.left, row + box.top, side),
  };
}

/** The rows and columns that the first pages of a curve fill: whole squares, largest first. */
function findBox(
  pages: number,
  side: number,
): { left: number; top: number; right: number; bottom: number } {
  const box = { left: side, top: side, right: 0, bottom: 0 };
  let start = 0;
  for (let edge = side; edge >= 1; edge /= 2) {
    while (start + edge * edge <= pages) {
      const place = distanceToPlace(start, side);
      const left = Math.floor((place % side) / edge) * edge;
      const top = Math.floor(Math.floor(place / side) / edge) * edge;
      box.left = Math.min(box.left, left);
      box.top = Math.min(box.top, top);
      box.right = Math.max(box.right, left + edge);
      box.bottom = Math.max(box.bottom, top + edge);
      start += edge * edge;
    }
  }
  return pages > 0 ? box : { left: 0, top: 0, right: 1, bottom: 1 };
}

function distanceToPlace(distance: number, side: number): number {
  let x = 0;
  let y = 0;
  let rest = distance;
  for (let size = 1; size < side; size *= 2) {
    const right = 1 & (rest >>> 1);
    const up = 1 & (rest ^ right);
    if (up === 0) {
      if (right === 1) {
        x = size - 1 - x;
        y = size - 1 - y;
      }
      [x, y] = [y, x];
    }
    x += size * right;
    y += size * up;
    rest >>>= 2;
  }
  return y * side + x;
}

function placeToDistance(column: number, row: number, side: number): number {
  let x = column;
  let y = row;
  let distance = 0;
  for (let size = side >>> 1; size > 0; size >>>= 1) {
    const right = (x & size) > 0 ? 1 : 0;
    const up = (y & size) > 0 ? 1 : 0;
    distance += size * size * ((3 * right) ^ up);
    if (up === 0) {
      if (right === 1) {
        x = side - 1 - x;
        y = side - 1 - y;
      }
      [x, y] = [y, x];
    }
  }
  return distance;
}
