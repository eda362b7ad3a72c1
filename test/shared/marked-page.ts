/**
 * Pages that say who wrote them, for which key, and whether they are whole.
 *
 * Layout, 32-bit words: type │ offset │ version │ content … │ checksum │ 0 or a mark for the backend
 * to reject it. A version is `seat:5 │ count:26`, and never 0, which stands for "no page".
 */
import type { Page } from "../../src/types.ts";
import { REJECTED } from "./array-backend.ts";

const COUNT_BITS = 26;

/** What a page turned out to be that is not what was put there. */
export const FOREIGN = -1;
export const TORN = -2;
export const UNWANTED = -3;

export function makeVersion(seat: number, count: number): number {
  if (count >>> COUNT_BITS !== 0) throw new RangeError(`version ${count} of a seat: too many`);
  return ((seat + 1) << COUNT_BITS) | count;
}

/** Whose version it is, from 0. */
export function seatOf(version: number): number {
  return (version >>> COUNT_BITS) - 1;
}

/** Fills a page; its content is of one of four kinds, by version. */
export function markPage(
  page: Page,
  type: number,
  offset: number,
  version: number,
  isUnwanted = false,
): void {
  const words = new Uint32Array(page.buffer, page.byteOffset, page.length / 4);
  const end = words.length - 2;
  words[0] = type;
  words[1] = offset;
  words[2] = version;
  const kind = version & 3;
  const random = kind === 3 ? end : kind === 2 ? end >>> 1 : 3;
  let state = Math.imul(version, 0x9e37_79b1) ^ offset;
  for (let at = 3; at < end; at++) {
    if (at < random) {
      state = Math.imul(state ^ (state >>> 15), 0x21f0_aaad) + 0x9e37_79b9;
      words[at] = state;
    } else words[at] = kind === 1 ? (at & 15) + version : version;
  }
  words[end] = sum(words, end);
  words[end + 1] = isUnwanted ? REJECTED << 24 : 0;
}

/** @returns the version of a page, or what is wrong with it, below 0 */
export function readMark(page: Page, type: number, offset: number): number {
  const words = new Uint32Array(page.buffer, page.byteOffset, page.length / 4);
  const end = words.length - 2;
  if (words[end] !== sum(words, end)) return TORN;
  if (words[0] !== type || words[1] !== offset) return FOREIGN;
  return words[end + 1] === 0 ? (words[2] as number) : UNWANTED;
}

function sum(words: Uint32Array, end: number): number {
  let state = 0x811c_9dc5;
  for (let at = 0; at < end; at++) state = Math.imul(state ^ (words[at] as number), 0x0100_0193);
  return state >>> 0;
}
