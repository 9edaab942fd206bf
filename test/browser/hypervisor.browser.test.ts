import type { FrameLocator, Locator, Page } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import type { RingsideExitStrip } from "../../src/views/hypervisor/exit-strip.ts";
import { exitsLab, screen, useBrowser } from "./page.ts";

type Where = Page | FrameLocator;

/** v86 does not know what to do about an IRET to a null selector: push 0x9c, push 0, push 0, iret. */
const BOMB = "9c6a006a00cf";

const terminalOf = (where: Where, machine: string) =>
  where.locator(`ringside-terminal[slot="terminal:${machine}"]`).locator(".xterm-rows");

/** Types a line at the prompt of a guest's shell. */
async function typeAt(page: Page, line: string, machine = "box", where: Where = page): Promise<void> {
  await where.locator(`ringside-terminal[slot="terminal:${machine}"] .xterm-screen`).click();
  await page.keyboard.type(`${line}\n`);
}

const prompt = (where: Where, machine = "box") => terminalOf(where, machine).getByText("$").first().waitFor();
const stepper = (where: Where) => where.locator("ringside-hypervisor-transport");
const press = (where: Where, name: string) => stepper(where).getByRole("button", { name, exact: true }).click();
const tab = (where: Where, name: string) => where.locator("ringside-stage").getByRole("tab", { name });
const number = async (text: Locator) => Number((await text.textContent())!.replace(/\D/g, ""));

/** After how many exits the stepped machine stands, and instructions. */
async function place(where: Where): Promise<{ exits: number; instructions: number }> {
  const [exits, instructions] = [".where b", ".where .instructions"].map((name) => stepper(where).locator(name));
  return { exits: await number(exits!), instructions: await number(instructions!) };
}

/** Stops the machine. @returns where it stands, once the page has read that */
async function pause(where: Where) {
  await press(where, "Pause");
  await stepper(where).getByRole("button", { name: "Run", exact: true }).waitFor();
  await expect.poll(async () => (await place(where)).exits).toBeGreaterThan(0);
  await press(where, "Step back");
  await stepper(where).getByRole("button", { name: "Next exit", disabled: false }).waitFor();
  return settled(where);
}

/** Where a machine that stands still is shown to stand, once that has not changed for longer than a reading takes. */
async function settled(where: Where) {
  const seen = [await place(where)];
  const same = () => seen.slice(-6).every(({ instructions }) => instructions === seen.at(-1)!.instructions);
  while (seen.length < 6 || !same()) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    seen.push(await place(where));
  }
  return seen.at(-1)!;
}

