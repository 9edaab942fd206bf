import { ERRNO } from "../../abi/errors.ts";
import { CONSOLEIO, VMASST_CMD, VMASST_TYPE } from "../../abi/hypercalls.ts";
import type { Family } from "./call.ts";

/** Bytes of one line a guest may put on the emergency console (drivers/char/console.c fetches 127 at a time). */
const MOST_WRITTEN = 4096;

/** The emergency console: what a guest says before it has another, or when it dies. */
export const consoleIo: Family = ({ xen, guest, args }) => {
  const [command, count, buffer] = [args[0]!, args[1]!, args[2]!];
  if (command === CONSOLEIO.read) return 0;
  if (command !== CONSOLEIO.write) return -ERRNO.ENOSYS;
  const bytes = Math.min(count, MOST_WRITTEN);
  xen.emergencyConsole(guest, new Uint8Array(guest.memory.read(buffer, bytes).buffer));
  return 0;
};

/** The one assistance an HVM guest may ask for: a flag while the runstate area is written, which is before it runs. */
export const vmAssist: Family = ({ args }) => {
  const [command, type] = [args[0]!, args[1]!];
  const known = command === VMASST_CMD.enable || command === VMASST_CMD.disable;
  if (!known) return -ERRNO.ENOSYS;
  return type === VMASST_TYPE.runstate_update_flag ? 0 : -ERRNO.EINVAL;
};

/** Physical interrupts and I/O rights: a guest without PIRQs has none. */
export const physdevOp: Family = () => -ERRNO.ENOSYS;

/** The older interface to the one-shot timer: 64 bits of absolute nanoseconds in two arguments, 0 stops it. */
export const setTimerOp: Family = ({ guest, args }) => {
  const timeout = (BigInt(args[1]!) << 32n) | BigInt(args[0]!);
  guest.clock.setSingleshot(timeout === 0n ? undefined : timeout);
  return 0;
};
