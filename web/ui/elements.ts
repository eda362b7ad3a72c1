/**
 * Making and finding elements.
 */

/** One list for all that ask, in every frame. */
let lessMotion: MediaQueryList | undefined;

/** @throws Error when the page has no such element */
export function element<Type extends HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element "${id}"`);
  return found as Type;
}

/** A new element with attributes and children. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Writes a text only where it differs: most figures don't change in most frames. */
export function write(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Fills a table: a head, and rows whose first cell is their heading. */
export function fillTable(
  table: HTMLTableElement,
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const headRow = make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)));
  const bodyRows = rows.map(([first = "", ...rest]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, String(first)),
      ...rest.map((value) => make("td", {}, String(value))),
    ),
  );
  table.replaceChildren(
    make("caption", {}, caption),
    make("thead", {}, headRow),
    make("tbody", {}, ...bodyRows),
  );
}

/** Whether the person asked for less motion. */
export function wantsLessMotion(): boolean {
  lessMotion ??= matchMedia("(prefers-reduced-motion: reduce)");
  return lessMotion.matches;
}
