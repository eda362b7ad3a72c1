/**
 * Pages that say what they are: key, tick of their put, a checksum over all words.
 *
 * Kinds: small and larger blocks, raw, and one repeated word (two forms), whose word carries the
 * key and as much of the tick as it has room for.
 */

const MAGIC = 0x5a4d_454d;

/** A page made of 32-bit words, and what it was made of. */
export interface PageIdentity {
  key: number;
  began: number;
}

/** Fills a page in. @param kind 0 to 5 */
export function fillPage(words: Int32Array, key: number, began: number, kind: number): void {
  const length = words.length;
  if (kind === 4) {
    // One 32-bit word: 9 bits of key, 23 of tick.
    words.fill((key << 23) | (began & 0x7f_ffff));
    return;
  }
  if (kind === 5) {
    for (let at = 0; at < length; at += 2) {
      words[at] = ~key;
      words[at + 1] = began;
    }
    return;
  }
  let state = (Math.imul(began, 0x9e37_79b1) ^ Math.imul(key + 1, 0x85eb_ca6b)) | 1;
  words[0] = MAGIC;
  words[1] = key;
  words[2] = began;
  // 1 of 64 words is new, 1 of 8, 1 of 2, or all.
  const mask = [63, 7, 1, 0][kind] as number;
  for (let at = 3; at < length - 1; at++) {
    if ((at & mask) === 0) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
    }
    words[at] = mask === 0 || (at & mask) === 0 ? state : began;
  }
  words[length - 1] = checksum(words);
}

/** @returns undefined for a page that none of these could be: torn or mangled */
export function identifyPage(words: Int32Array): PageIdentity | undefined {
  const length = words.length;
  const [first, second, third] = words as unknown as [number, number, number];
  if (first === MAGIC) {
    return words[length - 1] === checksum(words) ? { key: second, began: third } : undefined;
  }
  if (first === second) {
    for (let at = 0; at < length; at++) if (words[at] !== first) return undefined;
    return { key: first >>> 23, began: first & 0x7f_ffff };
  }
  for (let at = 0; at < length; at += 2) {
    if (words[at] !== first || words[at + 1] !== second) return undefined;
  }
  return { key: ~first, began: second };
}

function checksum(words: Int32Array): number {
  let sum = 0x1234_5678;
  for (let at = 0; at < words.length - 1; at++) {
    sum = Math.imul(sum ^ (words[at] as number), 0x0100_0193);
  }
  return sum;
}
