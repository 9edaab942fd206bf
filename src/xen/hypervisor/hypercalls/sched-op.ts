import { ERRNO } from "../../abi/errors.ts";
import {
  POLL_PORTS,
  SCHED_POLL,
  SCHED_SHUTDOWN,
  SCHED_WATCHDOG,
  SCHEDOP,
  SHUTDOWN,
  WATCHDOGS,
} from "../../abi/sched.ts";
import type { Guest } from "../guest.ts";
import type { Family } from "./call.ts";

export const schedOp: Family = ({ guest, args }) => {
  const [command, argument] = [args[0]!, args[1]!];
  switch (command) {
    case SCHEDOP.yield:
    case SCHEDOP.block:
      // An HVM guest waits in HLT; here it is told at once to go on, as when an event had come.
      return 0;
    case SCHEDOP.poll:
      return poll(guest, argument);
    case SCHEDOP.shutdown:
      return guest.onShutdown(guest.memory.readStruct(argument, SCHED_SHUTDOWN).reason);
    case SCHEDOP.shutdown_code: {
      const { reason } = guest.memory.readStruct(argument, SCHED_SHUTDOWN);
      return reason <= SHUTDOWN.soft_reset ? 0 : -ERRNO.EINVAL;
    }
    case SCHEDOP.watchdog:
      return watchdog(guest, argument);
    case SCHEDOP.remote_shutdown:
      return -ERRNO.EPERM;
    default:
      return -ERRNO.ENOSYS;
  }
};

/** Waits for one of some ports. Returning early is allowed: the caller looks at the ports itself and polls again. */
function poll(guest: Guest, argument: number): number {
  const { ports, nr_ports } = guest.memory.readStruct(argument, SCHED_POLL);
  if (nr_ports > POLL_PORTS) return -ERRNO.EINVAL;
  for (let index = 0; index < nr_ports; index++) {
    if (!guest.ports.isValid(guest.memory.u32((ports + index * 4) >>> 0))) return -ERRNO.EINVAL;
  }
  return 0;
}

/** Sets (id 0), renews or stops (timeout 0) a timer that ends the domain. @returns the watchdog's id for a new one */
function watchdog(guest: Guest, argument: number): number {
  const { id, timeout } = guest.memory.readStruct(argument, SCHED_WATCHDOG);
  if (id > WATCHDOGS) return -ERRNO.EINVAL;
  if (id === 0 && timeout === 0) return -ERRNO.EINVAL;
  return guest.clock.setWatchdog(id, timeout);
}
