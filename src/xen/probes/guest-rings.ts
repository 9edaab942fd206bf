import { NO_COUNTS } from "../../probe/io/counters.ts";
import type { DeviceCost, RingCounters, RingState, RingSummary } from "../../probe/io/types.ts";
import { PrivatePlaces, readRing, type SharedRing } from "../../probe/rings/index.ts";
import {
  ENTRY,
  type GrantReader,
  hex,
  PAGE,
  type RingKind,
  readSharedIndices,
  ringSlots,
  type SharedIndices,
} from "../../probe/rings/layout/index.ts";
import { PAGE_SIZE } from "../abi/domains.ts";
import { viewGrant } from "../hypervisor/grant-view.ts";
import type { Guest } from "../hypervisor/guest.ts";
import type { Mapping } from "../hypervisor/maptrack.ts";
import type { XenPlatform } from "../platform.ts";
import type { Device } from "../toolstack/device.ts";
import { ringNames } from "./ring-names.ts";
import { RingWatch } from "./ring-watch.ts";

/** Bytes of a granted page that a view shows. */
const HEAD = 64;
/** Pages a ring may have (blkback's max-ring-page-order is 4). */
const MOST_PAGES = 16;

/** What is subtracted from free-running counts since the last reset. */
interface Baseline {
  readonly requests: number;
  readonly responses: number;
  readonly notifications: number;
  readonly interrupts: number;
}

/**
 * The rings of a device whose backend is a guest's kernel: read from the two guests' memories, the channel's counts and
 * xenstore. Nothing of it passes through this program, so that bytes and copies are not known. What is in the front's
 * memory is there also while the backend's guest is not: requests wait in it for the next one.
 */
export class GuestServedRings {
  readonly #platform: XenPlatform;
  readonly #device: Device;
  readonly #machine: string;
  readonly #places = new Map<string, PrivatePlaces>();
  readonly #baselines = new Map<string, Baseline>();
  readonly #watches = new Map<string, RingWatch>();

  constructor(platform: XenPlatform, machine: string, device: Device) {
    this.#platform = platform;
    this.#machine = machine;
    this.#device = device;
  }

