import type { Page } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import { useBrowser } from "./page.ts";

const lab = (name: string, step: string) => `?lab=${inject("elsewhere")}${name}/lab.yaml&seed=1&step=${step}`;
const terminal = (page: Page, machine: string) => page.locator(`ringside-terminal[slot="terminal:${machine}"]`);
const tab = (page: Page, name: string) => page.locator("ringside-stage").getByRole("tab", { name });
const shown = (page: Page, machine: string, text: string | RegExp) =>
  terminal(page, machine).locator(".xterm-rows").getByText(text).first();

async function typeAt(page: Page, machine: string, line: string): Promise<void> {
  await tab(page, machine).click();
  await terminal(page, machine).locator(".xterm-screen").click();
  await page.keyboard.type(`${line}\n`);
}

/** Waits for the prompts of all machines, each in a worker of its own. */
async function prompts(page: Page, machines: readonly string[]): Promise<void> {
  for (const machine of machines) {
    await tab(page, machine).click();
    await shown(page, machine, /root@.*# /).waitFor();
  }
}

/** In the page: looks for a run of `Z`s in everything that is said between the page and its workers. */
const EAVESDROP = `{
  const holdsRun = (bytes) => {
    for (let at = 0, run = 0; at < bytes.length; at++) {
      run = bytes[at] === 0x5a ? run + 1 : 0;
      if (run === 32) return true;
    }
    return false;
  };
  const holds = (value, depth) => {
    if (value instanceof ArrayBuffer) return holdsRun(new Uint8Array(value));
    if (ArrayBuffer.isView(value)) return holdsRun(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    if (typeof value !== "object" || value === null || depth > 8) return false;
    return Object.values(value).some((one) => holds(one, depth + 1));
  };
  window.overheard = { workers: [], runs: 0 };
  const listen = (end) => end.addEventListener("message", ({ data }) => { overheard.runs += holds(data, 0); });
  window.Worker = class extends Worker {
    constructor(address, options) {
      super(address, options);
      overheard.workers.push(options.name);
      listen(this);
    }
    postMessage(message, ...more) {
      overheard.runs += holds(message, 0);
      super.postMessage(message, ...more);
    }
  };
  // what a worker tells the page comes over a channel the page has made
  window.MessageChannel = class extends MessageChannel {
    constructor() {
      super();
      listen(this.port1);
      listen(this.port2);
    }
  };
}`;
/** In the page: keeps every worker by its name. */
const COLLECT = `{
  window.workers = {};
  window.Worker = class extends Worker {
    constructor(address, options) {
      super(address, options);
      (workers[options.name] ??= []).push(this);
    }
  };
}`;

interface Overheard {
  readonly workers: readonly string[];
  readonly runs: number;
}
const overheard = (page: Page) => page.evaluate("overheard") as Promise<Overheard>;

describe("machines in workers of their own", () => {
  const open = useBrowser();

  it("ping each other and carry TCP, and no frame passes the page", async () => {
    const { page, errors, strangers } = await open("");
    await page.addInitScript(EAVESDROP);
    await page.goto(inject("site") + lab("wires", "build"));
    await prompts(page, ["left", "right"]);
    await typeAt(
      page,
      "right",
      "ip address add 10.0.0.2/24 dev eth0; ip link set eth0 up; nc -l -p 7 < /dev/null | wc -c",
    );
    await typeAt(page, "left", "ip address add 10.0.0.1/24 dev eth0; ip link set eth0 up");
    await page.keyboard.type("ping -c 20 -i 0.05 -p 5a 10.0.0.2 | tail -n 2\n");
    await shown(page, "left", "20 packets received, 0% packet loss").waitFor();
    await page.keyboard.type("yes Z | tr -d '\\n' | head -c 100000 | nc 10.0.0.2 7\n");
    await tab(page, "right").click();
    await shown(page, "right", /^100000$/).waitFor();

    const { workers, runs } = await overheard(page);
    expect([...workers].sort()).toEqual(["ringside host", "ringside host", "ringside network"]);
    expect(runs).toBe(0);
    // what a terminal shows does pass the page, and would not have been missed
    await typeAt(page, "right", "yes Z | tr -d '\\n' | head -c 64; echo");
    await expect.poll(async () => (await overheard(page)).runs, { timeout: 30_000 }).toBeGreaterThan(0);
    expect([errors, strangers]).toEqual([[], []]);
  });

  it("are joined again when the worker of a host, or of the network, is gone", async () => {
    const { page } = await open("");
    await page.addInitScript(COLLECT);
    await page.goto(inject("site") + lab("wires", "build"));
    await prompts(page, ["left", "right"]);
    await typeAt(page, "right", "ip address add 10.0.0.2/24 dev eth0; ip link set eth0 up");
    await page.evaluate('workers["ringside host"][0].terminate()');
    await tab(page, "left").click();
    await shown(page, "left", /worker/i).waitFor();
    await page.locator("ringside-transport select").first().selectOption({ label: "A left" });
    await page.locator("ringside-transport").getByRole("button", { name: "Restart" }).click();
    await expect.poll(() => page.evaluate('workers["ringside host"].length'), { timeout: 30_000 }).toBe(3);
    await shown(page, "left", /root@left.*# $/).waitFor();
    const answered = (word: string) =>
      `until ping -c 1 -W 1 10.0.0.2 > /dev/null; do :; done; echo ${word}-$((40 + 2))`;
    await typeAt(page, "left", `ip address add 10.0.0.1/24 dev eth0; ip link set eth0 up; ${answered("host")}`);
    await shown(page, "left", "host-42").waitFor();

    await page.evaluate('workers["ringside network"][0].terminate()');
    await page.getByText("The links between the machines failed and were started anew.").waitFor({ timeout: 60_000 });
    await typeAt(page, "left", answered("network"));
    await shown(page, "left", "network-42").waitFor();
  });
});

/** In the page: how many frames of animation each second had, for so many seconds. */
const PACE = (seconds: number) => `new Promise((resolve) => {
  const paces = [];
  let began = performance.now();
  let frames = 0;
  requestAnimationFrame(function look(now) {
    frames += 1;
    if (now - began >= 1000) {
      paces.push((frames * 1000) / (now - began));
      began = now;
      frames = 0;
    }
    if (paces.length < ${seconds}) requestAnimationFrame(look);
    else resolve(paces);
  });
})`;

describe("six guests pinging each other at once", () => {
  const open = useBrowser();
  const names = [1, 2, 3, 4, 5, 6].map((number) => `m${number}`);
  /** The second that other programs of this computer took least away from. */
  const best = (paces: readonly number[]) => Math.max(...paces);
  const measure = (page: Page) => page.evaluate(PACE(10)) as Promise<number[]>;

  it("all hear all, and the page keeps its pace", async () => {
    const { page, errors } = await open(lab("crowd", "ping"));
    await prompts(page, names);
    const idle = await measure(page);
    for (const name of names) await typeAt(page, name, "crowd");
    const busy = await measure(page);
    const done = page.locator("ringside-task .task[data-status=done]");
    expect(await done.count()).toBe(0); // they were at it all the while
    await expect.poll(() => done.count(), { timeout: 100_000 }).toBe(6);
    for (const name of names) {
      await tab(page, name).click();
      await shown(page, name, "heard 375 of 375").waitFor();
    }
    const said = (paces: readonly number[]) => paces.map((pace) => pace.toFixed(0)).join(" ");
    console.log(`frames in each second: ${said(idle)} idle; ${said(busy)} with six guests pinging`);
    expect(best(busy) / best(idle)).toBeGreaterThan(0.75);
    expect(errors).toEqual([]);
  });
});
