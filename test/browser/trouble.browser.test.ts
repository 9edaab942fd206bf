import { describe, expect, inject, it } from "vitest";
import { prompt, smallLab, useBrowser } from "./page.ts";

describe("when something is wrong", () => {
  const open = useBrowser();

  it("names a lab that does not exist, and leads back", async () => {
    const { page } = await open("?lab=nowhere");
    await page.getByRole("heading", { name: "There is no lab called" }).waitFor();
    await page.getByRole("link", { name: "All labs" }).last().click();
    await page.locator("ringside-catalogue").waitFor();
  });

  it("shows the faults of a broken lab with file and line", async () => {
    const { page } = await open(`?lab=${inject("elsewhere")}broken/lab.yaml`);
    const fault = page.locator("ringside-problem li", { hasText: "chek" });
    await fault.waitFor();
    expect(await fault.textContent()).toContain("lab.yaml, line 11");
  });

  it("says when an address does not describe a machine", async () => {
    const { page } = await open("?machine=nonsense");
    await page.getByRole("heading", { name: "This address does not describe a machine." }).waitFor();
  });

  it("says what to do in a browser without WebAssembly", async () => {
    const { page } = await open("");
    await page.addInitScript(() => {
      Reflect.deleteProperty(globalThis, "WebAssembly");
    });
    await page.goto(inject("site") + smallLab("file"));
    await page.getByRole("heading", { name: "no WebAssembly" }).waitFor();
  });

  it("says on the machine's panel that its worker could not be loaded, and tries again when asked", async () => {
    const { page } = await open("");
    await page.route("**/assets/host-*.js", (route) => route.abort());
    await page.goto(inject("site") + smallLab("file"));
    const stopped = page.locator("ringside-terminal .stopped");
    await stopped.waitFor();
    await page.unroute("**/assets/host-*.js");
    await stopped.getByRole("button", { name: "Restart" }).click();
    await prompt(page);
  });

  it("refuses a damaged image by name, and boots once it is whole", async () => {
    const { page } = await open("");
    await page.route("**/assets/linux-kernel*.gz", async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      body[body.length >> 1]! ^= 1;
      await route.fulfill({ response, body });
    });
    await page.goto(inject("site") + smallLab("file"));
    const stopped = page.locator("ringside-terminal .stopped");
    await stopped.getByText("linux-kernel").waitFor();
    await page.unroute("**/assets/linux-kernel*.gz");
    await stopped.getByRole("button", { name: "Restart" }).click();
    await prompt(page);
  });

  it("keeps a page alive whose worker dies, and starts another", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    await page.workers()[0]!.evaluate(() => close());
    const stopped = page.locator("ringside-terminal .stopped");
    await stopped.getByText("The worker no longer answers.").waitFor({ timeout: 60_000 });
    await stopped.getByRole("button", { name: "Restart" }).click();
    await prompt(page);
  });
});
