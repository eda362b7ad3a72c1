/**
 * Negative memory: pages that did not compress, by key and fingerprint.
 *
 * Why so: a page that does not compress costs a put the most of all, and is rejected in the end; a
 * program that writes it again and again pays that each time (kernel users ask for this). A
 * fingerprint of eight words costs a hundredth of the attempt. It may take a changed page for the
 * old one: then that page goes to the device though it might have compressed, and nothing worse.
 *
 * Layout: a direct-mapped table of 32-bit words; a later key displaces an earlier one. A word is
 * the hash of key and sampled words, never 0; 0 is empty.
 */
import type { Page } from "./types.ts";

const DEFAULT_ENTRIES = 4096;
const SAMPLED_WORDS = 8;

/** Remembers keys whose page was rejected as incompressible. */
export class NegativeMemory {
  readonly #table: Uint32Array;

  /** @param entries a power of two; 4096 (16 KiB) when left out */
  constructor(entries: number = DEFAULT_ENTRIES) {
    if (!Number.isInteger(entries) || entries < 1 || (entries & (entries - 1)) !== 0) {
      throw new RangeError(
        `rememberIncompressible: expected a power of two, got ${String(entries)}`,
      );
    }
    this.#table = new Uint32Array(entries);
  }

  /** Whether this page, as far as can be told, was noted under its key. */
  has(type: number, offset: number, page: Page): boolean {
    const key = hashKey(type, offset);
    const noted = this.#table[this.#place(key)];
    // Most places are empty: the page is not even looked at then.
    return noted !== 0 && noted === fingerprint(key, page);
  }

  /** Notes that the page was rejected. */
  note(type: number, offset: number, page: Page): void {
    const key = hashKey(type, offset);
    this.#table[this.#place(key)] = fingerprint(key, page);
  }

  /** Forgets all: the bound that pages were rejected by has changed. */
  clear(): void {
    this.#table.fill(0);
  }

  #place(key: number): number {
    return key & (this.#table.length - 1);
  }
}

function hashKey(type: number, offset: number): number {
  return mix(Math.imul(type + 1, 0x9e37_79b1) ^ offset);
}

/** Words spread over the page, at places that differ in their distance to the next boundary. */
function fingerprint(key: number, page: Page): number {
  const stride = page.length / SAMPLED_WORDS;
  let hash = key;
  for (let index = 0; index < SAMPLED_WORDS; index++) {
    const at = index * stride + ((index * 52) & 0x1fc);
    const low = (page[at] as number) | ((page[at + 1] as number) << 8);
    const high = (page[at + 2] as number) | ((page[at + 3] as number) << 8);
    hash = mix(hash ^ (low | (high << 16)));
  }
  return hash === 0 ? 1 : hash >>> 0;
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0_aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
