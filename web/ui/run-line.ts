/**
 * The line that says how the run goes: in words, by a bar, with pause and cancel, and the places for
 * errors and notes.
 */
import { type Totals } from "../protocol.ts";
import { element } from "./elements.ts";
import { countToText, durationToText } from "./units.ts";

export class RunLine {
  readonly #status = element("status");
  readonly #error = element("error");
  readonly #note = element("note");
  readonly #bar = element<HTMLProgressElement>("progress");
  readonly #pause = element("pause");
  readonly #cancel = element("cancel");
  readonly #restart = element("restart");
  #name = "";
  #sample = "";
  #running = false;
  #paused = false;

  /** Whether a run goes on. */
  get isRunning(): boolean {
    return this.#running;
  }

  /** A run was asked for. */
  begin(name: string): void {
    this.#name = name;
    this.#sample = "";
    this.#error.hidden = true;
    this.#note.hidden = true;
    this.#status.textContent = `${name}: preparing …`;
    this.#bar.removeAttribute("value");
    this.#bar.classList.remove("idle");
    this.#setRunning(true);
  }

  /** Pages will come. */
  started(pages: number, sourcePages: number): void {
    if (sourcePages > pages) {
      this.#sample = `, a sample of ${countToText(pages)} of its ${countToText(sourcePages)} pages`;
    }
    this.#bar.value = 0;
    this.#status.textContent = `${this.#name}${this.#sample}: putting …`;
  }

  /** @param share 0 to 1 */
  progress(share: number): void {
    if (this.#running) this.#bar.value = share;
  }

  /** @param open whether pages go on coming by hand */
  end(totals: Totals, cancelled: boolean, open: boolean): void {
    const pages = countToText(totals.pages);
    const time = durationToText(totals.elapsedMs);
    this.#status.textContent = open
      ? `${this.#name}: draw, and every changed tile is put, got back and compared.`
      : cancelled
        ? `${this.#name}: cancelled after ${pages} pages; what was put is here to be looked at.`
        : `${this.#name}${this.#sample}: ${pages} pages in ${time}, ${toOutcome(totals)}.`;
    this.#bar.value = 1;
    this.#bar.classList.add("idle");
    this.#setRunning(false);
  }

  /** An action works on the pool of a run that is over: it can be cancelled as well. */
  acting(): void {
    if (this.#running) return;
    this.#bar.removeAttribute("value");
    this.#bar.classList.remove("idle");
    this.#cancel.hidden = false;
  }

  /** The action is over. */
  acted(): void {
    if (this.#running) return;
    this.#bar.value = 1;
    this.#bar.classList.add("idle");
    this.#cancel.hidden = true;
  }

  /** Cancelled before there was anything to show: what was there before is still there. */
  dropped(): void {
    this.#status.textContent = `${this.#name}: cancelled before the first page; what is shown is what was here before.`;
    this.#bar.value = 0;
    this.#bar.classList.add("idle");
    this.#setRunning(false);
  }

  /** What went wrong with something done to a run that is over; the run stays as it was. */
  complain(message: string): void {
    this.#error.textContent = message;
    this.#error.hidden = false;
    this.acted();
  }

  /** What went wrong, in plain words. */
  fail(message: string): void {
    this.#error.textContent = message;
    this.#error.hidden = false;
    this.#status.textContent = this.#name === "" ? "Nothing runs." : `${this.#name}: not finished.`;
    this.#bar.value = 0;
    this.#bar.classList.add("idle");
    this.#setRunning(false);
  }

  /** What should be known, though the run goes on. */
  note(message: string): void {
    this.#note.textContent = message;
    this.#note.hidden = false;
  }

  /** Of a run that goes on. @returns whether it is paused now */
  togglePause(): boolean {
    this.#paused = !this.#paused;
    this.#pause.textContent = this.#paused ? "Go on" : "Pause";
    const verb = this.#paused ? "paused" : "putting …";
    this.#status.textContent = `${this.#name}${this.#sample}: ${verb}`;
    return this.#paused;
  }

  #setRunning(running: boolean): void {
    this.#running = running;
    this.#paused = false;
    this.#pause.textContent = "Pause";
    this.#pause.hidden = !running;
    this.#cancel.hidden = !running;
    this.#restart.hidden = running;
  }
}

function toOutcome({ rejectedPages }: Totals): string {
  return rejectedPages === 0
    ? "every page came back as it was"
    : `${countToText(rejectedPages)} of them rejected, every other came back as it was`;
}
