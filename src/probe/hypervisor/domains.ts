import { type Hypervisor, shortName, structures } from "./hypervisor.ts";
import { type Hex, hex } from "./memory.ts";
import type { Structure } from "./structure.ts";

/** How a domain's page tables become the machine's (abi/guest.h, enum mmu_mode). */
export type Mode = "native" | "shadow" | "vtlb" | "pv";

export interface Domain {
  readonly id: number;
  /** Machine address of struct domain. */
  readonly at: Hex;
  readonly state: string;
  readonly role: string;
  readonly mode: Mode;
  /** Page tables may go out of sync. */
  readonly outOfSync: boolean;
  /** Guest-physical frames. */
  readonly frames: number;
  /** What CR3 holds while it runs: a machine address. */
  readonly root: Hex;
  readonly vcpu: {
    readonly cr0: Hex;
    readonly cr2: Hex;
    readonly cr3: Hex;
    readonly cr4: Hex;
    /** The privilege level the guest believes in. */
    readonly cpl: number;
    readonly interrupts: boolean;
    readonly idt: Hex;
    readonly gdt: Hex;
    readonly tss: Hex;
    readonly kernelStack: Hex;
    /** The guest's system-call handler, when it is entered without an exit. */
    readonly directSystemCall: Hex | undefined;
  };
  /** As they were when it last left the processor; undefined for the one that runs. */
  readonly registers: Readonly<Record<string, Hex>> | undefined;
  readonly weight: number;
  /** Per cent of the processor, 0 for no limit. */
  readonly cap: number;
  readonly credit: number;
  /** Timer ticks it has had. */
  readonly ticks: number;
  readonly exitCode: number | undefined;
}

const REGISTERS = ["eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp", "eip", "eflags", "cs", "ss", "ds", "es"];

function readVcpu(domain: Structure): Domain["vcpu"] {
  const vcpu = domain.inner("vcpu");
  const address = (field: string) => hex(vcpu.number(field));
  const entry = vcpu.number("syscall_entry");
  return {
    cr0: address("cr0"),
    cr2: address("cr2"),
    cr3: address("cr3"),
    cr4: address("cr4"),
    cpl: vcpu.number("cpl"),
    interrupts: vcpu.number("interrupts") !== 0,
    idt: address("idt_base"),
    gdt: address("gdt_base"),
    tss: address("tss_base"),
    kernelStack: address("kernel_esp"),
    directSystemCall: entry === 0 ? undefined : hex(entry),
  };
}

function readDomain(hv: Hypervisor, domain: Structure, running: boolean): Domain {
  const { layout } = hv;
  const mmu = domain.inner("mmu");
  const regs = domain.inner("regs");
  const state = shortName(layout, "run_state", domain.number("state"));
  return {
    id: domain.number("id"),
    at: hex(domain.address),
    state,
    role: shortName(layout, "domain_role", domain.number("role")),
    mode: shortName(layout, "mmu_mode", mmu.number("mode")) as Mode,
    outOfSync: mmu.number("oos") !== 0,
    frames: domain.number("nr_frames"),
    root: hex(mmu.number("root")),
    vcpu: readVcpu(domain),
    registers: running ? undefined : Object.fromEntries(REGISTERS.map((name) => [name, hex(regs.number(name))])),
    weight: domain.number("weight"),
    cap: domain.number("cap"),
    credit: domain.number("credit"),
    ticks: domain.number("ran_ticks"),
    exitCode: state === "dead" ? domain.number("exit_code") : undefined,
  };
}

/** Every domain there is (`hv.domains`). */
export function domains(hv: Hypervisor): readonly Domain[] {
  const current = hv.info.number("current");
  return structures(hv, "domains", "nr_domains", "domain").map((domain, index) =>
    readDomain(hv, domain, index === current),
  );
}
