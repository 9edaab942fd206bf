import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { screen, useBrowser } from "./page.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LAB = "?lab=pv-page-tables&step=price&seed=1";
const NARROW = { width: 390, height: 844 };

/** What axe-core finds wrong with the page as it stands: WCAG 2.2 A and AA, and its best practices. */
async function complaints(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.html}`));
  });
}

/** Runs the step's line on a machine, by the button beside it. */
async function measure(page: Page, machine: string) {
  const commands = page.locator("ringside-command");
  const names = await commands.evaluateAll((all) => all.map((one) => (one as unknown as { machine: string }).machine));
  await commands.nth(names.indexOf(machine)).getByRole("button").first().click();
}

describe("the costs, drawn", () => {
  const open = useBrowser();
  const bars = (page: Page) => page.locator("ringside-costs section").first().locator("li");

  it("fill with what is measured, and stand beside what was published", async () => {
    const { page, errors } = await open(LAB);
    await screen(page).getByText(/\$ /).first().waitFor();
    await page.locator("ringside-stage").getByRole("tab", { name: "Costs" }).click();
    expect(await page.locator("ringside-costs").getByText("not measured: bench exec 1").count()).toBe(5);

    await measure(page, "pv");
    await page.locator("ringside-costs").getByText("native is not measured").first().waitFor();
    await measure(page, "native");
    await bars(page).filter({ hasText: "7." }).waitFor();
    expect(await bars(page).allInnerTexts()).toEqual([
      expect.stringMatching(/^A\s*pv\s+PV, batched\s+[67]\.\d\d×$/),
      expect.stringMatching(/^B\s*unbatched\s+PV, one by one\s+not measured: bench fork 1$/),
      expect.stringMatching(/^C\s*ptwr\s+PV, writable tables\s+not measured: bench fork 1$/),
      expect.stringMatching(/^D\s*shadow\s+not measured: bench fork 1$/),
      expect.stringMatching(/^E\s*native\s+1\.00×$/),
      expect.stringMatching(/^published\s+1\.80×$/),
    ]);

    const costs = page.locator("ringside-costs");
    await costs.getByRole("button", { name: "Exits" }).focus();
    await page.keyboard.press("Enter");
    await bars(page)
      .filter({ hasText: /^A\s*pv\s+PV, batched\s+8$/ })
      .waitFor();
    expect(await costs.getByText("published", { exact: true }).count()).toBe(0);
    await costs.getByRole("button", { name: "Table" }).click();
    expect(await costs.getByRole("row", { name: /^fork published/ }).textContent()).toContain("110 → 198 µs");
    expect(errors).toEqual([]);
  });

  it.each([
    ["light", "en-GB", { width: 1280, height: 800 }],
    ["dark", "zh-CN", NARROW],
  ] as const)("axe-core finds nothing wrong with them in %s, %s", async (colorScheme, locale, viewport) => {
    const { page } = await open(LAB, { colorScheme, locale, viewport, hasTouch: viewport === NARROW });
    await page.evaluate(AXE);
    await page.locator("ringside-command").first().waitFor();
    if (viewport === NARROW) await page.locator("ringside-tabs .dot").first().waitFor();
    else await screen(page).getByText(/\$ /).first().waitFor();
    await measure(page, "pv");
    const tabs = page.locator(viewport === NARROW ? "ringside-tabs button" : "ringside-stage [role=tab]");
    await tabs.filter({ hasText: /Costs|代价/ }).click();
    await bars(page)
      .filter({ hasText: /native/ })
      .first()
      .waitFor();
    await page
      .locator("ringside-costs .unmeasured")
      .getByText(/native is not|native 还没有/)
      .first()
      .waitFor();
    expect(await complaints(page)).toEqual([]);
    await page.locator("ringside-costs .common button").first().click();
    expect(await complaints(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
  });
});
