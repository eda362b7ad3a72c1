/**
 * Keys that work anywhere on the page but in a field.
 */
/** What a key does; keys in lower case, "Space" by name. */
export type Keys = Readonly<Record<string, () => void>>;

/** A field takes its keys itself; a button takes Space and Enter. */
function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog, select, textarea, input") !== null) return true;
  return key === " " && target.closest("button, summary, a") !== null;
}

export function attachKeys(keys: Keys): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTaken(event.target, event.key)) return;
    const name = event.key === " " ? "Space" : event.key.toLowerCase();
    const action = keys[name];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}