describe("a machine that boots the hypervisor", () => {
  const open = useBrowser();

  it("shows its exits while it starts, and has a guest whose shell answers", async () => {
    const { page, errors, strangers } = await open(exitsLab("slow"));
    await page.waitForFunction(
      () => {
        const [strip] = [...document.querySelectorAll("*")].flatMap(function inside(element): Element[] {
          const below = [...(element.shadowRoot?.querySelectorAll("*") ?? [])].flatMap(inside);
          return element.localName === "ringside-exit-strip" ? [element, ...below] : below;
        });
        const { phase, trace } = (strip ?? {}) as Partial<RingsideExitStrip>;
        return phase === "starting" && (trace?.total ?? 0) > 0;
      },
      undefined,
      { polling: "raf" },
    );
    await prompt(page);
    await typeAt(page, "echo answered");
    await screen(page).getByText("answered", { exact: true }).waitFor();
    expect([errors, strangers]).toEqual([[], []]);
  });

  it("goes to the next exit, back, to a reason, and to the exit one chooses in the strip", async () => {
    const { page } = await open(exitsLab());
    await prompt(page);
    const before = await pause(page);
    await press(page, "Next exit");
    await expect.poll(async () => (await place(page)).exits).toBe(before.exits + 1);
    await press(page, "Step back");
    await expect.poll(() => place(page)).toEqual(before);

    await typeAt(page, "ls");
    await stepper(page).getByLabel("Reason to run to").selectOption({ label: "address-space switch" });
    await press(page, "Run to");
    const line = page.locator("ringside-exit-strip .line b");
    await line.getByText(/^Exit [\d\s]+: address-space switch$/).waitFor();
    expect((await place(page)).exits).toBeGreaterThan(before.exits);

    await page.locator("ringside-exit-strip .plot").focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => line.textContent()).not.toContain("address-space switch");
    const chosen = await number(line);
    await page.locator("ringside-exit-strip").getByRole("button", { name: "Take apart" }).click();
    const anatomy = page.locator("ringside-trap-anatomy h2 small");
    await expect
      .poll(async () => Number((await anatomy.textContent())!.split("·")[0]!.replace(/\D/g, "")))
      .toBe(chosen);
    await tab(page, "Exits").click();
    await page.locator("ringside-exit-strip").getByRole("button", { name: "Go there" }).click();
    await expect.poll(async () => (await place(page)).exits).toBe(chosen + 1);
  });

  it("keeps the exits of work done, and leaves out an idle guest at one press", async () => {
    const { page } = await open(exitsLab());
    await prompt(page);
    // by now the last 512 are all an idle guest's and its checks'; the boot's are older
    await expect.poll(async () => (await place(page)).exits, { timeout: 30_000 }).toBeGreaterThan(2000);
    await pause(page);
    const strip = page.locator("ringside-exit-strip");
    const kept = () =>
      strip.evaluate((element) => (element as RingsideExitStrip).trace!.exits.map(({ reason }) => reason));
    const reasons = new Set(await kept());
    const idle = strip.getByRole("button", { name: /^Idle/ });
    const shown = async () =>
      (await strip.locator(".bar .wide").textContent())!
        .match(/\d[\d\s]*/g)!
        .map((digits) => Number(digits.replace(/\s/g, "")));
    const [all] = await shown();
    const left = await number(idle);
    await idle.click();
    await expect.poll(async () => (await shown())[0]).toBe(all! - left);
    expect(reasons).toContain("EXIT_CR_WRITE");
    expect((await strip.locator(".chip").allInnerTexts()).some((text) => text.startsWith("write of CR0"))).toBe(true);
  });

  it("shows both chains of a typed address, and that they meet", async () => {
    const { page } = await open(exitsLab());
    await prompt(page);
    await pause(page);
    const translation = page.locator("ringside-translation");
    const address = translation.getByLabel("Guest-virtual address");
    await address.fill("xyz");
    await address.press("Enter");
    await translation.getByRole("alert").getByText("up to eight hexadecimal digits").waitFor();
    // where the guest's kernel has just executed its HLT, the shadow has an entry
    await stepper(page).getByLabel("Reason to run to").selectOption({ label: "HLT" });
    await press(page, "Run to");
    await page.locator("ringside-exit-strip .line b").getByText(": HLT").waitFor();
    const eip = (await page.locator("ringside-exit-strip .line .va").textContent())!.slice(3);
    await address.fill(eip);
    await address.press("Enter");
    await translation.locator(".verdict[data-kind=agrees]").waitFor();
    await translation.locator(".bits", { hasText: eip.slice(5) }).waitFor();
    const [guest, shadow] = await translation.locator("tr.end td").allInnerTexts();
    expect(guest).toMatch(new RegExp(`ma:[0-9a-f]{5}${eip.slice(5)}`));
    expect(shadow).toContain(/ma:[0-9a-f]{8}/.exec(guest!)![0]);
  });

  it("leads from the map of page tables to a translation, by keys alone", async () => {
    const { page } = await open(exitsLab());
    await prompt(page);
    await pause(page);
    await tab(page, "Translation").focus();
    await page.keyboard.press("ArrowRight");
    await tab(page, "Page tables").and(page.locator("[aria-selected=true]")).waitFor();
    const map = page.locator("ringside-page-table-map");
    const [directory, leaf] = [map.locator(".grid").first(), map.locator(".grid").nth(1)];
    await directory.focus();
    await page.keyboard.press("ArrowRight");
    await map.locator(".detail").getByText("Slot 769, va:c0400000").waitFor();
    await page.keyboard.press("Enter");
    await map.getByText("This slot holds nothing").waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await map.getByText("Table of slot 768").waitFor();
    await leaf.focus();
    for (const key of ["ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
    await map
      .locator(".detail")
      .getByText(/^Entry 33, va:c0021000/)
      .waitFor();
    await page.keyboard.press("Enter");
    await tab(page, "Translation").and(page.locator("[aria-selected=true]")).waitFor();
    await expect.poll(() => page.locator("ringside-translation input").inputValue()).toBe("c0021000");
    await page.keyboard.type("c0100000\n");
    await page.locator("ringside-translation .bits", { hasText: /100\s*table slot/ }).waitFor();
  });

  it("runs the student's programs, says what became of them, and keeps them over a reload", async () => {
    const { page } = await open(exitsLab());
    await prompt(page);
    await tab(page, "Program").click();
    const program = page.locator("ringside-program");
    const run = program.getByRole("button", { name: "Run" });
    await run.click();
    await screen(page).getByText("Hello from ring 3").waitFor();
    await program.locator("textarea").fill("mov 0xc0000000,%eax # mine");
    await run.click();
    await screen(page)
      .getByText(/killed: .* at 0x400000/)
      .waitFor();
    await page.reload();
    await prompt(page);
    await tab(page, "Program").and(page.locator("[aria-selected=true]")).waitFor();
    await expect.poll(() => program.locator("textarea").inputValue()).toBe("mov 0xc0000000,%eax # mine");
  });

  it("says so where it is looked into when the emulator gives up, and goes back to where it was well", async () => {
    const { page } = await open(exitsLab());
    await prompt(page);
    await typeAt(page, `write bomb ${BOMB}`);
    await typeAt(page, "run bomb");
    const stopped = page.locator("ringside-terminal .stopped");
    await stopped.getByText("v86 cannot go on").waitFor();
    await page.locator("ringside-translation .stopped").waitFor();
    await page.locator("ringside-exit-strip").getByText("The machine has stopped.").waitFor();
    await stepper(page).getByText("stopped").waitFor();
    await stopped.getByRole("button", { name: "Restart" }).waitFor();
    await stopped.getByRole("button", { name: "Back to the save point" }).click();
    await stopped.waitFor({ state: "detached" });
    // the line it was in is shown again, and may hold a part of the command that was typed
    await screen(page)
      .locator("div", { hasText: "Back at the save point" })
      .locator("~ div", { hasText: "$" })
      .first()
      .waitFor();
    await page.locator("ringside-terminal .xterm-screen").click();
    await page.keyboard.press("Control+U");
    await typeAt(page, "echo well-again");
    await screen(page).getByText("well-again", { exact: true }).waitFor();
  });

  it("is not disturbed by another one of its lab", async () => {
    const { page } = await open(exitsLab("pair"));
    await Promise.all([prompt(page, "left"), prompt(page, "right")]);
    const left = await pause(page);
    await typeAt(page, "echo right-is-free", "right");
    await terminalOf(page, "right").getByText("right-is-free", { exact: true }).waitFor();
    expect(await place(page)).toEqual(left);

    await press(page, "Run");
    await typeAt(page, `write bomb ${BOMB}`, "left");
    await typeAt(page, "run bomb", "left");
    await page.locator('ringside-terminal[slot="terminal:left"] .stopped').waitFor();
    await typeAt(page, "echo right-is-well", "right");
    await terminalOf(page, "right").getByText("right-is-well", { exact: true }).waitFor();
    expect(await page.locator('ringside-terminal[slot="terminal:right"] .stopped').count()).toBe(0);
  });

  it("works in a frame of another site, and with the network gone once it is there", async () => {
    const { page, errors } = await open(`frame${exitsLab()}&embed`, { site: inject("elsewhere") });
    const frame = page.frameLocator("iframe");
    await prompt(frame);
    await frame.locator("ringside-translation .verdict").waitFor();
    await page.context().setOffline(true);
    const before = await pause(frame);
    await press(frame, "Next exit");
    await expect.poll(async () => (await place(frame)).exits).toBe(before.exits + 1);
    await press(frame, "Run");
    await tab(frame, "Program").click();
    await frame.locator("ringside-program").getByRole("button", { name: "Run" }).click();
    await screen(frame).getByText("Hello from ring 3").waitFor();
    expect(errors).toEqual([]);
  });
});
