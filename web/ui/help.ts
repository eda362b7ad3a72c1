/**
 * The help: which keys do what, as a list in a dialog.
 */
import { element, make } from "./elements.ts";

type KeyList = readonly (readonly [keys: readonly string[], does: string])[];

const PAGE_KEYS: KeyList = [
  [["?"], "this help"],
  [["Space"], "pause, go on"],
  [["Esc"], "cancel the run"],
  [["R"], "run again"],
  [["P"], "replay the run"],
  [["M"], "go to the map"],
  [["T"], "theme: auto, light, dark"],
];

const MAP_KEYS: KeyList = [
  [["←", "↑", "→", "↓"], "from page to page"],
  [["PgUp", "PgDn"], "eight rows"],
  [["Home", "End"], "first, last page"],
  [["+", "−", "0"], "zoom in, out, all"],
  [["Shift + arrow"], "move the map"],
  [["O"], "order: rows, Hilbert curve"],
  [["Enter"], "to the page's details"],
];

function fill(list: HTMLElement, keys: KeyList): void {
  list.replaceChildren(
    ...keys.map(([names, does]) => {
      const caps = names.flatMap((name) => [make("kbd", {}, name), " "]);
      return make("div", {}, make("dt", {}, ...caps), make("dd", {}, does));
    }),
  );
}

/** Fills the dialog. @returns what opens it */
export function attachHelp(): () => void {
  const dialog = element<HTMLDialogElement>("help-dialog");
  fill(element("page-keys"), PAGE_KEYS);
  fill(element("map-keys"), MAP_KEYS);
  const open = (): void => {
    dialog.showModal();
    // The button at its end has the focus, but one reads from the top.
    dialog.scrollTop = 0;
  };
  element("help").addEventListener("click", open);
  return open;
}
