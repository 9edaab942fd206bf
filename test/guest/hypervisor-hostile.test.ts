import { afterAll, describe, expect, it } from "vitest";
import { DESIGNS } from "../../src/cli/bench/hypervisor.ts";
import { runMadDomain } from "../../src/cli/bench/stress.ts";
import { createNodeHost } from "../../src/cli/node-host.ts";
import type { Domain, Frames, Verification } from "../../src/probe/hypervisor/index.ts";
import { guests, type TestGuest } from "./guest.ts";

const guest = guests();
const host = createNodeHost();
afterAll(async () => (await host).close());
let made = 0;

async function hypervisor(...options: string[]): Promise<TestGuest> {
  const machine = await guest({ name: `h${made++}`, image: "hypervisor", options: ["verify=1", "jit=1", ...options] });
  await machine.start();
  return machine;
}

const probe = async <T>(machine: TestGuest, name: string) =>
  (await machine.host.probe(machine.spec.name, name, {})) as T;

/** What both verifiers found wrong. */
async function faults(machine: TestGuest): Promise<number> {
  const { own, recomposed } = await probe<Verification>(machine, "hv.verify");
  return own.faults + recomposed.faults;
}

const designs = DESIGNS.slice(1);

describe("a hostile kernel", () => {
  it.each(designs)("$name: is refused whatever it asks for", async ({ options }) => {
    const machine = await hypervisor(...options);
    const { exit, out } = await machine.run("hostile");
    expect(out).toContain("went through: 0");
    expect(exit).toBe(0);
    expect(out.match(/ refused/g)!.length).toBeGreaterThan(11);
    expect(await faults(machine)).toBe(0);
  });

  it.each([
    ["shadow", "mode=shadow"],
    ["PV", "mode=pv"],
  ])("%s: gets nowhere with garbage in a shared ring", async (_, mode) => {
    const machine = await hypervisor(mode, "dom1=backend");
    expect(await machine.run("io ring 8 4")).toMatchObject({ exit: 0 });
    const { exit, out } = await machine.run("fuzz 5 60 64");
    expect(out).toMatch(/bad=0 .* ring=[1-9]/);
    expect(exit).toBe(0);
    expect((await probe<Domain[]>(machine, "hv.domains")).map(({ state }) => state)).not.toContain("dead");
    expect(await faults(machine)).toBe(0);
  });

  it.each(designs.map((design, index) => ({ design, seed: 11 + index, name: design.name })))(
    "$name, seed $seed: goes mad in domain 1, and domain 0 does not notice",
    async ({ design, seed }) => {
      const report = await runMadDomain(await host, { design, seed, compiled: true }, 200);
      expect(report).toMatchObject({ mismatches: 0, wrong: [] });
      expect(report.verified).toBeGreaterThan(report.exits);
    },
  );
});

describe("a guest that turns on PAE", () => {
  it.each([
    ["shadow", ["mode=shadow"]],
    ["shadow, out of sync", ["mode=shadow", "oos=1"]],
    ["virtual TLB", ["mode=vtlb"]],
  ])("%s: goes on under a virtual TLB, its 64-bit tables walked as they are", async (_, options) => {
    const machine = await hypervisor(...options);
    const { exit, out } = await machine.run("fuzz 2 160 128", 60_000);
    expect(out).toMatch(/ bad=0 .* pae=[1-9]/);
    expect(exit).toBe(0);
    expect((await probe<Domain[]>(machine, "hv.domains"))[0]!.mode).toBe("vtlb");
    expect(await machine.run("soak 1", 60_000)).toMatchObject({ exit: 0 });
    expect(await faults(machine)).toBe(0);
  });
});

describe("a triple fault", () => {
  it.each(designs)("$name: ends its domain, gives back its frames, and no more", async ({ options }) => {
    const machine = await hypervisor(...options, "dom1=shell", "--", "run1=crash");
    await machine.until(() => /\(hv\) domain 1: triple fault/.test(machine.text));
    expect(await machine.run("soak 1")).toMatchObject({ exit: 0 });
    const [alive, dead] = await probe<Domain[]>(machine, "hv.domains");
    expect([alive!.state === "dead", dead!.state]).toEqual([false, "dead"]);
    const { runs } = await probe<Frames>(machine, "hv.frames");
    expect(runs.filter(({ owner }) => owner === 1)).toEqual([]);
    expect(await faults(machine)).toBe(0);
  });
});

/** Programs in user mode that trouble an emulator; what the kernel says of them. */
const PROGRAMS = {
  // pushf; orl $0x4000, (%esp); popf; iret: a task return, whose back link is in the hypervisor's TSS
  "returns from a nested task": ["9c810c24004000009dcf", /killed: #PF/],
  // mov $0xffc00000, %eax; incl (%eax)
  "writes to the hypervisor": ["b80000c0ffff00", /killed: #PF/],
  // mov $0x60, %eax; mov %eax, %ds: the hypervisor's own code
  "loads the hypervisor's segment": ["b8600000008ed8", /killed: #GP/],
  // int $0x82: hypercalls are the kernel's
  "makes a hypercall": ["cd82", /killed: #GP/],
  // int $0x0e: a page fault by hand
  "plays the processor": ["cd0e", /killed: #GP/],
  // cli
  "turns off interrupts": ["fa", /killed: #GP/],
  // out %al, $0xf4: the end of the machine
  "ends the machine": ["e6f4", /killed: #GP/],
} as const;

describe("a hostile program", () => {
  it.each([
    ["shadow", ["mode=shadow"]],
    ["virtual TLB", ["mode=vtlb"]],
    ["PV", ["mode=pv"]],
  ])("%s: ends itself, whatever it tries", async (_, options) => {
    const machine = await hypervisor(...options);
    for (const [what, [bytes, word]] of Object.entries(PROGRAMS)) {
      await machine.run(`write bomb ${bytes}`);
      const { exit, out } = await machine.run("run bomb");
      expect({ what, out }).toEqual({ what, out: expect.stringMatching(word) });
      expect(exit).toBeGreaterThan(127);
    }
    expect(await machine.run("echo alive")).toMatchObject({ exit: 0, out: "alive\n" });
    expect(await faults(machine)).toBe(0);
  });
});
