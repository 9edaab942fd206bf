import { type Hypervisor, openHypervisor } from "../../../src/probe/hypervisor/hypervisor.ts";
import { constantOf, enumOf, fieldOf, structOf } from "../../../src/probe/hypervisor/layout.ts";
import { physicalMemory } from "../../../src/probe/hypervisor/memory.ts";
import { layout } from "./layout.ts";

/** Where the parts lie in the memory a test writes: 8 MB, guests' frames from 4 MB on, shadows from 6 MB on. */
const PLACES = { info: 0x10000, domains: 0x20000, frames: 0x30000, shadows: 0x50000, trace: 0x80000, start: 0xf0000 };
const FRAMES = 2048;
const GUEST_FRAMES = 256;
const FIRST_GUEST = 0x400;
export const FIRST_SHADOW = 0x600;

export const P = 0x001;
export const W = 0x002;
export const U = 0x004;
export const A = 0x020;
export const D = 0x040;
export const PS = 0x080;

/** A hypervisor's memory written through the layout, as the hypervisor writes it through its headers. */
export class MadeMachine {
  readonly bytes = new Uint8Array(FRAMES * 4096);
  private readonly view = new DataView(this.bytes.buffer);
  private shadows = 0;
  private records = 0;
  private domains = 0;

  constructor() {
    this.set("hv_info", PLACES.info, "magic", constantOf(layout(), "HV_INFO_MAGIC"));
    for (const [field, value] of Object.entries({
      domains: PLACES.domains,
      frames: PLACES.frames,
      nr_frames: FRAMES,
      shadows: PLACES.shadows,
      nr_shadows: 64,
      trace: PLACES.trace,
      traced: 1,
    })) {
      this.set("hv_info", PLACES.info, field, value);
    }
  }

  open(): Hypervisor {
    return openHypervisor(physicalMemory(this.bytes), layout(), PLACES.info);
  }

  set(struct: string, address: number, field: string, value: number, index = 0): void {
    const { offset, size } = fieldOf(layout(), struct, field);
    const at = address + offset + index * size;
    if (size === 1) this.view.setUint8(at, value);
    else if (size === 2) this.view.setUint16(at, value, true);
    else this.view.setUint32(at, value, true);
  }

  info(field: string, value: number, index = 0): void {
    this.set("hv_info", PLACES.info, field, value, index);
  }

  word(address: number, value: number): void {
    this.view.setUint32(address, value, true);
  }

  /** Adds a domain whose frames are scattered over its part of memory. */
  domain(mode: string, vcpu: Readonly<Record<string, number>>, root: number): number {
    const id = this.domains++;
    const at = PLACES.domains + id * structOf(layout(), "domain").size;
    const inner = (field: string) => at + fieldOf(layout(), "domain", field).offset;
    this.set("domain", at, "id", id);
    this.set("domain", at, "state", value("run_state", "RUN_READY"));
    this.set("domain", at, "nr_frames", GUEST_FRAMES);
    this.set("mmu", inner("mmu"), "mode", value("mmu_mode", mode));
    this.set("mmu", inner("mmu"), "root", root);
    for (let gfn = 0; gfn < GUEST_FRAMES; gfn++) {
      const mfn = this.mfn(gfn, id);
      this.set("mmu", inner("mmu"), "p2m", mfn, gfn);
      this.frame(mfn, { type: value("frame_type", "FRAME_WRITABLE"), owner: id + 1, gfn });
    }
    for (const [field, number] of Object.entries(vcpu)) this.set("vcpu", inner("vcpu"), field, number);
    this.info("nr_domains", this.domains);
    return id;
  }

  domainAddress(id: number): number {
    return PLACES.domains + id * structOf(layout(), "domain").size;
  }

  mmu(id: number, field: string, number: number, index = 0): void {
    this.set("mmu", this.domainAddress(id) + fieldOf(layout(), "domain", "mmu").offset, field, number, index);
  }

  mfn(gfn: number, id = 0): number {
    return FIRST_GUEST + id * GUEST_FRAMES + ((gfn * 37 + 11) % GUEST_FRAMES);
  }

  frame(mfn: number, fields: Readonly<Record<string, number>>): void {
    const at = PLACES.frames + mfn * structOf(layout(), "frame").size;
    for (const [field, number] of Object.entries(fields)) this.set("frame", at, field, number);
  }

  /** Writes one entry of a guest's table. */
  guestEntry(gfn: number, slot: number, entry: number, id = 0): void {
    this.word(this.mfn(gfn, id) * 4096 + slot * 4, entry);
  }

