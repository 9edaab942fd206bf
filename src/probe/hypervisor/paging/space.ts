import type { Mode } from "../domains.ts";
import { domainOf, type Hypervisor, shortName, shortNames, structures } from "../hypervisor.ts";
import { constantOf, fieldOf, structOf } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import { column } from "../structure.ts";

/** p2m's word for a guest frame without a machine frame (hv.h, struct mmu). */
const NO_FRAME = 0xffff;

/** A guest's view of memory: its control registers, and where its frames really are. */
export interface Space {
  readonly memory: PhysicalMemory;
  readonly mode: Mode;
  /** Undefined natively. */
  readonly domain: number | undefined;
  readonly cr0: number;
  readonly cr3: number;
  readonly cr4: number;
  /** Where CR3 was read, in words of the machine: a register, or a field of a structure. */
  readonly cr3From: string;
  /** Frames the guest has; natively the machine's own. */
  readonly frames: number;
  /** Machine frame of a frame number in the guest's tables; undefined when there is none. */
  mfn(frame: number): number | undefined;
  /** Machine address of the p2m element of a guest frame; undefined natively. */
  p2mAt(gfn: number): number | undefined;
  /** The hypervisor's side; undefined natively. */
  readonly hypervisor: HypervisorSide | undefined;
}

/** One shadow page (hv.h, struct shadow). */
export interface ShadowPage {
  readonly index: number;
  readonly kind: string;
  readonly domain: number;
  readonly unsync: boolean;
  readonly gfn: number;
  readonly refs: number;
  readonly mfn: number;
  /** Machine address of the guest's table as it was when last in step; 0 when it is in step. */
  readonly copy: number;
  readonly flood: number;
}

export interface HypervisorSide {
  /** Machine address of the directory CR3 holds while the domain runs. */
  readonly root: number;
  /** The first address that is the hypervisor's in every address space. */
  readonly hole: number;
  readonly shadowsByMfn: ReadonlyMap<number, ShadowPage>;
  /** How many shadows mirror this guest frame as a table: then it is read-only to the guest. */
  mirrored(gfn: number): number;
  /** It holds the guest's TSS or IDT, whose stores exit. */
  watched(gfn: number): boolean;
  frame(mfn: number): FrameReading;
  /** The frame is the domain's own, or granted to it. */
  mayUse(mfn: number, write: boolean): boolean;
}

export interface FrameReading {
  readonly type: string;
  /** Domain number; undefined for nobody's and the hypervisor's. */
  readonly owner: number | undefined;
  readonly gfn: number;
  /** Uses as its type: in shadow modes, grants in force for writing. */
  readonly typeCount: number;
}

/** Reads every shadow page in use (hv.h, struct shadow). */
export function shadowPages(hv: Hypervisor): readonly ShadowPage[] {
  return structures(hv, "shadows", "nr_shadows", "shadow")
    .map((shadow, index) => ({
      index,
      kind: shortName(hv.layout, "shadow_kind", shadow.number("kind")),
      domain: shadow.number("domain"),
      unsync: shadow.number("unsync") !== 0,
      gfn: shadow.number("gfn"),
      refs: shadow.number("refs"),
      mfn: shadow.number("mfn"),
      copy: shadow.number("copy"),
      flood: shadow.number("flood"),
    }))
    .filter(({ kind }) => kind !== "none");
}

/** The grants other domains have given to one: machine frames, and whether they may be written. */
function grantedTo(hv: Hypervisor, id: number): ReadonlyMap<number, boolean> {
  const granted = new Map<number, boolean>();
  for (const domain of structures(hv, "domains", "nr_domains", "domain")) {
    for (const grant of domain.inners("grants")) {
      if (grant.number("used") === 0 || grant.number("to") !== id) continue;
      const mfn = grant.number("mfn");
      granted.set(mfn, granted.get(mfn) === true || grant.number("read_only") === 0);
    }
  }
  return granted;
}

