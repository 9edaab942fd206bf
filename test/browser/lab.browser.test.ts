import { describe, expect, inject, it } from "vitest";
import { prompt, screen, smallLab, task, typeLine, useBrowser } from "./page.ts";

describe("a lab in Chromium", () => {
  const open = useBrowser();

  it("ticks a task when the machine shows it, and still knows after a reload", async () => {
    const { page, errors, strangers } = await open(smallLab("file"));
    await prompt(page);
    await page.getByRole("button", { name: "6", exact: true }).click();
    await typeLine(page, "touch /tmp/done");
    await task(page, "/tmp/done").and(page.locator("[data-status=done]")).waitFor();
    await page.locator("ringside-question").getByText("Not this time: it is 5.").waitFor();

    await page.reload();
    await task(page, "/tmp/done").and(page.locator("[data-status=done]")).waitFor();
    expect(await page.locator("ringside-header .note").textContent()).toBe("2 of 3 tasks");
    expect([errors, strangers]).toEqual([[], []]);
  });

  it("types a command of the prose into the terminal at a press of its button", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    await page.getByRole("button", { name: "run" }).click();
    await screen(page).getByText("5", { exact: true }).waitFor();
    await task(page, "/tmp/done").and(page.locator("[data-status=done]")).waitFor();
    await page.keyboard.type("echo from-the-$((40+2))\n");
    await screen(page).getByText("from-the-42", { exact: true }).waitFor();
  });

  it("keeps its machine running when the language changes", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    await typeLine(page, "here=still");
    await page.getByRole("button", { name: "中文" }).click();
    await page.getByRole("heading", { name: "一个文件" }).waitFor();
    await typeLine(page, "echo $here-here");
    await screen(page).getByText("still-here", { exact: true }).waitFor();
  });

  it("opens at the step its address names, and writes the step it is at into the address", async () => {
    const { page } = await open(smallLab("name"));
    await page.getByRole("heading", { name: "A name" }).waitFor();
    await page.getByRole("button", { name: "Step 1: A file" }).click();
    await page.getByRole("heading", { name: "A file" }).waitFor();
    expect(new URL(page.url()).searchParams.get("step")).toBe("file");
  });

  it("goes back to a save point, with the screen as it was", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    await typeLine(page, "echo before > /tmp/when");
    await page.getByRole("button", { name: "Save point" }).click();
    await page.getByText(/^Save point of/).waitFor();
    await typeLine(page, "echo after > /tmp/when; echo written");
    await screen(page).getByText("written", { exact: true }).waitFor();
    await page.locator("ringside-transport").getByRole("button", { name: "Back" }).click();
    await screen(page).getByText("written", { exact: true }).waitFor({ state: "detached" });
    await typeLine(page, "cat /tmp/when");
    await screen(page).getByText("before", { exact: true }).waitFor();
  });

  it("runs a machine in slow motion, and at full speed again after a restart", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    const speed = page.getByLabel("Speed");
    await speed.selectOption({ label: "1/4 of full speed" });
    // by its own clock a second stays a second
    await typeLine(page, "t=$(cut -d. -f1 /proc/uptime); sleep 1; echo took-$(($(cut -d. -f1 /proc/uptime) - t))");
    await screen(page)
      .getByText(/^took-[12]$/)
      .waitFor();
    await page.getByRole("button", { name: "Restart" }).click();
    await expect.poll(() => speed.inputValue()).toBe("1");
  });

  it("says on its own terminal that a machine panicked, and starts it anew", async () => {
    const { page } = await open(smallLab("file"));
    await prompt(page);
    await typeLine(page, "echo c > /proc/sysrq-trigger");
    const stopped = page.locator("ringside-terminal .stopped");
    await stopped.getByText("the kernel panicked").waitFor();
    await screen(page).getByText("Machine box stopped").waitFor();
    await stopped.getByRole("button", { name: "Restart" }).click();
    await stopped.waitFor({ state: "detached" });
    await typeLine(page, "echo alive-$((1+1))");
    await screen(page).getByText("alive-2", { exact: true }).waitFor();
  });

  it("shows its text before its machine is there", async () => {
    const { page } = await open("", {});
    await page.route("**/*.gz", () => undefined);
    await page.goto(inject("site") + smallLab("file"));
    await page.getByRole("heading", { name: "A file" }).waitFor();
    await page.locator("ringside-terminal .arrival").getByText("Machine A: box").waitFor();
    expect(await page.getByRole("button", { name: "run" }).isDisabled()).toBe(true);
  });

  it("moves the panels' divider by keys and keeps where it stood", async () => {
    const { page } = await open(smallLab("file"));
    const divider = page.getByRole("separator", { name: "Width of the steps" });
    await divider.focus();
    await page.keyboard.press("Shift+ArrowRight");
    const width = async () => (await page.locator("ringside-steps").boundingBox())?.width;
    expect(await width()).toBe(464);
    await page.reload();
    await page.getByRole("heading", { name: "A file" }).waitFor();
    expect(await width()).toBe(464);
  });
});
