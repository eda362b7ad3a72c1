/**
 * What the map has done, in cells, pixels and events: the most in one frame, and in all.
 *
 * Why so: how long a frame takes depends on the machine; what it does must not depend on how many
 * pages there are. Tests hold the second, and print the first.
 */

export interface MapWork {
  readonly frames: number;
  /** Cells whose colour was set. */
  readonly cells: number;
  readonly mostCells: number;
  /** Pixels handed over to the picture of the map. */
  readonly pixels: number;
  readonly mostPixels: number;
  /** Events that the time-lapse went through. */
  readonly events: number;
  readonly mostEvents: number;
}

export class WorkRecord {
  #frames = 0;
  #cells = 0;
  #mostCells = 0;
  #pixels = 0;
  #mostPixels = 0;
  #events = 0;
  #mostEvents = 0;

  reset(): void {
    this.#frames = 0;
    this.#cells = 0;
    this.#mostCells = 0;
    this.#pixels = 0;
    this.#mostPixels = 0;
    this.#events = 0;
    this.#mostEvents = 0;
  }

  /** The time-lapse went on in this frame. */
  addEvents(events: number): void {
    this.#events += events;
    this.#mostEvents = Math.max(this.#mostEvents, events);
  }

  /** A frame is drawn. @param work since the frame before */
  endFrame({ cells, pixels }: { readonly cells: number; readonly pixels: number }): void {
    this.#frames += 1;
    this.#cells += cells;
    this.#mostCells = Math.max(this.#mostCells, cells);
    this.#pixels += pixels;
    this.#mostPixels = Math.max(this.#mostPixels, pixels);
  }

  report(): MapWork {
    return {
      frames: this.#frames,
      cells: this.#cells,
      mostCells: this.#mostCells,
      pixels: this.#pixels,
      mostPixels: this.#mostPixels,
      events: this.#events,
      mostEvents: this.#mostEvents,
    };
  }
}
