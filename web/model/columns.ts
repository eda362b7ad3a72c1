/**
 * What the page knows of each page of the run: two columns, and the counts that follow from them.
 *
 * Why so: a million pages are two typed arrays; counts and histogram are kept up by the difference
 * that each change makes, so a batch costs the pages in it and nothing else.
 *
 * Invariant: the histogram has every compressed or raw page once, in the bin of its present size.
 */
import { FORM_COMPRESSED, FORM_COUNT, FORM_RAW } from "../protocol.ts";

/** Bins of the histogram: each is a 64th of the page size wide. */
export const HISTOGRAM_BINS = 64;

/** Pages that have changed, in the order in which they did: how each is held now, and was before. */
export interface Change {
  readonly pages: Uint32Array;
  readonly forms: Uint8Array;
  readonly sizes: Uint32Array;
  readonly formsBefore: Uint8Array;
  readonly sizesBefore: Uint32Array;
  /** Whether there are more pages than before. */
  readonly isGrown: boolean;
}

export class Columns {
  pageSize = 4096;
  /** Pages that have a cell: a number above every page that is known. */
  pages = 0;
  forms = new Uint8Array(0);
  sizes = new Uint32Array(0);
  readonly counts = new Uint32Array(FORM_COUNT);
  readonly histogram = new Uint32Array(HISTOGRAM_BINS);

  /** Begins anew with room for so many pages. */
  reset(pages: number, pageSize: number): void {
    this.pages = pages;
    this.pageSize = pageSize;
    this.forms = new Uint8Array(pages);
    this.sizes = new Uint32Array(pages);
    this.counts.fill(0);
    this.counts[0] = pages;
    this.histogram.fill(0);
  }

  /** Takes a batch. */
  apply(pages: Uint32Array, forms: Uint8Array, sizes: Uint32Array): Change {
    const pagesBefore = this.pages;
    const formsBefore = new Uint8Array(pages.length);
    const sizesBefore = new Uint32Array(pages.length);
    for (let index = 0; index < pages.length; index++) {
      const page = pages[index] as number;
      if (page >= this.pages) this.#grow(page + 1);
      const form = forms[index] as number;
      const size = sizes[index] as number;
      const formBefore = this.forms[page] as number;
      const sizeBefore = this.sizes[page] as number;
      formsBefore[index] = formBefore;
      sizesBefore[index] = sizeBefore;
      this.#count(formBefore, sizeBefore, -1);
      this.#count(form, size, 1);
      this.forms[page] = form;
      this.sizes[page] = size;
    }
    const isGrown = this.pages > pagesBefore;
    return { pages, forms, sizes, formsBefore, sizesBefore, isGrown };
  }

  #count(form: number, size: number, change: number): void {
    this.counts[form] = (this.counts[form] as number) + change;
    if (form !== FORM_COMPRESSED && form !== FORM_RAW) return;
    const bin = Math.min(Math.floor((size * HISTOGRAM_BINS) / this.pageSize), HISTOGRAM_BINS - 1);
    this.histogram[bin] = (this.histogram[bin] as number) + change;
  }

  #grow(pages: number): void {
    if (pages > this.forms.length) {
      const room = Math.max(pages, Math.ceil(this.forms.length * 1.5));
      const forms = new Uint8Array(room);
      const sizes = new Uint32Array(room);
      forms.set(this.forms);
      sizes.set(this.sizes);
      this.forms = forms;
      this.sizes = sizes;
    }
    this.counts[0] = (this.counts[0] as number) + (pages - this.pages);
    this.pages = pages;
  }
}
