import { describe, expect, it } from "vitest";
import type { TravelReport } from "../../src/machine/api.ts";
import { guests, type TestGuest } from "./guest.ts";

const MODES = {
  native: ["mode=native"],
  shadow: ["mode=shadow"],
  "shadow, out of sync": ["mode=shadow", "oos=1"],
  "virtual TLB": ["mode=vtlb"],
  PV: ["mode=pv", "batch=1"],
  "PV, one by one": ["mode=pv", "batch=0"],
  "PV, writable tables": ["mode=pv", "ptwr=1"],
} as const;

const guest = guests();
let made = 0;

/** A machine that has its prompt. */
async function hypervisor(...options: string[]): Promise<TestGuest> {
  const machine = await guest({ name: `m${made++}`, image: "hypervisor", options });
  await machine.start();
  return machine;
}

const sees = (machine: TestGuest, text: RegExp) => machine.until(() => text.test(machine.text));
const next = (machine: TestGuest) => machine.host.travel(machine.spec.name, { to: "next" });
const previous = (machine: TestGuest) => machine.host.travel(machine.spec.name, { to: "previous" });
const goto = (machine: TestGuest, exit: number) => machine.host.travel(machine.spec.name, { to: "exit", exit });
const place = ({ exit, instructions }: TravelReport) => ({ exit, instructions });
const exits = async (machine: TestGuest) => (await machine.host.meters(machine.spec.name)).exits!;

describe("the hypervisor's guest", () => {
  it.each(Object.entries(MODES))("%s: runs programs and gives back every frame", async (_, options) => {
    const machine = await hypervisor(...options);
    const before = await machine.run("free");
    expect(await machine.run("echo one two | wc")).toMatchObject({ exit: 0, out: "1 2 8\n" });
    expect(await machine.run("false")).toMatchObject({ exit: 1 });
    await machine.run("soak 1");
    expect(await machine.run("free")).toEqual(before);
  });

  it("takes a hundred system calls without one exit, in every mode with a hypervisor", async () => {
    for (const options of Object.values(MODES).slice(1)) {
      const machine = await hypervisor(...options);
      await machine.run("bench syscalls 1");
      const { phases } = (await machine.host.probe(machine.spec.name, "exits.phases", {})) as {
        phases: { syscalls: { exits: Record<string, number> } };
      };
      expect({
        options,
        exits: Object.keys(phases.syscalls.exits).filter((reason) => reason !== "EXIT_TIMER"),
      }).toEqual({
        options,
        exits: [],
      });
    }
  });
});

