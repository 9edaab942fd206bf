import { describe, expect, it } from "vitest";
import { prompt, screen, task, typeLine, useBrowser } from "./page.ts";

const DONE = "[data-status=done]";

describe("the site, from its front page", () => {
  const open = useBrowser();

  it("leads to a lab, ticks a task done by typing, and knows it after a reload and on the front page", async () => {
    const { page, errors, strangers } = await open("");
    await page.getByRole("link", { name: "The seven namespaces" }).click();
    await page.getByRole("button", { name: "Begin" }).click();
    await prompt(page);
    await typeLine(page, "mkroot /jail && chroot /jail sh -l");
    const jail = task(page, "A shell has /jail as its root directory").and(page.locator(DONE));
    await jail.waitFor();
    await page.locator("ringside-namespaces .map tbody tr").first().waitFor();

    await page.reload();
    await jail.waitFor();
    await page.getByRole("link", { name: "Ringside" }).click();
    await page.locator("ringside-catalogue .meta", { hasText: "1 of " }).waitFor();
    expect([errors, strangers]).toEqual([[], []]);
  });

  it("starts from a stored state on the second visit, as another machine than before", async () => {
    const { page } = await open("?machine=box~linux");
    await prompt(page);
    await typeLine(page, "touch /tmp/first; cat /proc/sys/kernel/random/uuid");
    const uuid = await screen(page)
      .getByText(/^[0-9a-f]{8}-[0-9a-f-]+$/)
      .textContent();
    await page.getByTitle("The next start will be faster.").waitFor();
    await page.reload();
    await prompt(page);
    await page
      .locator("ringside-strip")
      .getByRole("button", { name: /ready in/ })
      .waitFor();
    await typeLine(page, "ls /tmp; cat /proc/sys/kernel/random/uuid");
    const again = await screen(page)
      .getByText(/^[0-9a-f]{8}-[0-9a-f-]+$/)
      .textContent();
    expect(again).not.toBe(uuid);
    expect(await screen(page).getByText("first", { exact: true }).count()).toBe(0);
  });

  it("stays at hand while a guest floods its terminal, and shows every line of it", async () => {
    const { page } = await open("?machine=box~linux&lang=en");
    await prompt(page);
    await typeLine(page, "seq 100000 250000; echo the-$((1+1))nd-part");
    await screen(page)
      .getByText(/^1\d{5}$/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "中文" }).click();
    await page.getByRole("button", { name: "暂停" }).waitFor();
    expect(await screen(page).getByText("the-2nd-part", { exact: true }).count()).toBe(0);
    await screen(page).getByText("the-2nd-part", { exact: true }).waitFor();
    await screen(page).getByText("250000", { exact: true }).waitFor();
  });
});
