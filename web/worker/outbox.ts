/**
 * Collects what has changed and sends it to the page in columns, not more often than frames need.
 *
 * Invariant: a page that changes twice before a message goes out is in it twice, with its last
 * form: the order of events is kept, the columns say how it is now.
 */
import { type Answer } from "../protocol.ts";
import { type Session } from "./session.ts";

/** Milliseconds between two messages. */
const INTERVAL_MS = 40;
/** A message is sent early when it has so many pages, so that the page's work on it stays short. */
const MOST_PAGES = 8192;
/** Milliseconds between two looks at the size classes while a run is going on. */
const CLASSES_INTERVAL_MS = 600;

export class Outbox {
  readonly #session: Session;
  #run: number;
  readonly #send: (message: Answer, transfer: Transferable[]) => void;
  #parts: Uint32Array[] = [];
  #count = 0;
  #event = 0;
  #lastSent = -Infinity;
  #lastClasses = performance.now();

  constructor(
    session: Session,
    run: number,
    send: (message: Answer, transfer: Transferable[]) => void,
  ) {
    this.#session = session;
    this.#run = run;
    this.#send = send;
  }

  /** A newer run has begun and ended before it had a pool: what happens to this one goes under its number. */
  renumber(run: number): void {
    this.#run = run;
  }

  /** @param progress share of the run that is done, 0 to 1 */
  add(event: number, pages: Uint32Array, progress: number): void {
    if (event !== this.#event) this.flush(progress);
    this.#event = event;
    this.#parts.push(pages);
    this.#count += pages.length;
    const now = performance.now();
    if (now - this.#lastSent >= INTERVAL_MS || this.#count >= MOST_PAGES) this.flush(progress);
    if (now - this.#lastClasses >= CLASSES_INTERVAL_MS) {
      this.#lastClasses = now;
      this.#send({ kind: "classes", run: this.#run, rows: this.#session.classes() }, []);
    }
  }

  /** Sends what has been collected. */
  flush(progress: number): void {
    if (this.#count === 0) return;
    const pages = new Uint32Array(this.#count);
    let at = 0;
    for (const part of this.#parts) {
      pages.set(part, at);
      at += part.length;
    }
    const forms = new Uint8Array(this.#count);
    const sizes = new Uint32Array(this.#count);
    for (let index = 0; index < this.#count; index++) {
      const page = pages[index] as number;
      forms[index] = this.#session.records.forms[page] as number;
      sizes[index] = this.#session.records.sizes[page] as number;
    }
    this.#parts = [];
    this.#count = 0;
    this.#lastSent = performance.now();
    const totals = this.#session.totals();
    const { buffer } = pages;
    this.#send(
      { kind: "batch", run: this.#run, event: this.#event, pages, forms, sizes, totals, progress },
      [buffer, forms.buffer, sizes.buffer],
    );
  }
}