describe("a machine with exits", () => {
  it("steps one exit at a time and executes nothing between", async () => {
    const machine = await hypervisor("mode=shadow");
    const first = await next(machine);
    const second = await next(machine);
    expect(second).toMatchObject({ reached: true, exit: first.exit + 1 });
    const { instructions } = await machine.host.meters(machine.spec.name);
    expect((await machine.host.meters(machine.spec.name)).instructions).toBe(instructions);
  });

  it.each(["shadow", "vtlb", "pv"])("%s: goes back, and does the same again", async (mode) => {
    const machine = await hypervisor(`mode=${mode}`);
    await machine.run("ls | wc");
    const here = await next(machine);
    const ahead = await goto(machine, here.exit + 300);
    const back = await goto(machine, here.exit);
    expect(place(back)).toEqual(place(here));
    expect(place(await goto(machine, ahead.exit))).toEqual(place(ahead));
    expect(place(await previous(machine))).toMatchObject({ exit: ahead.exit - 1 });
    expect(place(await next(machine))).toEqual(place(ahead));
  });

  it("replays what was typed, and shows nothing twice", async () => {
    const machine = await hypervisor("mode=shadow");
    const before = await next(machine);
    await machine.host.resume(machine.spec.name);
    await machine.type("echo once\n");
    await sees(machine, /once\r?\n\$ $/);
    const after = await next(machine);
    machine.forget();
    await goto(machine, before.exit);
    expect(place(await goto(machine, after.exit))).toEqual(place(after));
    expect(machine.text).toBe("");
  });

  it("lets another future begin in the past", async () => {
    const machine = await hypervisor("mode=shadow");
    const before = await next(machine);
    await machine.host.resume(machine.spec.name);
    await machine.type("echo one\n");
    await sees(machine, /one\r?\n\$ $/);
    await goto(machine, before.exit);
    machine.forget();
    await machine.type("echo two\n");
    await machine.host.resume(machine.spec.name);
    await sees(machine, /two\r?\n\$ $/);
    expect(machine.text).not.toContain("one");
  });

  it("runs to a kind of exit, and can be stopped on its way to one that never comes", async () => {
    const machine = await hypervisor("mode=shadow");
    const report = await machine.host.travel(machine.spec.name, { to: "kind", kinds: ["EXIT_HLT"] });
    expect(report.reached).toBe(true);
    const { exits: list } = (await machine.host.probe(machine.spec.name, "exits.trace", { count: 1 })) as {
      exits: { reason: string; exit: number }[];
    };
    expect(list[0]).toMatchObject({ reason: "EXIT_HLT", exit: report.exit - 1 });
    const never = machine.host.travel(machine.spec.name, { to: "kind", kinds: ["EXIT_OTHER"] });
    await machine.host.pause(machine.spec.name);
    expect((await never).reached).toBe(false);
  });

  it("refuses to go where it cannot", async () => {
    const machine = await hypervisor("mode=shadow");
    expect(await goto(machine, 0)).toMatchObject({ reached: true, exit: 0, instructions: 0 });
    expect(await previous(machine)).toMatchObject({ reached: false, exit: 0 });
    const native = await hypervisor("mode=native");
    await expect(next(native)).rejects.toThrow("does not stop at its exits");
  });

  it("goes on from a snapshot in another machine", async () => {
    const machine = await hypervisor("mode=shadow");
    await machine.run("write note 6869");
    const snapshot = await machine.host.snapshot(machine.spec.name);
    await machine.run("write note 00");
    await machine.host.restore(machine.spec.name, snapshot);
    expect((await machine.run("cat note")).out).toBe("hi");
    expect(await next(machine)).toMatchObject({ reached: true });
  });

  it("outlives a guest that panics the emulator: a state it kept is offered", async () => {
    const machine = await hypervisor("mode=shadow");
    const exit = await exits(machine);
    await machine.run("write bomb 9c6a006a00cf"); // pushf, two zeroes, iret: a null code segment
    await machine.type("run bomb\n");
    await machine.until(() => machine.events.some((event) => event.type === "stopped"));
    const snapshot = await machine.host.snapshot(machine.spec.name);
    await machine.host.restore(machine.spec.name, snapshot);
    expect(await machine.run("echo alive")).toMatchObject({ out: "alive\n" });
    expect(await exits(machine)).toBeGreaterThan(0);
    expect(exit).toBeGreaterThan(0);
  });

  it("is not rescued into a state where what ended it is under way", async () => {
    const machine = await hypervisor("mode=shadow");
    const { host, spec } = machine;
    await machine.run("write bomb 9c6a006a00cf");
    await host.pause(spec.name);
    await machine.type("run bomb\n");
    // the shell has read its line; on the way to an exit a state is kept 64 exits before it
    const { exit } = await host.travel(spec.name, { to: "kind", kinds: ["EXIT_CR3"] });
    const journey = goto(machine, exit + 70)
      .then(() => host.resume(spec.name))
      .catch(() => undefined);
    await machine.until(() => machine.events.some((event) => event.type === "stopped"));
    await journey;
    await host.restore(spec.name, await host.snapshot(spec.name));
    expect(await machine.run("echo alive")).toMatchObject({ out: "alive\n" });
  });
});
