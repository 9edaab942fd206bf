import type { ITheme } from "@xterm/xterm";

const COLOURS = {
  background: "--term",
  foreground: "--term-text",
  cursor: "--term-text",
  cursorAccent: "--term",
  selectionBackground: "--term-selection",
  selectionInactiveBackground: "--term-selection",
  black: "--term-black",
  red: "--term-red",
  green: "--term-green",
  yellow: "--term-yellow",
  blue: "--term-blue",
  magenta: "--term-magenta",
  cyan: "--term-cyan",
  white: "--term-white",
  brightBlack: "--term-bright-black",
  brightRed: "--term-red",
  brightGreen: "--term-green",
  brightYellow: "--term-yellow",
  brightBlue: "--term-blue",
  brightMagenta: "--term-magenta",
  brightCyan: "--term-cyan",
  brightWhite: "--term-bright-white",
  scrollbarSliderBackground: "--line",
  scrollbarSliderHoverBackground: "--control-line",
  scrollbarSliderActiveBackground: "--control-line",
} as const satisfies Partial<Record<keyof ITheme, string>>;

/**
 * The terminal's colours, read from the page's tokens. xterm.js wants values, not custom properties, so the browser
 * is asked to compute each one on an element of the page.
 *
 * @param inside an element that is shown in the theme wanted
 */
export function terminalTheme(inside: HTMLElement): ITheme {
  const probe = document.createElement("i");
  probe.hidden = true;
  inside.append(probe);
  const theme: ITheme = {};
  for (const [key, token] of Object.entries(COLOURS)) {
    probe.style.color = `var(${token})`;
    theme[key as keyof typeof COLOURS] = getComputedStyle(probe).color;
  }
  probe.remove();
  return theme;
}

/** The value of a custom property that is not a colour, for example `--mono`. */
export function token(inside: HTMLElement, name: string): string {
  return getComputedStyle(inside).getPropertyValue(name).trim();
}
