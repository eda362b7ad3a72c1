/**
 * Tabs after the pattern of the ARIA Authoring Practices: arrows move between them, one is a stop
 * of the Tab key.
 */
import { type Tab, TABS } from "../model/link.ts";
import { element } from "./elements.ts";

export class Tabs {
  readonly #onShow: (tab: Tab) => void;

  constructor(onShow: (tab: Tab) => void) {
    this.#onShow = onShow;
    for (const [index, tab] of TABS.entries()) {
      const button = element(`tab-${tab}`);
      button.addEventListener("click", () => this.show(tab));
      button.addEventListener("keydown", (event) => {
        const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (step === 0) return;
        event.preventDefault();
        const next = TABS[(index + step + TABS.length) % TABS.length] as Tab;
        this.show(next);
        element(`tab-${next}`).focus();
      });
    }
  }

  show(shown: Tab): void {
    for (const tab of TABS) {
      const button = element(`tab-${tab}`);
      button.setAttribute("aria-selected", String(tab === shown));
      button.tabIndex = tab === shown ? 0 : -1;
      element(`panel-${tab}`).hidden = tab !== shown;
    }
    this.#onShow(shown);
  }
}
