/**
 * What a corpus is, and what all generators share.
 *
 * What: bytes of one kind of data, cut into pages by whoever measures; a checksum; and whether the
 * checksum must be the same on every machine.
 *
 * Why so: corpora are made of *runs* of 64 KiB, the largest page, taken at run-aligned places of
 * their source and put into a seeded order. Pages of every size then lie whole inside one piece of
 * real data, and a part of a corpus is as representative as all of it.
 *
 * Invariants: the length is a multiple of 64 KiB; no run of a source is taken twice.
 */
import { seededRandom, shuffle } from "./random.ts";

/** Bytes of a run: the largest page. */
export const RUN_BYTES = 65536;

/** The seed of the order of runs. */
export const SAMPLE_SEED = 1;

/** The version of all generators; a change in what one of them makes raises it. */
export const CORPORA_VERSION = 4;

/** `real`: data that programs made; the ends of the scale are `synthetic`; `mix` joins all. */
export type CorpusKind = "real" | "synthetic" | "mix" | "user";

/** One corpus. */
export interface Corpus {
  readonly name: string;
  readonly kind: CorpusKind;
  /** What it was made of, one line for the reader of a report. */
  readonly source: string;
  readonly bytes: Uint8Array;
  /** FNV-1a over the bytes taken as 32-bit words, 8 hexadecimal digits. */
  readonly checksum: string;
  /** Whether another machine with the same packages gets the same checksum. */
  readonly deterministic: boolean;
}

/** What a generator gives, before it is cut and checked. */
export interface RawCorpus {
  readonly bytes: Uint8Array;
  readonly source: string;
}

/** Thrown where a corpus can't be made; the message says what is missing. */
export class CorpusError extends Error {
  override readonly name = "CorpusError";
}

/** Checksum for comparing corpora between machines; not for security. */
export function checksum(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  const whole = bytes.length & ~3;
  const words = new Uint32Array(
    bytes.byteOffset % 4 === 0 ? bytes.buffer : bytes.slice().buffer,
    bytes.byteOffset % 4 === 0 ? bytes.byteOffset : 0,
    whole / 4,
  );
  for (let at = 0; at < words.length; at++) {
    hash = Math.imul(hash ^ (words[at] as number), 0x01000193);
    hash ^= hash >>> 15;
  }
  for (let at = whole; at < bytes.length; at++) {
    hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/**
 * Takes whole runs of a source in a seeded order.
 *
 * @param wanted bytes; fewer come back when the source is shorter
 */
export function sampleRuns(source: Uint8Array, wanted: number, seed: number): Uint8Array {
  const runs = Math.floor(source.length / RUN_BYTES);
  const order = shuffle(
    Uint32Array.from({ length: runs }, (_, run) => run),
    seededRandom(seed),
  );
  const count = Math.min(runs, Math.floor(wanted / RUN_BYTES));
  const bytes = new Uint8Array(count * RUN_BYTES);
  for (let index = 0; index < count; index++) {
    const start = (order[index] as number) * RUN_BYTES;
    bytes.set(source.subarray(start, start + RUN_BYTES), index * RUN_BYTES);
  }
  return bytes;
}

/** Joins pieces into one array. */
export function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** The name, or where it is taken the name with a number: "data", "data-2". */
export function uniqueName(name: string, taken: { has(name: string): boolean }): string {
  let unique = name;
  for (let number = 2; taken.has(unique); number++) unique = `${name}-${number}`;
  return unique;
}
