/**
 * The state of the page, and the address that follows it.
 *
 * Why so: the address is the link that one sends, so it is always that of what is seen; but browsers
 * refuse addresses that change with every event, so it follows at some distance.
 */
import { formatLink, type LinkState, parseLink } from "./model/link.ts";

/** How often the address follows what happens, at most. */
const LINK_MS = 300;

export class Address {
  #state: LinkState = parseLink(location.hash);
  #timer = 0;

  get state(): LinkState {
    return this.#state;
  }

  change(changes: Partial<LinkState>): void {
    this.#state = { ...this.#state, ...changes };
    if (this.#timer !== 0) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      const link = formatLink(this.#state);
      window.history.replaceState(null, "", link === "" ? location.pathname : `#${link}`);
    }, LINK_MS);
  }

  /** Takes over what the address says. @returns the state before */
  read(): LinkState {
    const before = this.#state;
    this.#state = parseLink(location.hash);
    return before;
  }
}
