/**
 * Keys that work anywhere on the page but in a field, and the switch that takes all but Esc away.
 *
 * Why so: who speaks to the computer has words typed as keys, and some hands touch a key without
 * wanting to; for them a page with keys of one letter must be able to do without (WCAG 2.1.4). The
 * browser remembers the choice, where it lets a page remember anything.
 */
import { element } from "./elements.ts";

/** What a key does; keys in lower case, "Space" by name. False when there was nothing to do. */
export type Keys = Readonly<Record<string, () => boolean | void>>;

/** Works always: it is no letter, and ends what goes on. */
const ALWAYS = "escape";
const STORED_AS = "zmem-keys";

/** A field takes its keys itself; a button takes Space and Enter. */
function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog, select, textarea, input") !== null) return true;
  return key === " " && target.closest("button, summary, a") !== null;
}

function areSwitchedOff(): boolean {
  try {
    return localStorage.getItem(STORED_AS) === "off";
  } catch {
    return false;
  }
}

function remember(isOn: boolean): void {
  try {
    if (isOn) localStorage.removeItem(STORED_AS);
    else localStorage.setItem(STORED_AS, "off");
  } catch {
    // A browser that keeps nothing for pages: it holds until the page is left.
  }
}

export function attachKeys(keys: Keys): void {
  const box = element<HTMLInputElement>("keys-on");
  /** What says its key: only while it is one. */
  const sayers = [...document.querySelectorAll("[aria-keyshortcuts]")]
    .map((sayer) => ({ sayer, name: sayer.getAttribute("aria-keyshortcuts") ?? "" }))
    .filter(({ name }) => name.toLowerCase() !== ALWAYS && name in keys);
  const show = (): void => {
    document.documentElement.dataset["keys"] = box.checked ? "on" : "off";
    for (const { sayer, name } of sayers) {
      if (box.checked) sayer.setAttribute("aria-keyshortcuts", name);
      else sayer.removeAttribute("aria-keyshortcuts");
    }
  };
  box.checked = !areSwitchedOff();
  show();
  box.addEventListener("change", () => {
    remember(box.checked);
    show();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTaken(event.target, event.key)) return;
    const name = event.key === " " ? "Space" : event.key.toLowerCase();
    const action = keys[name];
    if (action === undefined || (name !== ALWAYS && !box.checked)) return;
    // What did nothing leaves the key to the browser: Space scrolls.
    if (action() !== false) event.preventDefault();
  });
}
