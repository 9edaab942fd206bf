import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type FrameLocator,
  type Locator,
  type Page,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import { ARGUMENTS, EXECUTABLE } from "./chromium.ts";

/** A page of the site, and what must not happen on it. */
export interface Visit {
  readonly page: Page;
  /** Errors nobody caught. */
  readonly errors: readonly string[];
  /** Addresses of other origins that were asked for something. */
  readonly strangers: readonly string[];
}

export interface VisitOptions extends BrowserContextOptions {
  /** Default: the site over http://localhost. */
  readonly site?: string;
  /** Arguments of Chromium beside the usual ones; they get a browser of their own. */
  readonly chromium?: readonly string[];
}

/**
 * Chromium for the tests of a file. Call it at the top of a `describe`.
 *
 * @returns opens a page in a context of its own, with nothing stored
 */
export function useBrowser(): (query: string, options?: VisitOptions) => Promise<Visit> {
  const browsers: Browser[] = [];
  const launch = async (extra: readonly string[] = []) => {
    const browser = await chromium.launch({ executablePath: EXECUTABLE, args: [...ARGUMENTS, ...extra] });
    browsers.push(browser);
    return browser;
  };
  let common: Browser;
  beforeAll(async () => {
    common = await launch();
  });
  afterEach(async () => {
    for (const browser of browsers) for (const context of browser.contexts()) await context.close();
  });
  afterAll(async () => {
    for (const browser of browsers) await browser.close();
  });
  return async (query, { site = inject("site"), chromium: extra, ...options } = {}) => {
    const browser = extra ? await launch(extra) : common;
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, ...options });
    return visit(await context.newPage(), site, query);
  };
}

async function visit(page: Page, site: string, query: string): Promise<Visit> {
  const errors: string[] = [];
  const strangers: string[] = [];
  const known = new Set([new URL(site).origin, new URL(inject("elsewhere")).origin, new URL(inject("site")).origin]);
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => {
    const { origin, protocol, href } = new URL(request.url());
    if (protocol.startsWith("http") && !known.has(origin)) strangers.push(href);
  });
  await page.goto(site + query);
  return { page, errors, strangers };
}

/**
 * The small lab of these tests, as it is opened from another site.
 *
 * @param site the site it is opened on; one on the network may not read from this machine's loopback
 */
export function smallLab(step: string, site = inject("site")): string {
  const elsewhere = new URL(inject("elsewhere"));
  if (site === inject("lan")) elsewhere.hostname = new URL(site).hostname;
  return `?lab=${elsewhere}lab/lab.yaml&seed=1&step=${step}`;
}

/**
 * A lab of machines that boot the hypervisor, opened from another site: `lab` has one and every panel, `pair` two, and
 * `slow` one whose guest takes seconds to start.
 */
export function exitsLab(name: "lab" | "pair" | "slow" = "lab"): string {
  return `?lab=${inject("elsewhere")}hypervisor/${name}.yaml&seed=1&step=file`;
}

type Where = Page | FrameLocator;

/** What the terminal of a page shows. */
export function screen(where: Where): Locator {
  return where.locator("ringside-terminal .xterm-rows");
}

/** Waits for a shell's prompt. */
export async function prompt(where: Where): Promise<void> {
  await screen(where)
    .getByText(/root@.*# /)
    .first()
    .waitFor();
}

/** Types a line into the terminal, as a student does. */
export async function typeLine(page: Page, line: string, where: Where = page): Promise<void> {
  await where.locator("ringside-terminal .xterm-screen").click();
  await page.keyboard.type(`${line}\n`);
}

/** The task whose line holds this text. */
export function task(where: Where, text: string): Locator {
  return where.locator("ringside-task .task", { hasText: text });
}
