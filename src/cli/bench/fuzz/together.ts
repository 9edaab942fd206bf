/**
 * What two guests can do together, one step at a time and by the book but for the odd detail: grants mapped, written
 * through, taken back and unmapped, channels bound and closed, memory given up and taken again.
 */
import { DOMID, PAGE_SIZE } from "../../../xen/abi/domains.ts";
import { BIND_INTERDOMAIN, EVTCHNOP, PORT_ONLY } from "../../../xen/abi/event-channel.ts";
import {
  GNTCOPY,
  GNTMAP,
  GNTTAB_COPY,
  GNTTABOP,
  GTF,
  MAP_GRANT_REF,
  UNMAP_GRANT_REF,
} from "../../../xen/abi/grant-table.ts";
import { HYPERCALL } from "../../../xen/abi/hypercalls.ts";
import { MEMORY_RESERVATION, XENMEM } from "../../../xen/abi/memory.ts";
import { type Attacks, frame, length, type Scene, small } from "./attack.ts";
import { FIRST_REFERENCE, FRAME } from "./kernel.ts";
import { type Attacker, SHARED } from "./neighbours.ts";

/** References that attackers give each other: above those that their drivers hand out. */
const GIVEN = { first: 200, count: 8 } as const;
const GIVEN_FRAMES = { first: FRAME.free + 64, count: 8 } as const;
/** Where mappings are put. */
const PLACES = { first: FRAME.free + 128, count: 64 } as const;

interface Mapped {
  readonly handle: number;
  readonly frame: number;
}

/** Ports that attackers have allocated for each other. */
const OFFERED = new WeakMap<Attacker, number[]>();

const MAPPED = new WeakMap<Attacker, Mapped[]>();

function mappedBy(self: Attacker): Mapped[] {
  const known = MAPPED.get(self) ?? [];
  MAPPED.set(self, known);
  return known;
}

/** Grants a frame to the partner, perhaps one that is granted already. */
function give({ random, self, partner }: Scene): void {
  const flags = GTF.permit_access | (random.chance(3) ? GTF.readonly : 0);
  const given = GIVEN_FRAMES.first + random.below(GIVEN_FRAMES.count);
  self.kernel.setGrant(GIVEN.first + random.below(GIVEN.count), flags, partner.id, given);
}

/** One the partner gave, or the victim: to attackers, or to those that serve its devices. */
function received(scene: Scene): { readonly dom: number; readonly ref: number } {
  const { random, partner, victim } = scene;
  if (random.chance(12)) return { dom: victim, ref: FIRST_REFERENCE + random.below(8) };
  if (random.chance(6)) return { dom: victim, ref: random.pick(Object.values(SHARED)) + 2 * random.below(2) };
  return { dom: partner.id, ref: GIVEN.first + random.below(GIVEN.count) };
}

function map(scene: Scene): void {
  const { random, self } = scene;
  const place = random.chance(10) ? frame(scene) : PLACES.first + random.below(PLACES.count);
  const flags = GNTMAP.host_map | (random.chance(2) ? GNTMAP.readonly : 0);
  const host_addr = BigInt(place) * BigInt(PAGE_SIZE);
  const { handle, status } = self.kernel.ask(
    HYPERCALL.grant_table_op,
    GNTTABOP.map_grant_ref,
    MAP_GRANT_REF,
    { ...received(scene), flags, host_addr },
    1,
  );
  if (status === 0) mappedBy(self).push({ handle, frame: place });
}

function unmap(scene: Scene): void {
  const { random, self } = scene;
  const mapped = mappedBy(self);
  if (mapped.length === 0) return;
  const [one] = mapped.splice(random.below(mapped.length), 1);
  const place = random.chance(10) ? frame(scene) : one!.frame;
  const values = { host_addr: BigInt(place) * BigInt(PAGE_SIZE), handle: one!.handle };
  self.kernel.ask(HYPERCALL.grant_table_op, GNTTABOP.unmap_grant_ref, UNMAP_GRANT_REF, values, 1);
  if (random.chance(10))
    self.kernel.ask(HYPERCALL.grant_table_op, GNTTABOP.unmap_grant_ref, UNMAP_GRANT_REF, values, 1);
}

/** Stores into a page that is mapped, whether or not it may be stored into: no processor prevents it here. */
function store({ random, self }: Scene): void {
  const mapped = mappedBy(self);
  const place = mapped.length > 0 ? random.pick(mapped).frame : GIVEN_FRAMES.first + random.below(GIVEN_FRAMES.count);
  const at = place * PAGE_SIZE + 4 * random.below(PAGE_SIZE / 4);
  if (at + 4 <= self.kernel.processor.memoryBytes) self.kernel.view.setUint32(at, random.word(), true);
}

