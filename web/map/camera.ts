/**
 * What of the grid is seen: a scale in CSS pixels per cell, and the place of the canvas' corner.
 *
 * Invariants: at zoom 1 all of the grid fits; it never leaves the view altogether; where it is
 * smaller than the view it lies in the middle.
 */

/** Cells don't get larger than this, in CSS pixels. */
const LARGEST_CELL = 56;

export class Camera {
  #columns = 1;
  #rows = 1;
  #width = 1;
  #height = 1;
  #zoom = 1;
  /** The grid place in the middle of the view. */
  #centreX = 0.5;
  #centreY = 0.5;

  /** The grid and the view changed: shows the same part where it can. */
  fit(columns: number, rows: number, width: number, height: number): void {
    const x = this.#centreX / this.#columns;
    const y = this.#centreY / this.#rows;
    this.#columns = columns;
    this.#rows = rows;
    this.#width = Math.max(width, 1);
    this.#height = Math.max(height, 1);
    this.#centreX = x * columns;
    this.#centreY = y * rows;
    this.#clamp();
  }

  /** CSS pixels per cell. */
  get scale(): number {
    return this.#fitScale() * this.#zoom;
  }

  /** 1 shows all. */
  get zoom(): number {
    return this.#zoom;
  }

  get mostZoom(): number {
    return Math.max(1, LARGEST_CELL / this.#fitScale());
  }

  /** Grid place of the view's left upper corner. */
  get left(): number {
    return this.#centreX - this.#width / this.scale / 2;
  }

  get top(): number {
    return this.#centreY - this.#height / this.scale / 2;
  }

  /** The middle of the view as shares of the grid. */
  get centre(): { readonly x: number; readonly y: number } {
    return { x: this.#centreX / this.#columns, y: this.#centreY / this.#rows };
  }

  /** Zooms so that the grid place under (x, y) stays there; CSS pixels from the view's corner. */
  zoomAt(x: number, y: number, factor: number): void {
    const gridX = this.left + x / this.scale;
    const gridY = this.top + y / this.scale;
    this.#zoom = Math.min(Math.max(this.#zoom * factor, 1), this.mostZoom);
    this.#centreX = gridX - (x - this.#width / 2) / this.scale;
    this.#centreY = gridY - (y - this.#height / 2) / this.scale;
    this.#clamp();
  }

  /** Moves the view by CSS pixels. */
  pan(x: number, y: number): void {
    this.#centreX += x / this.scale;
    this.#centreY += y / this.scale;
    this.#clamp();
  }

  /** @param x,y shares of the grid */
  look(zoom: number, x: number, y: number): void {
    this.#zoom = Math.min(Math.max(zoom, 1), this.mostZoom);
    this.#centreX = x * this.#columns;
    this.#centreY = y * this.#rows;
    this.#clamp();
  }

  /** Looks at what a link says; null is all of it. */
  lookAt(view: { readonly zoom: number; readonly x: number; readonly y: number } | null): void {
    const { zoom, x, y } = view ?? { zoom: 1, x: 0.5, y: 0.5 };
    this.look(zoom, x, y);
  }

  /** Moves as little as is needed to see a cell. */
  reveal(column: number, row: number): void {
    const halfX = this.#width / this.scale / 2 - 1;
    const halfY = this.#height / this.scale / 2 - 1;
    this.#centreX = Math.min(Math.max(this.#centreX, column + 1 - halfX), column + halfX);
    this.#centreY = Math.min(Math.max(this.#centreY, row + 1 - halfY), row + halfY);
    this.#clamp();
  }

  #fitScale(): number {
    return Math.min(this.#width / this.#columns, this.#height / this.#rows, LARGEST_CELL / 2);
  }

  #clamp(): void {
    this.#zoom = Math.min(this.#zoom, this.mostZoom);
    const halfX = this.#width / this.scale / 2;
    const halfY = this.#height / this.scale / 2;
    this.#centreX = between(this.#centreX, halfX, this.#columns);
    this.#centreY = between(this.#centreY, halfY, this.#rows);
  }
}

function between(centre: number, half: number, size: number): number {
  return half * 2 >= size ? size / 2 : Math.min(Math.max(centre, half), size - half);
}
