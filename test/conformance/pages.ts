/**
 * Pages to keep, of the kinds that a backend treats differently, made from a seed.
 *
 * Why so: a failed test prints its seed, and the same seed makes the same pages in Node and in the
 * browser. Every page carries its seed, so pages of different seeds differ (but zero pages do not).
 */
import type { Page } from "../../src/types.ts";

/** The kinds, from the cheapest to keep to the dearest. */
export const PAGE_KINDS = [
  "zero",
  "word32",
  "word64",
  "sparse",
  "words",
  "longWords",
  "text",
  "random",
] as const;

export type PageKind = (typeof PAGE_KINDS)[number];

/** Whether a page of a kind repeats one word: what is written into it would make it another kind. */
export function isSameFilledKind(kind: PageKind): boolean {
  return kind === "zero" || kind === "word32" || kind === "word64";
}

/** Numbers from a seed. */
export interface Random {
  /** An unsigned 32-bit number. */
  next(): number;
  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number;
}

/** A small generator with a period of 2^32: an increment, mixed so that neighbours differ. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  return { next, below: (bound) => Math.floor((next() / 0x1_0000_0000) * bound) };
}

const WORDS =
  "page swap type offset pool size class zspage object handle fullness group block sequence token " +
  "literals match writeback limit ratio memory held put get flush area";
const VOCABULARY = WORDS.split(" ");

/** Fills `page` with content of a kind. */
export function fillPage(page: Page, kind: PageKind, seed: number): void {
  const random = createRandom(seed);
  const words = new Uint32Array(page.byteLength / 4);
  if (kind === "word32") words.fill(random.next() | 1);
  if (kind === "word64") {
    const low = random.next();
    for (let at = 0; at < words.length; at += 2) {
      words[at] = low;
      words[at + 1] = ~low;
    }
  }
  if (kind === "sparse") {
    for (let count = 0; count < 8; count++) words[random.below(words.length)] = random.next() | 1;
  }
  if (kind === "words") fillWords(words, 1, random);
  if (kind === "longWords") fillWords(words, 2, random);
  if (kind === "random") {
    for (let at = 0; at < words.length; at++) words[at] = random.next();
  }
  if (kind === "text") {
    fillText(new Uint8Array(words.buffer), random);
    words[0] = seed;
  }
  page.set(new Uint8Array(words.buffer));
}

/** A new page of a kind. */
export function makePage(kind: PageKind, seed: number, pageSize: number): Page {
  const page = new Uint8Array(pageSize);
  fillPage(page, kind, seed);
  return page;
}

/** Words of a palette whose upper halves agree, half of them like the one before: a heap, or pixels. */
function fillWords(words: Uint32Array, wordSize: number, random: Random): void {
  const upper = random.next() & 0xffff_0000;
  const palette = Uint32Array.from({ length: 64 }, () => upper | (random.next() & 0xffff));
  for (let at = 0; at < words.length; at += wordSize) {
    const isRepeated = at > 0 && random.below(2) === 0;
    words[at] = isRepeated
      ? (words[at - wordSize] as number)
      : (palette[random.below(64)] as number);
    if (wordSize === 2) words[at + 1] = upper >>> 16;
  }
}

function fillText(bytes: Uint8Array, random: Random): void {
  let at = 0;
  while (at < bytes.length) {
    const word = VOCABULARY[random.below(VOCABULARY.length)] ?? "";
    for (let letter = 0; letter < word.length && at < bytes.length; letter++) {
      bytes[at++] = word.charCodeAt(letter);
    }
    if (at < bytes.length) bytes[at++] = 0x20;
  }
}
