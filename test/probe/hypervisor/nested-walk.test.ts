import { describe, expect, it } from "vitest";
import { nestedWalk } from "../../../src/probe/hypervisor/nested-walk.ts";
import { translate } from "../../../src/probe/hypervisor/paging/translate.ts";
import { DIRECTORY, KERNEL, MadeMachine, PROGRAM, ROOT, shadowMachine } from "./machine.ts";

const walk = (gva: number, levels: 2 | 4) => nestedWalk(shadowMachine().open(), { domain: 0, gva, levels });

describe("a computed nested walk", () => {
  it("makes 8 references over two levels, where a native walk makes 2", () => {
    const { references, native } = walk(PROGRAM, 2);
    expect([references.length, native]).toEqual([8, 2]);
    expect(references.map(({ name }) => name)).toEqual(["nPD", "nPT", "PD", "nPD", "nPT", "PT", "nPD", "nPT"]);
  });

  it("makes 24 references over four levels, where a native walk makes 4", () => {
    const { references, native } = walk(PROGRAM, 4);
    expect([references.length, native]).toEqual([24, 4]);
    expect(references.filter(({ table }) => table === "guest").map(({ name }) => name)).toEqual([
      "PML4",
      "PDPT",
      "PD",
      "PT",
    ]);
  });

  it("ends where the translation ends, over the guest's real entries", () => {
    const { guest, ma } = translate(shadowMachine().open(), { domain: 0, gva: PROGRAM + 0x123 });
    const nested = walk(PROGRAM + 0x123, 2);
    const entries = nested.references.filter(({ table }) => table === "guest");
    expect(entries.map(({ ma: at, value }) => [at, value])).toEqual(
      guest.steps.map(({ ma: at, value }) => [at, value]),
    );
    expect([nested.ma, walk(PROGRAM + 0x123, 4).ma]).toEqual([ma, ma]);
  });

  it("is shorter for a large page", () => {
    expect([walk(KERNEL, 2).references.length, walk(KERNEL, 4).references.length]).toEqual([5, 19]);
  });

  it("never reads one address for two different tables", () => {
    const { references } = walk(PROGRAM, 4);
    const byFrame = new Map<string, Set<string>>();
    for (const { ma, name, table, gpa } of references) {
      const frame = ma.slice(0, -3);
      byFrame.set(
        frame,
        (byFrame.get(frame) ?? new Set()).add(table === "guest" ? `${name} ${gpa.slice(0, -3)}` : name),
      );
    }
    expect([...byFrame.values()].filter((names) => names.size > 1)).toEqual([]);
  });

  it("stops at the level that is missing", () => {
    expect(walk(0x40000000, 2)).toMatchObject({ missing: "PD", ma: undefined });
    expect(walk(0x40000000, 2).references).toHaveLength(3);
    expect(walk(0x40000000, 4).references).toHaveLength(15);
  });

  it("is refused for a domain whose tables hold machine frames", () => {
    const machine = new MadeMachine();
    machine.domain("MODE_PV", { cr0: 0x80010001, cr3: DIRECTORY << 12 }, ROOT << 12);
    expect(() => nestedWalk(machine.open(), { domain: 0, gva: 0, levels: 2 })).toThrow("Domain 0 is paravirtual");
  });
});
