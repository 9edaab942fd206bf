import type { GuestAccess, Trap } from "../../machine/platform.ts";
import { REGISTER } from "../../machine/platform.ts";
import { FIRST_LEAF, HVM_FEATURE, LEAF_BLOCK, MSR_BASE, SIGNATURE, XEN_VERSION } from "../abi/cpuid.ts";
import { PAGE_SIZE } from "../abi/domains.ts";
import { ERRNO } from "../abi/errors.ts";
import { HYPERCALL_ENTRIES, HYPERCALL_ENTRY_BYTES } from "../abi/hypercalls.ts";
import type { Guest } from "./guest.ts";
import { hypercall } from "./hypercalls/dispatch.ts";
import type { Xen } from "./xen.ts";

/** The last byte of VMCALL and VMMCALL, 0F 01 C1 and 0F 01 D9 (Intel SDM vol. 2, AMD APM vol. 3). */
const VMCALL = 0xc1;
const VMMCALL = 0xd9;

/** Answers an instruction that trapped. @returns true when it was one of Xen's */
export function trap(xen: Xen, guest: Guest, kind: Trap): boolean {
  switch (kind) {
    case "invalid-opcode":
      return isHypercall(guest.access) && callHypervisor(xen, guest);
    case "cpuid":
      return cpuid(guest);
    case "rdmsr":
      return readMsr(guest.access);
    case "wrmsr":
      return writeMsr(guest);
  }
}

function isHypercall(access: GuestAccess): boolean {
  const at = access.trapped();
  const byte = (offset: number) => {
    const gpa = access.translate((at + offset) >>> 0);
    return gpa >= 0 && gpa < access.memoryBytes ? access.memory()[gpa]! : -1;
  };
  return byte(0) === 0x0f && byte(1) === 0x01 && (byte(2) === VMCALL || byte(2) === VMMCALL);
}

/** Only the kernel may call; a process gets -EPERM (arch/x86/hvm/hypercall.c). */
function callHypervisor(xen: Xen, guest: Guest): true {
  const { access } = guest;
  const registers = access.registers();
  const word = (register: keyof typeof REGISTER) => registers[REGISTER[register]]! >>> 0;
  const args = [word("ebx"), word("ecx"), word("edx"), word("esi"), word("edi")];
  const result = access.privilege() === 0 ? hypercall(xen, guest, word("eax"), args) : -ERRNO.EPERM;
  access.registers()[REGISTER.eax] = result;
  // As on the way back into a guest: an event for it that is there now is taken before its next instruction.
  if (guest.callback === "vector" && guest.words.pending) access.deliver();
  return true;
}

function cpuid({ access, id }: Guest): boolean {
  const registers = access.registers();
  const leaf = (registers[REGISTER.eax]! >>> 0) - FIRST_LEAF;
  if (leaf < 0 || leaf >= LEAF_BLOCK) return false;
  const [eax, ebx, ecx, edx] = leafOf(leaf, id);
  registers[REGISTER.eax] = eax;
  registers[REGISTER.ebx] = ebx;
  registers[REGISTER.ecx] = ecx;
  registers[REGISTER.edx] = edx;
  return true;
}

type Leaf = readonly [eax: number, ebx: number, ecx: number, edx: number];

function leafOf(leaf: number, domain: number): Leaf {
  switch (leaf) {
    case 0:
      return [FIRST_LEAF + 4, SIGNATURE.ebx, SIGNATURE.ecx, SIGNATURE.edx];
    case 1:
      return [XEN_VERSION, 0, 0, 0];
    case 2:
      return [1, MSR_BASE, 0, 0];
    case 4:
      return [HVM_FEATURE.vcpu_id_present | HVM_FEATURE.domid_present, 0, domain, 0];
    default:
      return [0, 0, 0, 0];
  }
}

/** Xen's one MSR reads as zero. */
function readMsr(access: GuestAccess): boolean {
  const registers = access.registers();
  if (registers[REGISTER.ecx]! >>> 0 !== MSR_BASE) return false;
  registers[REGISTER.eax] = 0;
  registers[REGISTER.edx] = 0;
  return true;
}

/** Fills the hypercall page at the guest-physical address written: one piece of code for each hypercall. */
function writeMsr({ access, frames }: Guest): boolean {
  const registers = access.registers();
  if (registers[REGISTER.ecx]! >>> 0 !== MSR_BASE) return false;
  const address = registers[REGISTER.eax]! >>> 0;
  const gfn = address >>> 12;
  if (address % PAGE_SIZE !== 0 || registers[REGISTER.edx] !== 0 || !frames.isOwn(gfn)) return false;
  const page = frames.page(gfn);
  page.fill(0xcc);
  for (let number = 0; number < HYPERCALL_ENTRIES; number++) {
    // mov $number, %eax; vmcall; ret
    page.set([0xb8, number, 0, 0, 0, 0x0f, 0x01, VMCALL, 0xc3], number * HYPERCALL_ENTRY_BYTES);
  }
  frames.written(gfn);
  return true;
}
