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
  const outDir = join(ROOT, ".build/bench-site");
  await build({ root: ROOT, logLevel: "error", build: { outDir, emptyOutDir: true } });
  const site = await preview({ root: ROOT, logLevel: "error", build: { outDir }, preview: { port: 0 } });
  const address = `http://localhost:${(site.httpServer.address() as AddressInfo).port}/`;
  const first: number[] = [];
  const later: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await withProfile(async (context) => {
      first.push(await clickToAnswer(context, address));
      later.push(await clickToAnswer(context, address));
    });
  }
  await site.close();
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

async function withProfile(work: (context: BrowserContext) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), "ringside-bench-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: "/usr/bin/chromium",
    args: ARGUMENTS,
  });
  await work(context);
  await context.close();
  await rm(profile, { recursive: true, force: true });
}

/** @returns milliseconds, the browser's driver included */
async function clickToAnswer(context: BrowserContext, address: string): Promise<number> {
  const page = await context.newPage();
  await page.goto(address);
  const link = page.locator("a[href*='lab=namespaces']").first();
  await link.hover();
  await page.waitForLoadState("networkidle");
  const start = performance.now();
  await link.click();
  await answer(page);
  const time = performance.now() - start;
  await page.close();
  return time;
}

async function answer(page: Page): Promise<void> {
  const screen = page.locator("ringside-terminal .xterm-rows");
  await screen
    .getByText(/root@.*#/)
    .first()
    .waitFor();
  await page.locator("ringside-terminal .xterm-screen").click();
  await page.keyboard.type("echo answer-$((40+2))\n");
  await screen.getByText("answer-42", { exact: true }).waitFor();
}