/** A function that reads who owns a machine frame and as what (hv.h, struct frame). */
export function frameReader(hv: Hypervisor): (mfn: number) => FrameReading {
  const read = (field: string) => column(hv.memory, hv.layout, "frame", field);
  const [type, owner, gfn, typeCount] = [read("type"), read("owner"), read("gfn"), read("type_count")];
  const { size } = structOf(hv.layout, "frame");
  const typeName = shortNames(hv.layout, "frame_type");
  const base = hv.info.number("frames");
  const count = hv.info.number("nr_frames");
  return (mfn) => {
    if (mfn >= count) return { type: "none", owner: undefined, gfn: 0, typeCount: 0 };
    const at = base + mfn * size;
    const by = owner(at);
    return {
      type: typeName(type(at)),
      owner: by === 0 || by === 255 ? undefined : by - 1,
      gfn: gfn(at),
      typeCount: typeCount(at),
    };
  };
}

function hypervisorSide(hv: Hypervisor, id: number): HypervisorSide {
  const mmu = domainOf(hv, id).inner("mmu");
  const read = (field: string) => column(hv.memory, hv.layout, "mmu", field);
  const [table, watched] = [read("table"), read("watched")];
  const known = fieldOf(hv.layout, "mmu", "table").count;
  const granted = grantedTo(hv, id);
  const frame = frameReader(hv);
  return {
    root: mmu.number("root"),
    hole: constantOf(hv.layout, "HV_HOLE"),
    shadowsByMfn: new Map(shadowPages(hv).map((shadow) => [shadow.mfn, shadow])),
    mirrored: (gfn) => (gfn < known ? table(mmu.address, gfn) : 0),
    watched: (gfn) => gfn < known && watched(mmu.address, gfn) !== 0,
    frame,
    mayUse: (mfn, write) => frame(mfn).owner === id || (granted.has(mfn) && (!write || granted.get(mfn) === true)),
  };
}

/** A domain's memory as its own page tables and the hypervisor's p2m make it. */
export function domainSpace(hv: Hypervisor, id: number): Space {
  const domain = domainOf(hv, id);
  const [vcpu, mmu] = [domain.inner("vcpu"), domain.inner("mmu")];
  const mode = shortName(hv.layout, "mmu_mode", mmu.number("mode")) as Mode;
  const p2m = column(hv.memory, hv.layout, "mmu", "p2m");
  const frames = Math.min(domain.number("nr_frames"), fieldOf(hv.layout, "mmu", "p2m").count);
  const direct = mode === "pv";
  return {
    memory: hv.memory,
    mode,
    domain: id,
    cr0: vcpu.number("cr0"),
    cr3: direct ? mmu.number("root") : vcpu.number("cr3"),
    cr4: vcpu.number("cr4"),
    cr3From: direct ? `domains[${id}].mmu.root` : `domains[${id}].vcpu.cr3`,
    frames,
    mfn: (frame) => {
      if (direct) return frame;
      const mfn = frame < frames ? p2m(mmu.address, frame) : NO_FRAME;
      return mfn === NO_FRAME ? undefined : mfn;
    },
    p2mAt: (gfn) => (gfn < frames ? mmu.where("p2m", gfn) : undefined),
    hypervisor: hypervisorSide(hv, id),
  };
}

/** Control registers of a machine without a hypervisor, as the processor holds them. */
export interface NativeRegisters {
  readonly cr0: number;
  readonly cr3: number;
  readonly cr4: number;
}

/** The machine's own memory: what a guest has natively, where physical and machine addresses are the same. */
export function nativeSpace(memory: PhysicalMemory, registers: NativeRegisters): Space {
  const frames = memory.size >>> 12;
  return {
    memory,
    mode: "native",
    domain: undefined,
    ...registers,
    cr3From: "CR3",
    frames,
    mfn: (frame) => (frame < frames ? frame : undefined),
    p2mAt: () => undefined,
    hypervisor: undefined,
  };
}
