/**
 * Pictures of the site in use, for people to look at: `npx tsx test/browser/screenshots.ts [name …]` writes them to
 * `.build/screenshots`. With `--readme` it also renews the picture of the README.
 */
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import type { InspectingPanel } from "../../src/app/hypervisor-panels.ts";
import { strings } from "../../src/views/language.ts";
import { ARGUMENTS, EXECUTABLE } from "./chromium.ts";
import { serveSite, serveViews } from "./serve.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OUT = join(ROOT, ".build/screenshots");
const README_PICTURE = "lab-light-en-wide";

const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;
const LOOKS = [
  { theme: "light", language: "en", size: "wide" },
  { theme: "dark", language: "zh", size: "wide" },
  { theme: "dark", language: "en", size: "narrow" },
  { theme: "light", language: "zh", size: "narrow" },
] as const;

type Look = (typeof LOOKS)[number];

/** Waits until the machine has a prompt; on a narrow screen that is told by a mark on its tab. */
async function ready(page: Page, { size }: Look) {
  const sign = size === "wide" ? page.locator(".xterm-rows").getByText(/# /) : page.locator("ringside-tabs .dot");
  await sign.first().waitFor();
}

async function run(page: Page, index: number, { size }: Look) {
  if (size === "narrow") await page.locator("ringside-tabs button").first().click();
  await page.locator("ringside-command button[title]:not([aria-label])").nth(index).click();
  await page.waitForTimeout(1500);
}

/** Waits for the guest's prompt, steps once, and opens the first panel of a kind. */
async function openPanel(page: Page, kind: InspectingPanel["kind"], { size, language }: Look) {
  const prompt = page.locator("ringside-terminal").first().getByText(/\$ /);
  if (size === "wide") await prompt.first().waitFor();
  else await page.locator("ringside-tabs .dot").first().waitFor();
  const title = strings(language).panels.titles[kind];
  if (size === "wide") {
    const tab = page.locator(`[role=tab][id^="title-${kind}:"]`).first();
    if ((await tab.count()) > 0) await tab.click();
    await page.getByRole("button", { name: /Next exit|下一次退出/ }).click();
  } else {
    await page.locator("ringside-tabs button").filter({ hasText: title }).first().click();
  }
  await page.waitForTimeout(1000);
}

/** Stands for the origin that has the labs of these tests. */
const ELSEWHERE = "ELSEWHERE";

/** Writes a sector to the disks of two machines, and opens the first panel of a kind. */
async function openDevices(page: Page, kind: "ring" | "domains" | "io-costs", look: Look) {
  await ready(page, look);
  // terminals in places that are not open draw nothing: their machines are given the time
  await page.waitForTimeout(5000);
  for (const index of [1, 0]) await run(page, index, look);
  const tabs = page.locator(look.size === "wide" ? "ringside-stage [role=tab]" : "ringside-tabs button");
  await tabs
    .filter({ hasText: strings(look.language).panels.titles[kind] })
    .first()
    .click();
  await page.waitForTimeout(2000);
}

/** What each picture shows, and the way there. */
const SCENES: Record<string, { query: string; show(page: Page, look: Look): Promise<void> }> = {
  catalogue: {
    query: "?",
    show: (page) => page.locator("ringside-catalogue .entry").first().waitFor(),
  },
  lab: {
    query: "?lab=namespaces&step=uts&seed=1",
    async show(page, look) {
      await ready(page, look);
      await page.locator("ringside-question button").first().click();
      await run(page, 0, look);
      await run(page, 1, look);
      await page.waitForTimeout(3000);
      await page.locator("ringside-steps .scroll").evaluate((steps) => steps.scrollTo({ top: 0 }));
      if (look.size === "narrow") await page.locator("ringside-tabs button").nth(2).click();
    },
  },
  steps: {
    query: "?lab=namespaces&step=chroot&seed=1",
    async show(page, look) {
      await ready(page, look);
      await run(page, 0, look);
      if (look.size === "narrow") await page.locator("ringside-tabs button").first().click();
    },
  },
  stopped: {
    query: "?machine=box~linux",
    async show(page) {
      await page.locator(".xterm-rows").getByText(/# /).first().waitFor();
      await page.locator(".xterm-screen").click();
      await page.keyboard.type("echo c > /proc/sysrq-trigger\n");
      await page.locator("ringside-terminal .stopped").waitFor();
    },
  },
  finish: {
    query: "?lab=namespaces&step=finish&seed=1",
    show: async (page, look) => {
      await ready(page, look);
      await page.locator("ringside-steps .prose ~ p button").first().click();
    },
  },
};

/** Views of the machine with the hypervisor, one picture each. */
const INSPECTING = ["translation", "page-tables", "exits", "anatomy", "memory", "program"] as const;
for (const kind of INSPECTING) {
  SCENES[kind] = {
    query: `?lab=${kind === "memory" ? "pv-page-tables" : "shadow-page-tables"}&seed=1`,
    show: (page, look) => openPanel(page, kind, look),
  };
}
SCENES["nested-walk"] = {
  query: "?lab=nested-paging&seed=1",
  show: (page, look) => openPanel(page, "nested-walk", look),
};
SCENES.costs = {
  query: "?lab=pv-page-tables&step=price&seed=1",
  async show(page, { size, language }) {
    const starting = page.locator("ringside-terminal").first();
    await starting.waitFor({ state: "attached" });
    if (size === "narrow") await page.locator("ringside-tabs button").first().click();
    for (const index of [0, 1, 2, 3]) {
      if (size === "narrow") await page.locator("ringside-tabs button").first().click();
      await page.waitForTimeout(1500);
      await page.locator("ringside-command button[title]:not([aria-label])").nth(index).click();
    }
    await page.waitForTimeout(2500);
    const tabs = page.locator(size === "wide" ? "ringside-stage [role=tab]" : "ringside-tabs button");
    await tabs.filter({ hasText: strings(language).panels.titles.costs }).click();
    await page.waitForTimeout(500);
  },
};

/** Views of devices, of running machines; two of them side by side where the screen is wide. */
const DEVICES = ["ring", "domains", "io-costs"] as const;
for (const kind of DEVICES) {
  SCENES[`live-${kind}`] = {
    query: `?lab=${ELSEWHERE}rings/lab.yaml&seed=1&step=write`,
    show: (page, look) => openDevices(page, kind, look),
  };
}

/** Views with made-up data, on a page of their own. */
const VIEWS = ["ring", "network", "full", "virtqueue", "pair", "domains", "costs"] as const;

/** Views of the network: which packet and which of its hops are looked at. */
const NETWORKS: Readonly<Record<string, readonly [packet: number, hop: number] | undefined>> = {
  "network-bridge": [2, 2],
  "network-docker": [1, 4],
  "network-held": undefined,
  "network-vlans": undefined,
  "network-gateway": undefined,
};

/** Looks at a packet, and on a wide screen at the rest beside it. */
async function lookAt(page: Page, [packet, hop]: readonly [number, number], { size }: Look) {
  if (size === "narrow") await page.locator("network-view .parts button").nth(1).click();
  await page.locator("network-trail .packets li").nth(packet).click();
  await page.locator("network-trail .hop").nth(hop).click();
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const onlyViews = wanted.length > 0 && wanted.every((name) => name.startsWith("view-"));
const { site, elsewhere, close } = onlyViews ? { site: "", elsewhere: "", close: undefined } : await serveSite();
const browser = await chromium.launch({ executablePath: EXECUTABLE, args: [...ARGUMENTS] });
await mkdir(OUT, { recursive: true });
for (const [name, { query, show }] of Object.entries(SCENES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const look of LOOKS) {
    const { theme, language, size } = look;
    const page = await browser.newPage({ viewport: SIZES[size], deviceScaleFactor: 1 });
    await page.goto(`${site}${query.replace(ELSEWHERE, elsewhere)}&theme=${theme}&lang=${language}`);
    const file = `${name}-${theme}-${language}-${size}`;
    await show(page, look);
    await page.screenshot({ path: join(OUT, `${file}.png`) });
    if (process.argv.includes("--readme") && file === README_PICTURE) {
      await mkdir(join(ROOT, "docs"), { recursive: true });
      await copyFile(join(OUT, `${file}.png`), join(ROOT, "docs/page.png"));
    }
    console.log(file);
    await page.close();
  }
}
const views = [...VIEWS, ...Object.keys(NETWORKS)].filter(
  (name) => wanted.length === 0 || wanted.includes(`view-${name}`),
);
if (views.length > 0) {
  const served = await serveViews();
  for (const scene of views)
    for (const look of LOOKS) {
      const { theme, language, size } = look;
      // a narrow screen has one panel at a time
      if (scene === "pair" && size === "narrow") continue;
      const page = await browser.newPage({ viewport: SIZES[size], deviceScaleFactor: 1 });
      await page.goto(`${served.views}?scene=${scene}&theme=${theme}&lang=${language}`);
      await page.locator("#stage > *").first().waitFor();
      const packet = NETWORKS[scene];
      if (packet) await lookAt(page, packet, look);
      for (const band of scene in NETWORKS ? [] : await page.getByRole("slider").all()) {
        const whole = (await band.getAttribute("aria-valuemax")) === "31";
        await band.focus();
        for (let steps = whole ? 20 : 12; steps > 0; steps--) await page.keyboard.press("ArrowRight");
      }
      await page.screenshot({ path: join(OUT, `view-${scene}-${theme}-${language}-${size}.png`) });
      console.log(`view-${scene}-${theme}-${language}-${size}`);
      await page.close();
    }
  await served.close();
}
await browser.close();
await close?.();
