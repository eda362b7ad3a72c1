/**
 * The headline: one sentence, what it comes to, and two bars, the data as it was above the memory that
 * zmem holds for it.
 *
 * Why so: whoever has ten seconds reads the sentence and sees a long bar above a short one.
 */
import { type Totals } from "../protocol.ts";
import { element, write } from "./elements.ts";
import { throughputOf, toRatio } from "./figures.ts";
import { bytesToUnits, rateToText } from "./units.ts";

export class Headline {
  readonly #sentence = element("headline");
  readonly #saved = element("saved");
  readonly #bars = element("saving");
  readonly #kept = element("kept-bytes");
  readonly #held = element("held-bytes");

  /** A run begins: nothing is known of it. */
  clear(): void {
    write(this.#sentence, "Nothing is stored yet.");
    write(this.#saved, "");
    write(this.#kept, "");
    write(this.#held, "");
    for (const name of ["kept", "held", "payload"]) this.#bars.style.setProperty(`--${name}`, "0");
  }

  show(totals: Totals): void {
    const { keptBytes, heldBytes, payloadBytes } = totals;
    write(this.#sentence, toSentence(totals));
    write(this.#saved, toSaving(totals));
    write(this.#kept, bytesToUnits(keptBytes));
    write(this.#held, bytesToUnits(heldBytes));
    const whole = Math.max(keptBytes, heldBytes, 1);
    const share = (bytes: number): string => (bytes / whole).toFixed(4);
    this.#bars.style.setProperty("--payload", share(payloadBytes));
    this.#bars.style.setProperty("--held", share(heldBytes));
    this.#bars.style.setProperty("--kept", share(keptBytes));
  }
}

function toSentence({ keptBytes, heldBytes, pages }: Totals): string {
  if (pages === 0) return "Nothing is stored yet.";
  return `${bytesToUnits(keptBytes)} of data in ${bytesToUnits(heldBytes)} of memory`;
}

function toSaving(totals: Totals): string {
  const { keptBytes, heldBytes, pages, workers } = totals;
  if (pages === 0) return "";
  const ratio = toRatio(totals);
  const saved = keptBytes - heldBytes;
  const said =
    saved <= 0 || ratio === null
      ? "Nothing is saved here"
      : `${bytesToUnits(saved)} saved: memory holds ${ratio.toFixed(ratio < 10 ? 1 : 0)} times as much`;
  const rate = throughputOf(totals);
  if (rate === null) return `${said}.`;
  return `${said}, at ${rateToText(rate)} with ${workers === 1 ? "one worker" : `${workers} workers`}.`;
}
