/**
 * Pages of a corpus, picked for a case.
 *
 * Why so: a case measures on a sample spread over the whole corpus, in the order in which the pages
 * lie there, and the same samples in every run. Same-filled pages cost a store nearly nothing and
 * would hide the codec, so cases that state a codec's speed leave them out.
 */
import type { Corpus } from "../corpora/corpus.ts";

/** A sample and what was left out of it. */
export interface PageSample {
  readonly pages: readonly Uint8Array[];
  readonly sameFilled: number;
}

/**
 * @param count the most pages to take, spread evenly
 * @param keepSameFilled takes pages that repeat one 8-byte word, too
 * @param phase 0 to 1: another one gives other pages where the corpus has more than `count`
 */
export function samplePages(
  corpus: Corpus,
  pageSize: number,
  count: number,
  keepSameFilled = false,
  phase = 0,
): PageSample {
  const available = Math.floor(corpus.bytes.length / pageSize);
  const step = Math.max(1, available / count);
  const pages: Uint8Array[] = [];
  let sameFilled = 0;
  for (let at = Math.floor(step * phase); at < available && pages.length < count; at += step) {
    const start = Math.floor(at) * pageSize;
    const page = corpus.bytes.subarray(start, start + pageSize);
    const isSame = isSameFilled(page);
    if (isSame) sameFilled += 1;
    if (!isSame || keepSameFilled) pages.push(page);
  }
  return { pages, sameFilled };
}

/** Whether a page repeats one 8-byte word. */
export function isSameFilled(page: Uint8Array): boolean {
  for (let at = 8; at < page.length; at++) if (page[at] !== page[at - 8]) return false;
  return true;
}

/** Whether two pages are equal; four bytes at a time where they lie so that one can. */
export function isEqual(first: Uint8Array, second: Uint8Array): boolean {
  if (first.length !== second.length) return false;
  if (((first.byteOffset | second.byteOffset | first.length) & 3) === 0) {
    const count = first.length >> 2;
    const [some, others] = [first, second].map(
      ({ buffer, byteOffset }) => new Uint32Array(buffer, byteOffset, count),
    ) as [Uint32Array, Uint32Array];
    for (let at = 0; at < count; at++) if (some[at] !== others[at]) return false;
    return true;
  }
  for (let at = 0; at < first.length; at++) if (first[at] !== second[at]) return false;
  return true;
}

/**
 * Puts pages under the keys 0 to n - 1 and gets each of them back, before anything is timed.
 *
 * @param get fills or replaces the page that it is given; undefined when there is none
 * @throws Error for a page that is rejected or comes back with other bytes
 */
export function fillAndCheck(
  pages: readonly Uint8Array[],
  put: (key: number, page: Uint8Array) => boolean,
  get: (key: number, into: Uint8Array) => Uint8Array | undefined,
): void {
  for (const [key, page] of pages.entries()) {
    if (!put(key, page)) throw new Error(`page ${key} was rejected`);
  }
  checkPages(pages, get);
}

/** The second half of `fillAndCheck`. */
export function checkPages(
  pages: readonly Uint8Array[],
  get: (key: number, into: Uint8Array) => Uint8Array | undefined,
): void {
  const into = new Uint8Array(pages[0]?.length ?? 0);
  for (const [key, page] of pages.entries()) {
    const found = get(key, into);
    if (found === undefined || !isEqual(found, page)) {
      throw new Error(`page ${key} came back with other bytes`);
    }
  }
}

/** "256 pages", with what was left out. */
export function describeSample({ pages, sameFilled }: PageSample): string {
  const left = sameFilled > 0 ? `, ${sameFilled} same-filled ones left out` : "";
  return `${pages.length} pages${left}`;
}
