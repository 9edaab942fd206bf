import type { Theme } from "../views/header.ts";

/** Puts a theme on the page: `auto` leaves the choice to the system. */
export function showTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "auto") root.removeAttribute("data-theme");
  else root.setAttribute("data-theme", theme);
}

/** @returns a function that ends the watch for the system changing between light and dark */
export function watchSystemTheme(changed: () => void): () => void {
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", changed);
  return () => query.removeEventListener("change", changed);
}
