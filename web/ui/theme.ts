/**
 * Light or dark: as the system has it, or as the person says.
 */
import { type Theme } from "../model/link.ts";
import { element } from "./elements.ts";
import { forgetColours } from "./palette.ts";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Shows a theme from now on. @param onChange is called when the system changes its mind */
export function showTheme(theme: Theme): void {
  const isDark = theme === "dark" || (theme === "auto" && dark.matches);
  document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
  forgetColours();
  element("theme").textContent = `Theme: ${theme}`;
}

/** Calls back when the system goes from light to dark or back. */
export function watchSystemTheme(onChange: () => void): void {
  dark.addEventListener("change", onChange);
}
