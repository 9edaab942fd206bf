import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import { ARGUMENTS, EXECUTABLE } from "./chromium.ts";
import { prompt, screen, smallLab, task, typeLine, useBrowser } from "./page.ts";

const DONE = "[data-status=done]";

describe("wherever the site stands", () => {
  const open = useBrowser();

  it.skipIf(inject("lan") === undefined)("works over plain http on a network, which is no secure context", async () => {
    const { page, errors } = await open(smallLab("file", inject("lan")), { site: inject("lan")! });
    await prompt(page);
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    await typeLine(page, "touch /tmp/done");
    await task(page, "/tmp/done").and(page.locator(DONE)).waitFor();
    await page.reload();
    await task(page, "/tmp/done").and(page.locator(DONE)).waitFor();
    expect(errors).toEqual([]);
  });

  it.skipIf(inject("lan") === undefined)("copies without the Clipboard API", async () => {
    const { page } = await open(smallLab("name", inject("lan")), { site: inject("lan")! });
    await page.locator("ringside-command").getByRole("button", { name: "copy" }).click();
    await page.locator("ringside-command").getByRole("button", { name: "copied" }).waitFor();
    await prompt(page);
    await page.locator("ringside-terminal .xterm-screen").click();
    await page.keyboard.press("Control+Shift+V");
    await screen(page).getByText("hostname ringside").waitFor();
  });

  it.skipIf(inject("lan") === undefined)("copies what is selected in the terminal", async () => {
    const { page } = await open(smallLab("name", inject("lan")), { site: inject("lan")! });
    await prompt(page);
    await typeLine(page, "echo a-word-worth-$((6*7))");
    await screen(page).getByText("a-word-worth-42", { exact: true }).dblclick({ force: true });
    await page.locator("ringside-terminal").getByText("Copied.").waitFor({ state: "attached" });
    await page.keyboard.press("Control+Shift+V");
    await screen(page)
      .getByText(/# a-word-worth-42/)
      .waitFor();
  });

  it("works in a frame of another site, without its own bar", async () => {
    const { page, errors } = await open(`frame${smallLab("file")}&embed`, { site: inject("elsewhere") });
    const frame = page.frameLocator("iframe");
    await prompt(frame);
    expect(await frame.locator("ringside-header").count()).toBe(0);
    await typeLine(page, "touch /tmp/done", frame);
    await task(frame, "/tmp/done").and(frame.locator(DONE)).waitFor();
    expect(errors).toEqual([]);
  });

  it("works in a frame of another site that may store nothing", async () => {
    const profile = await mkdtemp(join(tmpdir(), "chromium-"));
    await mkdir(join(profile, "Default"));
    const blocked = { profile: { block_third_party_cookies: true, cookie_controls_mode: 1 } };
    await writeFile(join(profile, "Default/Preferences"), JSON.stringify(blocked));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: EXECUTABLE,
      args: [...ARGUMENTS],
    });
    try {
      const page = await context.newPage();
      await page.goto(`${inject("elsewhere")}frame${smallLab("file")}&lang=en`);
      const frame = page.frameLocator("iframe");
      await prompt(frame);
      const refused = await page.frames()[1]!.evaluate(() => {
        return new Promise((resolve) => {
          try {
            const request = indexedDB.open("probe");
            request.onsuccess = () => resolve(false);
            request.onerror = () => resolve(true);
          } catch {
            resolve(true);
          }
        });
      });
      expect(refused).toBe(true);
      await typeLine(page, "touch /tmp/done", frame);
      await task(frame, "/tmp/done").and(frame.locator(DONE)).waitFor();
    } finally {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    }
  });

  it("asks no other site for anything, whatever a lab's author wrote", async () => {
    const { page, strangers } = await open(`?lab=${inject("elsewhere")}hostile/lab.yaml&step=only`);
    await prompt(page);
    await page.locator("ringside-task").getByRole("button", { name: "Hint" }).click();
    await page.locator("ringside-task .hint").getByText("<img").waitFor();
    await page.locator("ringside-question button").last().click();
    await page.locator("ringside-question .because").waitFor();
    const links = await page
      .locator("a[target=_blank]")
      .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href));
    expect(await page.evaluate(() => (window as unknown as { taken?: number }).taken)).toBeUndefined();
    expect([links, strangers]).toEqual([["https://example.org/man"], []]);
  });
});
