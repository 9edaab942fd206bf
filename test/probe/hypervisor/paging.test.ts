import { describe, expect, it } from "vitest";
import { hex, physicalMemory } from "../../../src/probe/hypervisor/memory.ts";
import { pageTableMap } from "../../../src/probe/hypervisor/paging/table-map.ts";
import { translate, translateNative } from "../../../src/probe/hypervisor/paging/translate.ts";
import { verify } from "../../../src/probe/hypervisor/paging/verify.ts";
import { shadows } from "../../../src/probe/hypervisor/shadows.ts";
import {
  A,
  D,
  DIRECTORY,
  ENTRY,
  KERNEL,
  LEAF,
  MadeMachine,
  P,
  PROGRAM,
  PS,
  ROOT,
  shadowMachine,
  TABLE,
  U,
  value,
  W,
} from "./machine.ts";

const at = (machine: MadeMachine, gva: number) => translate(machine.open(), { domain: 0, gva });
const leafWord = (machine: MadeMachine, slot: number, entry: number) => machine.word(LEAF * 4096 + slot * 4, entry);

describe("a translation in a shadow domain", () => {
  it("shows every entry of both trees with the place it was read from", () => {
    const machine = shadowMachine();
    const { guest, p2m, ma, shadow, verdict } = at(machine, PROGRAM + 0x123);
    expect(guest.steps.map(({ level, gpa }) => [level, gpa])).toEqual([
      ["PDE", hex((DIRECTORY << 12) + (PROGRAM >>> 22) * 4)],
      ["PTE", hex((TABLE << 12) + ENTRY * 4)],
    ]);
    expect(guest.steps[1]!.ma).toBe(hex(machine.mfn(TABLE) * 4096 + ENTRY * 4));
    expect([guest.page?.gpa, p2m?.gfn, p2m?.mfn]).toEqual(["0x00009123", 9, machine.mfn(9)]);
    expect([ma, shadow?.ma]).toEqual([hex(machine.mfn(9) * 4096 + 0x123), ma]);
    expect(shadow?.steps.map(({ shadow: kind }) => kind)).toEqual(["l2", "l1"]);
    expect(verdict).toEqual({ kind: "agrees", why: [] });
  });

  it("tells why the shadow has no entry yet", () => {
    expect(at(shadowMachine(), PROGRAM + 0x2000).verdict).toEqual({ kind: "lazy", why: ["not-accessed"] });
    const machine = shadowMachine();
    leafWord(machine, ENTRY, 0);
    expect(at(machine, PROGRAM).verdict).toEqual({ kind: "lazy", why: ["not-touched"] });
    machine.word(ROOT * 4096 + (PROGRAM >>> 22) * 4, 0);
    expect(at(machine, PROGRAM).verdict).toEqual({ kind: "lazy", why: ["not-shadowed"] });
  });

  it("tells why write access is withheld", () => {
    expect(at(shadowMachine(), PROGRAM + 0x3000).verdict).toEqual({ kind: "agrees", why: ["not-dirty"] });
    expect(at(shadowMachine(), KERNEL + (TABLE << 12)).verdict).toEqual({ kind: "agrees", why: ["write-protected"] });
  });

  it("goes through a 4 MB page in one level of the guest's and two of the shadow", () => {
    const { guest, shadow, verdict } = at(shadowMachine(), KERNEL + 0x5678);
    expect([guest.steps.length, guest.page?.size, guest.page?.gpa]).toEqual([1, 0x400000, "0x00005678"]);
    expect([shadow?.steps.length, verdict.kind]).toEqual([2, "agrees"]);
  });

  it.each([
    ["another frame than p2m's", (machine: MadeMachine) => (machine.mfn(13) << 12) | P | U | A, "other-frame"],
    ["another domain's frame", () => (0x700 << 12) | P | U | A, "foreign-frame"],
    [
      "write access the guest does not give",
      (machine: MadeMachine) => (machine.mfn(9) << 12) | P | W | U | A,
      "too-writable",
    ],
  ])("disagrees when the shadow holds %s", (_what, entry, reason) => {
    const machine = shadowMachine();
    leafWord(machine, ENTRY, entry(machine));
    expect(at(machine, PROGRAM).verdict).toEqual({ kind: "disagrees", why: [reason] });
  });

  it("calls an entry of a table that is out of sync stale, not wrong", () => {
    const machine = shadowMachine();
    const shadow = machine.shadow("SHADOW_L1", TABLE, LEAF);
    machine.set("shadow", shadow, "unsync", 1);
    machine.guestEntry(TABLE, ENTRY, 0);
    expect(at(machine, PROGRAM).verdict).toEqual({ kind: "stale", why: ["unsync"] });
  });

  it("knows the hypervisor's own slot and addresses nothing maps", () => {
    expect(at(shadowMachine(), 0xffc01000).verdict.kind).toBe("hypervisor");
    expect(at(shadowMachine(), 0x40000000).verdict).toEqual({ kind: "absent", why: ["not-mapped"] });
  });

  it("survives a guest whose tables lead nowhere", () => {
    const machine = shadowMachine();
    machine.guestEntry(DIRECTORY, 0, 0xfffff000 | P | A);
    const { guest, verdict } = at(machine, 0x1000);
    expect([guest.steps.length, guest.steps[1]!.ma, guest.page, verdict.kind]).toEqual([
      2,
      undefined,
      undefined,
      "absent",
    ]);
  });
});

