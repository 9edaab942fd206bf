import type { GuestAccess } from "../../machine/platform.ts";
import { PAGE_SIZE } from "../abi/domains.ts";
import type { Ports } from "./channels.ts";
import { Guest, type GuestSurroundings } from "./guest.ts";
import { HostDomain } from "./host-domain.ts";
import { PageSharing } from "./page-sharing.ts";
import { Trace } from "./trace.ts";

/** Ids of this program's own domain: as domain 0, or beside a guest that is domain 0 (just below DOMID_FIRST_RESERVED). */
export const HOST_AS_DOMAIN_0 = 0;
export const HOST_BESIDE_DOMAIN_0 = 0x7fef;

/** Pieces of work carried out in a row; those that these put off come with the next turn. */
const MOST_WORK = 10_000;

/** What a host's Xen needs to be told of. */
export interface XenEvents {
  /** Bytes a guest wrote to the emergency console. */
  emergencyConsole(guest: Guest, bytes: Uint8Array): void;
  /** Name of the ring that a channel's use belongs to, for the trace. */
  ringOf(guest: Guest, use: string): string | undefined;
  /** A guest sends an event through one of its ports; it has not arrived yet. */
  sending(guest: Guest, port: number): void;
}

/** The hypervisor of one host: all its domains, and what they have between them. */
export class Xen {
  readonly sharing = new PageSharing();
  readonly tracer = new Trace();
  readonly #guests = new Map<number, Guest>();
  readonly #counts = new Map<number, Map<string, number>>();
  readonly #events: XenEvents;
  #host: HostDomain;
  #work: (() => void)[] = [];
  #running: Guest | undefined;
  #scheduled = false;

  constructor(events: XenEvents, hostId: number = HOST_AS_DOMAIN_0) {
    this.#events = events;
    this.#host = new HostDomain(hostId);
    this.sharing.onMoved = (to, gfn) => {
      if (!this.tracer.listening) return;
      for (const guest of this.#guests.values()) {
        if (guest.frames === to) guest.trace("page-moved", `to pa:0x${(gfn * PAGE_SIZE).toString(16)}`);
      }
    };
  }

  get host(): HostDomain {
    return this.#host;
  }

  /** This program's domain gets another id: before any guest is there. */
  moveHost(id: number): void {
    if (id === this.#host.id) return;
    this.#host = new HostDomain(id);
  }

  get guests(): ReadonlyMap<number, Guest> {
    return this.#guests;
  }

  /** The guest whose turn it is. */
  get running(): Guest | undefined {
    return this.#running;
  }

  guest(id: number): Guest | undefined {
    return this.#guests.get(id);
  }

  portsOf(id: number): Ports | undefined {
    return id === this.#host.id ? this.#host.ports : this.#guests.get(id)?.ports;
  }

  create(id: number, name: string, access: GuestAccess, rest: Pick<GuestSurroundings, "line" | "crashed">): Guest {
    const { tracer } = this;
    const guest = new Guest(id, name, access, {
      ...rest,
      sharing: this.sharing,
      get tracing() {
        return tracer.listening;
      },
      trace: (event) => tracer.add(event),
    });
    this.#guests.set(id, guest);
    this.#counts.set(id, new Map());
    return guest;
  }

  destroy(guest: Guest): void {
    if (this.#guests.get(guest.id) !== guest) return;
    guest.destroy();
    this.#guests.delete(guest.id);
    this.#counts.delete(guest.id);
    if (this.#running === guest) this.#running = undefined;
  }

  /** A guest's turn begins. */
  enter(guest: Guest): void {
    this.tracer.look();
    this.drain();
    this.#running = guest;
    this.sharing.enter(guest.frames);
  }

  /** And is over: what was put off is done. */
  leave(guest: Guest): void {
    this.sharing.leave(guest.frames);
    this.#running = undefined;
    this.drain();
  }

  /** Puts work of a guest's off until no guest has its turn. */
  later(guest: Guest, work: () => void): void {
    this.#work.push(() => {
      if (this.#guests.get(guest.id) === guest) this.guarded(guest, work);
    });
    if (this.#running || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#running) this.drain();
    });
  }

  /** Does what was put off, and what that puts off in turn. */
  drain(): void {
    for (let done = 0; this.#work.length > 0 && done < MOST_WORK; done++) this.#work.shift()!();
  }

  /** Runs work on a guest's behalf: when it fails, it is the guest that ends, not the host. */
  guarded(guest: Guest, work: () => void): void {
    try {
      work();
    } catch (error) {
      guest.crash(`Xen failed on its behalf: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  countHypercall(domain: number, name: string): void {
    const counts = this.#counts.get(domain);
    if (counts) counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  /** By domain and name. */
  get hypercalls(): ReadonlyMap<number, ReadonlyMap<string, number>> {
    return this.#counts;
  }

  resetCounts(domain: number): void {
    this.#counts.get(domain)?.clear();
  }

  emergencyConsole(guest: Guest, bytes: Uint8Array): void {
    this.#events.emergencyConsole(guest, bytes);
  }

  ringOf(guest: Guest, use: string): string | undefined {
    return this.#events.ringOf(guest, use);
  }

  sending(guest: Guest, port: number): void {
    this.#events.sending(guest, port);
  }

  /** What one of a guest's ports is for, where this program has the other end. */
  useOf(guest: Guest, port: number): string | undefined {
    const binding = guest.ports.open.get(port)?.binding;
    if (binding?.state !== "interdomain" || binding.ports !== this.#host.ports) return undefined;
    return this.#host.useOf(binding.port);
  }
}
