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

/** What the view asked its page for. */
const asked = (page: Page) =>
  page.evaluate(() =>
    (window as unknown as { probed: Probed }).probed.asked.map(({ name, detail }) => ({ name, detail })),
  );

/** What a part of the page says, as it is seen. */
const said = async (part: Locator) => (await part.allInnerTexts()).join(" ").replace(/\s+/g, " ");

/** The view is given other properties, as the page does when it has read again. */
const give = (page: Page, scene: string) =>
  page.evaluate((to) => (window as unknown as { renew(to: string): void }).renew(to), scene);

const node = (page: Page, name: string | RegExp) => page.locator("network-map").getByRole("button", { name }).first();

describe("the views of the network", () => {
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
    for (const scene of ["bridge", "held", "docker", "vlans", "gateway", "empty"]) {
      const { page, errors } = await open(`network-${scene}`, `&theme=${theme}&lang=${lang}`, { viewport });
      await page.evaluate(AXE);
      expect(await complaints(page)).toEqual([]);
      if (scene === "held") await page.locator(".node.link").click();
      if (scene === "bridge" || scene === "docker") {
        if (viewport === NARROW) await page.locator(".parts button").nth(1).click();
        await page.locator(".packets li").nth(1).click();
        await page.locator(".hop").nth(2).click();
        expect(await complaints(page)).toEqual([]);
        await page.locator(".parts button").last().click();
        expect(await complaints(page)).toEqual([]);
        await page.locator(".common button").first().click();
      }
      expect(await complaints(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
      expect(errors).toEqual([]);
      await page.close();
    }
  });

  describe("the map", () => {
    it("is walked with the arrow keys, along the lines; Enter chooses, Escape lets go", async () => {
      const { page } = await open("network-bridge");
      const focused = () =>
        page.evaluate(() => {
          let at = document.activeElement;
          while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
          return (at as HTMLElement).textContent.replace(/\s+/g, " ").replaceAll(" ,", ",").trim();
        });
      await node(page, /^A\s*dom0/).focus();
      const seen = [];
      for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowLeft"]) {
        await page.keyboard.press(key);
        seen.push(await focused());
      }
      const starts = [
        "IP, stack of initial",
        "xenbr0 10.0.0.1/24, bridge",
        "peth0, card in dom0",
        "vif1.0",
        "eth0 10.0.0.11/24",
        "IP, stack",
      ];
      expect(seen.map((name, at) => name.slice(0, starts[at]!.length))).toEqual(starts);
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      const detail = page.locator("network-map .detail");
      expect(await said(detail)).toMatch(/domU1 eth0 kind card MAC 00:16:3e:00:00:b1 .*other end dom0 vif1.0/);
      await page.keyboard.press("Escape");
      expect(await detail.count()).toBe(0);
    });

    it("has one place for Tab, and says what a thing is joined to", async () => {
      const { page } = await open("network-bridge");
      expect(await page.locator("network-map .node[tabindex='0']").count()).toBe(1);
      const name = await node(page, /^vif1.0/).getAttribute("title");
      expect(name).toBe("netback in dom0; joined to dom0 xenbr0, domU1 eth0");
    });

    it("holds a wire, lets one frame go and all, cuts it, shapes and mirrors it", async () => {
      const { page } = await open("network-held");
      await node(page, /^physical/).click();
      const detail = page.locator("network-map .detail");
      await detail.getByRole("button", { name: "Next frame" }).click();
      await detail.getByRole("button", { name: "Let all go" }).click();
      await detail.getByRole("button", { name: "Cut" }).click();
      await detail.getByLabel("mirror to").selectOption("outside/0");
      await detail.getByLabel("latency, ms").fill("20");
      await detail.getByLabel("loss, %").fill("5");
      await detail.getByLabel("rate, kbit/s").fill("");
      await detail.getByRole("button", { name: "Set" }).click();
      await detail.getByRole("button", { name: "Forget addresses" }).click();
      await detail.getByRole("button", { name: "Counters to 0" }).click();
      await detail.getByRole("button", { name: "Save capture" }).click();
      const link = "physical";
      expect(await asked(page)).toEqual([
        { name: "network-step", detail: { link } },
        { name: "network-hold", detail: { link, on: false } },
        { name: "network-cut", detail: { link, on: true } },
        { name: "network-mirror", detail: { link, to: "outside/0" } },
        { name: "network-shape", detail: { link, latency: 20, jitter: 0, loss: 0.05, rate: null } },
        { name: "network-forget", detail: { link } },
        { name: "network-reset", detail: { link } },
        { name: "network-save", detail: { link } },
      ]);
    });

    it("takes a number for what it is: another gets the cursor, and nothing is asked", async () => {
      const { page } = await open("network-bridge");
      await node(page, /^physical/).click();
      await page.getByLabel("jitter, ms").fill("a little");
      await page.getByRole("button", { name: "Set" }).click();
      expect(await asked(page)).toEqual([]);
      expect(await page.getByLabel("jitter, ms").evaluate((field) => field.matches(":focus"))).toBe(true);
    });

    it("pulls a card's cable and plugs it in again; of a cut link it cannot", async () => {
      const { page } = await open("network-bridge");
      await node(page, /^peth0/).click();
      await page.getByRole("button", { name: "Pull the cable" }).click();
      expect(await asked(page)).toEqual([
        { name: "network-cable", detail: { machine: "dom0", nic: 0, plugged: false } },
      ]);
      const cut = await open("network-vlans");
      await node(cut.page, /^eth1.*card in left/).click();
      expect(await cut.page.getByRole("button", { name: "Plug in" }).isDisabled()).toBe(true);
    });

    it("replays a file into a link", async () => {
      const { page } = await open("network-bridge");
      await node(page, /^physical/).click();
      const file = { name: "a.pcapng", mimeType: "application/octet-stream", buffer: Buffer.from([1, 2, 3]) };
      await page.locator("network-map input[type=file]").setInputFiles(file);
      expect(await asked(page)).toMatchObject([{ name: "network-replay", detail: { link: "physical" } }]);
    });

    it("marks what appeared, for a moment", async () => {
      const { page } = await open("network-before");
      await give(page, "network-bridge");
      const fresh = page.locator("network-map .node[class*=fresh]");
      await fresh.first().waitFor();
      expect(await said(fresh.locator("b"))).toBe("vif2.0");
      await fresh.first().waitFor({ state: "detached" });
    });

    it("moves a packet that passed along its way, once, and none that were there before", async () => {
      const { page } = await open("network-quiet");
      expect(await page.locator("network-map .frames > *").count()).toBe(0);
      await give(page, "network-bridge");
      const frames = page.locator("network-map .frames > .icmp");
      await frames.first().waitFor();
      expect(await frames.first().locator("svg.packet").count()).toBe(1);
      const path = await frames.first().evaluate((frame) => getComputedStyle(frame).offsetPath);
      expect(path).toMatch(/^path\("M/);
      const longest = await page.evaluate(() => {
        const timings = document.getElementById("stage")!.firstElementChild!.shadowRoot!.querySelector("network-map")!;
        const frames = [...timings.shadowRoot!.querySelectorAll(".frames > *")];
        return Math.max(
          ...frames.flatMap((frame) => frame.getAnimations().map(({ effect }) => Number(effect!.getTiming().duration))),
        );
      });
      expect(longest).toBeLessThanOrEqual(1000);
      await frames.first().waitFor({ state: "detached" });
    });

    it("puts a cross where a packet was lost", async () => {
      const { page } = await open("network-quiet");
      await give(page, "network-bridge");
      const cross = page.locator("network-map .frames .udp path.lost");
      await cross.waitFor({ state: "attached" });
      await cross.waitFor({ state: "detached" });
    });

    it("shows the way of a packet that passed standing where motion is not wanted", async () => {
      const { page } = await open("network-quiet", "", { reducedMotion: "reduce" });
      await give(page, "network-bridge");
      const track = page.locator("network-map .frames path.track").first();
      await track.waitFor({ state: "attached" });
      expect(await page.locator("network-map .frames svg.packet").count()).toBe(0);
      await track.waitFor({ state: "detached" });
    });

    it("says of a flood how much of it is drawn", async () => {
      const { page } = await open("network-flood");
      await page.getByText(/^1.200 frames\/s, 0 drawn$/).waitFor();
      await page
        .locator("network-map")
        .getByText(/^88.000 frames left out$/)
        .waitFor();
    });
  });

  describe("packets", () => {
    it("are walked with the arrow keys; their way is drawn with numbers", async () => {
      const { page } = await open("network-bridge");
      const list = page.getByRole("listbox", { name: /^Packets/ });
      await list.press("ArrowDown");
      await list.press("ArrowDown");
      await list.press("ArrowDown");
      expect(await said(page.locator(".way .whole"))).toMatch(/^ICMP echo request 10.0.0.11 → 10.0.0.99/);
      expect(await said(page.locator("network-map .numbers"))).toBe("4 5 3 2 1 6");
      expect(await page.locator("network-map .tracks .track").getAttribute("d")).toMatch(/^M/);
    });

    it("tell hop by hop what changed, and show the row that decided", async () => {
      const { page } = await open("network-docker", "", { viewport: { width: 1280, height: 900 } });
      await page.locator(".packets li").nth(1).click();
      const hop = page.locator(".hops > li", { hasText: "docker0" }).first();
      expect(await said(hop.locator(".changes"))).toMatch(/TTL 64 → 63 destination 192.168.7.1 → 172.17.0.2/);
      const rule = hop.locator(".decided li", { hasText: "DNAT" });
      expect(await said(rule)).toMatch(/computed/);
      await rule.getByRole("button").click();
      const row = page.locator("network-tables tr.wanted");
      expect(await said(row)).toMatch(/DNAT --to-destination 172.17.0.2:80/);
      const [table, place] = await Promise.all([
        row.boundingBox(),
        page.locator("network-tables .scroll").boundingBox(),
      ]);
      expect(table!.y).toBeGreaterThanOrEqual(place!.y);
      expect(table!.y + table!.height).toBeLessThanOrEqual(place!.y + place!.height + 1);
    });

    it("are listed by kind and by a text in them", async () => {
      const { page } = await open("network-bridge");
      const packets = page.locator(".packets li");
      await page.getByRole("button", { name: "ARP", exact: true }).click();
      expect(await packets.count()).toBe(3);
      await page.getByRole("searchbox").fill("echo reply");
      expect(await packets.count()).toBe(1);
      await page.getByRole("searchbox").fill("no such thing");
      await page.getByText("No packet that passed is like this.").waitFor();
    });

    it("say where they were lost, and why", async () => {
      const { page } = await open("network-bridge");
      await page.locator(".packets li").first().click();
      expect(await said(page.locator(".hops .lost"))).toMatch(/lost at physical dom0\/0 Lost at random/);
      expect(await page.locator("network-map .lost").getAttribute("d")).toMatch(/^M/);
    });

    it("open their layers: a field marks its bytes, and a byte its field", async () => {
      const { page } = await open("network-bridge");
      await page.locator(".packets li").nth(2).click();
      await page.locator(".hop").first().click();
      const layers = page.locator("network-layers");
      await layers.getByRole("option", { name: /^TTL/ }).click();
      expect(await said(layers.locator(".dump .in"))).toBe("40");
      await layers.locator("[data-byte='12']").click();
      expect(await said(layers.locator("[aria-selected=true]"))).toMatch(/^Type IPv4/);
      const bytes = layers.getByRole("slider");
      await bytes.press("End");
      expect(await bytes.getAttribute("aria-valuetext")).toMatch(/^byte 97: 37/);
      const fields = layers.getByRole("listbox");
      await fields.press("Home");
      expect(await said(layers.locator("[aria-selected=true]"))).toMatch(/^Ethernet 14 bytes/);
      await fields.press("ArrowDown");
      expect(await said(layers.locator(".dump .in"))).toBe("02 52 00 00 00 c0");
    });

    it("that are malformed are shown as that", async () => {
      const { page } = await open("network-malformed");
      await page.locator(".packets li").first().click();
      await page.locator(".hop").first().click();
      expect(await said(page.locator("network-layers .wrong").first())).toMatch(/^malformed: /);
    });

    it("stay in sight when they have left the list, and are cleared", async () => {
      const { page } = await open("network-bridge");
      await page.locator(".packets li").nth(2).click();
      await give(page, "network-quiet");
      await page.locator(".way .whole").waitFor();
      await give(page, "network-bridge");
      await page.getByRole("button", { name: "Clear" }).click();
      expect(await page.locator(".way").count()).toBe(0);
      expect(await asked(page)).toEqual([{ name: "network-clear", detail: {} }]);
    });
  });

  it("on a narrow screen are one at a time, and the row that decided opens the tables", async () => {
    const { page } = await open("network-docker", "", { viewport: NARROW });
    expect(await page.locator("network-map").count()).toBe(1);
    expect(await page.locator("network-trail").count()).toBe(0);
    await page.getByRole("button", { name: "Packets", exact: true }).click();
    await page.locator(".packets li").nth(1).click();
    await page.locator(".decided .row").first().click();
    await page.locator("network-tables tr.wanted").waitFor();
    expect(await page.locator("network-trail").count()).toBe(0);
  });

  it("are copied whole as JSON, with the packets' bytes", async () => {
    const { page } = await open("network-bridge", "", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("button", { name: "Copy as JSON" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as {
      picture: { machines: unknown[] };
      packets: { hops: { bytes: string }[] }[];
    };
    expect([copied.picture.machines.length, copied.packets.length]).toEqual([4, 5]);
    expect(copied.packets[0]!.hops[0]!.bytes).toMatch(/^ffffffffffff/);
  });

  it("have everything of the map in tables", async () => {
    const { page } = await open("network-bridge");
    await page.getByRole("button", { name: "Table", exact: true }).click();
    const captions = await page.locator("network-view caption").allInnerTexts();
    expect(captions.slice(0, 5)).toEqual(["Machines", "Interfaces", "Wires", "Links", "Packets"]);
    await page.getByRole("row", { name: /domU1 eth0 ring: netfront, netback dom0 vif1.0 yes/ }).waitFor();
  });
});
