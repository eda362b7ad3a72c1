/**
 * The buttons that do something to a pool, and the line below them that says what was done.
 *
 * Why so: without a pool, and from the moment at which another run was asked for until its pool is
 * there, nothing could come of a press; and one action works at a time, so that Cancel means that one.
 */
import { type PoolAction } from "../protocol.ts";
import { element } from "./elements.ts";

const ACTIONS = ["read", "forget", "compact", "trim", "recompress"] satisfies PoolAction[];

export class PoolActions {
  readonly #buttons = ACTIONS.map((action) => ({
    action,
    button: element<HTMLButtonElement>(`act-${action}`),
  }));
  readonly #said = element("acted");
  readonly #trimNote = element("trim-note");
  /** What is said before anything was done. */
  readonly #advice = this.#said.textContent ?? "";
  #hasPool = false;
  #isWorking = false;
  #isShared = false;
  /** Had the focus, which a button loses when it is switched off. */
  #focused: HTMLButtonElement | null = null;

  /** @param onAction is told of a press, and calls `end` when what it asks for is over */
  constructor(onAction: (action: PoolAction) => void) {
    for (const { action, button } of this.#buttons) {
      button.addEventListener("click", () => {
        this.#focused = document.activeElement === button ? button : null;
        this.#isWorking = true;
        this.#show();
        onAction(action);
      });
    }
    this.#show();
  }

  /** Whether there is a pool to work on; what was done to the one before is over. */
  setPool(hasPool: boolean): void {
    // What it has done so far is not what it has done.
    if (this.#isWorking && !hasPool) this.#said.textContent = this.#advice;
    this.#hasPool = hasPool;
    this.#isWorking = false;
    this.#show();
  }

  /** A run begins: nothing was done to its pool. @param isShared by workers: it can't be trimmed */
  begin(isShared: boolean): void {
    this.#said.textContent = this.#advice;
    this.#isShared = isShared;
    this.#trimNote.hidden = !isShared;
    this.setPool(true);
  }

  /** What the action has done so far. */
  say(text: string): void {
    this.#said.textContent = text;
  }

  /** The action is over. */
  end(): void {
    this.setPool(this.#hasPool);
    if (document.activeElement === document.body) this.#focused?.focus({ preventScroll: true });
    this.#focused = null;
  }

  #show(): void {
    for (const { action, button } of this.#buttons) {
      button.disabled = !this.#hasPool || this.#isWorking || (action === "trim" && this.#isShared);
    }
  }
}
