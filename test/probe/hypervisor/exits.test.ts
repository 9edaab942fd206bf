import { describe, expect, it } from "vitest";
import { domains } from "../../../src/probe/hypervisor/domains.ts";
import { exitCounts, trace } from "../../../src/probe/hypervisor/exits.ts";
import { frames } from "../../../src/probe/hypervisor/frames.ts";
import { openHypervisor, readInfo } from "../../../src/probe/hypervisor/hypervisor.ts";
import { constantOf } from "../../../src/probe/hypervisor/layout.ts";
import { physicalMemory } from "../../../src/probe/hypervisor/memory.ts";
import { rings } from "../../../src/probe/hypervisor/rings.ts";
import { layout } from "./layout.ts";
import { FIRST_SHADOW, MadeMachine, shadowMachine, value } from "./machine.ts";

/** A machine with `count` exits: each an address-space switch with two steps before its record. */
function busy(count: number): MadeMachine {
  const machine = shadowMachine();
  for (let exit = 0; exit < count; exit++) {
    const at = { exit, domain: 0, vcpl: 0, eip: 0xc0101000 };
    machine.record("STEP_EMULATE", at, [0x0f22, 3]);
    machine.record("STEP_TLB_FLUSH", at);
    machine.record(
      "EXIT_CR3",
      { ...at, vector: 13, entered: 1000 * exit, left: 1000 * exit + 321 },
      [0x2000, 0x5000],
      [0x0f, 0x22, 0xd8],
    );
  }
  machine.info("exit_count", count);
  return machine;
}

describe("the trace of exits", () => {
  it("gives each exit its steps, its instruction and its cost", () => {
    const { exits, total } = trace(busy(3).open(), { count: 1 });
    expect(total).toBe(3);
    expect(exits).toHaveLength(1);
    const [exit] = exits;
    expect(exit).toMatchObject({
      exit: 2,
      reason: "EXIT_CR3",
      words: "address-space switch",
      domain: 0,
      cost: 321,
      cut: false,
    });
    expect([exit!.bytes, exit!.instruction]).toEqual(["0f 22 d8", "mov %eax,%cr3"]);
    expect(exit!.arguments.map(({ name, value: number }) => [name, number])).toEqual([
      ["old", "0x00002000"],
      ["new", "0x00005000"],
    ]);
    expect(exit!.steps.map(({ kind }) => kind)).toEqual(["STEP_EMULATE", "STEP_TLB_FLUSH"]);
  });

  it("goes on from a number, in order, and says when there is more", () => {
    const hv = busy(10).open();
    const part = trace(hv, { from: 4, count: 3 });
    expect([part.exits.map(({ exit }) => exit), part.more]).toEqual([[4, 5, 6], true]);
    expect(trace(hv, { from: 9, count: 3 })).toMatchObject({ more: false, exits: [{ exit: 9 }] });
  });

  it("gives only the reasons that were asked for", () => {
    const machine = busy(2);
    machine.record("EXIT_HLT", { exit: 2, domain: 0 }, [], [0xf4]);
    machine.info("exit_count", 3);
    expect(
      trace(machine.open(), { count: 5, kinds: ["EXIT_HLT"] }).exits.map(({ instruction }) => instruction),
    ).toEqual(["hlt"]);
  });

  it("knows what the ring of records no longer holds", () => {
    const slots = constantOf(layout(), "TRACE_RECORDS");
    const machine = busy(Math.ceil(slots / 3) + 1);
    const all = trace(machine.open(), { from: 0, count: 1 });
    expect(all.oldest).toBeGreaterThan(0);
    expect(all.exits[0]!.exit).toBe(all.oldest);
    expect(all.exits[0]!.cut).toBe(true);
    expect(trace(machine.open(), { count: 1 }).exits[0]!.cut).toBe(false);
  });

  it("names values of enums, an exit without a domain, and a kind it does not know", () => {
    const machine = new MadeMachine();
    const hidden = value("hidden", "HIDDEN_FIRST_WRITE");
    machine.record("EXIT_PF_HIDDEN", { exit: 0, domain: 255 }, [0x8048000, 0x9007, 0, hidden]);
    machine.info("exit_count", 1);
    const [exit] = trace(machine.open(), { count: 1 }).exits;
    expect([exit!.domain, exit!.arguments[3]!.meaning]).toEqual([undefined, "HIDDEN_FIRST_WRITE"]);
  });
});

