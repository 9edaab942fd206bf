import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { build, type Rollup } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProgramRun, ProgramState, RingsideProgram } from "../../src/views/program/program.ts";
import { ARGUMENTS, EXECUTABLE } from "./chromium.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The element alone, as one script. */
async function bundle(): Promise<string> {
  const entry = `${ROOT}src/views/program/program.ts`;
  const lib = { entry, formats: ["es" as const], fileName: "program" };
  const built = await build({ root: ROOT, configFile: false, logLevel: "error", build: { write: false, lib } });
  const [first] = built as Rollup.RollupOutput[];
  return first!.output[0].code;
}

interface Heard {
  runs: (Omit<ProgramRun, "bytes"> & { bytes: number[] })[];
  changes: ProgramState[];
}

describe("the program panel", () => {
  let browser: Browser;
  let script: string;
  beforeAll(async () => {
    [browser, script] = await Promise.all([chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS }), bundle()]);
  });
  afterAll(() => browser.close());

  /** A page with the element between two buttons; it writes down what the element says. */
  async function open(options: BrowserContextOptions = {}, language = "en"): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 900, height: 560 }, ...options });
    const page = await context.newPage();
    const tokens = readFileSync(`${ROOT}src/views/tokens.css`, "utf8");
    await page.setContent(`<!doctype html><html lang="${language}"><title>Program</title><style>${tokens}</style><main>
      <h1 style="margin:0;font-size:15px">Program</h1><button>before</button>
      <ringside-program language=${language} style="height:480px"></ringside-program><button>after</button></main>`);
    await page.evaluate(() => {
      const heard: Heard = { runs: [], changes: [] };
      Object.assign(window, { heard });
      document.addEventListener("ringside-program-run", (event) => {
        const { detail } = event as CustomEvent<ProgramRun>;
        heard.runs.push({ ...detail, bytes: [...detail.bytes] });
      });
      document.addEventListener("ringside-program-change", (event) => {
        heard.changes.push((event as CustomEvent<ProgramState>).detail);
      });
    });
    await page.addScriptTag({ type: "module", content: script });
    await page.locator("textarea").waitFor();
    return page;
  }

  const heard = (page: Page) => page.evaluate(() => (window as unknown as { heard: Heard }).heard);

  it("assembles as one types, and gives the page the program on Ctrl+Enter", async () => {
    const page = await open();
    await page.locator("textarea").fill("mov $1,%eax\n");
    await page.locator("textarea").press("End");
    await page.keyboard.type("int $0x80");
    expect(await page.locator(".row .bytes").allInnerTexts()).toEqual(["b8 01 00 00 00", "cd 80"]);
    await page.keyboard.press("Control+Enter");
    const { runs, changes } = await heard(page);
    const source = "mov $1,%eax\nint $0x80";
    expect(runs).toEqual([{ name: "program", tail: "", source, bytes: [0xb8, 1, 0, 0, 0, 0xcd, 0x80] }]);
    expect(changes.at(-1)).toMatchObject({ source, name: "program" });
  });

  it("runs nothing that has a fault, and puts the cursor on it", async () => {
    const page = await open();
    await page.locator("textarea").fill("nop\nmov $300,%bl\n");
    await page.getByRole("button", { name: "Run" }).click();
    expect((await heard(page)).runs).toEqual([]);
    expect(await page.getByRole("alert").textContent()).toContain("line 2, column 6: “300” does not fit");
    const selected = page
      .locator("textarea")
      .evaluate((text: HTMLTextAreaElement) => text.value.slice(text.selectionStart, text.selectionEnd));
    expect(await selected).toBe("300");
    const [mark, row] = await Promise.all([".marks i", ".row.wrong"].map((name) => page.locator(name).boundingBox()));
    expect(mark!.y).toBe(row!.y);
  });

  it("lets Tab leave, both ways", async () => {
    const page = await open();
    await page.locator("textarea").fill("nop");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("after");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    expect(await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent?.trim())).toBe(
      "Download",
    );
    expect(await page.locator("textarea").inputValue()).toBe("nop");
  });

  it("keeps the student's own text behind an example, and gives it back", async () => {
    const page = await open();
    await page.locator("textarea").fill("hlt # mine");
    await page.locator("select").selectOption("popf");
    const kept = { source: "hlt # mine", name: "program", tail: "" };
    expect((await heard(page)).changes.at(-1)).toMatchObject({ name: "popf", tail: "| hexdump", own: kept });
    await page.locator("select").selectOption("hello");
    expect((await heard(page)).changes.at(-1)).toMatchObject({ name: "hello", own: kept });
    await page.getByRole("button", { name: "Back to my text" }).click();
    expect(await page.locator("textarea").inputValue()).toBe("hlt # mine");
    const last = (await heard(page)).changes.at(-1)!;
    expect({ ...last, own: last.own ?? "none" }).toEqual({ ...kept, own: "none" });
  });

  it("speaks an untouched example in the page's language, and leaves the student's text alone", async () => {
    const page = await open();
    const speak = (language: string) =>
      page.locator("ringside-program").evaluate((element, to) => {
        (element as RingsideProgram).language = to as RingsideProgram["language"];
      }, language);
    await page.locator("select").selectOption("hello");
    await speak("zh");
    await page.getByRole("button", { name: "运行" }).waitFor();
    expect(await page.locator("textarea").inputValue()).toContain("写到标准输出");
    await page.locator("textarea").fill("nop # mine");
    await speak("en");
    await page.getByRole("button", { name: "Run" }).waitFor();
    expect(await page.locator("textarea").inputValue()).toBe("nop # mine");
  });

  it.each([
    ["light", "en", 900],
    ["dark", "zh", 900],
    ["dark", "en", 390],
  ] as const)("axe-core finds nothing wrong with it in %s, %s, %i wide", async (colorScheme, language, width) => {
    const page = await open({ colorScheme, reducedMotion: "reduce", viewport: { width, height: 640 } }, language);
    const complaints = async () => {
      await page.evaluate(AXE);
      return page.evaluate(async () => {
        const { axe } = window as unknown as { axe: typeof import("axe-core") };
        const { violations } = await axe.run();
        return violations.flatMap(({ id, nodes }) =>
          nodes.map(({ target, html }) => `${id}: ${target.join(" ")} ${html}`),
        );
      });
    };
    await page.locator("select").selectOption("hello");
    expect(await complaints()).toEqual([]);
    await page.locator("button[aria-pressed]").click();
    expect(await complaints()).toEqual([]);
    await page.locator("button[aria-pressed]").click();
    await page.locator("textarea").fill("movv\nmov $1,(%eax)\n");
    expect(await complaints()).toEqual([]);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(width);
  });
});