/** A copy between pages, one's own by number or others' by reference, also into pages that are mapped. */
function copy(scene: Scene): void {
  const { random, self } = scene;
  const side = () => {
    if (random.chance(2)) return { ...received(scene), byGrant: true };
    const own = random.chance(2) ? PLACES.first + random.below(PLACES.count) : frame(scene);
    return { dom: DOMID.self as number, ref: own, byGrant: false };
  };
  const [from, to] = [side(), side()];
  const values = {
    source: from.ref,
    source_domid: from.dom,
    source_offset: random.pick([0, 0, length(scene)]),
    dest: to.ref,
    dest_domid: to.dom,
    dest_offset: random.pick([0, 0, length(scene)]),
    len: random.pick([1, 512, 4096, length(scene)]),
    flags: (from.byGrant ? GNTCOPY.source_gref : 0) | (to.byGrant ? GNTCOPY.dest_gref : 0),
  };
  self.kernel.ask(HYPERCALL.grant_table_op, GNTTABOP.copy, GNTTAB_COPY, values, 1);
}

/** A hypercall whose argument lies in a page that is mapped from another domain. */
function answerInto({ random, self }: Scene): void {
  const mapped = mappedBy(self);
  if (mapped.length === 0) return;
  const at = random.pick(mapped).frame * PAGE_SIZE + 4 * random.below(1000);
  self.kernel.call(HYPERCALL.xen_version, random.pick([1, 2, 3, 5, 6, 8, 9]), at);
}

function offer({ random, self, partner, victim }: Scene): void {
  const remote = random.pick([partner.id, partner.id, partner.id, self.id, victim, 0]);
  OFFERED.set(self, [self.kernel.port(remote), ...(OFFERED.get(self) ?? [])].slice(0, 8));
}

function bind({ random, self, partner, victim }: Scene): void {
  const remote = random.pick([partner, partner, self]);
  const offered = random.chance(8) ? random.below(40) : (OFFERED.get(remote)?.[random.below(8)] ?? 0);
  const theirs = { remote_dom: victim, remote_port: random.below(8) };
  const values = random.chance(6) ? theirs : { remote_dom: remote.id, remote_port: offered };
  const { local_port } = self.kernel.ask(
    HYPERCALL.event_channel_op,
    EVTCHNOP.bind_interdomain,
    BIND_INTERDOMAIN,
    values,
  );
  self.kernel.send(local_port);
}

function close(scene: Scene): void {
  const { self } = scene;
  // The first ports are those of xenstored, the console and the devices: closing these is what a hypercall by itself does.
  const port = 6 + small(scene, 30);
  self.kernel.ask(HYPERCALL.event_channel_op, EVTCHNOP.close, PORT_ONLY, { port });
}

/** Frames that an attacker has given up. */
const GIVEN_UP = new WeakMap<Attacker, Set<number>>();

function reserve({ kernel }: Attacker, command: number, frames: readonly number[]): void {
  const list = (FRAME.buffers + 10) * PAGE_SIZE;
  for (const [i, each] of frames.entries()) kernel.view.setUint32(list + 4 * i, each, true);
  const values = { extent_start: list, nr_extents: frames.length, extent_order: 0, domid: DOMID.self };
  kernel.ask(HYPERCALL.memory_op, command, MEMORY_RESERVATION, values);
}

/** Gives frames up; frames that are mapped, granted or in a ring among them. */
function giveUp(scene: Scene): void {
  const { random, self } = scene;
  const frames = Array.from({ length: 1 + random.below(8) }, () =>
    random.pick([
      frame(scene),
      PLACES.first + random.below(PLACES.count),
      GIVEN_FRAMES.first + random.below(GIVEN_FRAMES.count),
    ]),
  );
  reserve(self, XENMEM.decrease_reservation, frames);
  GIVEN_UP.set(self, new Set([...(GIVEN_UP.get(self) ?? []), ...frames]));
}

/** Takes frames again that were given up, one call for each: one that is there ends a list. */
function takeBack({ random, self }: Scene): void {
  const given = [...(GIVEN_UP.get(self) ?? [])];
  for (let count = random.below(8); count >= 0 && given.length > 0; count--) {
    const [back] = given.splice(random.below(given.length), 1);
    reserve(self, XENMEM.populate_physmap, [back!]);
  }
  GIVEN_UP.set(self, new Set(given));
}

/** Gets back what a kernel cannot do without, and puts its pages where they were. */
function boot({ self }: Scene): void {
  for (let each = 0; each < PLACES.first + PLACES.count; each++) reserve(self, XENMEM.populate_physmap, [each]);
  self.kernel.boot();
}

export const TOGETHER_ATTACKS: Attacks = {
  "a grant given": [6, give],
  "a grant mapped": [8, map],
  "a grant unmapped": [5, unmap],
  "a store into a mapped page": [6, store],
  "a grant copy": [5, copy],
  "an answer into a mapped page": [1, answerInto],
  "a port offered": [2, offer],
  "a channel bound": [2, bind],
  "a channel closed": [2, close],
  "memory given up": [1, giveUp],
  "memory taken again": [2, takeBack],
};

export const LAST_TOGETHER_ATTACKS: Attacks = { "a boot": [2, boot] };
