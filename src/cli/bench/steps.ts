import type { BrowserContext } from "playwright-core";
import { machineSpec } from "../../machine/index.ts";
import { createNodeHost } from "../node-host.ts";
import { type Figure, figure, median } from "./figure.ts";
import { inRounds, WATCH_CLICK } from "./page.ts";

/** How soon a student sees the hypervisor at work, and how long a step takes. */

const STEPS = 200;

export async function steps(): Promise<Figure[]> {
  const exits: number[] = [];
  await inRounds(async (context, address) => {
    exits.push(await clickToExit(context, address));
  });
  const [next, previous] = await stepping();
  return [
    figure("click to the first exit on screen, first visit", "ms", median(exits), 300, "the aim, 0.3 s"),
    figure("a step to the next exit (Node)", "ms", next, 2, "the aim, 2 ms"),
    figure("a step back (Node)", "ms", previous, next, "a step forward"),
  ];
}

/** @returns milliseconds from a click in the catalogue to a frame with an exit in it, by the page's own clock */
async function clickToExit(context: BrowserContext, address: string): Promise<number> {
  const page = await context.newPage();
  await page.goto(address);
  const link = page.locator("a[href*='lab=rings-and-traps']").first();
  await link.hover();
  await page.waitForLoadState("networkidle");
  await page.evaluate(`${WATCH_CLICK}
    (function look() {
      if (find(document, "ringside-exit-strip")?.shadowRoot?.querySelector("svg")) watch.exit = performance.now();
      else requestAnimationFrame(look);
    })();`);
  await link.click();
  await page.waitForFunction("watch.exit");
  const time = (await page.evaluate("watch.exit - watch.click")) as number;
  await page.close();
  return time;
}

/** @returns medians of a step forward and of a step back, in milliseconds */
async function stepping(): Promise<[number, number]> {
  const host = await createNodeHost();
  const spec = machineSpec({ name: "bench", image: "hypervisor", options: ["mode=shadow"] });
  const { name } = spec;
  await host.start(spec, {}, (event) => {
    if (event.type === "console") void host.acknowledge(name, event.bytes.length);
  });
  const forward: number[] = [];
  const back: number[] = [];
  for (let step = 0; step < STEPS; step++) forward.push((await host.travel(name, { to: "next" })).milliseconds);
  for (let step = 0; step < STEPS / 4; step++) back.push((await host.travel(name, { to: "previous" })).milliseconds);
  await host.close();
  return [median(forward), median(back)];
}
