/**
 * The benchmark tab: the benchmark page, loaded when it is first looked at.
 */
import { element, make } from "./elements.ts";

let shown = false;

/** Embeds the benchmark page, or says that it is not in this build. */
export async function showBench(): Promise<void> {
  if (shown) return;
  shown = true;
  const note = element("bench-note");
  note.textContent = "Loading the benchmark …";
  const response = await fetch("./bench.html").catch(() => null);
  if (response?.ok !== true) {
    note.textContent = "The benchmark page is not in this build.";
    return;
  }
  note.textContent = "The benchmark runs here, in a frame of its own.";
  const frame = make("iframe", { src: "./bench.html", title: "Benchmark" });
  frame.addEventListener("load", () => growWithContent(frame));
  element("bench").replaceChildren(frame);
}

/** The frame is as high as what it shows, so that only the page itself scrolls. */
function growWithContent(frame: HTMLIFrameElement): void {
  const content = frame.contentDocument?.documentElement;
  if (content === undefined) return;
  new ResizeObserver(() => {
    frame.style.height = `${content.offsetHeight + 16}px`;
  }).observe(content);
}
