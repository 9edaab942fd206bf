import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { build, preview } from "vite";
import { type Figure, figure, median } from "./figure.ts";

/** Benchmarks of the built site in Chromium: what a student waits for. */

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const ROUNDS = 5;
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];

/** From a click in the catalogue to a shell that has answered one command, on first visits and on later ones. */
export async function page(): Promise<Figure[]> {
  const first: number[] = [];
  const later: number[] = [];
  await inRounds(async (context, address) => {
    first.push(await clickToAnswer(context, address, untilStored));
    later.push(await clickToAnswer(context, address));
  });
  return [
    figure(
      "click to an answered command, later visits",
      "ms",
      median(later),
      median(first),
      "the first visit, which boots",
    ),
    figure("click to an answered command, first visit", "ms", median(first), 1000, "the aim, 1 s"),
    figure("click to an answered command, later visits", "ms", median(later), 300, "the aim, 0.3 s"),
  ];
}

/** Builds and serves the site, and works with it in a browser that knows nothing, again and again. */
export async function inRounds(work: (context: BrowserContext, address: string) => Promise<void>): Promise<void> {
  const outDir = join(ROOT, ".build/bench-site");
  await build({ root: ROOT, logLevel: "error", build: { outDir, emptyOutDir: true } });
  const site = await preview({ root: ROOT, logLevel: "error", build: { outDir }, preview: { port: 0 } });
  const address = `http://localhost:${(site.httpServer.address() as AddressInfo).port}/`;
  try {
    for (let round = 0; round < ROUNDS; round++) await withProfile((context) => work(context, address));
  } finally {
    await site.close();
  }
}

async function withProfile(work: (context: BrowserContext) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), "ringside-bench-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: "/usr/bin/chromium",
    args: ARGUMENTS,
  });
  try {
    await work(context);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

/** @returns milliseconds, both ends read by the page's own clock */
async function clickToAnswer(
  context: BrowserContext,
  address: string,
  afterwards: (page: Page) => Promise<void> = async () => {},
): Promise<number> {
  const page = await context.newPage();
  await page.goto(address);
  const link = page.locator("a[href*='lab=namespaces']").first();
  await link.hover();
  await page.waitForLoadState("networkidle");
  await page.evaluate(WATCH);
  await link.click();
  await page.waitForFunction("watch.answer");
  const time = (await page.evaluate("watch.answer - watch.click")) as number;
  await afterwards(page);
  await page.close();
  return time;
}

/** In the page: notes when it was clicked, and finds elements wherever they are. */
export const WATCH_CLICK = `
  var watch = {};
  addEventListener("click", () => { watch.click ??= performance.now(); }, { capture: true });
  function find(root, selector) {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const { shadowRoot } of root.querySelectorAll("*")) {
      const inside = shadowRoot && find(shadowRoot, selector);
      if (inside) return inside;
    }
  }`;

/**
 * In the page, too: types a command as soon as a frame shows a prompt, through the terminal's own input; notes the first
 * frame that shows the answer.
 */
const WATCH = `${WATCH_CLICK}
  const type = (data) => {
    const input = find(document, ".xterm-helper-textarea");
    input.dispatchEvent(new InputEvent("input", { data, inputType: "insertText", bubbles: true }));
  };
  (function look() {
    const text = find(document, ".xterm-rows")?.textContent ?? "";
    if (!watch.typed && /root@.*#/.test(text)) {
      watch.typed = true;
      type("echo answer-$((40+2))\\r");
    }
    if (text.includes("answer-42")) watch.answer = performance.now();
    else requestAnimationFrame(look);
  })();`;

/** Waits until the machine's state lies in the origin private file system, where the next visit looks for it. */
async function untilStored(page: Page): Promise<void> {
  const stored = `(async () => {
    const root = await navigator.storage.getDirectory();
    for await (const folder of root.values())
      for await (const file of folder.values()) if ((await file.getFile()).size > 0) return true;
    return false;
  })()`;
  while (!(await page.evaluate(stored))) await page.waitForTimeout(50);
}
