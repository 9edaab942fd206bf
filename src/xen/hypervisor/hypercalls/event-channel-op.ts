import { DOMID } from "../../abi/domains.ts";
import { ERRNO } from "../../abi/errors.ts";
import {
  ALLOC_UNBOUND,
  BIND_INTERDOMAIN,
  BIND_IPI,
  BIND_VCPU,
  BIND_VIRQ,
  EVTCHNOP,
  PORT_ONLY,
  RESET,
  STATUS,
} from "../../abi/event-channel.ts";
import type { Call, Family } from "./call.ts";

/** FIFO's commands (init_control, expand_array, set_priority) say ENOSYS: Linux uses the 2-level ABI then. */
export const eventChannelOp: Family = (call) => {
  const { guest } = call;
  const [command, argument] = [call.args[0]!, call.args[1]!];
  switch (command) {
    case EVTCHNOP.send:
      return send(call, guest.memory.u32(argument));
    case EVTCHNOP.unmask:
      return unmask(call, guest.memory.u32(argument));
    case EVTCHNOP.alloc_unbound:
      return allocUnbound(call, argument);
    case EVTCHNOP.bind_interdomain:
      return bindInterdomain(call, argument);
    case EVTCHNOP.bind_virq: {
      const { virq, vcpu } = guest.memory.readStruct(argument, BIND_VIRQ);
      return answer(guest.ports.bindVirq(virq, vcpu), (port) =>
        guest.memory.writeFields(argument, BIND_VIRQ, { port }),
      );
    }
    case EVTCHNOP.bind_ipi: {
      const { vcpu } = guest.memory.readStruct(argument, BIND_IPI);
      return answer(guest.ports.bindIpi(vcpu), (port) => guest.memory.writeFields(argument, BIND_IPI, { port }));
    }
    case EVTCHNOP.bind_pirq:
      return -ERRNO.EINVAL;
    case EVTCHNOP.close:
      return guest.ports.close(guest.memory.readStruct(argument, PORT_ONLY).port);
    case EVTCHNOP.bind_vcpu: {
      const { port, vcpu } = guest.memory.readStruct(argument, BIND_VCPU);
      return guest.ports.bindVcpu(port, vcpu);
    }
    case EVTCHNOP.status:
      return status(call, argument);
    case EVTCHNOP.reset:
      return reset(call, argument);
    default:
      return -ERRNO.ENOSYS;
  }
};

/** A port, or an error that is handed on. */
function answer(port: number, write: (port: number) => void): number {
  if (port < 0) return port;
  write(port);
  return 0;
}

function send({ xen, guest }: Call, port: number): number {
  if (guest.tracing) {
    const binding = guest.ports.open.get(port)?.binding;
    const to = binding?.state === "interdomain" ? ` to port ${binding.port} of domain ${binding.ports.owner.id}` : "";
    guest.trace("notify", `port ${port}${to}`, xen.useOf(guest, port));
  }
  xen.sending(guest, port);
  return guest.ports.send(port);
}

function unmask({ guest }: Call, port: number): number {
  if (!guest.ports.isValid(port)) return -ERRNO.EINVAL;
  guest.unmask(port);
  return 0;
}

function allocUnbound({ guest }: Call, argument: number): number {
  const { dom, remote_dom } = guest.memory.readStruct(argument, ALLOC_UNBOUND);
  if (dom !== DOMID.self && dom !== guest.id) return -ERRNO.EPERM;
  const remote = remote_dom === DOMID.self ? guest.id : remote_dom;
  return answer(guest.ports.allocUnbound(remote), (port) =>
    guest.memory.writeFields(argument, ALLOC_UNBOUND, { port }),
  );
}

function bindInterdomain({ xen, guest }: Call, argument: number): number {
  const { remote_dom, remote_port } = guest.memory.readStruct(argument, BIND_INTERDOMAIN);
  const remote = remote_dom === DOMID.self ? guest.ports : xen.portsOf(remote_dom);
  if (!remote) return -ERRNO.ESRCH;
  return answer(guest.ports.bindInterdomain(remote, remote_port), (local_port) =>
    guest.memory.writeFields(argument, BIND_INTERDOMAIN, { local_port }),
  );
}

function status({ guest }: Call, argument: number): number {
  const { dom, port } = guest.memory.readStruct(argument, STATUS);
  if (dom !== DOMID.self && dom !== guest.id) return -ERRNO.EPERM;
  if (!guest.ports.isValid(port)) return -ERRNO.EINVAL;
  guest.memory.writeFields(argument, STATUS, { ...guest.ports.status(port), vcpu: 0 });
  return 0;
}

function reset({ guest }: Call, argument: number): number {
  const { dom } = guest.memory.readStruct(argument, RESET);
  if (dom !== DOMID.self && dom !== guest.id) return -ERRNO.EPERM;
  guest.ports.reset();
  return 0;
}