describe("a translation in other modes", () => {
  it("follows PAE's three levels under a virtual TLB", () => {
    const machine = new MadeMachine();
    machine.domain("MODE_VTLB", { cr0: 0x80010001, cr3: (DIRECTORY << 12) + 0x20, cr4: 0x20 }, ROOT << 12);
    machine.word(machine.mfn(DIRECTORY) * 4096 + 0x20, (20 << 12) | P);
    machine.guestEntry(20, (PROGRAM >>> 21) * 2, (21 << 12) | P | W | U | A);
    machine.guestEntry(21, ((PROGRAM >>> 12) & 0x1ff) * 2, (22 << 12) | P | W | U | A | D);
    const { guest, verdict } = at(machine, PROGRAM + 5);
    expect(guest.steps.map(({ level }) => level)).toEqual(["PDPTE", "PDE", "PTE"]);
    expect([guest.paging, guest.page?.gpa, verdict]).toEqual([
      "pae",
      hex((22 << 12) + 5),
      { kind: "lazy", why: ["tlb-empty"] },
    ]);
  });

  it("finds one table and no shadow in direct paging, and the guest frame by the frame table", () => {
    const machine = new MadeMachine();
    machine.domain("MODE_PV", { cr0: 0x80010001 }, machine.mfn(DIRECTORY) << 12);
    machine.guestEntry(DIRECTORY, PROGRAM >>> 22, (machine.mfn(TABLE) << 12) | P | W | U | A);
    machine.guestEntry(TABLE, ENTRY, (machine.mfn(9) << 12) | P | U | A);
    const { guest, p2m, verdict } = at(machine, PROGRAM + 1);
    expect([guest.page?.gpa, p2m?.mfn, verdict.kind]).toEqual(["0x00009001", machine.mfn(9), "direct"]);
  });

  it("walks the processor's own tables natively", () => {
    const bytes = new Uint8Array(0x10000);
    const view = new DataView(bytes.buffer);
    view.setUint32(0x1000, 0x2000 | P | W | U | A, true);
    view.setUint32(0x2004, 0x5000 | P | A, true);
    const { ma, shadow, verdict } = translateNative(
      physicalMemory(bytes),
      { cr0: 0x80000001, cr3: 0x1000, cr4: 0 },
      0x1234,
    );
    expect([ma, shadow, verdict.kind]).toEqual(["0x00005234", undefined, "direct"]);
  });
});

