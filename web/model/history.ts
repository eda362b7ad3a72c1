/**
 * The history of a run: every put, get and writeback of a page in the order in which it came, for the
 * time-lapse, with how the page was held afterwards.
 *
 * Why so: a million events in four columns are 10 MB and can be played back to any place by going
 * through them once. When the room is used up the older half is laid into a base state, so playing
 * back starts later but never shows something that was not.
 */
const MOST_EVENTS = 2 ** 20;
const FIRST_ROOM = 2 ** 14;

export class History {
  #pages = new Uint32Array(FIRST_ROOM);
  #forms = new Uint8Array(FIRST_ROOM);
  #sizes = new Uint32Array(FIRST_ROOM);
  /** What happened, one of the EVENT_ numbers. */
  #events = new Uint8Array(FIRST_ROOM);
  #length = 0;
  /** The state before the first event that is kept. */
  #baseForms = new Uint8Array(0);
  #baseSizes = new Uint32Array(0);

  get length(): number {
    return this.#length;
  }

  /** Begins anew. @param expected events that will come at least, so that columns need not grow */
  reset(expected: number): void {
    this.#length = 0;
    if (expected > this.#pages.length) this.#grow(Math.min(expected, MOST_EVENTS));
    this.#baseForms = new Uint8Array(0);
    this.#baseSizes = new Uint32Array(0);
  }

  add(pages: Uint32Array, forms: Uint8Array, sizes: Uint32Array, event: number): void {
    if (this.#length + pages.length > MOST_EVENTS) this.#fold();
    if (this.#length + pages.length > this.#pages.length) this.#grow(pages.length);
    this.#pages.set(pages, this.#length);
    this.#forms.set(forms, this.#length);
    this.#sizes.set(sizes, this.#length);
    this.#events.fill(event, this.#length, this.#length + pages.length);
    this.#length += pages.length;
  }

  /** The state before the first event, as far as it is not "nothing held". */
  get base(): { readonly forms: Uint8Array; readonly sizes: Uint32Array } {
    return { forms: this.#baseForms, sizes: this.#baseSizes };
  }

  /** Calls `take` with the events from `from` up to, not including, `to`. */
  play(
    from: number,
    to: number,
    take: (page: number, form: number, size: number, event: number) => void,
  ): void {
    for (let index = from; index < Math.min(to, this.#length); index++) {
      take(
        this.#pages[index] as number,
        this.#forms[index] as number,
        this.#sizes[index] as number,
        this.#events[index] as number,
      );
    }
  }

  #grow(more: number): void {
    const room = Math.min(MOST_EVENTS, Math.max(this.#pages.length * 2, this.#length + more));
    const grown = <Column extends Uint8Array | Uint32Array>(column: Column, fresh: Column) => {
      fresh.set(column.subarray(0, this.#length));
      return fresh;
    };
    this.#pages = grown(this.#pages, new Uint32Array(room));
    this.#forms = grown(this.#forms, new Uint8Array(room));
    this.#sizes = grown(this.#sizes, new Uint32Array(room));
    this.#events = grown(this.#events, new Uint8Array(room));
  }

  /** Lays the older half into the base state. */
  #fold(): void {
    const half = this.#length >>> 1;
    let most = this.#baseForms.length;
    for (let index = 0; index < half; index++) {
      most = Math.max(most, (this.#pages[index] as number) + 1);
    }
    const forms = new Uint8Array(most);
    const sizes = new Uint32Array(most);
    forms.set(this.#baseForms);
    sizes.set(this.#baseSizes);
    this.play(0, half, (page, form, size) => {
      forms[page] = form;
      sizes[page] = size;
    });
    this.#baseForms = forms;
    this.#baseSizes = sizes;
    this.#pages.copyWithin(0, half, this.#length);
    this.#forms.copyWithin(0, half, this.#length);
    this.#sizes.copyWithin(0, half, this.#length);
    this.#events.copyWithin(0, half, this.#length);
    this.#length -= half;
  }
}
