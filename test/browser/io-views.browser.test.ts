import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "./page.ts";
import { serveViews } from "./serve.ts";
import type { Probed } from "./views/page.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

/** What axe-core finds wrong with the page as it stands: WCAG 2.2 A and AA, and its best practices. */
async function complaints(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.html}`));
  });
}

/** Scenes whose tables are looked at, too. */
const TABLES = ["ring", "domains", "compare"];

/** What the view asked its page for. */
const asked = (page: Page) =>
  page.evaluate(() =>
    (window as unknown as { probed: Probed }).probed.asked.map(({ name, detail }) => ({ name, detail })),
  );

/** What a part of the page says, as it is seen. */
const said = async (part: Locator) => (await part.allInnerTexts()).join(" ");

describe("the views of rings, domains and costs", () => {
  const browse = useBrowser();
  let served: Awaited<ReturnType<typeof serveViews>>;
  beforeAll(async () => {
    served = await serveViews();
  });
  afterAll(() => served.close());

  const open = async (scene: string, query = "", options = {}) => {
    const visit = await browse(`?scene=${scene}${query}`, { site: served.views, ...options });
    await visit.page.locator("#stage .bar").first().waitFor();
    return visit;
  };

  it.each([
    ["light", "en", WIDE],
    ["dark", "zh", WIDE],
    ["dark", "en", NARROW],
    ["light", "zh", NARROW],
  ] as const)("axe-core finds nothing wrong with any of them in %s, %s", async (theme, lang, viewport) => {
    for (const scene of ["ring", "network", "virtqueue", "unavailable", "fault", "empty", "domains", "compare"]) {
      const { page, errors } = await open(scene, `&theme=${theme}&lang=${lang}`, { viewport });
      await page.evaluate(AXE);
      const band = page.getByRole("slider");
      if ((await band.count()) > 0) await band.press("ArrowRight");
      if (scene === "domains") await page.locator(".rung").first().click();
      if (scene === "compare") await page.getByRole("combobox").last().selectOption("run MTU 576");
      expect(await complaints(page)).toEqual([]);
      // a table of a queue is long, and looks as that of a ring does
      if (TABLES.includes(scene)) {
        await page.locator(".common button").first().click();
        expect(await complaints(page)).toEqual([]);
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
      expect(errors).toEqual([]);
      await page.close();
    }
  });

  it("keep still what is marked as changed where motion is not wanted", async () => {
    const { page } = await open("ring", "", { reducedMotion: "reduce" });
    const fresh = page.locator("svg [class^=fresh]").first();
    await fresh.waitFor({ state: "attached" });
    const style = await fresh.evaluate((mark) => [
      getComputedStyle(mark).animationName,
      getComputedStyle(mark).strokeWidth,
    ]);
    expect(style).toEqual(["none", "1.5px"]);
  });

  describe("a ring", () => {
    it("is walked with the arrow keys, slot by slot, and says what each is", async () => {
      const { page } = await open("ring");
      const band = page.getByRole("slider");
      await band.press("Home");
      for (let steps = 18; steps > 0; steps--) await band.press("ArrowRight");
      expect(await band.getAttribute("aria-valuetext")).toBe("slot 18, being served");
      const slot = page.locator(".slot");
      expect(await said(slot)).toMatch(/Slot 18 being served now the back's/);
      expect(await slot.locator(".pages li").count()).toBe(2);
      expect(await said(slot.locator(".dump").first())).toMatch(/^00 {2}01 02 00 ca/);
      await band.press("End");
      expect(await band.getAttribute("aria-valuetext")).toBe("slot 31, free");
      await band.press("Escape");
      await page.getByText("Choose a slot").waitFor();
    });

    it("opens the slot that is clicked, in the band and on the dial", async () => {
      const { page } = await open("ring");
      const band = page.getByRole("slider");
      const box = (await band.boundingBox())!;
      await band.click({ position: { x: 8 + ((box.width - 16) / 32) * 22.5, y: 90 } });
      expect(await band.getAttribute("aria-valuetext")).toBe("slot 22, requested");
      const dial = page.locator(".dial svg");
      const side = (await dial.boundingBox())!.width;
      const radius = (side * 52) / 164;
      const angle = (2 * Math.PI * 15.5) / 32;
      await dial.click({
        position: { x: side / 2 + radius * Math.sin(angle), y: side / 2 - radius * Math.cos(angle) },
      });
      expect(await band.getAttribute("aria-valuetext")).toBe("slot 15, answered");
    });

    it("asks for another ring, another pace, and the next step", async () => {
      const { page } = await open("virtqueue");
      await page.getByRole("combobox", { name: "Ring" }).selectOption("vif:domU/0/tx");
      await page.getByLabel("each request takes").fill("250");
      await page.keyboard.press("Tab");
      await page.getByRole("button", { name: "Next slot" }).click();
      await page.getByRole("button", { name: "Next notification" }).click();
      await page.getByRole("button", { name: "Step by step" }).click();
      const ring = "virtio:vm/vda/0";
      expect(await asked(page)).toEqual([
        { name: "ring-choose", detail: { ring: "vif:domU/0/tx" } },
        { name: "ring-pace", detail: { ring, latency: 250, batch: 0, stepping: true } },
        { name: "ring-step", detail: { ring, by: "slot" } },
        { name: "ring-step", detail: { ring, by: "notification" } },
        { name: "ring-pace", detail: { ring, latency: 20, batch: 0, stepping: false } },
      ]);
    });

    it("has no slow motion where the backend is Linux's own, and says why", async () => {
      const { page } = await open("unavailable");
      await page.getByText("The backend is Linux's own, in dom0.").waitFor();
      for (const control of await page.locator("fieldset :is(input, button)").all())
        expect(await control.isDisabled()).toBe(true);
    });

    it("of a queue goes from avail to used and back, and the window comes along", async () => {
      const { page } = await open("virtqueue");
      const band = page.getByRole("slider");
      const window = page.locator(".band figcaption span").first();
      expect(await said(window)).toBe("Slots 120 to 23");
      await band.press("ArrowRight");
      for (let steps = 7; steps > 0; steps--) await band.press("ArrowRight");
      await band.press("ArrowDown");
      expect(await band.getAttribute("aria-valuetext")).toMatch(/^chain from descriptor \d+, answered$/);
      await band.press("Home");
      for (let steps = 5; steps > 0; steps--) await band.press("PageDown");
      expect(await said(window)).not.toBe("Slots 120 to 23");
      await page.getByRole("button", { name: "Follow" }).click();
      expect(await said(window)).toBe("Slots 120 to 23");
    });

    it("is copied whole as JSON", async () => {
      const { page } = await open("ring", "", { permissions: ["clipboard-read", "clipboard-write"] });
      await page.getByRole("button", { name: "Copy as JSON" }).click();
      await page.getByRole("button", { name: "Copied" }).waitFor();
      const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as {
        ring: string;
        slots: unknown[];
      };
      expect([copied.ring, copied.slots.length]).toEqual(["vbd:domU/xvda", 32]);
    });
  });

  describe("domains", () => {
    it("open their ports, a channel its ends, a grant its pages", async () => {
      const { page } = await open("domains");
      const detail = page.locator(".detail-table");
      await page.getByRole("button", { name: /domU/ }).first().click();
      expect(await detail.getByRole("row").count()).toBe(1 + 7 + 1 + 2);
      await page.getByRole("button", { name: /^dom0 port ?22.*vif 0 tx.*domU port ?6 ?pending$/ }).click();
      expect(await said(detail.getByRole("row").nth(2))).toMatch(/domU\s+6\s+804\s+yes\s+no/);
      await page.getByRole("button", { name: /^granted by domU to dom0/ }).click();
      expect(await detail.getByRole("row").count()).toBe(1 + 16);
    });

    it("are shown part by part where there is little room", async () => {
      const { page } = await open("domains");
      const parts = page.getByRole("group", { name: "What is shown" });
      await parts.getByRole("button", { name: "xenstore" }).click();
      const tree = (await page.getByRole("tree").boundingBox())!;
      expect(tree.height).toBeGreaterThan(600);
      expect(await page.locator(".ladder, .lanes").count()).toBe(0);
      await parts.getByRole("button", { name: "Handshake" }).click();
      expect(await page.locator(".lanes").count()).toBe(2);
    });

    it("have a store that is opened and closed with the keyboard", async () => {
      const { page } = await open("domains");
      const tree = page.getByRole("tree");
      const rows = tree.getByRole("treeitem");
      await tree.press("Home");
      await tree.press("ArrowLeft");
      expect(await rows.first().getAttribute("aria-expanded")).toBe("false");
      await tree.press("ArrowRight");
      await tree.press("ArrowRight");
      expect(await said(tree.locator("[aria-selected=true] .name"))).toBe("domain");
      await page.getByRole("searchbox").fill("ring-ref");
      expect(await rows.allInnerTexts()).toHaveLength(7);
      await page.getByRole("searchbox").fill("no such thing");
      await page.getByText("No path or value has this in it.").waitFor();
    });

    it("draw of a thousand nodes only those in sight, wherever the tree is scrolled to", async () => {
      const { page } = await open("crowd");
      await page.getByRole("button", { name: "Open all" }).click();
      const tree = page.getByRole("tree");
      const rows = tree.getByRole("treeitem");
      expect(await rows.count()).toBeLessThan(60);
      await tree.press("End");
      await rows.filter({ hasText: "tool" }).first().waitFor();
      expect(await rows.count()).toBeLessThan(60);
      expect(await tree.evaluate((region) => region.scrollTop)).toBeGreaterThan(20_000);
    });
  });

  describe("costs", () => {
    it("are told per request, per KB and in all", async () => {
      const { page } = await open("costs");
      const first = page.locator(".bars .amount").first();
      expect(await said(first)).toBe("619");
      await page.getByRole("button", { name: "in all" }).click();
      expect((await said(first)).replace(/\s/g, " ")).toBe("123 810");
    });

    it("are reset, kept under a name, forgotten and compared", async () => {
      const { page } = await open("compare");
      await page.getByRole("button", { name: "Reset counters" }).click();
      await page.getByRole("textbox", { name: "Name of the run" }).fill(" depth 32 ");
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Forget MTU 576" }).click();
      const events = await asked(page);
      expect(events.map(({ name }) => name)).toEqual(["io-reset", "io-keep", "io-forget"]);
      expect(events[1]!.detail).toMatchObject({
        name: "depth 32",
        machines: [{ name: "dom0" }, { name: "vm" }, { name: "domU" }],
      });
      await page.getByLabel("beside").selectOption("run MTU 576");
      expect(await page.locator(".factor").filter({ hasText: "1.00×" }).count()).toBe(8);
    });

    it("open an emulated device's registers", async () => {
      const { page } = await open("costs");
      await page.locator("summary").first().click();
      await page.getByRole("row", { name: /0x10 remote DMA data/ }).waitFor();
    });
  });
});
