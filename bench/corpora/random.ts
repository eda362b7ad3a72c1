/**
 * The one source of chance in the benches: a small generator whose seed is stated.
 *
 * What: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state, seeded from one number.
 *
 * Why so: Math.random can't be seeded, and a corpus or an access pattern that differs between runs
 * makes figures incomparable. It uses 32-bit integer arithmetic only, so every engine gives the same
 * sequence.
 */

/** A seeded sequence. */
export interface Random {
  /** The next 32 bits, 0 to 2^32 - 1. */
  bits(): number;
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number;
  /** A number from 0 (possible) to 1 (not). */
  fraction(): number;
}

/** @param seed any integer; equal seeds give equal sequences */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = seed | 0;
  let c = Math.floor(seed / 0x1_0000_0000) | 0;
  let counter = 1;
  const bits = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + result) | 0;
    return result >>> 0;
  };
  for (let round = 0; round < 12; round++) bits();
  return {
    bits,
    below: (limit) => Math.floor((bits() / 0x1_0000_0000) * limit),
    fraction: () => bits() / 0x1_0000_0000,
  };
}

/** Puts the items into a random order, in place (Fisher-Yates). */
export function shuffle<T extends { length: number; [index: number]: unknown }>(
  items: T,
  random: Random,
): T {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = items[last];
    items[last] = items[other];
    items[other] = kept;
  }
  return items;
}

/** `length` bytes that no codec can compress. */
export function randomBytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let at = 0; at < words.length; at++) words[at] = random.bits();
  return new Uint8Array(words.buffer, 0, length);
}
