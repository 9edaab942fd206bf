import type { Frame, LinkPort } from "../link.ts";
import { type PortSpec, portName } from "../link-spec.ts";
import type { DropReason, PortReport } from "../reports.ts";
import type { Appointment } from "./agenda.ts";
import { Fifo } from "./fifo.ts";
import type { Copy, Passage } from "./passage.ts";
import { Membership } from "./switch/vlan.ts";
import { DropCounter, TrafficCounter } from "./traffic.ts";

/** What an end asks of the link it is plugged into. */
export interface EndOwner {
  enter(from: End, frame: Frame): void;
  unplug(end: End): void;
  /** A frame for the end was lost, or so many. */
  lost(why: DropReason, frames?: number): void;
  readonly mtu: number;
}

/** One end of a link: its owner's side, its counters, and the frames that wait for it. */
export class End implements LinkPort {
  receive: ((frame: Frame) => void) | undefined;
  offloads = false;
  carrier = false;
  onCarrier: ((carrier: boolean) => void) | undefined;

  readonly spec: PortSpec;
  /** `<machine>/<nic>`. */
  readonly name: string;
  readonly membership: Membership;
  readonly sent = new TrafficCounter();
  readonly received = new TrafficCounter();
  readonly drops = new DropCounter();

  /** Frames it sent that are on their way through a slow link, in their order; and the appointment of the first. */
  readonly line = new Fifo<Passage>();
  lineBytes = 0;
  lineHead: Appointment | undefined;

  /** Frames for it that wait to be served at the link's rate, the first of them in service since then. */
  readonly queue = new Fifo<Copy>();
  served: { readonly since: number; readonly appointment: Appointment } | undefined;
  /** When the service of the last one ended. */
  freeAt = Number.NEGATIVE_INFINITY;

  /** Frames for it that are handed over next. */
  readonly inbox = new Fifo<Copy>();
  /** Bytes in queue and inbox. */
  waitingBytes = 0;
  /** It has its turn in the delivery loop. */
  ready = false;
  /** Frames handed over in the loop's present run, and which run that is. */
  handed = 0;
  run = 0;

  readonly #owner: EndOwner;
  #closed = false;

  constructor(spec: PortSpec, owner: EndOwner) {
    this.spec = spec;
    this.name = portName(spec);
    this.membership = new Membership(spec);
    this.#owner = owner;
  }

  get mtu(): number {
    return this.#owner.mtu;
  }

  get waiting(): number {
    return this.queue.length + this.inbox.length;
  }

  send(frame: Frame): void {
    if (!this.#closed) this.#owner.enter(this, frame);
  }

  dropped(frames: number): void {
    this.drops.add("queue", frames);
    this.#owner.lost("queue", frames);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.receive = undefined;
    this.onCarrier = undefined;
    this.#owner.unplug(this);
  }

  /** A frame for it does not get there. */
  lose(copy: Copy, why: DropReason): void {
    copy.lost(why);
    this.drops.add(why);
    this.#owner.lost(why);
  }

  report(): PortReport {
    const { machine, nic, mac, vlan, vlans } = this.spec;
    return {
      name: this.name,
      machine,
      nic,
      mac,
      ...(vlan !== undefined && { vlan }),
      ...(vlans !== undefined && { vlans }),
      carrier: this.carrier,
      sent: this.sent.report,
      received: this.received.report,
      dropped: this.drops.report,
      waiting: this.waiting,
    };
  }

  reset(): void {
    this.sent.reset();
    this.received.reset();
    this.drops.reset();
  }
}
