import { ERRNO } from "../abi/errors.ts";
import { EVTCHNSTAT, VIRQ, VIRQS } from "../abi/event-channel.ts";

/** What a port is bound to (common/event_channel.c, ECS_*). */
export type Binding =
  | { readonly state: "unbound"; readonly domain: number }
  | { readonly state: "interdomain"; readonly ports: Ports; readonly port: number }
  | { readonly state: "virq"; readonly virq: number }
  | { readonly state: "ipi" };

/** One end of an event channel. */
export interface Port {
  binding: Binding;
  /** Events sent through it from here. */
  sends: number;
}

/** What becomes of a domain's events: bits in a guest's memory, or a call into a backend of this program. */
export interface Receiver {
  readonly id: number;
  /** An event arrived at a port. */
  raise(port: number): void;
  /** A port was closed: an event that nobody took is forgotten. */
  clear(port: number): void;
}

/** VIRQs that belong to a VCPU and not to the domain (common/event_channel.c, virq_is_global). */
const PER_VCPU: ReadonlySet<number> = new Set([VIRQ.timer, VIRQ.debug, VIRQ.xenoprof, 13]);

/** A domain's event channel ports. Errors are returned negative, as hypercalls return them; port 0 is never used. */
export class Ports {
  readonly owner: Receiver;
  readonly #limit: number;
  readonly #ports = new Map<number, Port>();
  #dying = false;

  /** @param limit ports there may be, port 0 included */
  constructor(owner: Receiver, limit: number) {
    this.owner = owner;
    this.#limit = limit;
  }

  get open(): ReadonlyMap<number, Readonly<Port>> {
    return this.#ports;
  }

  isValid(port: number): boolean {
    return port > 0 && port < this.#limit;
  }

  allocUnbound(domain: number): number {
    return this.#allocate({ state: "unbound", domain });
  }

  /** Connects a new port to one that its domain allocated for this one. The new port is pending at once. */
  bindInterdomain(remote: Ports, remotePort: number): number {
    const other = remote.#ports.get(remotePort);
    if (other?.binding.state !== "unbound" || other.binding.domain !== this.owner.id) return -ERRNO.EINVAL;
    const port = this.#allocate({ state: "interdomain", ports: remote, port: remotePort });
    if (port < 0) return port;
    other.binding = { state: "interdomain", ports: this, port };
    this.owner.raise(port);
    return port;
  }

  /** @param vcpu only 0 exists */
  bindVirq(virq: number, vcpu: number): number {
    if (virq >= VIRQS || (!PER_VCPU.has(virq) && vcpu !== 0)) return -ERRNO.EINVAL;
    if (vcpu !== 0) return -ERRNO.ENOENT;
    if (this.#virqPort(virq) !== undefined) return -ERRNO.EEXIST;
    return this.#allocate({ state: "virq", virq });
  }

  bindIpi(vcpu: number): number {
    return vcpu === 0 ? this.#allocate({ state: "ipi" }) : -ERRNO.ENOENT;
  }

  /** Ports may be bound to VCPU 0 only, which they are; VIRQs of a VCPU and IPIs may not be moved at all. */
  bindVcpu(port: number, vcpu: number): number {
    if (vcpu !== 0) return -ERRNO.ENOENT;
    const binding = this.#ports.get(port)?.binding;
    const moves = binding?.state === "virq" ? !PER_VCPU.has(binding.virq) : binding && binding.state !== "ipi";
    return moves ? 0 : -ERRNO.EINVAL;
  }

  /** Sends an event: to the other end, or to itself for an IPI; through an unbound port it is lost. */
  send(port: number): number {
    const end = this.#ports.get(port);
    if (!end || end.binding.state === "virq") return -ERRNO.EINVAL;
    end.sends++;
    if (end.binding.state === "interdomain") end.binding.ports.owner.raise(end.binding.port);
    else if (end.binding.state === "ipi") this.owner.raise(port);
    return 0;
  }

  /** @returns true when the domain listens to that VIRQ */
  raiseVirq(virq: number): boolean {
    const port = this.#virqPort(virq);
    if (port === undefined) return false;
    this.owner.raise(port);
    return true;
  }

  close(port: number): number {
    const end = this.#ports.get(port);
    if (!end) return -ERRNO.EINVAL;
    this.#ports.delete(port);
    this.owner.clear(port);
    if (end.binding.state === "interdomain") {
      const other = end.binding.ports.#ports.get(end.binding.port);
      if (other) other.binding = { state: "unbound", domain: this.owner.id };
    }
    return 0;
  }

  /** Closes all ports but those in `keep`. */
  reset(keep: ReadonlySet<number> = new Set()): void {
    for (const port of [...this.#ports.keys()]) if (!keep.has(port)) this.close(port);
  }

  /** Closes everything; no port can be allocated any more. */
  destroy(): void {
    this.#dying = true;
    this.reset();
  }

  /** Fields of struct evtchn_status. */
  status(port: number): { readonly status: number; readonly u: number; readonly u_port: number } {
    const binding = this.#ports.get(port)?.binding;
    if (!binding) return { status: EVTCHNSTAT.closed, u: 0, u_port: 0 };
    switch (binding.state) {
      case "unbound":
        return { status: EVTCHNSTAT.unbound, u: binding.domain, u_port: 0 };
      case "interdomain":
        return { status: EVTCHNSTAT.interdomain, u: binding.ports.owner.id, u_port: binding.port };
      case "virq":
        return { status: EVTCHNSTAT.virq, u: binding.virq, u_port: 0 };
      case "ipi":
        return { status: EVTCHNSTAT.ipi, u: 0, u_port: 0 };
    }
  }

  /** JSON; interdomain ends name the other domain and port. */
  save(): unknown {
    return [...this.#ports].map(([port, { binding, sends }]) => {
      const saved =
        binding.state === "interdomain"
          ? { state: binding.state, domain: binding.ports.owner.id, port: binding.port }
          : binding;
      return { port, sends, binding: saved };
    });
  }

  /** @param portsOf another domain's ports by its id; all are made before any is restored */
  restore(state: unknown, portsOf: (domain: number) => Ports | undefined): void {
    this.#ports.clear();
    for (const { port, sends, binding } of state as SavedPort[]) {
      const ports = binding.state === "interdomain" ? portsOf(binding.domain) : undefined;
      if (binding.state !== "interdomain") this.#ports.set(port, { binding, sends });
      else if (ports) this.#ports.set(port, { binding: { state: "interdomain", ports, port: binding.port }, sends });
      else this.#ports.set(port, { binding: { state: "unbound", domain: binding.domain }, sends });
    }
  }

  #virqPort(virq: number): number | undefined {
    for (const [port, { binding }] of this.#ports) {
      if (binding.state === "virq" && binding.virq === virq) return port;
    }
    return undefined;
  }

  #allocate(binding: Binding): number {
    if (this.#dying) return -ERRNO.EINVAL;
    for (let port = 1; port < this.#limit; port++) {
      if (this.#ports.has(port)) continue;
      this.#ports.set(port, { binding, sends: 0 });
      return port;
    }
    return -ERRNO.ENOSPC;
  }
}

interface SavedPort {
  readonly port: number;
  readonly sends: number;
  readonly binding:
    | Exclude<Binding, { readonly state: "interdomain" }>
    | { readonly state: "interdomain"; readonly domain: number; readonly port: number };
}
