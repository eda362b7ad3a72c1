/**
 * Files from the person: chosen by the dialog, or dropped anywhere on the page.
 */
import { element } from "./elements.ts";

/**
 * @param onFile takes a file
 * @param onNothing is told what was wrong with a drop that had none
 */
export function attachFiles(
  onFile: (file: File) => void,
  onNothing: (message: string) => void,
): void {
  const input = element<HTMLInputElement>("file");
  input.addEventListener("change", () => {
    const chosen = input.files?.[0];
    if (chosen !== undefined) onFile(chosen);
    // The same file can be picked again.
    input.value = "";
  });
  element("controls").addEventListener("submit", (event) => event.preventDefault());
  const drop = element("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const dropped = event.dataTransfer?.files[0];
    if (dropped === undefined) onNothing("That was no file. Drop a file, or choose one.");
    else onFile(dropped);
  });
}
