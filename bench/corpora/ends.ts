/**
 * The ends of the scale: sparse pages, which are nearly nothing, and random ones, which can't be
 * compressed at all.
 *
 * Sparse: a seventh of the pages is zero, the others hold one to twelve fragments of real data at
 * random places in a page of zeros: a disk image, an arena, a table that is mostly empty. Fragments
 * are 8 to about 1,000 bytes, short ones more often.
 */
import type { RawCorpus } from "./corpus.ts";
import { randomBytes, seededRandom } from "./random.ts";

const PAGE_BYTES = 4096;

/** @param material real data that the fragments are cut from */
export function makeSparse(wanted: number, material: Uint8Array): RawCorpus {
  const random = seededRandom(5);
  const bytes = new Uint8Array(wanted);
  for (let page = 0; page + PAGE_BYTES <= wanted; page += PAGE_BYTES) {
    if (random.below(7) === 0) continue;
    for (let fragments = 1 + random.below(12); fragments > 0; fragments--) {
      // Halving with every second coin gives many short fragments and few long ones.
      let length = 8 + random.below(1000);
      while (length > 16 && random.below(2) === 0) length = Math.ceil(length / 3);
      const to = random.below(PAGE_BYTES - length) & ~7;
      const from = random.below(material.length - length);
      bytes.set(material.subarray(from, from + length), page + to);
    }
  }
  return { bytes, source: "pages of zeros with a few fragments of the other corpora" };
}

/** Random bytes. */
export function makeRandom(wanted: number): RawCorpus {
  return { bytes: randomBytes(wanted, 6), source: "random bytes (sfc32)" };
}
