import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import { openCapture, writeCapture } from "../../src/network/pcapng/index.ts";
import type { NetworkPicture, Trail } from "../../src/views/network/picture.ts";
import type { NetworkView } from "../../src/views/network/view.ts";
import { prompt, task, useBrowser } from "./page.ts";

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

/** A guest is read about once a second, on a computer that does other things as well. */
const SOON = { timeout: 30_000 };

/** Frame by frame, with whatever else machines say meanwhile. */
const LATER = { timeout: 80_000 };

const lab = () => `?lab=${inject("elsewhere")}wires/lab.yaml&seed=1&step=build`;
const run = (page: Page, index: number) =>
  page.locator("ringside-command").nth(index).getByRole("button", { name: "run" }).click();
const stepper = (page: Page) => page.locator("ringside-network-transport");
const button = (page: Page, name: string) => stepper(page).getByRole("button", { name, exact: true });

const picture = (page: Page): Promise<NetworkPicture | undefined> =>
  page.locator("network-view").evaluate((view) => (view as NetworkView).network);
const trails = (page: Page): Promise<readonly Pick<Trail, "summary" | "hops">[]> =>
  page.locator("network-view").evaluate((view) =>
    (view as NetworkView).passing.trails.map(({ summary, hops }) => ({
      summary,
      hops: hops.map((hop) => ({ ...hop, bytes: new Uint8Array() })),
    })),
  );

/** Names of a machine's interfaces as the map has them, by namespace. */
async function interfaces(page: Page, machine: string): Promise<Record<string, readonly string[]>> {
  const box = (await picture(page))?.machines.find(({ name }) => name === machine);
  return Object.fromEntries(
    (box?.namespaces ?? []).map(({ label, interfaces }) => [label, interfaces.map(({ link }) => link.name)]),
  );
}

/** The way of the newest packet with such a summary, by the names of places. */
async function way(page: Page, summary: string): Promise<readonly string[]> {
  const { machines = [] } = (await picture(page)) ?? {};
  const names = new Map(
    machines.flatMap(({ name, namespaces = [] }) =>
      namespaces.flatMap((box) =>
        box.interfaces.map(({ id, link }) => [id, `${name}/${box.label}:${link.name}`] as const),
      ),
    ),
  );
  const trail = [...(await trails(page))].reverse().find((one) => one.summary.startsWith(summary));
  return (trail?.hops ?? []).map(({ at, direction }) => `${names.get(at) ?? at} ${direction}`);
}

/** Builds the bridge and the namespace, gives addresses, and waits until tasks say so. */
async function build(page: Page): Promise<void> {
  await prompt(page);
  await run(page, 0);
  await run(page, 1);
  await run(page, 2);
  for (const text of ["is joined to the wire", "The other guest"]) {
    await task(page, text).and(page.locator("[data-status=done]")).waitFor();
  }
}

const ECHO = [
  "left/box:eth0 out",
  "left/initial:veth0 in",
  "left/initial:eth0 out",
  "port:lan:left/0 in",
  "port:lan:right/0 out",
  "right/initial:eth0 in",
];

describe("the network on the page", () => {
  const open = useBrowser();

  it("is what students build, and a packet's way through it hop by hop", async () => {
    const { page, errors, strangers } = await open(lab());
    await prompt(page);
    await expect.poll(() => interfaces(page, "left"), SOON).toEqual({ initial: ["lo", "eth0"] });
    await run(page, 0);
    await expect.poll(() => interfaces(page, "left"), SOON).toEqual({ initial: ["lo", "eth0", "br0"] });
    await run(page, 1);
    await expect
      .poll(() => interfaces(page, "left"), SOON)
      .toEqual({ initial: ["lo", "eth0", "br0", "veth0"], box: ["lo", "eth0"] });
    await run(page, 2);
    await task(page, "The other guest").and(page.locator("[data-status=done]")).waitFor();
    await run(page, 3);
    await task(page, "knows the MAC address").and(page.locator("[data-status=done]")).waitFor();

    await expect.poll(() => way(page, "ICMP echo request 10.0.0.1 → 10.0.0.2"), SOON).toEqual(ECHO);
    await expect
      .poll(() => way(page, "ICMP echo reply 10.0.0.2 → 10.0.0.1"), SOON)
      .toEqual([...ECHO].reverse().map((hop) => hop.replace(/(in|out)$/, (way) => (way === "in" ? "out" : "in"))));
    const kinds = (await picture(page))!.edges.map(({ kind, carrier }) => `${kind} ${carrier}`).sort();
    expect(kinds).toEqual(["cable true", "cable true", "port true", "port true", "veth true"]);
    expect(await complaints(page)).toEqual([]);
    expect([errors, strangers]).toEqual([[], []]);
  });

  it("stands where its wire is held, and goes on frame by frame", async () => {
    const { page } = await open(lab());
    await build(page);
    // both ends know each other's MAC address: what waits is the echo, not a question that is given up on
    await run(page, 3);
    const answers = page.locator(".xterm-rows").getByText("bytes from 10.0.0.2");
    await answers.first().waitFor();
    await button(page, "Hold the wire").click();
    await button(page, "Let all go").waitFor();
    await page.locator('ringside-terminal[slot="terminal:left"] .xterm-screen').click();
    await page.keyboard.type("clear; ip netns exec box ping -c 1 -W 100 10.0.0.2\n");
    await stepper(page)
      .getByText(/\d+ frames? waits?/)
      .waitFor();
    const waiting = async () =>
      (await picture(page))!.fabric.find(({ report }) => report.link === "lan")!.report.waiting;
    await expect.poll(waiting, SOON).toBeGreaterThan(0);
    await expect.poll(() => answers.count()).toBe(0);
    await expect
      .poll(async () => {
        const next = button(page, "Next frame");
        if (await next.isEnabled()) await next.click();
        return answers.count();
      }, LATER)
      .toBe(1);
    await button(page, "Let all go").click();
    await expect.poll(waiting, SOON).toBe(0);
  });

  it("is saved as a capture, and a capture is sent into a link", async () => {
    const { page } = await open(lab());
    await build(page);
    await run(page, 3);
    await expect.poll(() => way(page, "ICMP echo reply"), SOON).toHaveLength(ECHO.length);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.locator("network-view").evaluate((view) => {
        view.dispatchEvent(new CustomEvent("network-save", { detail: {}, bubbles: true, composed: true }));
      }),
    ]);
    expect(download.suggestedFilename()).toMatch(/^wires-.*\.pcapng$/);
    const saved = openCapture(new Uint8Array(await readFile(await download.path())));
    if ("error" in saved) throw new Error(saved.error);
    expect(saved.interfaces.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["lan", "left:eth0", "left:br0", "left:veth0", "left/box:eth0", "right:eth0"]),
    );

    const bytes = Uint8Array.from({ length: 60 }, (_, at) => (at < 6 ? 255 : at === 6 ? 2 : at));
    const capture = writeCapture({ interfaces: [{ name: "made" }], frames: [{ interface: 0, length: 60, bytes }] });
    await page.locator("network-view").evaluate(
      (view, file) => {
        const made = new File([new Uint8Array(file)], "made.pcapng");
        const detail = { link: "lan", file: made };
        view.dispatchEvent(new CustomEvent("network-replay", { detail, bubbles: true, composed: true }));
      },
      [...capture],
    );
    await expect.poll(() => way(page, "Ethernet 02:"), SOON).not.toEqual([]);
  });
});
