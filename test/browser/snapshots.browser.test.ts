import type { Page } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import { prompt, screen, typeLine, useBrowser } from "./page.ts";

const BARE = "?machine=box~linux&lang=en";

/** Spoils the middle of every state kept in the origin private file system. @returns how many there were */
async function spoilStored(page: Page): Promise<number> {
  // a string: the page's own language, whatever the test's compiler makes of functions
  return page.evaluate(`(async () => {
    let spoiled = 0;
    const root = await navigator.storage.getDirectory();
    for await (const folder of root.values()) {
      for await (const handle of folder.values()) {
        const middle = Math.floor((await handle.getFile()).size / 2);
        const writable = await handle.createWritable({ keepExistingData: true });
        await writable.write({ type: "write", position: middle, data: new Uint8Array(64).fill(0xa5) });
        await writable.close();
        spoiled++;
      }
    }
    return spoiled;
  })()`);
}

describe("what is kept of a started machine", () => {
  const open = useBrowser();
  const how = (page: Page, words: RegExp) =>
    page.locator("ringside-strip").getByRole("button", { name: words }).waitFor();

  it("is dropped when it was damaged: the machine boots, says so, and is kept anew", async () => {
    const { page } = await open(BARE);
    await how(page, /booted in/);
    await page.getByTitle("The next start will be faster.").waitFor();
    expect(await spoilStored(page)).toBe(1);

    await page.reload();
    await how(page, /damaged and is gone/);
    await how(page, /booted in/);
    await prompt(page);
    await typeLine(page, "echo sound-$((40+2))");
    await screen(page).getByText("sound-42", { exact: true }).waitFor();

    await page.getByTitle("The next start will be faster.").waitFor();
    await page.reload();
    await how(page, /ready in/);
  });

  it.skipIf(inject("lan") === undefined)("is kept where there is no private file system, in IndexedDB", async () => {
    const { page, errors } = await open(BARE, { site: inject("lan")! });
    expect(await page.evaluate("navigator.storage === undefined || !navigator.storage.getDirectory")).toBe(true);
    await how(page, /booted in/);
    await page.getByTitle("The next start will be faster.").waitFor();
    await page.reload();
    await how(page, /ready in/);
    await prompt(page);
    await typeLine(page, "echo sound-$((40+2))");
    await screen(page).getByText("sound-42", { exact: true }).waitFor();
    expect(errors).toEqual([]);
  });

  it("waits at its prompt for the click, once the pointer rests on its link", async () => {
    const { page } = await open(BARE);
    await page.getByTitle("The next start will be faster.").waitFor();
    await page.getByRole("link", { name: "Ringside" }).click();
    const link = page.getByRole("link", { name: "A machine and nothing else" });
    await link.hover();
    await link.click();
    await how(page, /ready in/);
    await prompt(page);
    await typeLine(page, "hostname; date +%Y");
    await screen(page).getByText(String(new Date().getFullYear()), { exact: true }).waitFor();
    await screen(page).getByText("linux", { exact: true }).waitFor();
  });
});