  rings(): readonly RingSummary[] {
    return ringNames(this.#machine, this.#device).map((ring) => ({
      ring,
      design: "xen",
      device: this.#device.plan.kind === "vbd" ? "block" : "network",
      front: this.#machine,
      back: this.#backName,
      connected: this.#device.connected,
    }));
  }

  state(ring: string): RingState | undefined {
    const summary = this.rings().find((one) => one.ring === ring);
    if (!summary) return undefined;
    const kind = this.#kind(ring);
    const pace = { latency: 0, batch: 0, stepping: false, available: false };
    const batches = [...this.#watch(ring).batches];
    const common = { ...summary, pace, batches, counters: this.#counters(ring) };
    const shared = this.#shared(ring);
    const places = this.#places.get(ring) ?? new PrivatePlaces();
    this.#places.set(ring, places);
    const reading = shared && readRing(shared, places);
    if (reading) return { ...common, ...reading };
    const capacity = ringSlots(kind);
    return { ...common, capacity, entryBytes: ENTRY[kind].slot, pages: [], indices: [], notify: [], slots: [] };
  }

  costs(): DeviceCost {
    const counters = this.rings().map(({ ring }) => this.#counters(ring));
    const sum = (name: keyof RingCounters) => counters.reduce((total, one) => total + one[name], 0);
    const notifications = sum("notifications");
    const interrupts = sum("interrupts");
    const { kind, name } = this.#device.plan;
    return {
      model: kind === "vbd" ? "xen-vbd" : "xen-vif",
      name,
      requests: kind === "vbd" ? sum("requests") : sum("responses"),
      ...(kind === "vif" && { packets: { sent: counters[0]!.responses, received: counters[1]!.responses } }),
      bytes: 0,
      exits: {
        ...(notifications > 0 && { hypercall: notifications }),
        ...(interrupts > 0 && { interrupt: interrupts }),
      },
      exitsTotal: notifications + interrupts,
      notifications,
      interrupts,
      copied: 0,
    };
  }

  reset(): void {
    this.#baselines.clear();
    for (const watch of this.#watches.values()) watch.reset();
    for (const { ring } of this.rings()) {
      const { requests, responses, notifications, interrupts } = this.#counters(ring);
      this.#baselines.set(ring, { requests, responses, notifications, interrupts });
    }
  }

  /** A domain sends an event, from one of its ports: noted when it is one of these rings' channels. */
  sending(guest: Guest, port: number): void {
    const front = this.#front;
    if (!front) return;
    const binding = guest.ports.open.get(port)?.binding;
    if (binding?.state !== "interdomain") return;
    const outward = guest === front && binding.ports.owner.id === this.#device.plan.back;
    if (!outward && binding.ports !== front.ports) return;
    const frontPort = outward ? port : binding.port;
    for (const { ring } of this.rings()) {
      if (this.#portOf(ring) !== frontPort) continue;
      const produced = this.#produced(ring);
      if (!produced) continue;
      this.#watch(ring).sending(outward ? "front-to-back" : "back-to-front", produced, front.access.now());
    }
  }

  #watch(ring: string): RingWatch {
    const known = this.#watches.get(ring);
    if (known) return known;
    const watch = new RingWatch(this.#produced(ring));
    this.#watches.set(ring, watch);
    return watch;
  }

  /** The ring's counters; undefined while it has no page. */
  #produced(ring: string): SharedIndices | undefined {
    const page = this.#sharedPage(ring);
    return page === undefined ? undefined : readSharedIndices(this.#front!.frames.page(page / PAGE_SIZE));
  }

  /** The front's port of a ring's channel. */
  #portOf(ring: string): number | undefined {
    return this.#key(`event-channel-${this.#kind(ring)}`) ?? this.#key("event-channel");
  }

  /** Guest-physical address, in the front's memory, of the page with a ring's indices. */
  #sharedPage(ring: string): number | undefined {
    const front = this.#front;
    const [reference] = this.#references(ring);
    return front && reference !== undefined ? viewGrant(front, reference, this.#device.plan.back).address : undefined;
  }

  get #front(): Guest | undefined {
    return this.#platform.xen.guest(this.#device.plan.front);
  }

  get #back(): Guest | undefined {
    return this.#platform.xen.guest(this.#device.plan.back);
  }

  /** As the front's spec names it, which is known also while that machine does not run. */
  get #backName(): string {
    const spec = this.#platform.toolstack.find(this.#machine)?.spec;
    const { kind, name, number } = this.#device.plan;
    const served = kind === "vbd" ? spec?.disks.find((disk) => disk.name === name) : spec?.nics[number];
    return served?.backend ?? "";
  }

  #kind(ring: string): RingKind {
    if (this.#device.plan.kind === "vbd") return "block";
    return ring.endsWith("/tx") ? "tx" : "rx";
  }

  #key(name: string): number | undefined {
    const value = this.#platform.store.read(`${this.#device.frontPath}/${name}`);
    return value !== undefined && /^\d{1,10}$/.test(value) ? Number(value) : undefined;
  }

  /** Grant references of the ring's pages, as the frontend wrote them. */
  #references(ring: string): number[] {
    const kind = this.#kind(ring);
    if (kind !== "block") return [this.#key(`${kind}-ring-ref`)].filter((one) => one !== undefined);
    const order = this.#key("ring-page-order");
    if (order === undefined) return [this.#key("ring-ref")].filter((one) => one !== undefined);
    const count = Math.min(2 ** order, MOST_PAGES);
    return Array.from({ length: count }, (_, page) => this.#key(`ring-ref${page}`)).filter((one) => one !== undefined);
  }

  #shared(ring: string): SharedRing | undefined {
    const [front, back] = [this.#front, this.#back];
    const to = this.#device.plan.back;
    if (!front) return undefined;
    const pages = this.#references(ring).map((reference) => ({
      reference,
      address: viewGrant(front, reference, to).address,
    }));
    if (pages.length === 0 || pages.some(({ address }) => address === undefined)) return undefined;
    const mapped = back && mappingOf(back, front, pages[0]!.reference);
    return {
      kind: this.#kind(ring),
      pages: pages.map(({ address }) => ({
        address: address!,
        bytes: front.frames.page(address! / PAGE_SIZE).slice(),
      })),
      front: front.access.memory(),
      ...(mapped && {
        back: {
          memory: back.access.memory(),
          page: mapped.gfn * PAGE_SIZE,
          translate: (gva: number) => back.access.translate(gva),
        },
      }),
      grants: grantReader(front, to),
    };
  }

  #counters(ring: string): RingCounters {
    const [front, back] = [this.#front, this.#back];
    const indices = this.#produced(ring);
    if (!front || !indices) return NO_COUNTS;
    const port = this.#portOf(ring);
    const end = port === undefined ? undefined : front.ports.open.get(port);
    const other = end?.binding.state === "interdomain" ? end.binding.ports.open.get(end.binding.port) : undefined;
    const since = this.#baselines.get(ring);
    return {
      ...NO_COUNTS,
      requests: counted(indices.req_prod, since?.requests),
      responses: counted(indices.rsp_prod, since?.responses),
      notifications: counted(end?.sends ?? 0, since?.notifications),
      interrupts: counted(other?.sends ?? 0, since?.interrupts),
      grantsMapped: [...(back?.maptrack.mappings.values() ?? [])].filter(({ granter }) => granter === front).length,
      grantsCopied: front.grants.copies.get(this.#device.plan.back) ?? 0,
    };
  }
}

/** A free-running count since `then`; all of it where the ring or the port was made anew meanwhile, from 0. */
function counted(now: number, then = 0): number {
  const since = (now - then) >>> 0;
  return since < 2 ** 31 ? since : now;
}

function mappingOf(mapper: Guest, granter: Guest, reference: number): Mapping | undefined {
  for (const mapping of mapper.maptrack.mappings.values()) {
    if (mapping.granter === granter && mapping.reference === reference) return mapping;
  }
  return undefined;
}

/** Grants between guests as a probe sees them: looked at, never used. */
function grantReader(front: Guest, back: number): GrantReader {
  const content = (reference: number): Uint8Array | undefined => {
    const { address } = viewGrant(front, reference, back);
    return address === undefined ? undefined : front.frames.page(address / PAGE_SIZE);
  };
  return {
    content,
    page(reference, offset, bytes, writable) {
      const { status, address } = viewGrant(front, reference, back);
      const head = content(reference)?.subarray(offset, Math.min(offset + bytes, offset + HEAD, PAGE));
      return {
        reference,
        address: address === undefined ? "" : `pa:0x${(address + offset).toString(16)}`,
        bytes,
        writable,
        grant: status,
        head: head ? hex(head) : "",
      };
    },
  };
}
