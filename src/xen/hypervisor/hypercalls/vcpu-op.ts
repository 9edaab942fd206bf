import { ERRNO } from "../../abi/errors.ts";
import {
  LEAST_PERIOD,
  REGISTER_MEMORY_AREA,
  REGISTER_VCPU_INFO,
  RUNSTATE_INFO,
  RUNSTATE_RUNNING,
  SET_PERIODIC_TIMER,
  SET_SINGLESHOT_TIMER,
  SSHOTTMR_FUTURE,
  VCPUOP,
} from "../../abi/vcpu.ts";
import type { Guest } from "../guest.ts";
import type { Family } from "./call.ts";

/** There is one VCPU, number 0, always up. */
export const vcpuOp: Family = ({ guest, args }) => {
  const [command, vcpu, argument] = [args[0]!, args[1]!, args[2]!];
  if (vcpu !== 0) return -ERRNO.ENOENT;
  switch (command) {
    case VCPUOP.initialise:
      return -ERRNO.EEXIST;
    case VCPUOP.up:
      return 0;
    case VCPUOP.is_up:
      return 1;
    case VCPUOP.get_runstate_info:
      guest.memory.writeFields(argument, RUNSTATE_INFO, runstate(guest));
      return 0;
    case VCPUOP.register_runstate_memory_area:
      return registerRunstate(guest, argument);
    case VCPUOP.set_periodic_timer:
      return setPeriodic(guest, guest.memory.readStruct(argument, SET_PERIODIC_TIMER).period_ns);
    case VCPUOP.stop_periodic_timer:
      guest.clock.setPeriod(undefined);
      return 0;
    case VCPUOP.set_singleshot_timer:
      return setSingleshot(guest, argument);
    case VCPUOP.stop_singleshot_timer:
      guest.clock.setSingleshot(undefined);
      return 0;
    case VCPUOP.register_vcpu_info:
      return registerVcpuInfo(guest, argument);
    default:
      return -ERRNO.ENOSYS;
  }
};

/** A guest that asks is running, and has been: its host's other work is no other domain's. */
function runstate(guest: Guest) {
  const now = guest.clock.nanoseconds();
  const none = { time_runnable: 0n, time_blocked: 0n, time_offline: 0n };
  return { state: RUNSTATE_RUNNING, state_entry_time: 0n, time_running: now, ...none };
}

/** The area is filled in once: what it says, that the VCPU runs, does not change. */
function registerRunstate(guest: Guest, argument: number): number {
  const { va } = guest.memory.readStruct(argument, REGISTER_MEMORY_AREA);
  guest.memory.writeFields(va, RUNSTATE_INFO, runstate(guest));
  return 0;
}

function setPeriodic(guest: Guest, period: bigint): number {
  if (period < LEAST_PERIOD) return -ERRNO.EINVAL;
  guest.clock.setPeriod(period);
  return 0;
}

function setSingleshot(guest: Guest, argument: number): number {
  const { timeout_abs_ns, flags } = guest.memory.readStruct(argument, SET_SINGLESHOT_TIMER);
  const past = timeout_abs_ns < guest.clock.nanoseconds();
  if (past && flags & SSHOTTMR_FUTURE) return -ERRNO.ETIME;
  guest.clock.setSingleshot(timeout_abs_ns);
  return 0;
}

function registerVcpuInfo(guest: Guest, argument: number): number {
  const { mfn, offset } = guest.memory.readStruct(argument, REGISTER_VCPU_INFO);
  if (mfn >= BigInt(guest.frames.count)) return -ERRNO.EINVAL;
  if (!guest.words.moveVcpuInfo(Number(mfn), offset)) return -ERRNO.EINVAL;
  guest.armUpcall();
  return 0;
}
