import type { Theme } from "../views/header.ts";

/** Puts a theme on the page: `auto` leaves the choice to the system. */
export function showTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "auto") root.removeAttribute("data-theme");
  else root.setAttribute("data-theme", theme);
}
