import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const css = readFileSync(fileURLToPath(new URL("../../src/views/tokens.css", import.meta.url)), "utf8");
const PAIR = /--([a-z0-9-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g;
const tokens = new Map([...css.matchAll(PAIR)].map(([, name, light, dark]) => [name!, [light!, dark!] as const]));

/** Relative luminance of `#rrggbb` (WCAG 2.2, 1.4.3). */
function luminance(colour: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red, green, blue] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

const SURFACES = ["surface-0", "surface-1", "surface-2"];
const TEXTS = ["text", "text-2", "accent", "ok", "warn", "exit", "va", "pa", "ma"];
const HUES = [..."abcdef"].map((letter) => `guest-${letter}`).concat([..."12345678"].map((n) => `hue-${n}`));
const TERMINAL = ["red", "green", "yellow", "blue", "magenta", "cyan", "bright-black"].map((name) => `term-${name}`);
const pairs = (texts: readonly string[], surfaces: readonly string[]) =>
  texts.flatMap((text) => surfaces.map((surface) => [text, surface] as const));

describe.each([
  ["light", 0],
  ["dark", 1],
] as const)("the %s theme", (_name, theme) => {
  it.each([
    ...pairs([...TEXTS, ...HUES], SURFACES),
    ...pairs(["term-text", "term-2", ...TERMINAL], ["term"]),
    ...pairs(["text"], ["accent-soft", "ok-soft", "warn-soft", "exit-soft", "new", "term-selection"]),
    ["accent", "accent-soft"],
    ["ok", "ok-soft"],
    ["exit", "exit-soft"],
    ["warn", "warn-soft"],
    ["on-accent", "accent"],
  ] as const)("has text in %s readable on %s", (text, surface) => {
    expect(contrast(tokens.get(text)![theme], tokens.get(surface)![theme])).toBeGreaterThanOrEqual(4.5);
  });

  it.each(pairs(["control-line"], SURFACES))("shows the edge of a control in %s on %s", (line, surface) => {
    expect(contrast(tokens.get(line)![theme], tokens.get(surface)![theme])).toBeGreaterThanOrEqual(3);
  });
});
