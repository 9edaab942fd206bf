import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { prompt, screen, smallLab, useBrowser } from "./page.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds wrong with a page: WCAG 2.2 A and AA, and its best practices. */
async function complaints(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.html}`));
  });
}

/** The name of the element that has the focus, looked for through shadow roots. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    return `${active?.localName} ${active?.getAttribute("aria-label") ?? active?.textContent?.trim()}`;
  });
}

describe("for everybody", () => {
  const open = useBrowser();

  it.each([
    ["light", "en-GB"],
    ["dark", "zh-CN"],
  ] as const)("axe-core finds nothing wrong with the catalogue in %s, %s", async (colorScheme, locale) => {
    const { page } = await open("", { colorScheme, locale });
    await page.locator("ringside-catalogue h3").first().waitFor();
    expect(await complaints(page)).toEqual([]);
  });

  it.each([
    ["light", "zh-CN", { width: 1280, height: 800 }],
    ["dark", "en-GB", { width: 1280, height: 800 }],
    ["light", "en-GB", { width: 390, height: 844 }],
  ] as const)("axe-core finds nothing wrong with a lab in %s, %s, %o", async (colorScheme, locale, viewport) => {
    const { page } = await open(smallLab("file"), { colorScheme, locale, viewport });
    await page
      .locator("ringside-header, ringside-tabs")
      .getByText(/of 3 tasks|项任务|changed/)
      .first()
      .waitFor({ state: "attached" });
    await page.locator("ringside-question button").last().click();
    expect(await complaints(page)).toEqual([]);
  });

  it.each(["light", "dark"] as const)(
    "axe-core finds nothing wrong with the namespaces lab in %s",
    async (colorScheme) => {
      const { page } = await open("?lab=namespaces&step=uts&seed=1", { colorScheme });
      await prompt(page);
      await page.locator("ringside-command").getByRole("button", { name: "run" }).first().click();
      await page.locator("ringside-namespaces .map tbody tr").nth(3).waitFor();
      expect(await complaints(page)).toEqual([]);
    },
  );

  it("Shift+Tab leaves the terminal, and Tab belongs to its shell", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    await page.locator("ringside-terminal .xterm-screen").click();
    await page.keyboard.type("echo tab-in-the-sh");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toContain("Terminal of machine box");
    await page.keyboard.press("Shift+Tab");
    expect(await focused(page)).toContain("button");
  });

  it("F6 goes through the parts of the page", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    const seen: string[] = [];
    for (let press = 0; press < 3; press++) {
      await page.keyboard.press("F6");
      seen.push(await focused(page));
    }
    expect(seen.map((name) => name.split(" ")[0])).toEqual(["button", "textarea", "button"]);
  });

  it("? lists the keys and Escape puts the list away", async () => {
    const { page } = await open("");
    await page.locator("ringside-catalogue h1").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  it("says in words when a task is done", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    await page.getByRole("button", { name: "run" }).click();
    await page.locator("ringside-steps [role=status]", { hasText: "Done: Make the file /tmp/done." }).waitFor();
  });

  it("fits a phone: one part at a time, and a mark where something changed", async () => {
    const { page } = await open(smallLab("file"), { viewport: { width: 390, height: 844 }, hasTouch: true });
    const tab = (name: string) => page.locator("ringside-tabs").getByRole("button", { name });
    await tab("box changed").waitFor();
    expect(await page.locator("ringside-terminal").isVisible()).toBe(false);
    await page.getByRole("button", { name: "run" }).click();
    await screen(page).getByText("5", { exact: true }).waitFor();
    await tab("Steps changed").click();
    await page.locator("ringside-task [data-status=done]").waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBe(390);
  });

  it("searches the terminal without taking a key from the shell", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    await page.getByRole("button", { name: "run" }).click();
    await screen(page).getByText("5", { exact: true }).waitFor();
    await page.keyboard.press("Control+Shift+F");
    await page.keyboard.type("done");
    await page.locator("ringside-terminal .count", { hasText: "of 2" }).waitFor();
    await page.keyboard.press("Escape");
    expect(await focused(page)).toContain("Terminal of machine box");
  });

  it("reads the terminal to a screen reader when asked", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    await page.getByRole("button", { name: "Screen reader mode" }).click();
    await page.locator("ringside-terminal .xterm-accessibility").waitFor({ state: "attached" });
  });
});
