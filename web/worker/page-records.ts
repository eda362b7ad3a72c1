/**
 * What the worker knows of each page of a run, in columns: how it is held, bytes of its block, when
 * and how often it was put, whether its last put was rejected.
 *
 * Invariant: forms and sizes are what the backend says of a page, never what was expected.
 */
import { type PageInfo } from "../../src/index.ts";
import {
  FORM_ABSENT,
  FORM_COMPRESSED,
  FORM_ON_DEVICE,
  FORM_RAW,
  FORM_REJECTED,
  FORM_SAME_FILLED,
} from "../protocol.ts";

const MOST_PUTS = 0xffff;

export class PageRecords {
  readonly forms: Uint8Array;
  readonly sizes: Uint32Array;
  readonly #putAtMs: Float32Array;
  readonly #putCounts: Uint16Array;
  readonly #rejected = new Set<number>();
  #touched = 0;
  #rejectCount = 0;

  /** @param pages how many there can be */
  constructor(pages: number) {
    this.forms = new Uint8Array(pages);
    this.sizes = new Uint32Array(pages);
    this.#putAtMs = new Float32Array(pages);
    this.#putCounts = new Uint16Array(pages);
  }

  /** Pages that were put, each counted once. */
  get touched(): number {
    return this.#touched;
  }

  /** Pages whose last put was rejected. */
  get rejectedPages(): number {
    return this.#rejected.size;
  }

  /** Rejected puts since the start. */
  get rejectCount(): number {
    return this.#rejectCount;
  }

  /** Pages were put. @param rejected those of them that nobody took */
  notePuts(pages: Uint32Array, rejected: Uint32Array, atMs: number): void {
    for (const page of pages) {
      if (this.#putCounts[page] === 0) this.#touched += 1;
      this.#putCounts[page] = Math.min((this.#putCounts[page] as number) + 1, MOST_PUTS);
      this.#putAtMs[page] = atMs;
      if (this.#rejected.size > 0) this.#rejected.delete(page);
    }
    for (const page of rejected) this.#rejected.add(page);
    this.#rejectCount += rejected.length;
  }

  /** @param info what the backend says; @param isHeld whether it is there, if only on a device */
  noteForm(page: number, info: PageInfo | undefined, isHeld: boolean): void {
    this.sizes[page] = info?.payloadBytes ?? 0;
    if (info === undefined) {
      if (this.#rejected.has(page)) this.forms[page] = FORM_REJECTED;
      else this.forms[page] = isHeld ? FORM_ON_DEVICE : FORM_ABSENT;
    } else if (info.form === "sameFilled") this.forms[page] = FORM_SAME_FILLED;
    else this.forms[page] = info.form === "raw" ? FORM_RAW : FORM_COMPRESSED;
  }

  /** Every page that was put and is held. */
  heldPages(): number[] {
    const held: number[] = [];
    for (let page = 0; page < this.forms.length; page++) {
      const form = this.forms[page];
      if (form !== FORM_ABSENT && form !== FORM_REJECTED) held.push(page);
    }
    return held;
  }

  /** When a page was last put, and how often. */
  putsOf(page: number): { readonly atMs: number; readonly count: number } {
    return { atMs: this.#putAtMs[page] ?? 0, count: this.#putCounts[page] ?? 0 };
  }
}
