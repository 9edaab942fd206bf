import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { exitsLab, useBrowser } from "./page.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds wrong with the page as it stands: WCAG 2.2 A and AA, and its best practices. */
async function complaints(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.html}`));
  });
}

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

/** The panels' elements, in the order of their tabs. */
const PANELS = [
  "translation",
  "page-table-map",
  "program",
  "memory-ownership",
  "nested-walk",
  "exit-strip",
  "trap-anatomy",
];

describe("the views of a hypervisor, for everybody", () => {
  const open = useBrowser();

  /** Opens the lab and stops its machine once there is something to see. */
  async function openStill(colorScheme: "light" | "dark", locale: string, viewport: typeof WIDE): Promise<Page> {
    const { page } = await open(exitsLab(), { colorScheme, locale, viewport, hasTouch: viewport === NARROW });
    await page.evaluate(AXE);
    if (viewport === NARROW) await page.locator("ringside-tabs button").nth(2).click();
    const stepper = page.locator("ringside-hypervisor-transport");
    await stepper.locator(".play:not(.primary)").waitFor();
    await page.locator("ringside-translation .verdict").waitFor();
    await stepper.locator(".play").click();
    await stepper.locator(".play.primary").waitFor();
    return page;
  }

  it.each([
    ["light", "en-GB"],
    ["dark", "zh-CN"],
  ] as const)("axe-core finds nothing wrong with any panel in %s, %s, wide", async (colorScheme, locale) => {
    const page = await openStill(colorScheme, locale, WIDE);
    const tabs = page.locator("ringside-stage [role=tab]");
    for (const [index, name] of PANELS.entries()) {
      await tabs.nth(index).click();
      await page.locator(`ringside-${name}`).getByRole("button").first().waitFor();
      // two panels are seen at once: the last two are looked at beside the first two
      if (index >= 5) await tabs.nth(index - 5).click();
      if (index < 2) continue;
      expect(await complaints(page)).toEqual([]);
    }
    await tabs.first().click();
    for (const table of await page.locator("ringside-stage .common button[aria-pressed]:visible").all())
      await table.click();
    expect(await complaints(page)).toEqual([]);
  });

  it.each([
    ["dark", "en-GB"],
    ["light", "zh-CN"],
  ] as const)("axe-core finds nothing wrong with any panel in %s, %s, narrow", async (colorScheme, locale) => {
    const page = await openStill(colorScheme, locale, NARROW);
    const tabs = page.locator("ringside-tabs button");
    for (const [index, name] of PANELS.entries()) {
      await tabs.nth(index + 2).click();
      await page.locator(`ringside-${name}`).getByRole("button").first().waitFor();
      expect(await complaints(page)).toEqual([]);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(NARROW.width);
  });

  it("are all there on a narrow screen, with controls of two rows below them", async () => {
    const page = await openStill("light", "en-GB", NARROW);
    const tab = (name: string) => page.locator("ringside-tabs").getByRole("button", { name });
    for (const [index, name] of [
      "Translation",
      "Page tables",
      "Program",
      "Machine memory",
      "Nested walk",
      "Exits",
      "Anatomy",
    ].entries()) {
      await tab(name).click();
      await page.locator(`ringside-${PANELS[index]}:visible`).waitFor();
      expect(await page.locator("ringside-stage .panel:visible").count()).toBe(1);
    }
    const tops = await page
      .locator("ringside-hypervisor-transport :is(button, select)")
      .evaluateAll((controls) => controls.map((control) => Math.round(control.getBoundingClientRect().top)));
    expect(new Set(tops).size).toBe(2);
  });

  it("go with the arrow keys from one panel to the next that shares its place", async () => {
    const page = await openStill("light", "en-GB", WIDE);
    const tab = (name: string) => page.locator("ringside-stage").getByRole("tab", { name });
    await tab("Exits").focus();
    for (const name of ["Anatomy of an exit", "Exits"]) {
      await page.keyboard.press("ArrowRight");
      await tab(name).and(page.locator("[aria-selected=true]:focus")).waitFor();
    }
    await page.keyboard.press("ArrowLeft");
    await page.locator("ringside-trap-anatomy:visible").waitFor();
    expect(await page.locator("ringside-exit-strip:visible").count()).toBe(0);
  });
});
