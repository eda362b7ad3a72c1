/**
 * Views on the pages of a range that a program hands over: one per page, made once per array.
 *
 * Why so: a verb takes a page as an array of its own, and a new view costs about 100 ns and garbage:
 * 0.02 of a put, 0.1 of a get, a third of either where the page is same-filled. A program that passes
 * the same array again, as a buffer of I/O is, pays for its views once.
 *
 * Refused: a window of 16 pages in linear memory and one call into wasm for all of them. Against a
 * call per page from kept views it took 0.99 to 1.01 of the time for puts and 0.97 to 1.02 for gets,
 * 0.97 and 0.92 where pages are same-filled (64 pages of 4 KiB, code and text, Node 20.20, 2026-11).
 * It would cost each pool that uses it 64 KiB, and could not serve hooks and devices, which see every
 * page before the next one is put.
 *
 * Invariants: the views of an array go when it goes. Page i of an array is always the same bytes; one
 * whose buffer is detached has no pages, and is refused before it gets here.
 */
import type { Page } from "./types.ts";

/** A view takes about 150 bytes: so many are at most 38 KiB for an array of 1 MiB or more. */
const MOST_KEPT = 256;

/** The pages of one array, one behind the other. */
export class ArrayPages {
  readonly #bytes: Uint8Array;
  readonly #pageSize: number;
  readonly #views: Page[] = [];

  constructor(bytes: Uint8Array, pageSize: number) {
    this.#bytes = bytes;
    this.#pageSize = pageSize;
  }

  /** The view on a page; the same one each time, but for those far behind in a long array. */
  at(index: number): Page {
    return this.#views[index] ?? this.#makeView(index);
  }

  #makeView(index: number): Page {
    const view = this.#bytes.subarray(index * this.#pageSize, (index + 1) * this.#pageSize);
    // Without holes: V8 keeps such an array in its fast form.
    if (index === this.#views.length && index < MOST_KEPT) this.#views.push(view);
    return view;
  }
}

/** The pages of all arrays that were handed over and still live. */
export class PageViews {
  readonly #pageSize: number;
  readonly #arrays = new WeakMap<Uint8Array, ArrayPages>();

  /** @param pageSize bytes of one page */
  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** @param bytes a multiple of the page size, attached */
  of(bytes: Uint8Array): ArrayPages {
    let pages = this.#arrays.get(bytes);
    if (pages === undefined)
      this.#arrays.set(bytes, (pages = new ArrayPages(bytes, this.#pageSize)));
    return pages;
  }
}