describe("a 4 MB page with a reserved bit set", () => {
  it("is present and maps nothing", () => {
    const machine = shadowMachine();
    machine.guestEntry(DIRECTORY, KERNEL >>> 22, P | W | A | D | PS | 0x2000);
    const { guest, shadow, verdict } = at(machine, KERNEL);
    expect([guest.reserved, guest.page, shadow?.ma, verdict.kind]).toEqual([
      true,
      undefined,
      hex(machine.mfn(0) * 4096),
      "disagrees",
    ]);
  });
});

describe("the map of both trees", () => {
  it("lists only slots that hold something, each with the worst of its entries", () => {
    const map = pageTableMap(shadowMachine().open(), { domain: 0, from: 0, count: 1024 });
    expect(map.directory.map(({ index, marks, verdict }) => [index, marks, verdict.kind])).toEqual([
      [PROGRAM >>> 22, [], "lazy"],
      [KERNEL >>> 22, ["large"], "lazy"],
    ]);
    expect(map.tables).toEqual([]);
  });

  it("gives the entries of a few slots with flags of both sides and what is special", () => {
    const map = pageTableMap(shadowMachine().open(), { domain: 0, from: PROGRAM >>> 22, count: 1 });
    const [table] = map.tables;
    expect(
      table!.entries.map(({ index, guest, shadow, verdict }) => [
        index - ENTRY,
        guest.flags.join(""),
        shadow?.flags.join(""),
        verdict.kind,
      ]),
    ).toEqual([
      [0, "PUA", "PUA", "agrees"],
      [1, "PWUAD", "PWUAD", "agrees"],
      [2, "PWU", "", "lazy"],
      [3, "PWUA", "PUA", "agrees"],
    ]);
    expect(table!.entries[3]!.marks).toEqual(["not-dirty"]);
  });

  it("marks the guest's page tables, write-protected, in the kernel's mapping", () => {
    const map = pageTableMap(shadowMachine().open(), { domain: 0, from: KERNEL >>> 22, count: 1 });
    const protectedPages = map.tables[0]!.entries.filter(({ marks }) => marks.includes("write-protected"));
    expect(protectedPages.map(({ index }) => index)).toEqual([DIRECTORY, TABLE]);
  });

  it("refuses slots a directory does not have", () => {
    expect(() => pageTableMap(shadowMachine().open(), { domain: 0, from: 1000, count: 25 })).toThrow(RangeError);
  });
});

