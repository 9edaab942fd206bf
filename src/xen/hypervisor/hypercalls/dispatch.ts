import { ERRNO } from "../../abi/errors.ts";
import { HYPERCALL, hypercallName, MULTICALL_ENTRY_BYTES } from "../../abi/hypercalls.ts";
import type { Guest } from "../guest.ts";
import { GuestFault } from "../guest-memory.ts";
import type { Xen } from "../xen.ts";
import { type Family, Work } from "./call.ts";
import { eventChannelOp } from "./event-channel-op.ts";
import { grantTableOp } from "./grant-table-op.ts";
import { hvmOp } from "./hvm-op.ts";
import { memoryOp } from "./memory-op.ts";
import { consoleIo, physdevOp, setTimerOp, vmAssist } from "./others.ts";
import { schedOp } from "./sched-op.ts";
import { vcpuOp } from "./vcpu-op.ts";
import { xenVersion } from "./xen-version.ts";

const FAMILIES: ReadonlyMap<number, Family> = new Map([
  [HYPERCALL.memory_op, memoryOp],
  [HYPERCALL.set_timer_op, setTimerOp],
  [HYPERCALL.xen_version, xenVersion],
  [HYPERCALL.console_io, consoleIo],
  [HYPERCALL.grant_table_op, grantTableOp],
  [HYPERCALL.vm_assist, vmAssist],
  [HYPERCALL.vcpu_op, vcpuOp],
  [HYPERCALL.sched_op, schedOp],
  [HYPERCALL.event_channel_op, eventChannelOp],
  [HYPERCALL.physdev_op, physdevOp],
  [HYPERCALL.hvm_op, hvmOp],
]);

/** Calls in one multicall; Linux's batches have at most 32. */
const MOST_CALLS = 64;

/**
 * Carries out one hypercall.
 *
 * @param args five arguments, unsigned 32 bits
 * @returns the result, negative for an error: -EFAULT where an argument points nowhere, -ENOSYS for an unknown call
 */
export function hypercall(xen: Xen, guest: Guest, number: number, args: readonly number[]): number {
  const work = new Work();
  if (number === HYPERCALL.multicall) return multicall(xen, guest, args[0]!, args[1]!, work);
  return single(xen, guest, number, args, work);
}

function single(xen: Xen, guest: Guest, number: number, args: readonly number[], work: Work): number {
  const name = hypercallName(number, args[0]!);
  xen.countHypercall(guest.id, name);
  if (guest.tracing && name !== "event_channel_op.send") guest.trace("hypercall", name);
  const family = FAMILIES.get(number);
  if (!family) return -ERRNO.ENOSYS;
  try {
    return family({ xen, guest, args, work });
  } catch (error) {
    if (error instanceof GuestFault) return -ERRNO.EFAULT;
    throw error;
  }
}

/** Several calls in one: struct multicall_entry { op; result; args[6] } (Xen public/xen.h). Together they are one trap. */
function multicall(xen: Xen, guest: Guest, list: number, count: number, work: Work): number {
  xen.countHypercall(guest.id, "multicall");
  if (count > MOST_CALLS) return -ERRNO.EINVAL;
  try {
    for (let index = 0; index < count; index++) {
      const at = (list + index * MULTICALL_ENTRY_BYTES) >>> 0;
      const entry = guest.memory.read(at, MULTICALL_ENTRY_BYTES);
      const args = [0, 1, 2, 3, 4].map((argument) => entry.getUint32(8 + argument * 4, true));
      const number = entry.getUint32(0, true);
      const result = number === HYPERCALL.multicall ? -ERRNO.EINVAL : single(xen, guest, number, args, work);
      guest.memory.setU32((at + 4) >>> 0, result >>> 0);
    }
    return 0;
  } catch (error) {
    if (error instanceof GuestFault) return -ERRNO.EFAULT;
    throw error;
  }
}