  /** Adds a shadow page. */
  shadow(kind: string, gfn: number, mfn: number, fields: Readonly<Record<string, number>> = {}): number {
    const at = PLACES.shadows + this.shadows++ * structOf(layout(), "shadow").size;
    this.set("shadow", at, "kind", value("shadow_kind", kind));
    this.set("shadow", at, "gfn", gfn);
    this.set("shadow", at, "mfn", mfn);
    for (const [field, number] of Object.entries(fields)) this.set("shadow", at, field, number);
    this.frame(mfn, { type: value("frame_type", "FRAME_SHADOW"), owner: 255 });
    return at;
  }

  /** Writes one trace record, as trace.c does. */
  record(
    kind: string,
    fields: Readonly<Record<string, number>>,
    args: readonly number[] = [],
    insn: readonly number[] = [],
  ): void {
    const slots = constantOf(layout(), "TRACE_RECORDS");
    const at = PLACES.trace + (this.records % slots) * structOf(layout(), "trace_record").size;
    const list = kind.startsWith("EXIT") ? "exit_reason" : "trace_step";
    this.set("trace_record", at, "seq", this.records);
    this.set("trace_record", at, "kind", value(list, kind));
    for (const [field, number] of Object.entries(fields)) this.set("trace_record", at, field, number);
    for (let index = 0; index < 4; index++) this.set("trace_record", at, "arg", args[index] ?? 0, index);
    for (const [index, byte] of insn.entries()) this.set("trace_record", at, "insn", byte, index);
    this.set("trace_record", at, "insn_length", insn.length);
    this.records++;
    this.info("trace_count", this.records);
  }
}

/** An enumerator's value by its name. */
export function value(list: string, name: string): number {
  const found = enumOf(layout(), list).find((entry) => entry.name === name);
  if (!found) throw new Error(`${list} has no ${name}`);
  return found.value;
}

/** Where the made domain's tables are, in guest frames. */
export const DIRECTORY = 2;
export const TABLE = 3;
export const PROGRAM = 0x08048000;
export const KERNEL = 0xc0000000;

const SLOT = PROGRAM >>> 22;
export const ENTRY = (PROGRAM >>> 12) & 0x3ff;
/** Machine frames of the shadows of {@link DIRECTORY} and {@link TABLE}, and of the kernel's 4 MB page. */
export const ROOT = FIRST_SHADOW;
export const LEAF = FIRST_SHADOW + 1;
export const LARGE = FIRST_SHADOW + 2;

/**
 * A domain in shadow mode: a program's table with three pages – ENTRY: code, read-only; +1: data, dirty; +2: not
 * accessed yet – and a 4 MB page for the kernel, all shadowed as the rules say.
 */
export function shadowMachine(): MadeMachine {
  const machine = new MadeMachine();
  machine.domain("MODE_SHADOW", { cr0: 0x80010001, cr3: DIRECTORY << 12, cr4: 0x10 }, ROOT << 12);
  machine.guestEntry(DIRECTORY, SLOT, (TABLE << 12) | P | W | U | A);
  machine.guestEntry(DIRECTORY, KERNEL >>> 22, P | W | A | D | PS);
  machine.guestEntry(TABLE, ENTRY, (9 << 12) | P | U | A);
  machine.guestEntry(TABLE, ENTRY + 1, (10 << 12) | P | W | U | A | D);
  machine.guestEntry(TABLE, ENTRY + 2, (11 << 12) | P | W | U);
  machine.guestEntry(TABLE, ENTRY + 3, (12 << 12) | P | W | U | A);
  machine.shadow("SHADOW_L2", DIRECTORY, ROOT, { refs: 1 });
  machine.shadow("SHADOW_L1", TABLE, LEAF, { refs: 1 });
  machine.shadow("SHADOW_LARGE", 0, LARGE, { refs: 1 });
  machine.mmu(0, "table", 1, DIRECTORY);
  machine.mmu(0, "table", 1, TABLE);
  machine.word(ROOT * 4096 + SLOT * 4, (LEAF << 12) | P | W | U | A);
  machine.word(ROOT * 4096 + (KERNEL >>> 22) * 4, (LARGE << 12) | P | W | A);
  machine.word(LEAF * 4096 + ENTRY * 4, (machine.mfn(9) << 12) | P | U | A);
  machine.word(LEAF * 4096 + (ENTRY + 1) * 4, (machine.mfn(10) << 12) | P | W | U | A | D);
  machine.word(LEAF * 4096 + (ENTRY + 3) * 4, (machine.mfn(12) << 12) | P | U | A);
  for (let gfn = 0; gfn < 16; gfn++) {
    const writable = gfn === DIRECTORY || gfn === TABLE ? 0 : W;
    machine.word(LARGE * 4096 + gfn * 4, (machine.mfn(gfn) << 12) | P | writable | A | D);
  }
  return machine;
}