describe("the counts of exits", () => {
  it("leave out what never happened and carry the instructions spent", () => {
    const machine = new MadeMachine();
    const cr3 = value("exit_reason", "EXIT_CR3");
    machine.info("count", 7, cr3);
    machine.info("instructions_hv", 700, cr3);
    machine.info("count", 9, value("trace_step", "STEP_TLB_FLUSH"));
    machine.info("exit_count", 7);
    expect(exitCounts(machine.open())).toEqual({
      exits: 7,
      reasons: [{ reason: "EXIT_CR3", words: "address-space switch", count: 7, instructions: 700 }],
      steps: [{ kind: "STEP_TLB_FLUSH", words: "TLB flushed", count: 9 }],
    });
  });
});

describe("the hypervisor's own words", () => {
  it("are refused where there is no hypervisor", () => {
    const empty = physicalMemory(new Uint8Array(0x20000));
    expect(() => openHypervisor(empty, layout(), 0x10000)).toThrow("No hypervisor is at ma:0x00010000");
    expect(() => openHypervisor(empty, layout(), 0)).toThrow("Has the hypervisor started?");
    expect(() => openHypervisor(empty, layout(), 0x1fff0)).toThrow("is no place for struct hv_info");
  });

  it("say why it stopped itself", () => {
    const machine = new MadeMachine();
    machine.bytes.set(new TextEncoder().encode("shadow mismatch\0"), 0x9000);
    machine.info("panic", 0x9000);
    expect(readInfo(machine.open()).panic).toBe("shadow mismatch");
    expect(readInfo(new MadeMachine().open()).panic).toBeUndefined();
  });

  it("are refused when an array would lie outside memory", () => {
    const machine = shadowMachine();
    machine.info("domains", 0x7ffff0);
    expect(() => domains(machine.open())).toThrow(
      "hv_info.domains names 1 of struct domain at ma:0x007ffff0: outside memory.",
    );
  });
});

describe("the domains", () => {
  it("are told with what their virtual processors believe", () => {
    const [domain] = domains(shadowMachine().open());
    expect(domain).toMatchObject({ id: 0, state: "ready", mode: "shadow", frames: 256, exitCode: undefined });
    expect(domain!.vcpu).toMatchObject({ cr0: "0x80010001", cr3: "0x00002000", directSystemCall: undefined });
    expect(domain!.registers).toBeUndefined();
  });

  it("have a credit that may be negative", () => {
    const machine = shadowMachine();
    machine.set("domain", machine.domainAddress(0), "credit", -300);
    expect(domains(machine.open())[0]!.credit).toBe(-300);
  });
});

describe("the frame table", () => {
  it("is told in runs that add up to all there is", () => {
    const { runs, sums, total } = frames(shadowMachine().open());
    expect(runs.reduce((sum, run) => sum + run.count, 0)).toBe(total);
    expect(sums.find(({ owner, type }) => owner === 0 && type === "writable")?.count).toBe(256);
    expect(runs.find(({ mfn }) => mfn === FIRST_SHADOW)).toMatchObject({
      owner: "hypervisor",
      type: "shadow",
      count: 3,
    });
  });
});

describe("a ring", () => {
  const shared = (reqProd: number, rspProd: number) => {
    const machine = shadowMachine();
    const at = machine.mfn(40) * 4096;
    const grant = { used: 1, mfn: machine.mfn(40), to: 1, maps: 1 };
    const grants = machine.open().layout.structs.domain!.fields.grants!;
    for (const [field, number] of Object.entries(grant)) {
      machine.set("grant", machine.domainAddress(0) + grants.offset + 3 * grants.size, field, number);
    }
    for (const [field, number] of Object.entries({
      req_prod: reqProd,
      rsp_prod: rspProd,
      req_event: reqProd + 1,
      rsp_event: rspProd + 1,
    })) {
      machine.set("ring", at, field, number);
    }
    return machine;
  };

  it("is found in a granted frame, with what each slot holds", () => {
    const [ring] = rings(shared(5, 3).open());
    expect(ring).toMatchObject({ granter: 0, ref: 3, mapper: 1, maps: 1, pending: 2, reqProd: 5, rspProd: 3 });
    expect(ring!.entries.slice(0, 6).map(({ holds }) => holds)).toEqual([
      "response",
      "response",
      "response",
      "request",
      "request",
      "nothing",
    ]);
  });

  it("counts on across 2 to the 32nd", () => {
    expect(rings(shared(1, 0xffffffff).open())[0]!.pending).toBe(2);
  });

  it("is not seen in a frame whose indices make no sense", () => {
    expect(rings(shared(1000, 3).open())).toEqual([]);
  });
});
