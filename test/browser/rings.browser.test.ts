import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import type { IoCostsView } from "../../src/views/io/costs/view.ts";
import type { RingView } from "../../src/views/io/ring/view.ts";
import { prompt, screen, task, useBrowser } from "./page.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds wrong with the page as it stands: WCAG 2.2 A and AA, and its best practices. */
async function complaints(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.html}`));
  });
}

const lab = (name: string) => `?lab=${inject("elsewhere")}${name}/lab.yaml&seed=1&step=write`;
const stepper = (page: Page) => page.locator("ringside-ring-transport");
const button = (page: Page, name: string) => stepper(page).getByRole("button", { name, exact: true });
const runCommand = (page: Page, index: number) =>
  page.locator("ringside-command").nth(index).getByRole("button", { name: "run" }).click();

/** States of the ring's slots that are in use, as the view was given them. */
const slots = (page: Page) =>
  page
    .locator("ring-view:visible")
    .evaluate((view) =>
      ((view as RingView).state?.slots ?? []).map(({ state }) => state).filter((one) => one !== "free"),
    );

describe("a ring on the page", () => {
  const open = useBrowser();

  it("is the running machine's: a write goes through it, and where it is told to stand, slot by slot", async () => {
    const { page, errors, strangers } = await open(lab("virtqueue"));
    await prompt(page);
    await stepper(page).getByText("requests").waitFor();
    await runCommand(page, 0);
    await task(page, "to the first sector").and(page.locator("[data-status=done]")).waitFor();

    await button(page, "Step by step").click();
    await stepper(page).locator("button[aria-pressed=true]").waitFor();
    await expect.poll(() => slots(page)).toEqual([]);
    await runCommand(page, 1);
    await expect.poll(() => slots(page)).toEqual(["requested"]);
    await button(page, "Next slot").click();
    await expect.poll(() => slots(page)).toEqual(["serving"]);
    expect(await screen(page).getByText("1+0 records in").count()).toBe(1);
    await button(page, "Next notification").click();
    await expect.poll(() => screen(page).getByText("1+0 records in").count()).toBe(2);
    await expect.poll(() => slots(page)).toEqual([]);
    await button(page, "Step by step").click();
    await stepper(page).locator("button[aria-pressed=false]").waitFor();
    expect([errors, strangers]).toEqual([[], []]);
  });

  it("is the one the student chose, in the panel and below the stage, also after a reload", async () => {
    const { page } = await open(lab("virtqueue"));
    const above = page.locator("ring-view").getByLabel("Ring", { exact: true });
    const below = stepper(page).getByLabel("Ring", { exact: true });
    await expect.poll(() => below.inputValue(), { timeout: 30_000 }).toBe("virtio:vm/vda/0");
    await above.selectOption("virtio:vm/console/1");
    await expect.poll(() => below.inputValue()).toBe("virtio:vm/console/1");
    await page.reload();
    await expect.poll(() => below.inputValue(), { timeout: 30_000 }).toBe("virtio:vm/console/1");
    expect(await above.inputValue()).toBe("virtio:vm/console/1");
  });

  it("costs what its counters say, from their reset on, and runs are kept under a name over a reload", async () => {
    const { page } = await open(lab("virtqueue"));
    await prompt(page);
    await page.locator("ringside-stage").getByRole("tab", { name: "I/O costs" }).click();
    const costs = page.locator("io-costs");
    /** What the view was given of the disk. */
    const disk = () =>
      costs.evaluate((view) => (view as IoCostsView).machines[0]?.costs?.devices.find(({ name }) => name === "vda"));
    await costs.getByRole("button", { name: "Reset counters" }).click();
    await expect.poll(async () => (await disk())?.requests).toBe(0);
    await runCommand(page, 0);
    // the write, and what the kernel asks of the disk with it
    await expect.poll(async () => (await disk())?.requests).toBeGreaterThan(0);
    const { exits, requests } = (await disk())!;
    expect(exits).toMatchObject({ interrupt: requests, "port write": requests });
    await costs.getByLabel("Name of the run").fill("one write");
    await costs.getByRole("button", { name: "Keep" }).click();
    await costs.getByRole("button", { name: "Forget one write" }).waitFor();

    await page.reload();
    await page.locator("ringside-stage").getByRole("tab", { name: "I/O costs" }).click();
    await costs.getByRole("button", { name: "Forget one write" }).click();
    await costs.getByRole("button", { name: "Forget one write" }).waitFor({ state: "detached" });
  });

  it.each([
    ["light", "en-GB"],
    ["dark", "zh-CN"],
  ] as const)("axe-core finds nothing wrong in %s, %s", async (colorScheme, locale) => {
    const { page } = await open(lab("virtqueue"), { colorScheme, locale });
    await prompt(page);
    await stepper(page).locator(".where b").first().waitFor();
    expect(await complaints(page)).toEqual([]);
  });
});

describe("a Xen host on the page", () => {
  const open = useBrowser();
  const terminal = (page: Page, machine: string) => page.locator(`ringside-terminal[slot="terminal:${machine}"]`);
  const shown = (page: Page, machine: string, text: string | RegExp) =>
    terminal(page, machine).locator(".xterm-rows").getByText(text).first();
  const tab = (page: Page, name: string) => page.locator("ringside-stage").getByRole("tab", { name });
  const control = (page: Page, name: string) =>
    page.locator("ringside-transport").getByRole("button", { name, exact: true });

  async function typeAt(page: Page, machine: string, line: string): Promise<void> {
    await tab(page, machine).click();
    await terminal(page, machine).locator(".xterm-screen").click();
    await page.keyboard.type(`${line}\n`);
  }

  it("shows its domains, and goes back to one save point with all its machines", async () => {
    const { page, errors, strangers } = await open(lab("rings"));
    await shown(page, "domU", /root@domU.*# /).waitFor();
    await tab(page, "Domains").click();
    await page.locator("xen-domains").getByText("domain 2").first().waitFor();
    await page.locator("ringside-transport").getByText("One save point for domU and domV").waitFor();

    await typeAt(page, "domU", "echo before > note");
    await page.locator("ringside-transport select").first().selectOption({ label: "A domU" });
    await control(page, "Save point").click();
    await page.locator("ringside-transport .note").getByText("Save point of").waitFor();
    await typeAt(page, "domU", "echo after > note");
    await page.locator("ringside-transport select").first().selectOption({ label: "B domV" });
    await control(page, "Back").click();
    await shown(page, "domU", "Back at the save point").waitFor();
    await typeAt(page, "domU", "echo it says $(cat note)");
    await shown(page, "domU", "it says before").waitFor();
    await tab(page, "domV").click();
    await shown(page, "domV", "Back at the save point").waitFor();
    expect([errors, strangers]).toEqual([[], []]);
  });
});
