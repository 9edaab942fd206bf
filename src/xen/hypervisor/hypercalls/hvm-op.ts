import { DOMID } from "../../abi/domains.ts";
import { ERRNO } from "../../abi/errors.ts";
import {
  DEPRECATED_PARAMS,
  GUEST_READS,
  GUEST_WRITES,
  HVM_PARAM,
  HVM_PARAM_ARGUMENT,
  HVM_PARAMS,
  HVMOP,
} from "../../abi/hvm.ts";
import type { Guest } from "../guest.ts";
import type { Family } from "./call.ts";

export const hvmOp: Family = ({ guest, args }) => {
  const [command, argument] = [args[0]!, args[1]!];
  if (command === HVMOP.set_param) return setParam(guest, argument);
  if (command === HVMOP.get_param) return getParam(guest, argument);
  return -ERRNO.ENOSYS;
};

function setParam(guest: Guest, argument: number): number {
  const { domid, index, value } = guest.memory.readStruct(argument, HVM_PARAM_ARGUMENT);
  const refused = check(guest, domid, index, GUEST_WRITES);
  if (refused) return refused;
  if (index === HVM_PARAM.CALLBACK_IRQ) return guest.setCallback(value) ? 0 : -ERRNO.EINVAL;
  guest.params.set(index, value);
  return 0;
}

function getParam(guest: Guest, argument: number): number {
  const { domid, index } = guest.memory.readStruct(argument, HVM_PARAM_ARGUMENT);
  const refused = check(guest, domid, index, GUEST_READS);
  if (refused) return refused;
  guest.memory.writeFields(argument, HVM_PARAM_ARGUMENT, { value: guest.params.get(index) ?? 0n });
  return 0;
}

function check(guest: Guest, domain: number, index: number, allowed: ReadonlySet<number>): number {
  if (index >= HVM_PARAMS) return -ERRNO.EINVAL;
  if (domain !== DOMID.self && domain !== guest.id) return -ERRNO.EPERM;
  if (DEPRECATED_PARAMS.has(index)) return -ERRNO.EINVAL;
  return allowed.has(index) ? 0 : -ERRNO.EPERM;
}
