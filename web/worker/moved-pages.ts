/**
 * Which pages writeback has moved to the device, in a pool that several workers share: it counts them
 * and tells nobody which they are.
 *
 * Why so: any worker's put may move pages of all. So pages that were in the pool are looked for, some
 * thousands at a time in turn while a run goes on, and all of them at its end.
 */
import { type PageInfo } from "../../src/index.shared.ts";
import { FORM_ABSENT, FORM_ON_DEVICE, FORM_REJECTED } from "../protocol.ts";

/** A millisecond or two. */
const PAGES_AT_ONCE = 8192;

export class MovedPages {
  readonly #inspect: (page: number) => PageInfo | undefined;
  #next = 0;

  /** @param inspect how the pool holds a page; undefined for one that it doesn't */
  constructor(inspect: (page: number) => PageInfo | undefined) {
    this.#inspect = inspect;
  }

  /**
   * @param forms of all pages, as they were when each was last looked at
   * @param all looks through every page, not only at those whose turn it is
   * @returns pages that are in the pool no more
   */
  find(forms: Uint8Array, all: boolean): Uint32Array {
    const moved: number[] = [];
    const count = all ? forms.length : Math.min(forms.length, PAGES_AT_ONCE);
    for (let looked = 0; looked < count; looked++) {
      const page = this.#next;
      this.#next = (page + 1) % forms.length;
      const form = forms[page];
      if (form === FORM_ABSENT || form === FORM_REJECTED || form === FORM_ON_DEVICE) continue;
      if (this.#inspect(page) === undefined) moved.push(page);
    }
    return Uint32Array.from(moved);
  }
}
