/**
 * Hypercall numbers (Xen public/xen.h, `__HYPERVISOR_*`) and the 32-bit x86 calling convention
 * (public/arch-x86/xen-x86_32.h): number in EAX, arguments in EBX, ECX, EDX, ESI, EDI; result in EAX.
 */
import { EVTCHNOP } from "./event-channel.ts";
import { GNTTABOP } from "./grant-table.ts";
import { HVMOP } from "./hvm.ts";
import { XENMEM } from "./memory.ts";
import { PHYSDEVOP } from "./physdev.ts";
import { SCHEDOP } from "./sched.ts";
import { VCPUOP } from "./vcpu.ts";
import { XENVER } from "./version.ts";

export const HYPERCALL = {
  memory_op: 12,
  multicall: 13,
  set_timer_op: 15,
  xen_version: 17,
  console_io: 18,
  grant_table_op: 20,
  vm_assist: 21,
  vcpu_op: 24,
  sched_op: 29,
  event_channel_op: 32,
  physdev_op: 33,
  hvm_op: 34,
} as const;

/** Hypercalls a hypercall page has an entry for: 32 bytes each (public/arch-x86/xen.h, hypercall transfer pages). */
export const HYPERCALL_ENTRIES = 128;
export const HYPERCALL_ENTRY_BYTES = 32;

/** CONSOLEIO_* (public/xen.h). */
export const CONSOLEIO = { write: 0, read: 1 } as const;

/** VMASST_* (public/xen.h). */
export const VMASST_CMD = { enable: 0, disable: 1 } as const;
export const VMASST_TYPE = { runstate_update_flag: 5 } as const;

/** struct multicall_entry (public/xen.h), 32-bit: operation, result, six arguments. */
export const MULTICALL_ENTRY_BYTES = 32;

const SUBCOMMANDS: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  [HYPERCALL.memory_op]: XENMEM,
  [HYPERCALL.xen_version]: XENVER,
  [HYPERCALL.console_io]: CONSOLEIO,
  [HYPERCALL.grant_table_op]: GNTTABOP,
  [HYPERCALL.vm_assist]: VMASST_CMD,
  [HYPERCALL.vcpu_op]: VCPUOP,
  [HYPERCALL.sched_op]: SCHEDOP,
  [HYPERCALL.event_channel_op]: EVTCHNOP,
  [HYPERCALL.physdev_op]: PHYSDEVOP,
  [HYPERCALL.hvm_op]: HVMOP,
};

const NAMES: ReadonlyMap<number, { readonly name: string; readonly commands: ReadonlyMap<number, string> }> = new Map(
  Object.entries(HYPERCALL).map(([name, number]) => {
    const commands = Object.entries(SUBCOMMANDS[number] ?? {});
    return [number, { name, commands: new Map(commands.map(([command, code]) => [code, `${name}.${command}`])) }];
  }),
);

/** `event_channel_op.send`, or `event_channel_op.?` for a command nobody defined, or `?` for no hypercall at all. */
export function hypercallName(number: number, command: number): string {
  const known = NAMES.get(number);
  if (!known) return "?";
  if (known.commands.size === 0) return known.name;
  return known.commands.get(command) ?? `${known.name}.?`;
}