describe("the recomposition of every shadow", () => {
  it("finds nothing wrong in a machine whose shadows follow the rules", () => {
    const { recomposed } = verify(shadowMachine().open());
    expect(recomposed).toEqual({ entries: 2 + 3 + 16, tables: 3, faults: 0, found: [] });
  });

  it.each([
    [
      "an entry the guest has taken away",
      (machine: MadeMachine) => machine.guestEntry(TABLE, ENTRY, 0),
      "not-in-guest",
    ],
    [
      "an entry the guest never used",
      (machine: MadeMachine) => machine.guestEntry(TABLE, ENTRY, (9 << 12) | P | U),
      "not-accessed",
    ],
    ["a frame that moved in p2m", (machine: MadeMachine) => machine.mmu(0, "p2m", machine.mfn(14), 9), "other-frame"],
    [
      "a page that is writable before it is dirty",
      (machine: MadeMachine) => machine.guestEntry(TABLE, ENTRY + 1, (10 << 12) | P | W | U | A),
      "too-writable",
    ],
    [
      "user access to the kernel's page",
      (machine: MadeMachine) =>
        machine.word(
          ROOT * 4096 + (KERNEL >>> 22) * 4,
          machine.open().memory.u32(ROOT * 4096 + (KERNEL >>> 22) * 4) | U,
        ),
      "too-user",
    ],
    [
      "a directory entry that leads to another table's shadow",
      (machine: MadeMachine) => machine.guestEntry(DIRECTORY, PROGRAM >>> 22, (30 << 12) | P | W | U | A),
      "other-frame",
    ],
    ["a foreign frame", (machine: MadeMachine) => leafWord(machine, ENTRY, (0x7ff << 12) | P | U | A), "foreign-frame"],
    [
      "a directory that is not the one CR3 names",
      (machine: MadeMachine) => {
        const fields = machine.open().layout.structs;
        const vcpu = machine.domainAddress(0) + fields.domain!.fields.vcpu!.offset;
        machine.set("vcpu", vcpu, "cr3", 30 << 12);
      },
      "wrong-root",
    ],
    [
      "a writable page table",
      (machine: MadeMachine) =>
        machine.word(LEAF * 4096 + (ENTRY + 1) * 4, (machine.mfn(TABLE) << 12) | P | W | U | A | D),
      "other-frame",
    ],
  ])("finds %s", (_what, spoil, reason) => {
    const machine = shadowMachine();
    spoil(machine);
    const { recomposed } = verify(machine.open());
    expect(recomposed.faults).toBeGreaterThan(0);
    expect(recomposed.found[0]!.why).toContain(reason);
  });

  it("gives the hypervisor's own first fault beside", () => {
    const machine = shadowMachine();
    for (const [field, number] of Object.entries({
      verify: 1,
      verify_entries: 77,
      verify_faults: 1,
      fault_kind: value("fault", "FAULT_LINK"),
      fault_where: 0x1234,
    })) {
      machine.info(field, number);
    }
    const { own } = verify(machine.open());
    expect([own.running, own.entries, own.faults, own.first?.kind, own.first?.where]).toEqual([
      true,
      77,
      1,
      "FAULT_LINK",
      "0x00001234",
    ]);
  });

  it("checks a paravirtual domain's own tables", () => {
    const machine = new MadeMachine();
    machine.domain("MODE_PV", {}, machine.mfn(DIRECTORY) << 12);
    machine.frame(machine.mfn(DIRECTORY), { type: value("frame_type", "FRAME_L2"), owner: 1, gfn: DIRECTORY });
    machine.frame(machine.mfn(TABLE), { type: value("frame_type", "FRAME_L1"), owner: 1, gfn: TABLE });
    machine.guestEntry(DIRECTORY, 32, (machine.mfn(TABLE) << 12) | P | W | U);
    machine.guestEntry(TABLE, 0, (machine.mfn(9) << 12) | P | W | U);
    expect(verify(machine.open()).recomposed).toEqual({ entries: 2, tables: 2, faults: 0, found: [] });
    machine.guestEntry(TABLE, 1, (machine.mfn(TABLE) << 12) | P | W | U);
    expect(verify(machine.open()).recomposed.found[0]!.why).toEqual(["too-writable"]);
  });
});

describe("the list of shadows", () => {
  it("counts what is present in each and what is left of the pool", () => {
    const { shadows: list, free } = shadows(shadowMachine().open(), { domain: 0 });
    expect(list.map(({ kind, gfn, present }) => [kind, gfn, present])).toEqual([
      ["l2", DIRECTORY, 2],
      ["l1", TABLE, 3],
      ["large", 0, 16],
    ]);
    expect(free).toBe(61);
  });
});

describe("PS without CR4.PSE", () => {
  it("is a bit the processor ignores", () => {
    const machine = shadowMachine();
    machine.domain("MODE_SHADOW", { cr0: 0x80010001, cr3: DIRECTORY << 12, cr4: 0 }, ROOT << 12);
    machine.guestEntry(DIRECTORY, 5, (TABLE << 12) | P | A | PS, 1);
    const { guest } = translate(machine.open(), { domain: 1, gva: 5 << 22 });
    expect(guest.steps.map(({ level }) => level)).toEqual(["PDE", "PTE"]);
  });
});
