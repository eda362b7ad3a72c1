/**
 * What the workers of the tests are told, and the board on which they write what they have seen.
 *
 * Why so: a worker that is terminated can't report; what it has written to shared memory stays.
 */
import type { SharedAttachment } from "../../src/backends/shared.ts";
import type { WorkerTicket } from "../../src/shared/workers.ts";
import type { ArrayShape } from "./array-backend.ts";

/** How a worker reaches the backend. */
export type BackendLink =
  | { readonly kind: "array"; readonly memory: SharedArrayBuffer; readonly shape: ArrayShape }
  | { readonly kind: "zmem"; readonly attachment: SharedAttachment };

/** What a worker is to do. */
export interface LoadOrder {
  readonly mode: "random" | "history" | "own";
  /** 0 to SEATS - 1; a worker that takes the place of a dead one gets its seat. */
  readonly seat: number;
  readonly seed: number;
  readonly control: WebAssembly.Memory;
  readonly ticket: WorkerTicket;
  readonly link: BackendLink;
  readonly board: SharedArrayBuffer;
  readonly types: number;
  readonly pages: number;
  readonly pageSize: number;
  /** Calls to make; without end when 0: until the board says so. */
  readonly calls: number;
}

/** One call of a history, by the ticks of the board's clock. */
export interface HistoryEvent {
  readonly seat: number;
  readonly key: number;
  readonly verb: "put" | "get" | "flush" | "test" | "area";
  /** The version put. */
  readonly version: number;
  /** put, flush, test: 1 for true; get: the version got, 0 for none. */
  readonly result: number;
  readonly from: number;
  readonly to: number;
}

export const SEATS = 8;

/**
 * How long a worker of a test waits for a lock. Between a death and its reaping lie a few turns of
 * the main thread; among a hundred other threads that has taken more than the usual 5 s, and a worker
 * that gives up looks like one that has stopped.
 */
export const PATIENCE_MS = 120_000;

/** Words of the board. */
export const STOP = 0;
export const PAUSE = 1;
export const CLOCK = 2;
const SEAT_WORDS = 16;
const SEATS_AT = 16;

/** Words of a seat. */
export const KEPT = 0;
export const REFUSED = 1;
export const FOUND = 2;
export const FLUSHED = 3;
export const CALLS = 4;
/** Code of the first violation, and its key. */
export const VIOLATION = 5;
export const VIOLATION_KEY = 6;
/** 1 while it waits in a pause or has ended. */
export const QUIET = 7;
/** 1 + the key at work on in mode "own"; 0 for none. */
export const AT_WORK = 8;
export const AT_WORK_VERSION = 9;
/** Versions that the seat has given out; a successor goes on from there. */
export const VERSIONS = 10;

/** Violations beside those of marked-page.ts. */
export const STALE = 4;
export const OWN_LOST = 5;

export function seatWord(seat: number, word: number): number {
  return SEATS_AT + seat * SEAT_WORDS + word;
}

/** In mode "own": the version that a seat's put or flush of a key has left, 0 for none. */
export function ackWord(keys: number, seat: number, key: number): number {
  return SEATS_AT + SEATS * SEAT_WORDS + seat * keys + key;
}

/** A board for so many keys of each seat. */
export function createBoard(keys: number): SharedArrayBuffer {
  return new SharedArrayBuffer(ackWord(keys, SEATS, 0) * 4);
}
